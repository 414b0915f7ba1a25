package ops

import (
	"context"
	"fmt"
	"strings"

	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/settings"
)

// resume takes over the layers and the color of the last run of the same command
// in the same environment, and what it has done.
func (r *run) resume(context.Context) error {
	if !r.set.Resume {
		return nil
	}
	last, err := r.app.store.Last(r.env.Name, r.target)
	if err != nil {
		return err
	}
	if last == nil {
		return fault.New(fault.Usage, "no earlier run of %s in %s: nothing to resume", r.target, r.env.Name).
			WithHint("%s", r.freshCommand())
	}
	selected := make([]string, len(last.Layers))
	for i, l := range last.Layers {
		selected[i] = l.Name
	}
	if err := r.narrow(selected); err != nil {
		return fmt.Errorf("resume %s: %w", last.ID, err)
	}
	r.report, r.done, r.set.Color = last, last.Done(), settings.Color(last.Color)
	r.con.Block(fmt.Sprintf("resuming %s, begun %s: done are %s", last.ID,
		last.Started.Local().Format("2006-01-02 15:04:05"), orNone(r.done)))
	if last.Commit != r.commit || r.dirty {
		r.con.Block(r.con.Yellow("the checkout is not as it was at that run's commit; what is done is not deployed again"))
	}
	return nil
}

// freshCommand is the command that begins a run of its own.
func (r *run) freshCommand() string {
	fresh := r.set
	fresh.Resume = false
	return fresh.Command(r.target)
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
