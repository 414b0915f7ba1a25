package ops

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/fault"
)

// ensureStacks makes the stacks of the run's layers.
func (r *run) ensureStacks(ctx context.Context) error {
	return r.ensure(ctx, r.graph.Order())
}

// checkUpstream names every layer outside the run whose outputs the run's layers
// need and that has none.
func (r *run) checkUpstream(ctx context.Context) error {
	if !r.act.partial {
		return nil
	}
	selected := r.graph.Order()
	var problems []error
	checked := map[contract.Layer]bool{}
	for _, name := range selected {
		for _, need := range contract.Layer(name).Needs() {
			if checked[need] || slices.Contains(selected, string(need)) {
				continue
			}
			checked[need] = true
			problems = append(problems, r.checkDeployed(ctx, name, need))
		}
	}
	return errors.Join(problems...)
}

func (r *run) checkDeployed(ctx context.Context, name string, need contract.Layer) error {
	s := r.stack(string(need), os.DevNull)
	state, err := r.engine.State(ctx, s)
	if err != nil {
		return err
	}
	var missing string
	switch {
	case !state.Exists:
		missing = "does not exist"
	case !state.Outputs:
		missing = "has no outputs"
	default:
		return nil
	}
	deploy := r.set
	deploy.Only, deploy.From, deploy.DryRun = nil, "", false
	return fault.New(fault.NoStack, "layer %s needs layer %s: its stack %s %s", name, need, s.Env, missing).
		WithHint("%s", deploy.Command("deploy:"+string(need)))
}

// checkDownstream refuses to take a layer away from under layers that still
// stand on it.
func checkDownstream(ctx context.Context, r *run) error {
	selected := r.graph.Order()
	var standing []string
	for _, name := range selected {
		for _, dependent := range r.app.graph.Downstream(name) {
			if slices.Contains(selected, dependent) || slices.Contains(standing, dependent) {
				continue
			}
			state, err := r.engine.State(ctx, r.stack(dependent, os.DevNull))
			if err != nil {
				return err
			}
			if len(state.Resources) > 0 {
				standing = append(standing, dependent)
			}
		}
	}
	if len(standing) == 0 {
		return nil
	}
	all := r.set
	all.Only, all.From = layersOf(append(selected, standing...)), ""
	return fault.New(fault.Usage, "layers %v still stand on %v", standing, selected).
		WithHint("%s", all.Command("destroy:all"))
}

func layersOf(names []string) []contract.Layer {
	layers := make([]contract.Layer, len(names))
	for i, name := range names {
		layers[i] = contract.Layer(name)
	}
	return layers
}
