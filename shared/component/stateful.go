package component

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/config"
)

// Stateful adds to opts what guards a resource that holds data or keys: where
// the environment is protected, Pulumi refuses to delete or replace it. The
// service's own deletion protection, where there is one, is a property of the
// resource and follows the same setting.
func Stateful(env config.Environment, opts ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append(slices.Clone(opts), pulumi.Protect(env.Protect))
}
