package ops

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/cutover/cutover/shared/ops/console"
	"github.com/cutover/cutover/shared/ops/dag"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/report"
	"github.com/cutover/cutover/shared/ops/settings"
)

// conclude ends the report, shows the summary and gives the run its exit status.
func (r *run) conclude(results []dag.Result, runErr error) error {
	err := errors.Join(r.verdict(results), runErr)
	now, code := r.app.ports.Now().UTC(), int(fault.CodeOf(err))
	r.mu.Lock()
	r.report.Ended, r.report.ExitCode = &now, &code
	if err != nil {
		r.report.Error = err.Error()
	} else {
		r.report.Resume = ""
	}
	saveErr := r.app.store.Save(r.report)
	r.mu.Unlock()
	return errors.Join(err, saveErr, r.show())
}

// verdict folds the layers' ends into one error: the status of the first failure
// in the order of the plan, else that of the interruption, else none.
func (r *run) verdict(results []dag.Result) error {
	counts := map[dag.State]int{}
	code := fault.OK
	for _, result := range results {
		counts[result.State]++
		if result.State == dag.Failed && code == fault.OK {
			code = fault.CodeOf(result.Err)
		}
	}
	if code == fault.OK && counts[dag.Cancelled]+counts[dag.NotStarted] > 0 {
		code = fault.Cancelled
	}
	if r.stop.timedOut() && code == fault.Cancelled {
		code = fault.Timeout
	}
	if code == fault.OK {
		return nil
	}
	return fault.New(code, "%s in %s: %s (%s)", r.target, r.env.Name, tell(counts), code)
}

// tell writes how many layers ended how.
func tell(counts map[dag.State]int) string {
	var parts []string
	for _, s := range []dag.State{
		dag.Succeeded, dag.Unchanged, dag.Failed, dag.Cancelled, dag.Skipped, dag.NotStarted,
	} {
		if counts[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[s], s))
		}
	}
	return strings.Join(parts, ", ")
}

// show writes the result to standard output in the format that was asked for.
func (r *run) show() error {
	switch r.set.Output {
	case settings.JSON:
		return r.printJSON(r.report)
	case settings.Markdown:
		return r.print(r.report.Markdown())
	case settings.Table:
		r.con.Block(r.given().Complete(summary(r.report)))
	}
	return nil
}

func (a *App) print(text string) error {
	if _, err := fmt.Fprint(a.ports.Out, text); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	return nil
}

func (a *App) printJSON(value any) error {
	text, err := render(value)
	if err != nil {
		return err
	}
	return a.print(string(text))
}

// print shows a result, the commands in it as they are to be given in this session's
// environment.
func (s *session) print(text string) error { return s.app.print(s.given().Complete(text)) }

// printJSON shows a result as JSON, the commands in its texts likewise.
func (s *session) printJSON(value any) error {
	text, err := render(value)
	if err != nil {
		return err
	}
	return s.app.print(string(s.given().CompleteJSON(text)))
}

func render(value any) ([]byte, error) {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write result: %w", err)
	}
	return append(text, '\n'), nil
}

// summary is the report for the end of a run on the screen.
func summary(r *report.Report) string {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	total := engine.Changes{}
	_, _ = fmt.Fprintln(table, "\nlayer\tstate\ttime\tresources")
	for _, l := range r.Layers {
		spent := ""
		if l.Seconds() > 0 {
			spent = fmt.Sprintf("%.1fs", l.Seconds())
		}
		total = total.Add(l.Changes)
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", l.Name, r.Outcome(l), spent, console.Counts(l.Changes))
	}
	_ = table.Flush() // into memory
	fmt.Fprintf(&b, "%s after %s; %d resources changed\n", ended(r), engine.Age(r.Ended.Sub(r.Started)), changed(total))
	for _, l := range r.Layers {
		if l.Error != "" {
			fmt.Fprintf(&b, "\n%s %s: %s\n  log: %s\n", l.Name, l.State, l.Error, l.Log)
		}
	}
	if r.Resume != "" {
		fmt.Fprintf(&b, "\ngo on with: %s\n", r.Resume)
	}
	return b.String()
}

func ended(r *report.Report) string {
	if *r.ExitCode == int(fault.OK) {
		return "done"
	}
	return fmt.Sprintf("ended with exit code %d", *r.ExitCode)
}

func changed(c engine.Changes) int { return c.Create + c.Update + c.Replace + c.Delete }
