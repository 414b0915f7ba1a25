package checks

import (
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/policy/graph"
)

// Wait is a clause that cannot hold yet, because a layer is not finished.
type Wait struct {
	Row string
	// Clause is the clause that waits; empty for all of the row.
	Clause string
	// Missing says what has to come.
	Missing string
	// Until lists the type tokens, or beginnings of them, that end the delay: as
	// soon as one is registered, the clause has to hold.
	Until []string
}

// Waits lists all entries.
func Waits() []Wait { return slices.Clone(pending) }

func (w Wait) covers(f Finding) bool {
	return w.Row == f.Row.ID && (w.Clause == "" || w.Clause == f.Clause)
}

// Over tells whether what the entry waits for is registered.
func (w Wait) Over(g *graph.Graph) bool {
	return len(g.Where(func(r *graph.Resource) bool {
		return slices.ContainsFunc(w.Until, func(token string) bool { return strings.HasPrefix(r.Type, token) })
	})) > 0
}

// composites end most delays: the alarms of the observability layer come with
// those that sum them up.
const composites = "aws:cloudwatch/compositeAlarm:"

var pending = []Wait{
	{Row: "E-03", Clause: "watched", Missing: "the alarm on a certificate's last days", Until: []string{composites}},
	{Row: "E-15", Missing: "the signature of the public zone and the headers of its listeners", Until: []string{"aws:route53/hostedZoneDnsSec:"}},
	{Row: "O-06", Missing: "the observability layer's alarms", Until: []string{composites}},
	{Row: "O-07", Missing: "the metric filters over the trail's log group", Until: []string{"aws:cloudwatch/logMetricFilter:"}},
	{Row: "O-08", Missing: "the rules that send findings to the topic", Until: []string{"aws:cloudwatch/eventRule:"}},
	{Row: "O-09", Missing: "the alarms over the controls themselves", Until: []string{composites}},
	{Row: "O-10", Clause: "masked", Missing: "the masks of card numbers in the services' log groups", Until: []string{"aws:cloudwatch/logDataProtectionPolicy:"}},
}
