package edge

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/traffic"
)

// TrafficVariable hands the split that was decided to a program that runs without
// the runner; `go tool mage env` prints it, empty while nothing was decided.
const TrafficVariable = "EDGE_TRAFFIC"

// Program declares the layer with the weights of the stack file.
func Program(ctx *pulumi.Context) error { return declare(ctx, nil) }

// ProgramWith returns the program for a split that was decided since the stack
// file was written: its weights are those of a new environment. A nil split
// leaves them as configured.
func ProgramWith(split *traffic.Split) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error { return declare(ctx, split) }
}

// Alone is the program for plain Pulumi. Without the split it previews with the
// configured weights and refuses to update, which would undo every shift.
func Alone(ctx *pulumi.Context) error {
	text, given := os.LookupEnv(TrafficVariable)
	switch {
	case text != "":
		split, err := traffic.ParseSplit(text)
		if err != nil {
			return fmt.Errorf("variable %s: %w", TrafficVariable, err)
		}
		return declare(ctx, &split)
	case given || ctx.DryRun():
		return declare(ctx, nil)
	default:
		return fmt.Errorf("variable %s is not set: an update would put the weights of the stack file in the place of those decided; "+
			`run eval "$(go tool mage env)" first`, TrafficVariable)
	}
}

// apply puts the decided weights in the place of the configured ones. A colour
// that has traffic cannot be made unready.
func (c Config) apply(split *traffic.Split) (Config, error) {
	if split == nil {
		return c, nil
	}
	if err := split.Valid(); err != nil {
		return c, fmt.Errorf("traffic as decided: %w", err)
	}
	var problems []error
	for _, color := range naming.Colors() {
		if !c.Traffic(color).Ready && !split.Shut(color) {
			problems = append(problems, fmt.Errorf("edge:%s.ready is false: expected true while %s has traffic (%s); "+
				"take it away first with traffic:shift or rollback:edge", color, color, split))
		}
	}
	c.Blue.Weight, c.Green.Weight = split.Blue, split.Green
	return c, errors.Join(problems...)
}

// Site is what a stack file says of the public name.
type Site struct {
	Domain, PublicName string
	// ZoneID is the zone that was given, "" where this layer makes it.
	ZoneID string
	// Split is that of a new environment.
	Split traffic.Split
}

// ReadSite reads it.
func ReadSite(stackFile string) (Site, error) {
	c, err := config.ReadFile[Config](stackFile)
	if err != nil {
		return Site{}, err
	}
	site := Site{Domain: c.Domain, PublicName: c.PublicName, Split: traffic.Split{Blue: c.Blue.Weight, Green: c.Green.Weight}}
	if c.ZoneID != nil {
		site.ZoneID = *c.ZoneID
	}
	return site, nil
}

// publicSuffix ends the names of the weighted records.
const publicSuffix = "-public"

// CarriesTraffic tells whether a resource of the state, by type and name, holds a
// weight or a health check that traffic is moved by.
func CarriesTraffic(kind, name string) bool {
	switch kind {
	case "aws:route53/record:Record":
		return strings.HasSuffix(name, publicSuffix)
	case "aws:route53/healthCheck:HealthCheck":
		return strings.HasSuffix(name, "-"+admissionCheck)
	default:
		return false
	}
}

// Place reads where traffic is moved from the layer's outputs.
func Place(outputs map[string]any) (traffic.Place, error) {
	read := reader{outputs: outputs}
	place := traffic.Place{
		ZoneID: read.text("zoneId"), PublicName: read.text("publicName"),
		Blue: read.entrance(naming.Blue), Green: read.entrance(naming.Green),
	}
	return place, errors.Join(read.problems...)
}

// reader reads outputs and collects what is wrong with them.
type reader struct {
	outputs  map[string]any
	problems []error
}

func (r *reader) text(key string) string {
	value, isText := r.outputs[key].(string)
	if !isText || value == "" {
		r.problems = append(r.problems, fmt.Errorf("output %s is %v: expected a text", key, r.outputs[key]))
	}
	return value
}

func (r *reader) entrance(color naming.Color) traffic.Entrance {
	ready, isList := r.outputs["readyColors"].([]any)
	if !isList {
		r.problems = append(r.problems, fmt.Errorf("output readyColors is %v: expected a list", r.outputs["readyColors"]))
	}
	groups, isMap := r.outputs[string(color)+"TargetGroupArns"].(map[string]any)
	if !isMap {
		r.problems = append(r.problems, fmt.Errorf("output %sTargetGroupArns: expected target groups by service", color))
	}
	e := traffic.Entrance{
		Ready:    slices.Contains(ready, any(string(color))),
		Endpoint: r.text(string(color) + "AlbEndpoint"), EndpointZone: r.text(string(color) + "AlbZoneId"),
		HealthCheck: r.text(string(color) + "HealthCheckId"), Payments: r.text(string(color) + "PaymentsHealthCheckId"),
		TargetGroups: map[string]string{},
	}
	for service, arn := range groups {
		e.TargetGroups[service] = fmt.Sprint(arn)
	}
	return e
}
