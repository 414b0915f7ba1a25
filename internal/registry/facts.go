package registry

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/cutover/cutover/projects/migration/lane/preflight"
	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/watch"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/traffic"
)

// switchFacts are what a command asks before a switch, because no function of the
// migration may: the public name and the alarms. On the local profile the desk says
// of both that they are not there.
func switchFacts(w *ops.Workplace) func(context.Context) preflight.Facts {
	return func(ctx context.Context) preflight.Facts {
		var facts preflight.Facts
		if w.Local {
			return facts
		}
		cloud, err := w.AWS(ctx)
		if err != nil {
			facts.Names.Unknown, facts.Alarms.Unknown = err.Error(), err.Error()
			return facts
		}
		facts.Names = preflight.Answer(publicName(ctx, w))
		facts.Alarms = preflight.Answer(standing(ctx, w.Environment, steering.NewCloud(cloud)))
		return facts
	}
}

// publicName reads the weighted records of the edge layer's name.
func publicName(ctx context.Context, w *ops.Workplace) (preflight.Names, error) {
	place, real, err := w.Traffic(ctx)
	if err != nil {
		return preflight.Names{}, err
	}
	return records(place, real), nil
}

// records are those of a place. They are aliases of balancers, all with the TTL that
// Route 53 gives those.
func records(place traffic.Place, real steering.Reality) preflight.Names {
	names := preflight.Names{Name: place.PublicName}
	for _, color := range naming.Colors() {
		if side := real.Of(color); side.Exists {
			names.Records = append(names.Records, preflight.Record{Side: color, Weight: side.Weight, Shut: side.Shut && !side.HalfShut})
		}
	}
	return names
}

// sentry knows the states of alarms, and what silence means to them; steering.Cloud
// does.
type sentry interface {
	Alarms(ctx context.Context, names ...string) (map[string]string, error)
	Silences(ctx context.Context, names ...string) (map[string]string, error)
}

// mostAlarms is how many CloudWatch describes by name at once (CloudWatch API
// reference, DescribeAlarms).
const mostAlarms = 100

// standing are the alarms of the databases' lanes and of the switch, and the composite
// that says that to go on is not safe.
func standing(ctx context.Context, environment string, eyes sentry) ([]preflight.Alarm, error) {
	names := naming.New(environment)
	all := []preflight.Alarm{{Name: names.MigrationUnsafeAlarm()}}
	hears := map[string]bool{}
	for _, each := range (watch.Args{Platform: environment, Phase: watch.Running, Lanes: metrics.LanesOf(metrics.Aurora)}).OfMigration() {
		all = append(all, preflight.Alarm{Name: each.Name(names)})
		hears[each.Name(names)] = each.Missing == alarm.Breaching
	}
	for part := range slices.Chunk(all, mostAlarms) {
		wanted := make([]string, len(part))
		for i, each := range part {
			wanted[i] = each.Name
		}
		states, err := eyes.Alarms(ctx, wanted...)
		if err != nil {
			return nil, err
		}
		silences, err := eyes.Silences(ctx, wanted...)
		if err != nil {
			return nil, err
		}
		for i := range part {
			name := part[i].Name
			part[i].State = states[name]
			part[i].Deaf = hears[name] && part[i].State != "" && silences[name] != string(alarm.Breaching)
		}
	}
	return all, nil
}

// unheard says in words that lanes which are to run would fall silent without anybody
// being told; empty where nobody asks CloudWatch, or all is in order. It looks at
// the alarm that is there for silence alone.
func unheard(ctx context.Context, environment string, lanes []string, eyes sentry) string {
	names := naming.New(environment)
	by := map[string]string{}
	for _, each := range (watch.Args{Platform: environment, Phase: watch.Running, Lanes: metrics.Lanes()}).OfMigration() {
		if each.Kind == watch.LaneSilent && slices.Contains(lanes, each.Subject) {
			by[each.Subject] = each.Name(names)
		}
	}
	if len(by) == 0 {
		return ""
	}
	silences, err := eyes.Silences(ctx, slices.Sorted(maps.Values(by))...)
	if err != nil {
		return "cannot be known: " + err.Error()
	}
	var deaf []string
	for _, lane := range slices.Sorted(maps.Keys(by)) {
		if silences[by[lane]] != string(alarm.Breaching) {
			deaf = append(deaf, lane)
		}
	}
	if len(deaf) == 0 {
		return ""
	}
	return "nobody is told when " + strings.Join(deaf, " or ") + " falls silent: set observability:migration (loading, running once the lane back is there), then deploy:observability"
}
