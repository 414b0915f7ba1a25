package migration_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/cutover/cutover/projects/migration/migration"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/pulumitest"
)

const (
	functionType = "aws:lambda/function:Function"
	scheduleType = "aws:scheduler/schedule:Schedule"
	policyType   = "aws:iam/policy:Policy"
	queueType    = "aws:sqs/queue:Queue"
)

var stacks = []string{"local", "staging", "prod"}

func options(t *testing.T, stack string) pulumitest.Options {
	t.Helper()
	return pulumitest.Options{
		Layer: contract.Migration, Stack: stack, StackFile: "../Pulumi." + stack + ".yaml",
		Upstream: map[contract.Layer]map[string]any{
			contract.Foundation: pulumitest.Exports[contract.FoundationOutputs](t),
			contract.Security:   pulumitest.Exports[contract.SecurityOutputs](t),
			contract.Data:       pulumitest.Exports[contract.DataOutputs](t),
		},
	}
}

func run(t *testing.T, stack string) *pulumitest.Recording {
	t.Helper()
	return pulumitest.MustRun(t, options(t, stack), migration.Program)
}

func TestEveryEnvironmentLoadsAndKeepsTheContract(t *testing.T) {
	for _, stack := range stacks {
		t.Run(stack, func(t *testing.T) {
			require.NoError(t, migration.CheckConfig("../Pulumi."+stack+".yaml"))
			recording := run(t, stack)
			assert.Subset(t, recording.ExportKeys, contract.Keys[contract.MigrationOutputs]())
			for key, color := range map[string]string{"blueSyncFunctionNames": "blue", "greenSyncScheduleNames": "green"} {
				assert.Equal(t, map[string]any{
					"canary": "cutover-" + stack + "-" + color + "-canary", "lane": "cutover-" + stack + "-" + color + "-lane",
				}, recording.Exports[key])
			}
		})
	}
}

func TestPreviewOnAnEmptyAccountRegistersTheSameResources(t *testing.T) {
	opts := options(t, "prod")
	opts.DryRun, opts.Upstream = true, nil
	preview := pulumitest.MustRun(t, opts, migration.Program)
	real := run(t, "prod")
	require.Len(t, preview.Resources, len(real.Resources))
	assert.Equal(t, real.ExportKeys, preview.ExportKeys)
}

func TestMissingUpstreamStackIsNamed(t *testing.T) {
	opts := options(t, "prod")
	delete(opts.Upstream, contract.Data)
	_, err := pulumitest.Run(t, opts, migration.Program)
	require.ErrorContains(t, err, `layer "data", stack "organization/data/prod": has no outputs yet: run `+"`mage deploy:data`")
}

func TestFunctionIsPrivateEncryptedTracedAndAlone(t *testing.T) {
	recording := run(t, "prod")
	for _, color := range []string{"blue", "green"} {
		function := recording.Find(t, functionType, color+"-canary").Inputs
		for property, want := range map[string]any{
			"name":    "cutover-prod-" + color + "-canary",
			"runtime": "provided.al2023", "handler": "bootstrap", "architectures": []any{"arm64"}, "packageType": "Zip",
			"role": "security/" + color + "CanaryRoleArn", "kmsKeyArn": "security/" + color + "SecretsKeyArn",
			"reservedConcurrentExecutions": 1.0, "tracingConfig": map[string]any{"mode": "Active"},
			"vpcConfig": map[string]any{
				"securityGroupIds": []any{"foundation/" + color + "SyncSecurityGroupId"},
				"subnetIds": []any{"foundation/" + color + "PrivateSubnetIds/0", "foundation/" + color + "PrivateSubnetIds/1",
					"foundation/" + color + "PrivateSubnetIds/2"},
			},
			"loggingConfig": map[string]any{"logFormat": "JSON", "logGroup": "/cutover/prod/" + color + "/functions/canary"},
			"environment":   map[string]any{"variables": map[string]any{"CONTROL_TABLE": "data/controlTableName", "COLOR": color}},
		} {
			assert.Equal(t, want, function[property], property)
		}
		target := function["deadLetterConfig"].(map[string]any)["targetArn"]
		assert.Contains(t, target, color+"-dead-letters")
		logs := recording.Find(t, "aws:cloudwatch/logGroup:LogGroup", color+"-canary").Inputs
		assert.Equal(t, "/cutover/prod/"+color+"/functions/canary", logs["name"])
		assert.Equal(t, "security/"+color+"LogsKeyArn", logs["kmsKeyId"])
		events := recording.Find(t, "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig", color+"-canary").Inputs
		assert.EqualValues(t, 0, events["maximumRetryAttempts"])
		assert.EqualValues(t, 60, events["maximumEventAgeInSeconds"], "the least that AWS takes")
	}
}

