package watch

import (
	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

// failedPercent of payments that end in neither yes nor no is more than a bad line
// to one issuer.
const failedPercent = 2

func payments(color naming.Color, outcome string) estate.Series {
	return estate.At(metrics.Payments, estate.Text(string(color)), estate.Text(outcome))
}

func (a Args) payments(color naming.Color) []alarm.Alarm {
	approved, declined, failed := payments(color, metrics.Approved), payments(color, metrics.Declined), payments(color, metrics.Failed)
	all := "FILL(approved,0)+FILL(declined,0)+FILL(failed,0)"
	terms := []alarm.Term{{ID: "approved", Series: approved}, {ID: "declined", Series: declined}, {ID: "failed", Series: failed}}
	share := func(of string) string {
		return "IF((" + all + ")>=" + enough + ",100*FILL(" + of + ",0)/(" + all + "),0)"
	}
	return []alarm.Alarm{
		{
			Color: color, Kind: "payments-failing",
			Meaning:  "Payments end without a decision.",
			Action:   "Run the saved query for failed payments by reason. If one colour alone has it: rollback:edge.",
			Severity: alarm.Warn,
			Condition: alarm.Condition{
				Terms: terms, Expression: share("failed"), Comparison: alarm.Above, Threshold: failedPercent,
			},
			Period: minute, Periods: 5, Points: 3, Missing: alarm.NotBreaching, Silence: nothingCounted,
		},
		{
			Color: color, Kind: "declines-unusual",
			Meaning:  "More payments are declined than is usual at this hour.",
			Action:   "Run the saved query for declined payments by reason and compare both colours; one issuer alone is the issuer's.",
			Severity: alarm.Warn,
			Condition: alarm.Condition{
				Terms: terms, Expression: share("declined"), Comparison: alarm.AboveUsual, Band: narrow,
			},
			Period: fiveMin, Periods: 3, Points: 3, Missing: alarm.NotBreaching, Silence: nothingCounted,
		},
	}
}

// fewPayments looks at both colours together, so that moving traffic does not
// matter.
func fewPayments() alarm.Alarm {
	condition := alarm.Condition{Comparison: alarm.BelowUsual, Band: wide}
	for _, color := range naming.Colors() {
		for _, outcome := range []string{metrics.Approved, metrics.Declined} {
			id := string(color) + "_" + outcome
			condition.Terms = append(condition.Terms, alarm.Term{ID: id, Series: payments(color, outcome)})
			if condition.Expression != "" {
				condition.Expression += "+"
			}
			condition.Expression += "FILL(" + id + ",0)"
		}
	}
	return alarm.Alarm{
		Kind:      "payments-unusually-few",
		Meaning:   "Fewer payments are decided than is usual at this hour, over both colours together.",
		Action:    "Ask from outside whether the public name answers; compare requests at the balancers with payments decided.",
		Severity:  alarm.Warn,
		Condition: condition,
		Period:    fiveMin, Periods: 3, Points: 3, Missing: alarm.NotBreaching, Silence: "The expression counts 0 where nothing was sent, so there is no silence once payments have begun.",
	}
}

func (a Args) shared() []alarm.Alarm { return []alarm.Alarm{fewPayments()} }
