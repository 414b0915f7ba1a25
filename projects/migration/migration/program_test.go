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

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/migration"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/pulumitest"
)

const (
	functionType = "aws:lambda/function:Function"
	scheduleType = "aws:scheduler/schedule:Schedule"
	policyType   = "aws:iam/policy:Policy"
	queueType    = "aws:sqs/queue:Queue"
	machineType  = "aws:sfn/stateMachine:StateMachine"
	bucketType   = "aws:s3/bucketV2:BucketV2"
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
			for key, want := range map[string]struct{ color, names string }{
				"blueSyncFunctionNames":      {"blue", "canary chunk finalise install lane switch verify"},
				"greenSyncScheduleNames":     {"green", "canary lane switch-recover verify-continuous verify-incremental"},
				"greenSyncStateMachineNames": {"green", "backfill switch verification"},
			} {
				names := map[string]any{}
				for _, name := range strings.Fields(want.names) {
					names[name] = "cutover-" + stack + "-" + want.color + "-" + name
				}
				assert.Equal(t, names, recording.Exports[key], key)
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

// Each function reads the logins that it needs, which its variables name, and no
// other: one that compares cannot write, one that writes cannot fence.
func TestEachFunctionIsToldItsOwnLogins(t *testing.T) {
	recording := run(t, "prod")
	for name, want := range map[string]map[string][]string{
		"green-install":  {"green": {"administrator", "bgsync_apply", "bgsync_ddl"}, "blue": {"administrator", "bgsync_reader"}},
		"green-chunk":    {"green": {"bgsync_apply", "bgsync_ddl"}, "blue": {"bgsync_reader"}},
		"blue-verify":    {"green": {"bgsync_verify"}, "blue": {"bgsync_verify"}},
		"green-finalise": {"green": {"administrator"}, "blue": {"administrator"}},
		"blue-switch": {
			"green": {"bgsync_fence", "bgsync_reader", "bgsync_verify", "writers"}, "blue": {"bgsync_fence", "bgsync_reader", "bgsync_verify", "writers"},
		},
	} {
		variables := recording.Find(t, functionType, name).Inputs["environment"].(map[string]any)["variables"].(map[string]any)
		places, err := place.Parse(variables["DATABASES"].(string))
		require.NoError(t, err)
		for side, groups := range want {
			var found []string
			for group := range places[naming.Color(side)].Logins {
				found = append(found, string(group))
			}
			assert.ElementsMatch(t, groups, found, name+" "+side)
		}
	}
	installs := recording.Find(t, functionType, "green-install").Inputs["environment"].(map[string]any)["variables"].(map[string]any)
	assert.Equal(t, "foundation/syncWindowUntil", installs["SYNC_WINDOW_UNTIL"])
	assert.Equal(t, "security/operatorRoleId", installs["OPERATOR_ROLE_ID"])
	switches := recording.Find(t, functionType, "green-switch").Inputs["environment"].(map[string]any)["variables"].(map[string]any)
	assert.Equal(t, "bucket:cutover-prod-proofs-345678901234", switches["PROOF_STORE"])
	assert.Equal(t, "security/recordsKeyArn", switches["PROOF_KEY"])
	assert.Equal(t, "security/signingKeyArn", switches["PROOF_SIGNING_KEY"])
	assert.Equal(t, "security/hashKeyArn", switches["PROOF_HASH_KEY"])
	assert.Equal(t, "security/operatorRoleId", switches["OPERATOR_ROLE_ID"])
	assert.JSONEq(t, `{"blue": {"id": "data/blueClusterId", "resource": "data/blueClusterResourceId"},
		"green": {"id": "data/greenClusterId", "resource": "data/greenClusterResourceId"}}`, switches["CLUSTERS"].(string))
	closes := recording.Find(t, functionType, "blue-finalise").Inputs["environment"].(map[string]any)["variables"].(map[string]any)
	assert.Equal(t, "security/operatorRoleId", closes["OPERATOR_ROLE_ID"])
	assert.Equal(t, "security/signingKeyArn", closes["PROOF_SIGNING_KEY"])
	assert.NotContains(t, closes, "PROOF_HASH_KEY")
	assert.Contains(t, switches["DATABASES"], "data/blueApplicationSecretArns/payment-api")
}

func TestFunctionsRunSideBySideAsManyAsAreConfigured(t *testing.T) {
	opts := options(t, "prod")
	opts.Config = map[string]string{"migration:workers": `{"load": 40, "verify": 8}`}
	recording := pulumitest.MustRun(t, opts, migration.Program)
	for name, want := range map[string]int{"green-chunk": 41, "green-verify": 9, "green-switch": 2, "green-install": 1, "green-finalise": 1} {
		assert.EqualValues(t, want, recording.Find(t, functionType, name).Inputs["reservedConcurrentExecutions"], name)
	}
	assert.Contains(t, recording.Find(t, machineType, "green-backfill").Inputs["definition"], `"MaxConcurrency":40`)
}

// All who load or compare share one throttle, so all have the same limits; those of the
// stacks are the engine's own, but for the processors of their instances.
func TestFunctionsShareTheLimitsThatAreConfigured(t *testing.T) {
	limits := func(recording *pulumitest.Recording, name string) function.LoadLimits {
		variables := recording.Find(t, functionType, name).Inputs["environment"].(map[string]any)["variables"].(map[string]any)
		var l function.LoadLimits
		require.NoError(t, json.Unmarshal([]byte(variables[function.VariableLimits].(string)), &l))
		return l
	}
	for _, stack := range stacks {
		want := function.DefaultLimits()
		if stack != "prod" {
			want.SourceProcessors = 2 // db.r6g.large
		}
		assert.Equal(t, want, limits(run(t, stack), "green-lane"), stack)
	}
	opts := options(t, "prod")
	opts.Config = map[string]string{
		"migration:workers": `{"load": 40, "verify": 8}`, "migration:throttle": `{"costPercent": 5, "sourceProcessors": 96, "bandwidthMiB": 200}`,
	}
	recording := pulumitest.MustRun(t, opts, migration.Program)
	for _, name := range []string{"green-lane", "green-chunk", "green-verify", "green-install", "blue-lane"} {
		assert.Equal(t, function.LoadLimits{Loaders: 40, Comparers: 8, SourceProcessors: 96, CostPercent: 5, BandwidthMiB: 200}, limits(recording, name), name)
	}
}

func TestSchedulesTellTheFunctionsWhatToDo(t *testing.T) {
	recording := run(t, "prod")
	for name, want := range map[string]struct{ rate, event string }{
		"blue-verify-incremental-schedule": {"rate(5 minutes)", `{"act": "pass", "kind": "incremental"}`},
		"blue-verify-continuous-schedule":  {"rate(1 hour)", `{"act": "pass", "kind": "continuous", "ageSeconds": 43200}`},
		"blue-switch-recover-schedule":     {"rate(1 minute)", `{"act": "recover", "to": "", "revision": 0}`},
	} {
		schedule := recording.Find(t, scheduleType, name).Inputs
		assert.Equal(t, want.rate, schedule["scheduleExpression"], name)
		assert.JSONEq(t, want.event, schedule["target"].(map[string]any)["input"].(string), name)
	}
	assert.NotContains(t, recording.Find(t, scheduleType, "blue-lane-schedule").Inputs["target"], "input")
}

func TestMachinesAreEncryptedTracedAndLoggedWithoutData(t *testing.T) {
	recording := run(t, "prod")
	require.Len(t, recording.OfType(machineType), 6)
	for _, m := range recording.OfType(machineType) {
		color, name, _ := strings.Cut(m.Name, "-")
		assert.Equal(t, "cutover-prod-"+m.Name, m.Inputs["name"])
		assert.Equal(t, "STANDARD", m.Inputs["type"])
		assert.Equal(t, "security/"+color+"StatesRoleArn", m.Inputs["roleArn"])
		logging := m.Inputs["loggingConfiguration"].(map[string]any)
		assert.Equal(t, "ALL", logging["level"])
		assert.Equal(t, false, logging["includeExecutionData"])
		assert.True(t, strings.HasSuffix(logging["logDestination"].(string), ":*"), "AWS refuses a group without")
		assert.Equal(t, map[string]any{"enabled": true}, m.Inputs["tracingConfiguration"])
		assert.Equal(t, "security/recordsKeyArn", m.Inputs["encryptionConfiguration"].(map[string]any)["kmsKeyId"])
		group := recording.Find(t, "aws:cloudwatch/logGroup:LogGroup", m.Name+"-machine").Inputs
		assert.Equal(t, "/aws/vendedlogs/cutover/prod/"+color+"/machines/"+name, group["name"])
	}
}

// A machine calls its colour's three functions, starts maps of its own, and writes
// results; it reads no database, no proof and no control item.
func TestMachinesMayCallTheirFunctionsAndWriteResults(t *testing.T) {
	policy := statements(t, run(t, "prod").Find(t, policyType, "green-machines").Inputs["policy"])
	var functions []string
	for _, name := range []string{"chunk", "switch", "verify"} {
		functions = append(functions, "arn:aws:lambda:us-east-1:345678901234:function:cutover-prod-green-"+name)
	}
	assert.ElementsMatch(t, functions, policy["Functions"].Resource)
	assert.ElementsMatch(t, []string{
		"arn:aws:states:us-east-1:345678901234:stateMachine:cutover-prod-green-backfill",
		"arn:aws:states:us-east-1:345678901234:stateMachine:cutover-prod-green-verification",
	}, policy["Maps"].Resource)
	assert.Equal(t, []string{"arn:aws:s3:::cutover-prod-runs-345678901234/*"}, policy["Results"].Resource)
}

func TestProofsAreLockedAndWrittenByThoseWhoSwitch(t *testing.T) {
	recording := run(t, "prod")
	assert.Equal(t, "cutover-prod-proofs-345678901234", recording.Find(t, bucketType, "records-proofs").Inputs["bucket"])
	assert.Equal(t, true, recording.Find(t, bucketType, "records-proofs").Inputs["objectLockEnabled"])
	lock := recording.Find(t, "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2", "records-proofs").Inputs["rule"]
	assert.Equal(t, map[string]any{"defaultRetention": map[string]any{"mode": "COMPLIANCE", "days": 2557.0}}, lock)
	writers := statements(t, recording.Find(t, "aws:s3/bucketPolicy:BucketPolicy", "records-proofs").Inputs["policy"])["RefuseOtherWriters"]
	assert.Equal(t, "Deny", writers.Effect)
	assert.Equal(t, []string{
		"security/blueMoverRoleArns/finalise", "security/blueMoverRoleArns/switch", "security/greenMoverRoleArns/finalise", "security/greenMoverRoleArns/switch",
	}, writers.Condition["ArnNotEquals"]["aws:PrincipalArn"])
	runs := statements(t, recording.Find(t, "aws:s3/bucketPolicy:BucketPolicy", "records-runs").Inputs["policy"])
	assert.Equal(t, []string{"security/blueStatesRoleArn", "security/greenStatesRoleArn"}, runs["RefuseOtherKeys"].Condition["ArnNotEquals"]["aws:PrincipalArn"])
	assert.Equal(t, []string{"false"}, runs["RefuseOtherKeysOfServices"].Condition["Null"]["s3:x-amz-server-side-encryption-aws-kms-key-id"])
	switches := statements(t, recording.Find(t, policyType, "blue-switch").Inputs["policy"])
	assert.Equal(t, []string{"arn:aws:s3:::cutover-prod-proofs-345678901234/switch/*"}, switches["Proofs"].Resource)
	assert.Equal(t, []string{"arn:aws:s3:::cutover-prod-proofs-345678901234/switch/*"}, switches["NewProofs"].Resource)
	assert.Equal(t, []string{"security/signingKeyArn"}, switches["SignProofs"].Resource)
	closes := statements(t, recording.Find(t, policyType, "blue-finalise").Inputs["policy"])
	assert.Equal(t, []string{"arn:aws:s3:::cutover-prod-proofs-345678901234/switch/*.closing.*"}, closes["NewProofs"].Resource, "and not the record of a switch")
	assert.Equal(t, []string{"security/signingKeyArn"}, closes["SignProofs"].Resource)
	assert.NotContains(t, closes, "HashProofs")
	assert.NotContains(t, statements(t, recording.Find(t, policyType, "blue-verify").Inputs["policy"]), "SignProofs")
}

func TestOperatorsStartMachinesAndCallWhatTheirCommandsCall(t *testing.T) {
	policy := statements(t, run(t, "prod").Find(t, policyType, "green-operator").Inputs["policy"])
	assert.Contains(t, policy["Machines"].Action, "states:StartExecution")
	assert.Len(t, policy["Machines"].Resource, 3)
	assert.Equal(t, []string{
		"arn:aws:lambda:us-east-1:345678901234:function:cutover-prod-green-finalise",
		"arn:aws:lambda:us-east-1:345678901234:function:cutover-prod-green-install", "arn:aws:lambda:us-east-1:345678901234:function:cutover-prod-green-lane",
		"arn:aws:lambda:us-east-1:345678901234:function:cutover-prod-green-switch",
	}, policy["Functions"].Resource)
	assert.Equal(t, []string{"arn:aws:s3:::cutover-prod-proofs-345678901234/switch/*"}, policy["Proofs"].Resource)
	assert.Equal(t, []string{"arn:aws:s3:::cutover-prod-runs-345678901234/backfill/*"}, policy["FailedLoads"].Resource)
	assert.Len(t, policy["Logs"].Resource, 14, "two ways to name each function's group")
	assert.Contains(t, policy["Logs"].Resource, "arn:aws:logs:us-east-1:345678901234:log-group:/cutover/prod/green/functions/lane")
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
var withoutResource = []string{"NetworkByLambda", "NoNetworkByCode", "Traces", "Log", "LookAtStorage", "LookAtTheirGroups"}

func TestPermissionsNameTheirResourcesAndTheWayToKeys(t *testing.T) {
	recording := run(t, "prod")
	require.Len(t, recording.OfType(policyType), 2*(7+4+2), "of functions, of schedules, of machines and operators")
	for _, policy := range recording.OfType(policyType) {
		for sid, s := range statements(t, policy.Inputs["policy"]) {
			at := policy.Name + " " + sid
			for _, resource := range s.Resource {
				assert.Equal(t, resource == "*", slices.Contains(withoutResource, sid), at)
			}
			for _, action := range s.Action {
				if strings.HasPrefix(action, "kms:") && (sid == "KeyOfProofs" || !strings.HasSuffix(sid, "Proofs")) {
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
	opts.Config = map[string]string{
		"migration:syncWindow": "maybe", "migration:proofs": `{"lockMode": "COMPLIANCE", "lockDays": 399}`, "migration:runDays": "0",
		"migration:workers": `{"load": 41, "verify": 0}`, "migration:throttle": `{"costPercent": 0, "sourceProcessors": 0, "bandwidthMiB": -1}`,
	}
	_, err := pulumitest.Run(t, opts, migration.Program)
	var invalid *config.Invalid
	require.ErrorAs(t, err, &invalid)
	require.ErrorContains(t, err, `projects/migration/Pulumi.prod.yaml: migration:syncWindow is "maybe": expected true or false`)
	opts.Config["migration:syncWindow"] = "true"
	_, err = pulumitest.Run(t, opts, migration.Program)
	for _, want := range []string{
		`migration:proofs.lockDays is "399": expected a number of days from 400 to 36500`, `migration:runDays is "0": expected a number of days from 1 to 400`,
		`migration:workers.load is "41": expected a number from 1 to 40`, `migration:workers.verify is "0"`,
		`migration:throttle.costPercent is "0": expected a number from 1 to 100`, `migration:throttle.sourceProcessors is "0": expected the vCPUs of the source's instance, from 1 to 1024`,
		`migration:throttle.bandwidthMiB is "-1": expected MiB a second from 1 to 102400, or 0 for no bound`,
	} {
		require.ErrorContains(t, err, want)
	}
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
