package table

import (
	"fmt"
	"strings"
)

// File is where the generated table is kept, below the checkout root.
const File = "docs/controls.md"

const head = `# Controls

What has to be true of the platform's resources, with the requirements of PCI DSS v4.0.1 that it gives evidence for. Each
row has one check, which runs over everything that the programs of all layers register (` + "`go tool mage policy:test`" + `), and
the AWS Config rules named in it watch the account. The evidence with resources and exceptions comes from
` + "`go tool mage policy:report`" + `.

This page is generated from shared/policy/table by the report; a test compares both.

*must* fails the build, *should* is reported. Rules in brackets are not deployed: their identifier is not confirmed, or
nothing that they look at is in use. Parameters of rules: a literal value, or ‹the input of the pack› that supplies it.
`

// Markdown renders the table as docs/controls.md.
func Markdown() string {
	var page strings.Builder
	page.WriteString(head)
	section := ""
	for _, row := range Rows() {
		if next := heading(row); next != section {
			section = next
			fmt.Fprintf(&page, "\n## %s\n\n| ID | What has to be true | Severity | PCI DSS | Controls | Config rules |\n|---|---|---|---|---|---|\n", section)
		}
		fmt.Fprintf(&page, "| %s | %s | %s | %s | %s | %s |\n", row.ID, row.Title, row.Severity,
			orDash(row.Requirements), orDash(row.PublicControls()), orDash(ruleTexts(row.Rules)))
	}
	page.WriteString("\n## Not applicable\n\n| Control | Reason |\n|---|---|\n")
	for _, each := range NotApplicable() {
		fmt.Fprintf(&page, "| %s | %s |\n", each.Control, each.Reason)
	}
	return page.String()
}

func heading(r Row) string {
	if r.Layer == "" {
		return "Every layer"
	}
	return strings.ToUpper(string(r.Layer[:1])) + string(r.Layer[1:])
}

// PublicControls are the row's Security Hub controls and CIS numbers.
func (r Row) PublicControls() []string {
	all := append([]string{}, r.Controls...)
	for _, number := range r.CIS {
		all = append(all, "CIS "+number)
	}
	return all
}

func orDash(items []string) string {
	if len(items) == 0 {
		return "-"
	}
	return strings.Join(items, ", ")
}

func ruleTexts(rules []Rule) []string {
	texts := make([]string, len(rules))
	for i, rule := range rules {
		texts[i] = rule.String()
	}
	return texts
}

// String is the rule as the page shows it.
func (r Rule) String() string {
	text := "`" + r.Identifier + "`"
	var parameters []string
	for _, p := range r.Parameters {
		value := p.Value
		if p.Input != "" {
			value = "‹" + p.Input + "›"
		}
		parameters = append(parameters, p.Name+"="+value)
	}
	if len(parameters) > 0 {
		text += " (" + strings.Join(parameters, "; ") + ")"
	}
	if r.Deployment == Unconfirmed || r.Deployment == IfUsed {
		return "[" + text + "]"
	}
	return text
}
