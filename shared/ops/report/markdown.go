package report

import (
	"fmt"
	"strings"

	"github.com/cutover/cutover/shared/ops/engine"
)

// Markdown writes the report for a reader.
func (r *Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s in %s\n\n", r.Command, r.Environment)
	for _, fact := range r.facts() {
		fmt.Fprintf(&b, "- %s: %s\n", fact[0], fact[1])
	}
	b.WriteString("\n| layer | state | created | updated | replaced | deleted | same | seconds |\n")
	b.WriteString("|---|---|---:|---:|---:|---:|---:|---:|\n")
	for _, l := range r.Layers {
		c := l.Changes
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %d | %d | %.1f |\n",
			l.Name, r.Outcome(l), c.Create, c.Update, c.Replace, c.Delete, c.Same, l.Seconds())
	}
	r.writeErrors(&b)
	r.writeChanges(&b)
	return b.String()
}

func (r *Report) facts() [][2]string {
	commit := r.Commit
	if r.Dirty {
		commit += " with local changes"
	}
	facts := [][2]string{
		{"run", r.ID}, {"account", r.Account + " " + r.Region}, {"by", r.User + "@" + r.Host}, {"commit", commit},
		{"started", r.Started.UTC().Format("2006-01-02 15:04:05 UTC")}, {"result", r.result()},
	}
	for _, optional := range [][2]string{{"resumes", r.Resumes}, {"reason", r.Reason}, {"only", r.Color}, {"go on with", code(r.Resume)}} {
		if optional[1] != "" {
			facts = append(facts, optional)
		}
	}
	return facts
}

func (r *Report) result() string {
	if r.Ended == nil || r.ExitCode == nil {
		return "not ended"
	}
	return fmt.Sprintf("exit code %d after %s", *r.ExitCode, engine.Age(r.Ended.Sub(r.Started)))
}

// Outcome is the state of one of the report's layers in words.
func (r *Report) Outcome(l Layer) string {
	cause := r.Find(l.Cause)
	switch {
	case cause != nil:
		return fmt.Sprintf("%s (%s %s)", l.State, cause.Name, cause.State)
	case l.Earlier:
		return l.State + " (earlier)"
	default:
		return l.State
	}
}

func (r *Report) writeErrors(b *strings.Builder) {
	for _, l := range r.Layers {
		if l.Error != "" {
			fmt.Fprintf(b, "\n## %s %s\n\n```\n%s\n```\n\nLog: `%s`\n", l.Name, l.State, strings.TrimSpace(l.Error), l.Log)
		}
	}
	if r.Error != "" {
		fmt.Fprintf(b, "\n## Error\n\n```\n%s\n```\n", strings.TrimSpace(r.Error))
	}
}

func (r *Report) writeChanges(b *strings.Builder) {
	for _, l := range r.Layers {
		if len(l.List) == 0 {
			continue
		}
		fmt.Fprintf(b, "\n## Changes of %s\n\n| | resource | type | because of |\n|---|---|---|---|\n", l.Name)
		for _, c := range l.List {
			fmt.Fprintf(b, "| %s | %s | %s | %s |\n", c.Op, c.Name, c.Type, strings.Join(c.Causes, ", "))
		}
	}
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}
