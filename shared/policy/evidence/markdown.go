package evidence

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cutover/cutover/shared/policy/checks"
	"github.com/cutover/cutover/shared/policy/table"
)

// Markdown renders the control matrix: figures, what deviates, the rows with
// their status in each environment, requirements, exceptions, what is pending.
func (r Report) Markdown() string {
	var page strings.Builder
	fmt.Fprintf(&page, "# Evidence of the controls\n\nEvaluated on %s, over everything that the programs of all layers register.\n\n", r.Day.Format(time.DateOnly))
	for _, line := range strings.Split(r.Counts().String(), "\n") {
		fmt.Fprintf(&page, "- %s\n", line)
	}
	section(&page, "What fails", r.Failures())
	section(&page, "What should be otherwise, or will fail soon", r.Advice())
	r.writeRows(&page)
	r.writeRequirements(&page)
	r.writeExceptions(&page)
	r.writePending(&page)
	return page.String()
}

func section(page *strings.Builder, title string, sentences []string) {
	if len(sentences) == 0 {
		return
	}
	fmt.Fprintf(page, "\n## %s\n\n", title)
	for _, sentence := range sentences {
		fmt.Fprintf(page, "- %s\n", cell(sentence))
	}
}

// cell keeps a text within a table or a list.
func cell(text string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ").Replace(text)
}

func (r Report) writeRows(page *strings.Builder) {
	page.WriteString("\n## Controls\n\n| Control | What has to be true | Severity |")
	for _, outcome := range r.Outcomes {
		fmt.Fprintf(page, " %s | resources |", outcome.Environment)
	}
	page.WriteString(" PCI DSS | Config rules | Exceptions |\n|---|---|---|" + strings.Repeat("---|---:|", len(r.Outcomes)) + "---|---|---|\n")
	for _, row := range table.Rows() {
		fmt.Fprintf(page, "| %s | %s | %s |", row.ID, cell(row.Title), row.Severity)
		var keys []string
		for _, outcome := range r.Outcomes {
			result := outcome.Result(row.ID)
			fmt.Fprintf(page, " %s | %s |", result.Status, strconv.Itoa(len(result.Checked)))
			for _, excuse := range result.Excepted {
				keys = append(keys, excuse.Exception.Key)
			}
		}
		slices.Sort(keys)
		fmt.Fprintf(page, " %s | %s | %s |\n", strings.Join(requirements(row), ", "), strings.Join(rules(row), " "), strings.Join(slices.Compact(keys), ", "))
	}
}

// writeRequirements lists the rows of each requirement with the worst status.
func (r Report) writeRequirements(page *strings.Builder) {
	page.WriteString("\n## Requirements\n\n| PCI DSS | Controls | Status |\n|---|---|---|\n")
	rows := make(map[string][]string)
	var all []string
	for _, row := range table.Rows() {
		for _, requirement := range requirements(row) {
			if rows[requirement] == nil {
				all = append(all, requirement)
			}
			rows[requirement] = append(rows[requirement], row.ID)
		}
	}
	slices.SortFunc(all, compareRequirements)
	for _, requirement := range all {
		fmt.Fprintf(page, "| %s | %s | %s |\n", requirement, strings.Join(rows[requirement], ", "), r.worst(rows[requirement]))
	}
}

// compareRequirements orders 10.2 after 2.10.
func compareRequirements(a, b string) int {
	left, right := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(left), len(right)) {
		x, errX := strconv.Atoi(left[i])
		y, errY := strconv.Atoi(right[i])
		if errX != nil || errY != nil {
			return strings.Compare(a, b)
		}
		if x != y {
			return x - y
		}
	}
	return len(left) - len(right)
}

// worst is the status of the row that is worst off, over all environments.
func (r Report) worst(ids []string) checks.Status {
	order := []checks.Status{checks.NotApplicable, checks.Compliant, checks.Excepted, checks.Pending, checks.Noncompliant}
	at := 0
	for _, outcome := range r.Outcomes {
		for _, result := range outcome.Results {
			if slices.Contains(ids, result.Row.ID) {
				at = max(at, slices.Index(order, result.Status))
			}
		}
	}
	return order[at]
}

func (r Report) writeExceptions(page *strings.Builder) {
	page.WriteString("\n## Exceptions\n\n| Exception | Control | Clause | Resource | Owner | Reason | Compensating | Runtime | Decided | Expires |\n" +
		"|---|---|---|---|---|---|---|---|---|---|\n")
	for _, e := range r.Register {
		fmt.Fprintf(page, "| %s | %s | %s | `%s` | %s | %s | %s | %s | %s | %s |\n", e.Key, e.Control, e.Clause, e.Resource, e.Owner, cell(e.Reason),
			strings.Join(e.Compensating, ", "), e.Runtime, e.Decided.Format(time.DateOnly), e.Expires.Format(time.DateOnly))
	}
}

// writePending lists what waits for layers that are not finished.
func (r Report) writePending(page *strings.Builder) {
	page.WriteString("\n## Pending\n\nEach of these turns into a violation as soon as a resource of the named types is registered.\n\n" +
		"| Control | Clause | What has to come | Until |\n|---|---|---|---|\n")
	for _, wait := range checks.Waits() {
		clause := wait.Clause
		if clause == "" {
			clause = "all"
		}
		fmt.Fprintf(page, "| %s | %s | %s | %s |\n", wait.Row, clause, cell(wait.Missing), strings.Join(wait.Until, ", "))
	}
}
