package recording

import (
	"context"
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// openSecrets makes the secret inputs of every resource plain. A preview under
// mocks needs it: the SDK's mocked monitor refuses a secret whose value is not
// known yet ("malformed RPC secret"), which a real engine takes. Nested inputs
// stay as they are.
func openSecrets(args *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
	props := reflect.ValueOf(args.Props)
	if props.Kind() != reflect.Pointer || props.Elem().Kind() != reflect.Struct {
		return nil
	}
	opened := reflect.New(props.Elem().Type())
	opened.Elem().Set(props.Elem())
	for i := range opened.Elem().NumField() {
		field := opened.Elem().Field(i)
		if field.Kind() != reflect.Interface || field.IsNil() {
			continue
		}
		if output, isOutput := field.Interface().(pulumi.Output); isOutput {
			field.Set(reflect.ValueOf(pulumi.UnsecretWithContext(context.Background(), output)))
		}
	}
	return &pulumi.ResourceTransformationResult{Props: opened.Interface().(pulumi.Input), Opts: args.Opts}
}
