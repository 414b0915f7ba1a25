package observability

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/board"
	"github.com/cutover/cutover/projects/observability/dashboard/drawing"
	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/projects/observability/watch"
	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

// Where the catalogue's pages are kept, from the root of the checkout.
const (
	metricsPage = "docs/metrics.md"
	diagrams    = "docs/diagrams/"
)

// Pages are what is written from the definitions, by path from the root of the
// checkout: the runbook of alarms, the catalogue of metrics, a picture of each
// dashboard. They show the environment of the stack file.
func Pages(stackFile, environment string) (map[string]string, error) {
	cfg, err := config.ReadFile[Config](stackFile)
	if err != nil {
		return nil, err
	}
	services, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	what := cfg.watch(environment, services)
	what.Phase = watch.Running
	pages := map[string]string{alarm.Runbook: runbook(what), metricsPage: metricsText()}
	for _, which := range board.Names() {
		made, err := board.Args{Watch: what, Names: naming.New(environment), AccountID: cfg.Environment.AccountID, Estate: estate.Sample(services)}.Make(which)
		if err != nil {
			return nil, fmt.Errorf("%s dashboard: %w", which, err)
		}
		body, err := made.Body()
		if err != nil {
			return nil, fmt.Errorf("%s dashboard: %w", which, err)
		}
		if pages[diagrams+"dashboard-"+which+".svg"], err = drawing.SVG(which, body); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

const runbookHead = `# Alarms

What each alarm means and what to do first. This page is written from the definitions in
` + "`projects/observability/watch`" + ` by ` + "`mage graph`" + `, with the thresholds of production and as it is while the
migration runs: before and after it the silence of a lane is no fault (` + "`observability:migration`" + `). Lanes are
those of ` + "`observability:lanes`" + `; of what they say while the first base is loaded tells ADR 055.

A **page** wakes somebody up, a **warn** waits for the working day, an **info** is a record; each has a topic of its own.
Every alarm tells its topic when it goes on, when it goes off, and when it has not enough data.
`

// runbook has a section for each kind of alarm, which notifications point to.
func runbook(what watch.Args) string {
	var out strings.Builder
	out.WriteString(runbookHead)
	out.WriteString("\n## What gates the traffic and sums up\n")
	written := make(map[string]bool)
	for _, each := range slices.Backward(what.Composites()) {
		if written[each.Kind] {
			continue
		}
		written[each.Kind] = true
		fmt.Fprintf(&out, "\n### %s\n\n%s **%s.** On while any of these is:\n%s.\n\n*First:* %s\n", each.Kind, each.Meaning, each.Severity, list(each.Parts), each.Action)
	}
	out.WriteString("\n## Alarms\n")
	alarms := what.Alarms()
	for _, each := range alarms {
		if written[each.Kind] {
			continue
		}
		written[each.Kind] = true
		section(&out, each, alarms)
	}
	return out.String()
}

// section describes all alarms of a kind by the first of them.
func section(out *strings.Builder, first alarm.Alarm, all []alarm.Alarm) {
	var keys, conditions, severities []string
	for _, each := range all {
		if each.Kind != first.Kind {
			continue
		}
		keys = append(keys, each.Key())
		if words := each.Words(); !slices.Contains(conditions, words) {
			conditions = append(conditions, words)
		}
		if severity := string(each.Severity); !slices.Contains(severities, severity) {
			severities = append(severities, severity)
		}
	}
	meaning := first.Meaning
	if first.Subject != "" {
		meaning = strings.ReplaceAll(meaning, first.Subject, "…")
	}
	fmt.Fprintf(out, "\n### %s\n\n%s **%s.**\n\n", first.Kind, meaning, strings.Join(severities, " or "))
	for _, condition := range conditions {
		fmt.Fprintf(out, "- when %s\n", condition)
	}
	fmt.Fprintf(out, "- missing data: %s. %s\n- alarms: %s\n\n*First:* %s\n", first.Missing, first.Silence, list(keys), first.Action)
}

// list writes keys as code.
func list(keys []string) string { return "`" + strings.Join(keys, "`, `") + "`" }

const metricsHead = `# Metrics

Every metric that is emitted or looked at, from the catalogue in ` + "`shared/metrics`" + `; this page is written by ` + "`mage graph`" + `.
Code that emits a metric and whatever reads it take its name from there. The names, units and dimensions of ` + "`Cutover/Sync`" + `
are an interface: a change of one is a breaking change, and a test says so.

## What applications write

For each payment that it has decided, a service writes one line to its log group, a JSON object with these fields
(` + "`metrics.PaymentEvent`" + `). Metric filters make the namespace ` + "`Cutover/Business`" + ` of it. Nothing of the card may stand in it;
what looks like data of a card is masked in the log group as well.

` + "```json" + `
{"event":"payment","color":"green","service":"payment-api","outcome":"declined","reason":"insufficient_funds",
 "amountMinor":1299,"durationMs":84,"paymentId":"p-1"}
` + "```" + `

| field | what |
|---|---|
| ` + "`event`" + ` | always ` + "`payment`" + ` |
| ` + "`color`" + ` | ` + "`blue`" + ` or ` + "`green`" + `, where the application runs |
| ` + "`service`" + ` | name in the catalogue of services |
| ` + "`outcome`" + ` | ` + "`approved`" + `, ` + "`declined`" + ` or ` + "`failed`" + ` (no decision) |
| ` + "`reason`" + ` | code of the issuer or of ours; not for approved payments |
| ` + "`amountMinor`" + ` | hundredths of the currency of settlement |
| ` + "`durationMs`" + ` | how long the decision took |
| ` + "`paymentId`" + ` | finds the payment in the database |

A payment is written once, by the service that decides it. Errors are lines with ` + "`\"level\":\"error\"`" + ` and a constant ` + "`msg`" + `.
`

// metricsText lists the catalogue, a table a namespace.
func metricsText() string {
	var out strings.Builder
	out.WriteString(metricsHead)
	last := ""
	all := metrics.All()
	slices.SortStableFunc(all, func(a, b metrics.Metric) int { return strings.Compare(b.Namespace, a.Namespace) })
	for _, metric := range all {
		if metric.Namespace != last {
			last = metric.Namespace
			fmt.Fprintf(&out, "\n## %s\n\n| metric | unit | dimensions | read as |\n|---|---|---|---|\n", last)
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", metric.Name, metric.Unit, strings.Join(metric.Dimensions, ", "), metric.Statistic)
	}
	return out.String()
}
