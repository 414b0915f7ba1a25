// Package estate names what graphs and alarms look at, before anybody knows what
// AWS calls it: "the balancer of blue", "the queue of the transaction processor in
// green". Definitions are written in these terms and can be read, checked and drawn
// without a deployment; the deployment puts the physical names in. The package
// knows neither Pulumi nor AWS.
package estate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

// Thing is a kind of resource that is watched.
type Thing string

// The kinds. Those of a colour have its name before them in a Key; those with
// several of a kind end in the name of one.
const (
	Balancer     Thing = "balancer"     // ARN suffix
	HealthCheck  Thing = "healthCheck"  // id
	TargetGroup  Thing = "targetGroup"  // ARN suffix, by service
	Cluster      Thing = "cluster"      // name
	Service      Thing = "service"      // name, by service
	LogGroup     Thing = "logGroup"     // name, by service
	Queue        Thing = "queue"        // name, by service
	DeadLetters  Thing = "deadLetters"  // name, by service
	Database     Thing = "database"     // cluster identifier
	Sessions     Thing = "sessions"     // name of the table
	RateLimits   Thing = "rateLimits"   // name of the table
	Rotation     Thing = "rotation"     // name of the function
	Function     Thing = "function"     // name, by function of the migration
	Machine      Thing = "machine"      // ARN, by state machine of the migration
	LostEvents   Thing = "lostEvents"   // name of the migration's queue of dead letters
	Network      Thing = "network"      // VPC id
	ControlTable Thing = "controlTable" // name
	Firewall     Thing = "firewall"     // name of the ACL's metrics
	FirewallLogs Thing = "firewallLogs" // name of the log group
	Certificate  Thing = "certificate"  // ARN
	Zone         Thing = "zone"         // id of the public zone
	TrailLogs    Thing = "trailLogs"    // name of the log group
	Archive      Thing = "archive"      // name of the delivery stream
)

// Key names one thing.
type Key struct {
	Color naming.Color // empty for what both colours share
	Thing Thing
	Name  string // empty where there is one of the kind
}

// String joins the parts with dots: "blue.targetGroup.payment-api".
func (k Key) String() string {
	parts := slices.DeleteFunc([]string{string(k.Color), string(k.Thing), k.Name}, func(s string) bool { return s == "" })
	return strings.Join(parts, ".")
}

// Functions lists the functions of the migration, by their key in its contract.
func Functions() []string {
	return []string{"canary", "chunk", "finalise", "install", "lane", "switch", "verify"}
}

// Machines lists the state machines of the migration, by their key in its contract.
func Machines() []string { return []string{"backfill", "switch", "verification"} }

// Keys lists everything that is watched on a platform with these services.
func Keys(services catalog.Catalog) []Key {
	keys := []Key{{"", ControlTable, ""}, {"", Firewall, ""}, {"", FirewallLogs, ""}, {"", Certificate, ""}, {"", Zone, ""}, {"", TrailLogs, ""}, {"", Archive, ""}}
	for _, color := range naming.Colors() {
		for _, thing := range []Thing{Balancer, HealthCheck, Cluster, Database, Sessions, RateLimits, Rotation, LostEvents, Network} {
			keys = append(keys, Key{color, thing, ""})
		}
		for _, service := range services.Names() {
			keys = append(keys, Key{color, TargetGroup, service}, Key{color, Service, service}, Key{color, LogGroup, service})
		}
		for _, owner := range services.Queues() {
			keys = append(keys, Key{color, Queue, owner}, Key{color, DeadLetters, owner})
		}
		for _, function := range Functions() {
			keys = append(keys, Key{color, Function, function})
		}
		for _, machine := range Machines() {
			keys = append(keys, Key{color, Machine, machine})
		}
	}
	return keys
}

// Value is what a dimension of a metric has: a text, or the physical name of a
// thing.
type Value struct {
	text string
	key  Key
}

// Text is a value that is known.
func Text(text string) Value { return Value{text: text} }

// Of is the physical name of a thing.
func Of(color naming.Color, thing Thing, name ...string) Value {
	return Value{key: Key{color, thing, strings.Join(name, "")}}
}

// Key is the thing that has the value, if it is not a text.
func (v Value) Key() (Key, bool) { return v.key, v.key != Key{} }

// String shows the value: a text as it is, a thing in braces.
func (v Value) String() string {
	if key, named := v.Key(); named {
		return "{" + key.String() + "}"
	}
	return v.text
}

// Series is a metric over things.
type Series struct {
	Metric metrics.Metric
	Values []Value
}

// At is a series of the metric. It has a value for each dimension, by position.
func At(metric metrics.Metric, values ...Value) Series { return Series{metric, values} }

// OfLane is a series of a lane's metric.
func OfLane(metric metrics.Metric, platform string, lane metrics.Lane) Series {
	return At(metric, Text(platform), Text(string(lane.Store)), Text(lane.Name), Text(string(lane.Direction)))
}

// Validate tells a series with a value too many or too few, or an empty one.
func (s Series) Validate() error {
	values := make([]string, len(s.Values))
	for i, value := range s.Values {
		values[i] = value.String()
	}
	_, err := s.Metric.At(values...)
	return err
}

// Estate is the physical name of every thing, by Key.String.
type Estate map[string]string

// Find returns the physical name that a value stands for.
func (e Estate) Find(value Value) (string, error) {
	key, named := value.Key()
	if !named {
		return value.text, nil
	}
	name := e[key.String()]
	if name == "" {
		return "", fmt.Errorf("%s: the layer that makes it has told no name", key)
	}
	return name, nil
}

// Series puts the physical names in.
func (e Estate) Series(of Series) (metrics.Series, error) {
	var problems []error
	names := make([]string, len(of.Values))
	for i, value := range of.Values {
		name, err := e.Find(value)
		if err != nil {
			problems = append(problems, err)
		}
		names[i] = name
	}
	if len(problems) > 0 {
		return metrics.Series{}, fmt.Errorf("metric %s/%s: %w", of.Metric.Namespace, of.Metric.Name, errors.Join(problems...))
	}
	return of.Metric.At(names...)
}

// Sample is an estate in which each thing is called by its key, for drawings and
// tests.
func Sample(services catalog.Catalog) Estate {
	sample := make(Estate)
	for _, key := range Keys(services) {
		sample[key.String()] = key.String()
	}
	return sample
}
