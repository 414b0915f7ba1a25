package component

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
)

// Configuration is what a layer reads from its stack file: its own keys, and the
// settings of the environment that every layer has.
type Configuration interface {
	config.Validator
	// Where is the environment that the stack stands in.
	Where() config.Environment
}

// Program is what every layer's Pulumi program does: read the configuration of the
// stack as C, make the only AWS provider, let build make the layer with it, export
// what the layer promises as O. The first step that fails ends it with its error,
// and a layer that was not built exports nothing.
func Program[C Configuration, O contract.Outputs](
	ctx *pulumi.Context, build func(ctx *pulumi.Context, cfg C, opts ...pulumi.ResourceOption) (O, error),
) error {
	cfg, err := config.Load[C](ctx)
	if err != nil {
		return err
	}
	provider, err := NewProvider(ctx, cfg.Where())
	if err != nil {
		return err
	}
	outputs, err := build(ctx, cfg, pulumi.Provider(provider))
	if err != nil {
		return err
	}
	return contract.Export(ctx, outputs)
}
