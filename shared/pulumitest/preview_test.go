package pulumitest_test

import (
	"reflect"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/pulumitest"
)

type valueArgs struct {
	Value pulumi.StringPtrInput
}

type valueProps struct {
	Value *string `pulumi:"value"`
}

func (valueArgs) ElementType() reflect.Type { return reflect.TypeFor[valueProps]() }

func TestPreviewTakesASecretThatIsNotKnownYet(t *testing.T) {
	program := func(ctx *pulumi.Context) error {
		var first, second pulumi.CustomResourceState
		if err := ctx.RegisterResource("test:index:First", "first", nil, &first); err != nil {
			return err
		}
		secret := pulumi.ToSecret(first.ID().ToStringOutput().ToStringPtrOutput()).(pulumi.StringPtrInput)
		return ctx.RegisterResource("test:index:Second", "second", &valueArgs{Value: secret}, &second)
	}
	for _, dry := range []bool{true, false} {
		recording := pulumitest.MustRun(t, pulumitest.Options{Layer: contract.Data, Stack: "local", DryRun: dry}, program)
		second := recording.Find(t, "test:index:Second", "second")
		if dry {
			assert.NotContains(t, second.Inputs, "value", "unknown")
			continue
		}
		assert.Equal(t, "first-id", second.Inputs["value"])
		assert.Equal(t, []string{"value"}, second.Secrets, "an update keeps the mark")
	}
}
