package board

import (
	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/dashboard"
	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/projects/observability/watch"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

// business shows payments as the applications report them (metrics.PaymentEvent):
// numbers and sums, nothing of any single one.
func (b *builder) business() [][]dashboard.Widget {
	return [][]dashboard.Widget{
		b.heading("Business", "Payments of both colours: how many, how they end, how much, how fast. Amounts are in hundredths of the currency of settlement."),
		b.alarms("Do customers notice?", append(b.composites(func(c alarm.Composite) bool { return c.Kind == watch.CustomerImpact }),
			"payments-unusually-few", "blue-payments-failing", "green-payments-failing", "blue-declines-unusual", "green-declines-unusual")),
		{
			b.total("Payments per minute, both colours", metrics.Payments),
			b.graph(third, "Payments per minute, approved", ofColor(metrics.Payments, metrics.Approved)),
			b.graph(third, "Payments per minute, declined and failed", join(ofColor(metrics.Payments, metrics.Declined), ofColor(metrics.Payments, metrics.Failed))),
		},
		{
			b.share("Declined, %", metrics.Declined),
			b.share("Approved, %", metrics.Approved),
			b.share("Failed, %", metrics.Failed, "payments-failing"),
		},
		{
			b.total("Amount per minute by status, both colours", metrics.PaymentAmount),
			b.graph(third, "Amount per minute, approved", ofColor(metrics.PaymentAmount, metrics.Approved)),
			b.graph(third, "Amount per minute, declined and failed", join(ofColor(metrics.PaymentAmount, metrics.Declined), ofColor(metrics.PaymentAmount, metrics.Failed))),
		},
		{
			b.graph(third, "Time to decide, approved, p50, ms", ofColor(metrics.PaymentDuration.By(metrics.P50), metrics.Approved)),
			b.graph(third, "Time to decide, approved, p95, ms", ofColor(metrics.PaymentDuration.By(metrics.P95), metrics.Approved)),
			b.graph(third, "Time to decide, approved, p99, ms", ofColor(metrics.PaymentDuration, metrics.Approved)),
		},
	}
}

// counts are the hidden lines of a colour's payments by outcome, with their ids.
func (b *builder) counts(metric metrics.Metric, number int, color naming.Color) (hidden []dashboard.Line, ids map[string]string) {
	ids = make(map[string]string)
	for i, outcome := range metrics.Outcomes() {
		line := b.line(string(color)+" "+outcome, "", estate.At(metric, estate.Text(string(color)), estate.Text(outcome)))
		line.ID, line.Hidden = dashboard.ID(string(rune('a'+i)), number), true
		hidden, ids[outcome] = append(hidden, line), line.ID
	}
	return hidden, ids
}

// share is the part of a colour's payments that end in one way.
func (b *builder) share(title, outcome string, kinds ...string) dashboard.Widget {
	var all, shown []dashboard.Line
	for number, color := range naming.Colors() {
		hidden, ids := b.counts(metrics.Payments, number, color)
		var every []string
		for _, each := range metrics.Outcomes() {
			every = append(every, ids[each])
		}
		all = append(all, hidden...)
		shown = append(shown, dashboard.Line{ID: dashboard.ID("e", number), Label: string(color), Color: paint[color], Expression: dashboard.Share(ids[outcome], every...)})
	}
	return b.graph(third, title, func(*builder) []dashboard.Line { return append(all, shown...) }, kinds...)
}

// total adds both colours up, by outcome.
func (b *builder) total(title string, metric metrics.Metric) dashboard.Widget {
	var all, shown []dashboard.Line
	sums := make(map[string]string)
	for number, color := range naming.Colors() {
		hidden, ids := b.counts(metric, number, color)
		all = append(all, hidden...)
		for outcome, id := range ids {
			if sums[outcome] != "" {
				sums[outcome] += "+"
			}
			sums[outcome] += "FILL(" + id + ",0)"
		}
	}
	for number, outcome := range metrics.Outcomes() {
		shown = append(shown, dashboard.Line{ID: dashboard.ID("e", number), Label: outcome, Expression: sums[outcome]})
	}
	return b.graph(third, title, func(*builder) []dashboard.Line { return append(all, shown...) })
}