// A lane runs where it ends and is told where both databases are, and which secrets
// hold the logins that it uses: of its own side those that write, of the other the
// reader's.
func TestLaneKnowsBothDatabasesAndItsOwnLoginsOnly(t *testing.T) {
	recording := run(t, "prod")
	function := recording.Find(t, functionType, "green-lane").Inputs
	assert.EqualValues(t, 900, function["timeout"])
	assert.EqualValues(t, 2, function["reservedConcurrentExecutions"], "one at work, one that takes over")
	variables := function["environment"].(map[string]any)["variables"].(map[string]any)
	assert.Equal(t, "table:data/controlTableName", variables["CONTROL_STORE"])
	assert.Equal(t, "prod", variables["PLATFORM"])
	assert.JSONEq(t, `{
		"green": {"host": "data/greenWriterEndpoint", "port": 5433, "name": "data/greenDatabaseName",
			"logins": {"bgsync_apply": "data/greenSyncSecretArns/apply", "bgsync_ddl": "data/greenSyncSecretArns/ddl"}},
		"blue": {"host": "data/blueWriterEndpoint", "port": 5433, "name": "data/blueDatabaseName",
			"logins": {"bgsync_reader": "data/blueSyncSecretArns/reader"}}}`, variables["DATABASES"].(string))
	_, err := place.Parse(variables["DATABASES"].(string))
	require.NoError(t, err)
}

// Lambda ends a chain of invocations that nobody declared as meant.
func TestLaneMayAskForItsNextInvocationAndNothingElseMay(t *testing.T) {
	recording := run(t, "prod")
	const recursion = "aws:lambda/functionRecursionConfig:FunctionRecursionConfig"
	require.Len(t, recording.OfType(recursion), 2)
	assert.Equal(t, "Allow", recording.Find(t, recursion, "blue-lane").Inputs["recursiveLoop"])
	next := statements(t, recording.Find(t, policyType, "blue-lane").Inputs["policy"])["NextInvocation"]
	assert.Equal(t, []string{"lambda:InvokeFunction"}, next.Action)
	assert.Equal(t, []string{"arn:aws:lambda:us-east-1:345678901234:function:cutover-prod-blue-lane"}, next.Resource)
	assert.NotContains(t, statements(t, recording.Find(t, policyType, "blue-canary").Inputs["policy"]), "NextInvocation")
}

func TestScheduleStartsTheFunctionEveryMinuteWhileTheWindowIsOpen(t *testing.T) {
	recording := run(t, "prod")
	schedule := recording.Find(t, scheduleType, "green-canary-schedule").Inputs
	assert.Equal(t, "rate(1 minute)", schedule["scheduleExpression"])
	assert.Equal(t, "ENABLED", schedule["state"])
	assert.Equal(t, map[string]any{"mode": "OFF"}, schedule["flexibleTimeWindow"])
	assert.Equal(t, "cutover-prod-green-sync", schedule["groupName"])
	target := schedule["target"].(map[string]any)
	assert.Contains(t, target["arn"], "green-canary")
	assert.Equal(t, "security/greenSchedulerRoleArn", target["roleArn"])
	assert.Contains(t, target["deadLetterConfig"].(map[string]any)["arn"], "green-dead-letters")

	opts := options(t, "prod")
	opts.Config = map[string]string{"migration:syncWindow": "false"}
	closed := pulumitest.MustRun(t, opts, migration.Program)
	for _, schedule := range closed.OfType(scheduleType) {
		assert.Equal(t, "DISABLED", schedule.Inputs["state"])
	}
}

