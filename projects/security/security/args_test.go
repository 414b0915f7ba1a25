package security

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/pulumitest"
)

func TestEveryPurposeHasAPolicyThatSomeoneCanUse(t *testing.T) {
	require.Len(t, uses, len(Purposes())+len(SharedPurposes()))
	for _, purpose := range append(Purposes(), SharedPurposes()...) {
		document, err := keyPolicy(purpose, naming.Blue, roles())
		require.NoError(t, err)
		assert.Greater(t, len(document.Statements), 1, purpose)
		if len(uses[purpose].via) > 0 {
			assert.NotEmpty(t, roles().users(purpose, naming.Blue), purpose)
		}
	}
	_, err := keyPolicy("fun", naming.Blue, roles())
	require.ErrorContains(t, err, `purpose "fun"`)
}

func TestWrongArgumentsAreToldTogether(t *testing.T) {
	_, err := pulumitest.Run(t, pulumitest.Options{Layer: contract.Security, Stack: "local"}, func(ctx *pulumi.Context) error {
		_, err := NewPrincipals(ctx, "blue", &PrincipalsArgs{})
		return err
	})
	for _, part := range []string{"principals of blue", "colour", "account id: is empty", "services: none", "boundary: is missing"} {
		require.ErrorContains(t, err, part)
	}
	_, err = pulumitest.Run(t, pulumitest.Options{Layer: contract.Security, Stack: "local"}, func(ctx *pulumi.Context) error {
		_, err := NewShared(ctx, "shared", &SharedArgs{})
		return err
	})
	for _, part := range []string{"account id: is empty", "services: none"} {
		require.ErrorContains(t, err, part)
	}
	_, err = pulumitest.Run(t, pulumitest.Options{Layer: contract.Security, Stack: "local"}, func(ctx *pulumi.Context) error {
		_, err := NewOutsiders(ctx, "outsiders", &OutsidersArgs{})
		return err
	})
	for _, part := range []string{"roles of outsiders", "account id: is empty", "keys: none"} {
		require.ErrorContains(t, err, part)
	}
}

func roles() roster {
	return roster{accountID: "123456789012", path: "/cutover/security/", names: naming.New("local"), services: []string{"payment-api"}}
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
