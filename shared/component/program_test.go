package component_test

import (
	"errors"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/pulumitest"
)

// settings is the configuration of a layer that makes one log group.
type settings struct {
	Environment config.Environment `config:"environment"`
	Group       string             `config:"group"`
}

func (s settings) Where() config.Environment { return s.Environment }

func (s settings) Validate(p *config.Problems) {
	s.Environment.Validate(p)
	p.Check(s.Group != "bad", "group", s.Group, "a good name")
}

// promise is what that layer exports.
type promise struct {
	Group pulumi.StringOutput `pulumi:"group"`
}

func (promise) Layer() contract.Layer { return contract.Security }
func (promise) Version() int          { return 3 }

var errBuild = errors.New("the layer cannot be made")

// program runs a layer that is configured with group, and tells whether it was built.
func program(t *testing.T, group string, failure error) (recording *pulumitest.Recording, built bool, err error) {
	t.Helper()
	opts := layer()
	opts.Config = map[string]string{"security:environment": `{"accountId": "` + account + `", "region": "us-east-1", "owner": "payments",
		"costCenter": "cc", "dataClass": "cardholder", "backend": "file://.cutover/state", "secretsProvider": "passphrase", "maxRetries": 4, "protect": false}`}
	if group != "" {
		opts.Config["security:group"] = group
	}
	recording, err = pulumitest.Run(t, opts, func(ctx *pulumi.Context) error {
		return component.Program(ctx, func(ctx *pulumi.Context, cfg settings, opts ...pulumi.ResourceOption) (promise, error) {
			built = true
			group, err := component.NewLogGroup(ctx, "group", &component.LogGroupArgs{Name: cfg.Group, KeyARN: pulumi.String("arn:aws:kms:us-east-1:" + account + ":key/k")}, opts...)
			if err != nil {
				return promise{}, err
			}
			return promise{Group: group.Name}, failure
		})
	})
	return recording, built, err
}

// A layer is made by the one provider that its configuration describes, and exports what
// it promises, with the version of the promise.
func TestAProgramMakesItsLayerByItsOwnProviderAndKeepsItsPromise(t *testing.T) {
	recording, built, err := program(t, "logs", nil)
	require.NoError(t, err)
	assert.True(t, built)

	providers := recording.OfType("pulumi:providers:aws")
	require.Len(t, providers, 1)
	provider := providers[0].Inputs
	assert.Equal(t, "us-east-1", provider["region"])
	assert.Equal(t, []any{account}, provider["allowedAccountIds"], "no other account is touched")
	assert.EqualValues(t, 4, provider["maxRetries"])
	assert.Equal(t, map[string]any{"tags": map[string]any{
		"Environment": "local", "Layer": "security", "Owner": "payments", "CostCenter": "cc", "DataClass": "cardholder", "ManagedBy": "pulumi",
	}}, provider["defaultTags"])
	group := recording.Find(t, "aws:cloudwatch/logGroup:LogGroup", "group")
	assert.Equal(t, "logs", group.Inputs["name"])
	assert.Equal(t, providers[0].URN+"::"+providers[0].ID, group.Provider, "the layer is made by that provider and by no default one")
	assert.Equal(t, "logs", recording.Exports["group"])
	assert.EqualValues(t, 3, recording.Exports["contractVersion"])
}

// The first step that fails ends a program with its error; what comes after it is not
// begun, and a layer that was not built promises nothing.
func TestAProgramEndsWithTheFirstErrorAndPromisesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		group   string
		failure error
		built   bool
		want    string
	}{
		"a key is missing":      {"", nil, false, "group"},
		"a value is refused":    {"bad", nil, false, "a good name"},
		"the layer is not made": {"logs", errBuild, true, errBuild.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			recording, built, err := program(t, c.group, c.failure)
			require.ErrorContains(t, err, c.want)
			assert.Equal(t, c.built, built)
			assert.Empty(t, recording.ExportKeys)
			if !c.built {
				assert.Empty(t, recording.Resources, "not even the provider")
			}
		})
	}
}
