package component_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/pulumitest"
)

const account = "123456789012"

func layer() pulumitest.Options {
	return pulumitest.Options{Layer: contract.Security, Stack: "local"}
}

func roleArgs() *component.RoleArgs {
	return &component.RoleArgs{
		Name: "cutover-local-blue-sync", Description: "Functions",
		Trust:       iamdoc.AssumeByService("lambda.amazonaws.com", account),
		BoundaryARN: pulumi.String("arn:aws:iam::" + account + ":policy/boundary"),
	}
}

func TestRoleStandsUnderTheBoundaryOnTheLayersPath(t *testing.T) {
	recording := pulumitest.MustRun(t, layer(), func(ctx *pulumi.Context) error {
		_, err := component.NewRole(ctx, "blue-sync", roleArgs())
		return err
	})
	role := recording.Find(t, "aws:iam/role:Role", "blue-sync").Inputs
	assert.Equal(t, "/cutover/security/", role["path"])
	assert.Equal(t, "arn:aws:iam::"+account+":policy/boundary", role["permissionsBoundary"])
	assert.EqualValues(t, 3600, role["maxSessionDuration"])
	assert.NotContains(t, role, "inlinePolicies")
	assert.NotContains(t, role, "managedPolicyArns")
	assert.Contains(t, role["assumeRolePolicy"], `"aws:SourceAccount":["`+account+`"]`)
}

func TestRoleTellsAllThatIsWrongWithItsArguments(t *testing.T) {
	cases := map[string]struct {
		change func(*component.RoleArgs)
		want   string
	}{
		"no name":       {func(a *component.RoleArgs) { a.Name = "" }, "expected 1 to 64 characters"},
		"too long name": {func(a *component.RoleArgs) { a.Name = strings.Repeat("r", 65) }, "expected 1 to 64 characters"},
		"no purpose":    {func(a *component.RoleArgs) { a.Description = "" }, "role description: is empty"},
		"no trust":      {func(a *component.RoleArgs) { a.Trust = iamdoc.Document{} }, "role trust: has no statements"},
		"no boundary":   {func(a *component.RoleArgs) { a.BoundaryARN = nil }, "role boundary: is missing"},
		"short session": {func(a *component.RoleArgs) { a.Session = time.Minute }, "role session 1m0s: expected 1h0m0s to 12h0m0s"},
		"long session":  {func(a *component.RoleArgs) { a.Session = 13 * time.Hour }, "role session 13h0m0s"},
		"open trust": {func(a *component.RoleArgs) {
			a.Trust.Statements[0].Principals = iamdoc.Principals{Anyone: true}
		}, "trusts anyone"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			args := roleArgs()
			c.change(args)
			recording, err := pulumitest.Run(t, layer(), func(ctx *pulumi.Context) error {
				_, err := component.NewRole(ctx, "blue-sync", args)
				return err
			})
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "role blue-sync")
			require.Empty(t, recording.OfType("aws:iam/role:Role"))
		})
	}
	err := (&component.RoleArgs{}).Validate()
	for _, part := range []string{"role name", "role description", "role trust", "role boundary"} {
		require.ErrorContains(t, err, part)
	}
}
