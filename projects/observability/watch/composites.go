package watch

import (
	"slices"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/shared/naming"
)

// The keys of the pair that gates the traffic; shared/naming has the physical names.
const (
	CustomerImpact  = "customer-impact"
	MigrationUnsafe = "migration-unsafe"
)

// Composites lists one for each service of each colour, then the pair of the
// environment.
//
// customer-impact looks at what customers see, not at causes: errors, slowness and
// undecided payments exist only where there is traffic, so that a colour that is
// being built up does not close the gates. migration-unsafe is on while data could
// be lost or divided by going on.
func (a Args) Composites() []alarm.Composite {
	var all []alarm.Composite
	for _, color := range naming.Colors() {
		for _, service := range a.Services.Names() {
			all = append(all, alarm.Composite{
				Color: color, Subject: service, Kind: "degraded",
				Meaning:  "Something is wrong with the service; its other alarms say what.",
				Action:   "Open the platform dashboard and look at the alarms of the service.",
				Severity: alarm.Info,
				Parts:    a.keys(func(each alarm.Alarm) bool { return each.Color == color && each.Subject == service }),
			})
		}
	}
	return append(all, a.customerImpact(), a.migrationUnsafe())
}

func (a Args) customerImpact() alarm.Composite {
	paying := func(service string) bool {
		found, known := a.Services.Find(service)
		return known && found.Payments
	}
	return alarm.Composite{
		Kind:     CustomerImpact,
		Meaning:  "Customers notice: payments fail, are slow, or do not come through.",
		Action:   "If it began with a shift of traffic or a deployment: rollback:edge -reason=…; then find the part that is on.",
		Severity: alarm.Page,
		Parts: a.keys(func(each alarm.Alarm) bool {
			symptom := each.Kind == "error-rate" || each.Kind == "slow"
			return symptom && paying(each.Subject) || slices.Contains([]string{"balancer-errors", "payments-failing", "payments-unusually-few"}, each.Kind)
		}),
	}
}

// unsafe are the kinds of alarms of lanes and switch that forbid to go on, those
// that only warn people among them.
var unsafe = []string{
	"lane-halted", "lane-silent", "lag-high", "slot-too-large", "rogue-writes", "conflicts", "divergence", "quarantine", "canary-lost",
	"verify-stale", "iterator-too-old", "replication-failed", "replication-late", "authority-disagreement", "switch-held",
}

func (a Args) migrationUnsafe() alarm.Composite {
	return alarm.Composite{
		Kind:     MigrationUnsafe,
		Meaning:  "To go on with the migration could lose or divide data; the gates are closed.",
		Action:   "Do not shift and do not switch. Open the migration dashboard; the part that is on says what to do.",
		Severity: alarm.Warn,
		Parts:    a.keys(func(each alarm.Alarm) bool { return slices.Contains(unsafe, each.Kind) }),
	}
}

// keys lists the keys of the alarms that are meant.
func (a Args) keys(meant func(alarm.Alarm) bool) []string {
	var keys []string
	for _, each := range a.Alarms() {
		if meant(each) {
			keys = append(keys, each.Key())
		}
	}
	return keys
}
