package component_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/pulumitest"
)

func TestLogGroupIsEncryptedAndKeptForNinetyDays(t *testing.T) {
	recording := pulumitest.MustRun(t, pulumitest.Options{Layer: contract.Data, Stack: "local"}, func(ctx *pulumi.Context) error {
		_, err := component.NewLogGroup(ctx, "blue-x", &component.LogGroupArgs{Name: "/cutover/local/blue/x", KeyARN: pulumi.String("arn:key")})
		return err
	})
	group := recording.Find(t, "aws:cloudwatch/logGroup:LogGroup", "blue-x").Inputs
	require.Equal(t, "/cutover/local/blue/x", group["name"])
	require.Equal(t, "arn:key", group["kmsKeyId"])
	require.InEpsilon(t, 90, group["retentionInDays"], 0)
}

func TestLogGroupWithoutNameOrKeyIsRefused(t *testing.T) {
	err := (&component.LogGroupArgs{}).Validate()
	require.ErrorContains(t, err, "log group name: is empty")
	require.ErrorContains(t, err, "log group key: is missing")
}

func TestEntryThatIsMissingIsAnErrorThatNamesTheMap(t *testing.T) {
	entry := func(key string) (any, error) {
		var found any
		_, err := pulumitest.Run(t, pulumitest.Options{Layer: contract.Data, Stack: "local"}, func(ctx *pulumi.Context) error {
			values := pulumi.StringMap{"a": pulumi.String("1"), "b": pulumi.String("2"), "c": pulumi.String("")}.ToStringMapOutput()
			ctx.Export("found", component.Entry(values, "roles of the security layer", key).ApplyT(func(value string) string { // an export makes the run wait for the value
				found = value
				return value
			}))
			return nil
		})
		return found, err
	}
	found, err := entry("b")
	require.NoError(t, err)
	require.Equal(t, "2", found)
	for _, key := range []string{"z", "c"} {
		_, err = entry(key)
		require.ErrorContains(t, err, `roles of the security layer: has no entry "`+key+`", only "a, b, c"`)
	}
}
