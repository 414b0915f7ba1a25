// Package watch is the list of what raises an alarm on this platform, as data: every
// alarm, every composite, every filter over the trail. The program registers them,
// the verification compares them with what CloudWatch has, and the runbook page is
// written from them. What a threshold is and why is said where it stands; those that
// depend on the size of an environment are Limits.
package watch

import (
	"slices"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

// Phase says how far the migration is. Lanes that are not there yet, or not any
// more, send nothing, and only while they run is their silence a fault.
type Phase string

// The phases.
const (
	// Planned is before the first lane is started.
	Planned Phase = "planned"
	// Loading is from the start of the lanes forward until those back are made: there
	// is no authority to move yet, and a base that is loaded has no lag.
	Loading Phase = "loading"
	// Running is while the lanes of both directions run.
	Running  Phase = "running"
	Finished Phase = "finished"
)

// Phases lists them in their order.
func Phases() []Phase { return []Phase{Planned, Loading, Running, Finished} }

// Limits are the thresholds that depend on an environment.
type Limits struct {
	// ErrorPercent is the share of requests that may fail.
	ErrorPercent int
	// LatencyMs is the slowest that one request in a hundred of a payment service may
	// take, ReportMs the same for the other services.
	LatencyMs, ReportMs int
	// Connections is how many a database may have at once.
	Connections int
	// LogVolumeGiB is the room for the log that a stopped lane keeps from being
	// deleted.
	LogVolumeGiB int
	// QueueAgeSeconds is how long a message may wait.
	QueueAgeSeconds int
}

// Args say what is watched.
type Args struct {
	// Platform is the name of the environment.
	Platform string
	Services catalog.Catalog
	Limits   Limits
	Phase    Phase
	// Lanes are those that this platform has.
	Lanes []metrics.Lane
	// Baseline tells that the trail and the archive are ours to look at.
	Baseline bool
}

// Alarms lists every alarm, grouped by what it is about.
func (a Args) Alarms() []alarm.Alarm {
	all := slices.Concat(a.edge(), a.shared())
	for _, color := range naming.Colors() {
		all = slices.Concat(all, a.services(color), a.queues(color), a.database(color), a.functions(color), a.payments(color))
	}
	return slices.Concat(all, a.tables(), a.lanes(), a.authority(), a.controls(), a.baseline())
}

const (
	minute  = 60
	fiveMin = 5 * minute
)

// Why silence means what it means, where several alarms share the reason.
const (
	nothingCounted = "What did not happen is not counted."
	alwaysSent     = "The service sends a value every minute; silence is a fault of its own."
	seldomSent     = "Values come seldom; between them the last one holds."
)

// Widths of bands in standard deviations: one is right about 997 times in 1,000,
// the wider one where a shift of traffic moves the value.
const (
	narrow = 3
	wide   = 5
)

func of(color naming.Color, thing estate.Thing, name ...string) estate.Value {
	return estate.Of(color, thing, name...)
}

// percent is the expression for the part that errors have of all, 0 while too few
// were counted to say.
func percent(errors, all string, atLeast string) string {
	return "IF(FILL(" + all + ",0)>=" + atLeast + ",100*FILL(" + errors + ",0)/" + all + ",0)"
}

// firewall is a series of the whole web ACL; metrics of AWS WAF name the region.
func (a Args) firewall(metric metrics.Metric, region string) estate.Series {
	return estate.At(metric, of("", estate.Firewall), estate.Text(region), estate.Text(metrics.EveryRule))
}
