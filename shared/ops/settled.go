package ops

import (
	"context"
	"os"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/fault"
)

// comeToRest asks a layer that was updated whether what was deployed is what runs.
// The engine calls an update a success when AWS took it; what AWS undoes by
// itself afterwards, only AWS can tell. It asks after an update without changes,
// too: a deployment that AWS undid leaves nothing for the engine to change.
func (r *run) comeToRest(ctx context.Context, layer contract.Layer) error {
	settled := r.app.layers[layer].Settled
	if settled == nil {
		return nil
	}
	r.con.Say(string(layer), "waiting until what was deployed is what runs")
	outputs, err := r.engine.Outputs(ctx, r.stack(string(layer), os.DevNull))
	if err != nil {
		return err
	}
	err = settled(ctx, Verification{Environment: r.env.Name, AWS: r.cloud, Outputs: outputs, Color: string(r.set.Color)})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fault.New(fault.Cancelled, "%s was updated; waiting for it to settle was interrupted: %w", layer, context.Cause(ctx))
	default:
		return fault.New(fault.Verification, "%s was updated, but what was deployed is not what runs: %w", layer, err)
	}
}