func TestDeadLettersAreEncryptedKeptAndTakenFromNoOtherQueue(t *testing.T) {
	recording := run(t, "prod")
	queue := recording.Find(t, queueType, "blue-dead-letters").Inputs
	assert.Equal(t, "security/blueMessagingKeyArn", queue["kmsMasterKeyId"])
	assert.EqualValues(t, 14*24*3600, queue["messageRetentionSeconds"])
	assert.JSONEq(t, `{"redrivePermission":"denyAll"}`, queue["redriveAllowPolicy"].(string))
	policy := recording.Find(t, "aws:sqs/queuePolicy:QueuePolicy", "blue-dead-letters").Inputs["policy"].(string)
	for _, s := range statements(t, policy) {
		assert.Equal(t, "Deny", s.Effect, "the policy opens the queue to nobody")
	}
	assert.Contains(t, policy, `"aws:SecureTransport":["false"]`)
}

type statement struct {
	Sid, Effect      string
	Action, Resource []string
	Condition        map[string]map[string][]string
}

func statements(t *testing.T, document any) map[string]statement {
	t.Helper()
	var parsed struct{ Statement []statement }
	require.NoError(t, json.Unmarshal([]byte(document.(string)), &parsed))
	bySid := make(map[string]statement)
	for _, s := range parsed.Statement {
		bySid[s.Sid] = s
	}
	return bySid
}

// withoutResource are the calls that know no resource, or that Lambda demands
// without one.
var withoutResource = []string{"NetworkByLambda", "NoNetworkByCode", "Traces"}

func TestPermissionsNameTheirResourcesAndTheWayToKeys(t *testing.T) {
	recording := run(t, "prod")
	require.Len(t, recording.OfType(policyType), 8)
	for _, policy := range recording.OfType(policyType) {
		for sid, s := range statements(t, policy.Inputs["policy"]) {
			at := policy.Name + " " + sid
			for _, resource := range s.Resource {
				assert.Equal(t, resource == "*", slices.Contains(withoutResource, sid), at)
			}
			for _, action := range s.Action {
				if strings.HasPrefix(action, "kms:") {
					assert.Len(t, s.Condition["StringEquals"]["kms:ViaService"], 1, at)
				}
				assert.NotContains(t, strings.TrimSuffix(action, "DataKey*"), "*", at)
			}
		}
	}
}

func TestFunctionsOwnCodeMakesNoNetworkInterfaces(t *testing.T) {
	policy := statements(t, run(t, "prod").Find(t, policyType, "blue-canary").Inputs["policy"])
	byLambda, byCode := policy["NetworkByLambda"], policy["NoNetworkByCode"]
	assert.Equal(t, byLambda.Action, byCode.Action)
	assert.Equal(t, "Deny", byCode.Effect)
	assert.Equal(t, []string{"arn:aws:lambda:us-east-1:345678901234:function:cutover-prod-blue-canary"},
		byCode.Condition["ArnEquals"]["lambda:SourceFunctionArn"])
}

func TestPermissionsAreAttachedToTheRolesOfTheSecurityLayer(t *testing.T) {
	recording := run(t, "prod")
	for name, role := range map[string]string{
		"blue-canary-on-canary": "security/blueCanaryRoleName", "blue-lane-on-sync": "security/blueSyncRoleName", "green-canary-schedule-on-scheduler": "security/greenSchedulerRoleName",
	} {
		assert.Equal(t, role, recording.Find(t, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", name).Inputs["role"])
	}
}

func TestWrongConfigurationNamesFileKeyAndValue(t *testing.T) {
	opts := options(t, "prod")
	opts.Config = map[string]string{"migration:syncWindow": "maybe"}
	_, err := pulumitest.Run(t, opts, migration.Program)
	var invalid *config.Invalid
	require.ErrorAs(t, err, &invalid)
	require.ErrorContains(t, err, `projects/migration/Pulumi.prod.yaml: migration:syncWindow is "maybe": expected true or false`)
}

// Schedules that ran outside the network's window would fail every minute.
func TestSyncWindowFollowsTheNetworks(t *testing.T) {
	for _, stack := range stacks {
		network := stackConfig(t, "foundation", stack)["foundation:syncWindow"].(map[string]any)
		assert.Equal(t, fmt.Sprint(network["open"]), fmt.Sprint(stackConfig(t, "migration", stack)["migration:syncWindow"]), stack)
	}
}

func stackConfig(t *testing.T, layer, stack string) map[string]any {
	t.Helper()
	content, err := os.ReadFile("../../" + layer + "/Pulumi." + stack + ".yaml")
	require.NoError(t, err)
	var file struct {
		Config map[string]any `yaml:"config"`
	}
	require.NoError(t, yaml.Unmarshal(content, &file))
	return file.Config
}
