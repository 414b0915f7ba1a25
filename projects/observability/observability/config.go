package observability

import (
	"fmt"
	"maps"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/watch"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/metrics"
)

// Config is the configuration of the layer of dashboards and alarms, in the
// namespace "observability".
type Config struct {
	Environment config.Environment `config:"environment"`
	// AccountBaseline says whose the trail and the archive are, as in the layer of
	// security: "manage" or "assume". What is not ours cannot be counted.
	AccountBaseline string `config:"accountBaseline"`
	// Migration says how far it is: "planned", "loading", "running" or "finished". The
	// silence of the lanes forward is a fault from "loading" on, that of all lanes
	// while it is "running".
	Migration string `config:"migration"`
	// Lanes are those that this environment has, such as "core.fwd": one that is not in
	// the list has no alarms and is on no graph.
	Lanes  []string `config:"lanes"`
	Limits Limits   `config:"limits"`
	// Subscribers are who is told, by severity ("page", "warn", "info").
	Subscribers map[string][]Subscriber `config:"subscribers"`
}

// Limits are the thresholds that depend on the environment.
type Limits struct {
	// ErrorPercent is the share of requests that may fail, 1 to 50.
	ErrorPercent int `config:"errorPercent"`
	// LatencyMs and ReportMs are the slowest that one request in a hundred may take,
	// of payment services and of the others, 10 to 60,000 (the balancer's time-out).
	LatencyMs int `config:"latencyMs"`
	ReportMs  int `config:"reportMs"`
	// Connections is how many a database may have, 10 to 5,000 (the most that Aurora
	// PostgreSQL takes by default).
	Connections int `config:"connections"`
	// LogVolumeGiB is the room for the log that a stopped lane holds back, 1 to
	// 10,000.
	LogVolumeGiB int `config:"logVolumeGiB"`
	// QueueAgeSeconds is how long a message may wait, 60 to 86,400.
	QueueAgeSeconds int `config:"queueAgeSeconds"`
}

// Subscriber is somebody who is told.
type Subscriber struct {
	// Protocol is "email", "https" or "sqs".
	Protocol string `config:"protocol"`
	// Endpoint is an address, a URL or the ARN of a queue of this account.
	Endpoint string `config:"endpoint"`
}

// The protocols.
const (
	byEmail = "email"
	byHTTPS = "https"
	byQueue = "sqs"
)

// The owners of the account's baseline.
const (
	manage = "manage"
	assume = "assume"
)

var queueARN = regexp.MustCompile(`^arn:aws:sqs:` + config.Region + `:([0-9]{12}):[A-Za-z0-9_-]{1,80}$`)

// Where is the environment that the layer stands in.
func (c Config) Where() config.Environment { return c.Environment }

// Validate checks every value.
func (c Config) Validate(p *config.Problems) {
	c.Environment.Validate(p)
	p.Check(c.AccountBaseline == manage || c.AccountBaseline == assume, "accountBaseline", c.AccountBaseline, `"manage" or "assume", as in the layer of security`)
	p.Check(slices.Contains(watch.Phases(), watch.Phase(c.Migration)), "migration", c.Migration, fmt.Sprintf("one of %v", watch.Phases()))
	c.validateLanes(p)
	c.Limits.validate(p)
	c.validateSubscribers(p)
}

func (c Config) validateLanes(p *config.Problems) {
	p.Check(len(c.Lanes) > 0, "lanes", nil, "at least one lane, such as core.fwd")
	known := make([]string, 0, len(metrics.Lanes()))
	for _, lane := range metrics.Lanes() {
		known = append(known, lane.Name)
	}
	for number, name := range c.Lanes {
		at := fmt.Sprintf("lanes[%d]", number)
		p.Check(slices.Contains(known, name), at, name, fmt.Sprintf("one of %v", known))
		p.Check(!slices.Contains(c.Lanes[:number], name), at, name, "a lane that is not in the list twice")
	}
}

// lanes are the configured ones, in the order of the catalogue.
func (c Config) lanes() []metrics.Lane {
	return slices.DeleteFunc(metrics.Lanes(), func(l metrics.Lane) bool { return !slices.Contains(c.Lanes, l.Name) })
}

func (l Limits) validate(p *config.Problems) {
	for _, each := range []struct {
		key              string
		value, low, high int
	}{
		{"errorPercent", l.ErrorPercent, 1, 50},
		{"latencyMs", l.LatencyMs, 10, 60_000},
		{"reportMs", l.ReportMs, 10, 60_000},
		{"connections", l.Connections, 10, 5_000},
		{"logVolumeGiB", l.LogVolumeGiB, 1, 10_000},
		{"queueAgeSeconds", l.QueueAgeSeconds, 60, 86_400},
	} {
		p.Check(each.value >= each.low && each.value <= each.high, "limits."+each.key, each.value, fmt.Sprintf("a number from %d to %d", each.low, each.high))
	}
}

func (c Config) validateSubscribers(p *config.Problems) {
	seen := make(map[string]bool)
	for _, severity := range slices.Sorted(maps.Keys(c.Subscribers)) {
		at := "subscribers." + severity
		p.Check(slices.Contains(alarm.Severities(), alarm.Severity(severity)), at, severity, fmt.Sprintf("one of %v", alarm.Severities()))
		for number, each := range c.Subscribers[severity] {
			where := fmt.Sprintf("%s[%d]", at, number)
			each.validate(p, where, c.Environment.AccountID)
			key := severity + " " + each.Protocol + " " + each.Endpoint
			p.Check(!seen[key], where+".endpoint", each.Endpoint, "an endpoint that is not in the list twice")
			seen[key] = true
		}
	}
	p.Check(len(c.Subscribers[string(alarm.Page)]) > 0, "subscribers."+string(alarm.Page), nil, "at least one subscriber: a page that reaches nobody is none")
}

func (s Subscriber) validate(p *config.Problems, at, accountID string) {
	endpoint := at + ".endpoint"
	switch s.Protocol {
	case byEmail:
		address, err := mail.ParseAddress(s.Endpoint)
		p.Check(err == nil && address.Address == s.Endpoint && strings.Contains(s.Endpoint[strings.LastIndex(s.Endpoint, "@"):], "."), endpoint, s.Endpoint,
			"an e-mail address without a name, such as oncall@payments.example")
	case byHTTPS:
		to, err := url.Parse(s.Endpoint)
		p.Check(err == nil && to.Scheme == "https" && to.Hostname() != "" && to.User == nil, endpoint, s.Endpoint,
			"a URL that begins with https://, without a user: notifications must not travel in the clear, nor passwords stand in the configuration")
	case byQueue:
		parts := queueARN.FindStringSubmatch(s.Endpoint)
		p.Check(parts != nil && parts[1] == accountID, endpoint, s.Endpoint, "the ARN of a queue in "+config.Region+" and account "+accountID)
	default:
		p.Add(at+".protocol", s.Protocol, `"email", "https" or "sqs"`)
	}
}

// CheckConfig reads and validates a stack file without running the program.
func CheckConfig(stackFile string) error {
	_, err := config.ReadFile[Config](stackFile)
	return err
}
