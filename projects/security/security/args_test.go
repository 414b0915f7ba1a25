package security

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/pulumitest"
)

func TestEveryPurposeHasAPolicyThatSomeoneCanUse(t *testing.T) {
	require.Len(t, uses, len(Purposes())+len(SharedPurposes()))
	for _, purpose := range append(Purposes(), SharedPurposes()...) {
		document, err := keyPolicy(purpose, "123456789012")
		require.NoError(t, err)
		assert.Greater(t, len(document.Statements), 1, purpose)
	}
	_, err := keyPolicy("fun", "123456789012")
	require.ErrorContains(t, err, `purpose "fun"`)
}

func TestWrongArgumentsAreToldTogether(t *testing.T) {
	_, err := pulumitest.Run(t, pulumitest.Options{Layer: contract.Security, Stack: "local"}, func(ctx *pulumi.Context) error {
		_, err := NewPrincipals(ctx, "blue", &PrincipalsArgs{})
		return err
	})
	for _, part := range []string{"principals of blue", "account id: is empty", "services: none", "boundary: is missing"} {
		require.ErrorContains(t, err, part)
	}
	_, err = pulumitest.Run(t, pulumitest.Options{Layer: contract.Security, Stack: "local"}, func(ctx *pulumi.Context) error {
		_, err := NewShared(ctx, "shared", &SharedArgs{})
		return err
	})
	require.ErrorContains(t, err, "account id: is empty")
}

func TestWrongConfigurationNamesFileKeyAndValue(t *testing.T) {
	_, err := pulumitest.Run(t, pulumitest.Options{
		Layer: contract.Security, Stack: "local", StackFile: "../Pulumi.local.yaml",
		Config: map[string]string{"security:environment": `{"accountId": "12", "region": "us-east-1", "owner": "o", "costCenter": "c",
			"dataClass": "cardholder", "backend": "file://x", "secretsProvider": "passphrase", "maxRetries": 1, "protect": false}`},
	}, Program)
	var invalid *config.Invalid
	require.ErrorAs(t, err, &invalid)
	require.ErrorContains(t, err, `projects/security/Pulumi.local.yaml: security:environment.accountId is "12"`)
}
