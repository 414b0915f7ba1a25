package ops

import (
	"context"
	"fmt"
	"strings"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/settings"
)

// DeployAll deploys every layer, each after those it needs.
func (a *App) DeployAll(ctx context.Context) error {
	return a.change(ctx, "deploy:all", "", deploying())
}

// Deploy deploys one layer; those it needs have to be there.
func (a *App) Deploy(ctx context.Context, layer contract.Layer) error {
	return a.change(ctx, "deploy:"+string(layer), layer, deploying())
}

// DestroyAll deletes every layer, dependents first.
func (a *App) DestroyAll(ctx context.Context) error {
	return a.change(ctx, "destroy:all", "", destroying())
}

// Destroy deletes one layer; nothing may stand on it any more.
func (a *App) Destroy(ctx context.Context, layer contract.Layer) error {
	return a.change(ctx, "destroy:"+string(layer), layer, destroying())
}

func deploying() action {
	return action{
		verb: "deploy", partial: true, guard: guardPrecious,
		look: func(ctx context.Context, r *run, request engine.Request) (engine.Result, error) {
			return r.engine.Preview(ctx, request)
		},
		do: func(ctx context.Context, r *run, request engine.Request) (engine.Result, error) {
			result, err := r.engine.Up(ctx, request)
			if err != nil {
				return result, err
			}
			if err := r.comeToRest(ctx, request.Layer); err != nil {
				return result, err
			}
			return result, r.publish(ctx, request.Stack, result.Outputs)
		},
	}
}

func destroying() action {
	return action{
		verb: "destroy", reversed: true, guard: guardDestroy,
		look: demolition,
		do: func(ctx context.Context, r *run, request engine.Request) (engine.Result, error) {
			if err := r.unprotect(ctx, request.Stack); err != nil {
				return engine.Result{}, err
			}
			return r.engine.Destroy(ctx, request)
		},
	}
}

// demolition tells what a destroy would delete: all that the state holds. The
// engine's own preview refuses to answer where something is protected.
func demolition(ctx context.Context, r *run, request engine.Request) (engine.Result, error) {
	state, err := r.engine.State(ctx, request.Stack)
	if err != nil {
		return engine.Result{}, err
	}
	var result engine.Result
	for _, res := range state.Resources {
		if r.set.Color != settings.Both && !strings.Contains(res.Name, string(r.set.Color)) {
			continue
		}
		result.Changes.Delete++
		result.List = append(result.List, engine.Change{Op: "delete", URN: res.URN, Type: res.Type, Name: res.Name, Protect: res.Protected})
	}
	return result, nil
}

// guardDestroy asks for the names of what is precious in the plan and of what is
// protected in the state.
func guardDestroy(ctx context.Context, r *run, list []planned) error {
	if err := checkDownstream(ctx, r); err != nil {
		return err
	}
	if r.env.Local {
		return nil
	}
	return guardPrecious(ctx, r, list)
}

// unprotect lifts the protection of a stack's resources. Outside the local
// environment their names were typed before: guardDestroy asked for every one,
// because the plan lists what is protected.
func (r *run) unprotect(ctx context.Context, s engine.Stack) error {
	state, err := r.engine.State(ctx, s)
	protected := state.Protected()
	if err != nil || len(protected) == 0 {
		return err
	}
	urns := make([]string, len(protected))
	for i, p := range protected {
		urns[i] = p.URN
	}
	r.con.Say(string(s.Layer), "lifting the protection of %d resources", len(urns))
	if err := r.engine.Unprotect(ctx, s, urns); err != nil {
		return fmt.Errorf("lift the protection of %s: %w", s.Layer, err)
	}
	return r.auditAction("unprotect:"+string(s.Layer), "succeeded", fmt.Sprint(urns), engine.Changes{})
}
