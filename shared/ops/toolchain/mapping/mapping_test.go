package mapping

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/ops/toolchain"
)

// sourcePlugin finds the plugin that was built from the checkout's sources.
// Without one there is nothing to compare: deployments build it, and so does
// the target that runs these tests.
func sourcePlugin(t *testing.T) Plugin {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", "..", "..", ".."))
	require.NoError(t, err)
	tools, err := toolchain.Check(t.Context(), toolchain.Options{RepoRoot: root})
	if err != nil {
		t.Skipf("the plugin is not built yet: %v", err)
	}
	if tools.PluginOrigin != toolchain.OriginSource {
		t.Skipf("%s is the official plugin, which agrees with the SDK by origin", tools.PluginPath)
	}
	plugin, err := Describe(t.Context(), tools.PluginPath)
	require.NoError(t, err)
	return plugin
}

func TestEveryMappedResourceAgreesWithTheSDK(t *testing.T) {
	plugin := sourcePlugin(t)
	require.Equal(t, toolchain.PluginVersion, plugin.Version)
	sdk, err := OpenSDK(t.Context())
	require.NoError(t, err)

	differences, err := Compare(plugin, sdk)

	require.NoError(t, err)
	unknown, stale := judge(differences, known)
	for _, d := range unknown {
		t.Errorf("%s (mend it with a field override in tools/provider/internal/mapping/%s.go)", d, moduleOf(d.Token))
	}
	for _, entry := range stale {
		t.Errorf("known difference %s no longer exists: remove it from known_test.go", entry)
	}
}

func moduleOf(tok string) string {
	module, _, _ := strings.Cut(strings.TrimPrefix(tok, "aws:"), "/")
	return module
}

// mapped are tokens that a layer cannot do without; losing one of the table
// must not look like agreement.
var mapped = []string{
	"aws:cfg/conformancePack:ConformancePack",
	"aws:dynamodb/table:Table",
	"aws:ec2/vpc:Vpc",
	"aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy",
	"aws:ec2transitgateway/routeTablePropagation:RouteTablePropagation",
	"aws:ecs/service:Service",
	"aws:iam/rolePolicyAttachment:RolePolicyAttachment",
	"aws:kms/key:Key",
	"aws:lambda/function:Function",
	"aws:lb/listener:Listener",
	"aws:rds/cluster:Cluster",
	"aws:route53/record:Record",
	"aws:s3/bucketV2:BucketV2",
	"aws:scheduler/schedule:Schedule",
	"aws:secretsmanager/secretRotation:SecretRotation",
	"aws:sfn/stateMachine:StateMachine",
	"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
	"aws:wafv2/webAcl:WebAcl",
}

func TestBothHalvesOfTheProviderAreServed(t *testing.T) {
	plugin := sourcePlugin(t)

	for _, tok := range mapped {
		assert.Contains(t, plugin.Resources, tok)
	}
	assert.False(t, plugin.Resources["aws:ec2/vpc:Vpc"].Framework)
	assert.True(t, plugin.Resources["aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"].Framework)
	assert.Greater(t, len(plugin.Resources), 500)
}
