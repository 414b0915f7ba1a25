package data_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/data/data"
	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/pulumitest"
)

const (
	clusterType  = "aws:rds/cluster:Cluster"
	instanceType = "aws:rds/clusterInstance:ClusterInstance"
	groupType    = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
	ingressType  = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egressType   = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
	tableType    = "aws:dynamodb/table:Table"
	bucketType   = "aws:s3/bucketV2:BucketV2"
	vaultType    = "aws:backup/vault:Vault"
)

var stacks = []string{"local", "staging", "prod"}

func options(t *testing.T, stack string) pulumitest.Options {
	t.Helper()
	return pulumitest.Options{
		Layer: contract.Data, Stack: stack, StackFile: "../Pulumi." + stack + ".yaml",
		Upstream: map[contract.Layer]map[string]any{
			contract.Foundation: pulumitest.Exports[contract.FoundationOutputs](t),
			contract.Security:   pulumitest.Exports[contract.SecurityOutputs](t),
		},
		Computed: func(r pulumitest.Resource) map[string]any {
			if r.Type == tableType {
				return map[string]any{"streamArn": "arn:aws:mock:us-east-1:123456789012:" + r.Type + "/" + r.Name + "/stream/1"}
			}
			if r.Type != clusterType {
				return nil
			}
			return map[string]any{
				"masterUserSecrets": []any{map[string]any{"secretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:" + r.Name}},
				"readerEndpoint":    r.Name + ".ro.mock.example", "clusterResourceId": "cluster-" + r.Name,
			}
		},
	}
}

func run(t *testing.T, stack string) *pulumitest.Recording {
	t.Helper()
	return pulumitest.MustRun(t, options(t, stack), data.Program)
}

func TestEveryEnvironmentLoadsAndKeepsTheContract(t *testing.T) {
	for _, stack := range stacks {
		t.Run(stack, func(t *testing.T) {
			require.NoError(t, data.CheckConfig("../Pulumi."+stack+".yaml"))
			recording := run(t, stack)
			assert.Subset(t, recording.ExportKeys, contract.Keys[contract.DataOutputs]())
			assert.EqualValues(t, 5433, recording.Exports["bluePort"])
			assert.Equal(t, "postgresql://green-database.ro.mock.example:5433/payments?sslmode=verify-full", recording.Exports["greenReaderUrl"])
			assert.Equal(t, "arn:aws:secretsmanager:us-east-1:123456789012:secret:green-database", recording.Exports["greenMasterSecretArn"])
			assert.Equal(t, "cutover-"+stack+"-control", recording.Exports["controlTableName"])
		})
	}
}

func TestPreviewOnAnEmptyAccountRegistersTheSameResources(t *testing.T) {
	opts := options(t, "prod")
	opts.DryRun = true
	opts.Upstream = nil
	preview := pulumitest.MustRun(t, opts, data.Program)
	real := run(t, "prod")
	require.Len(t, preview.Resources, len(real.Resources))
	assert.Equal(t, real.ExportKeys, preview.ExportKeys)
}

func TestMissingUpstreamOutputNamesLayerStackAndKey(t *testing.T) {
	opts := options(t, "prod")
	delete(opts.Upstream[contract.Security], "blueDatabaseKeyArn")
	_, err := pulumitest.Run(t, opts, data.Program)
	require.ErrorContains(t, err, `layer "security", stack "organization/security/prod": output "blueDatabaseKeyArn" does not exist`)
}

// What holds data keeps its URN for ever: a new URN means a new, empty database
// and the end of the old one.
func TestURNsOfDataAreFrozen(t *testing.T) {
	var names []string
	for _, r := range run(t, "prod").Resources {
		if slices.Contains([]string{clusterType, instanceType, tableType, bucketType, vaultType}, r.Type) {
			assert.True(t, r.Protect, r.Name)
			names = append(names, r.Parent[strings.LastIndex(r.Parent, "::")+2:]+"/"+r.Name)
		}
	}
	assert.ElementsMatch(t, []string{
		"control/control-table",
		"blue/blue-database", "green/green-database",
		"blue/blue-database-1", "blue/blue-database-2", "blue/blue-database-3",
		"green/green-database-1", "green/green-database-2", "green/green-database-3",
		"blue-transaction-logs/blue-transaction-logs", "green-transaction-logs/green-transaction-logs",
		"blue-documents/blue-documents", "green-documents/green-documents",
		"blue/blue-sessions", "green/green-sessions", "blue/blue-rate-limits", "green/green-rate-limits",
		"blue/blue-backup", "green/green-backup",
	}, names)
}

func TestNothingIsProtectedWhereTheEnvironmentIsNot(t *testing.T) {
	recording := run(t, "local")
	for _, r := range recording.Resources {
		assert.False(t, r.Protect, r.Name)
	}
	cluster := recording.Find(t, clusterType, "blue-database").Inputs
	assert.Equal(t, false, cluster["deletionProtection"])
	assert.Equal(t, true, cluster["skipFinalSnapshot"])
	assert.Equal(t, false, recording.Find(t, tableType, "control-table").Inputs["deletionProtectionEnabled"])
	assert.Equal(t, true, recording.Find(t, bucketType, "blue-transaction-logs").Inputs["forceDestroy"])
}

func TestClusterIsEncryptedProtectedAndBackedUp(t *testing.T) {
	recording := run(t, "prod")
	for _, color := range []string{"blue", "green"} {
		cluster := recording.Find(t, clusterType, color+"-database").Inputs
		for property, want := range map[string]any{
			"clusterIdentifier": "cutover-prod-" + color + "-database",
			"engine":            "aurora-postgresql", "engineVersion": "14.6", "databaseName": "payments", "port": 5433.0,
			"storageEncrypted": true, "kmsKeyId": "security/" + color + "DatabaseKeyArn",
			"manageMasterUserPassword": true, "masterUserSecretKmsKeyId": "security/" + color + "SecretsKeyArn",
			"iamDatabaseAuthenticationEnabled": true, "enabledCloudwatchLogsExports": []any{"postgresql"},
			"backupRetentionPeriod": 35.0, "copyTagsToSnapshot": true, "deleteAutomatedBackups": false,
			"skipFinalSnapshot": false, "finalSnapshotIdentifier": "cutover-prod-" + color + "-database-final", "deletionProtection": true,
			"dbSubnetGroupName": "cutover-prod-" + color + "-database", "vpcSecurityGroupIds": []any{color + "-database-id"},
		} {
			assert.Equal(t, want, cluster[property], property)
		}
		assert.NotContains(t, cluster, "masterPassword")
		assert.NotContains(t, []string{"postgres", "admin", "root", "rdsadmin"}, cluster["masterUsername"])
		subnets := recording.Find(t, "aws:rds/subnetGroup:SubnetGroup", color+"-database").Inputs["subnetIds"]
		assert.Equal(t, []any{"foundation/" + color + "DatabaseSubnetIds/0", "foundation/" + color + "DatabaseSubnetIds/1",
			"foundation/" + color + "DatabaseSubnetIds/2"}, subnets)
		rotation := recording.Find(t, "aws:secretsmanager/secretRotation:SecretRotation", color+"-database-master").Inputs
		assert.Equal(t, map[string]any{"automaticallyAfterDays": 30.0}, rotation["rotationRules"])
		assert.NotContains(t, rotation, "rotationLambdaArn")
		logs := recording.Find(t, "aws:cloudwatch/logGroup:LogGroup", color+"-database").Inputs
		assert.Equal(t, "/aws/rds/cluster/cutover-prod-"+color+"-database/postgresql", logs["name"], "the name that RDS writes to")
		assert.Equal(t, "security/"+color+"LogsKeyArn", logs["kmsKeyId"])
	}
}

func TestInstancesStandInTheZonesInTurnAndArePromotedInOrder(t *testing.T) {
	for stack, count := range map[string]int{"local": 2, "staging": 2, "prod": 3} {
		recording := run(t, stack)
		require.Len(t, recording.OfType(instanceType), 2*count, stack)
		for i := range count {
			number := string(rune('1' + i))
			instance := recording.Find(t, instanceType, "green-database-"+number).Inputs
			assert.Equal(t, "cutover-"+stack+"-green-database-"+number, instance["identifier"])
			assert.Equal(t, "foundation/zones/"+string(rune('0'+i)), instance["availabilityZone"])
			assert.EqualValues(t, i, instance["promotionTier"])
			assert.Equal(t, false, instance["publiclyAccessible"])
			assert.Equal(t, false, instance["autoMinorVersionUpgrade"])
			assert.EqualValues(t, 30, instance["monitoringInterval"])
			assert.Equal(t, "security/greenMonitoringRoleArn", instance["monitoringRoleArn"])
			assert.Equal(t, true, instance["performanceInsightsEnabled"])
			assert.Equal(t, "security/greenDatabaseKeyArn", instance["performanceInsightsKmsKeyId"])
		}
	}
}

func TestEngineSpeaksTLSReplicatesAndAuditsWithoutValues(t *testing.T) {
	for _, group := range run(t, "prod").OfType(groupType) {
		assert.Equal(t, "aurora-postgresql14", group.Inputs["family"])
		values, methods := map[string]any{}, map[string]any{}
		for _, p := range group.Inputs["parameters"].([]any) {
			parameter := p.(map[string]any)
			values[parameter["name"].(string)], methods[parameter["name"].(string)] = parameter["value"], parameter["applyMethod"]
		}
		assert.Equal(t, map[string]any{
			"rds.force_ssl": "1", "ssl_min_protocol_version": "TLSv1.2",
			"rds.logical_replication": "1", "shared_preload_libraries": "pg_stat_statements,pgaudit",
			"pgaudit.log": "ddl,role,write", "pgaudit.log_parameter": "off",
			"log_connections": "1", "log_disconnections": "1", "log_statement": "ddl", "log_min_duration_statement": "-1",
			"log_min_error_statement": "panic", "log_error_verbosity": "terse", "log_lock_waits": "1",
			"statement_timeout": "60000", "lock_timeout": "10000", "idle_in_transaction_session_timeout": "60000",
		}, values)
		// AWS refuses to apply a static parameter at once; the emulator takes it.
		assert.Equal(t, "pending-reboot", methods["rds.logical_replication"])
		assert.Equal(t, "pending-reboot", methods["shared_preload_libraries"])
		assert.Equal(t, "immediate", methods["log_statement"])
	}
}

func TestDatabaseAdmitsItsCallersByReferenceAndNobodyElse(t *testing.T) {
	services, err := catalog.Load()
	require.NoError(t, err)
	recording := run(t, "prod")
	callers := map[string]string{
		"sync": "foundation/blueSyncSecurityGroupId", "rotation": "foundation/blueRotationSecurityGroupId",
		"green-sync": "foundation/greenSyncSecurityGroupId",
	}
	for _, service := range services.Names() {
		callers[service] = "foundation/blueServiceSecurityGroupIds/" + service
	}
	assert.Len(t, recording.OfType(ingressType), 2*len(callers))
	for caller, group := range callers {
		rule := recording.Find(t, ingressType, "blue-database-from-"+caller).Inputs
		assert.Equal(t, group, rule["referencedSecurityGroupId"])
		assert.Equal(t, "blue-database-id", rule["securityGroupId"])
	}
	for _, rule := range append(recording.OfType(ingressType), recording.OfType(egressType)...) {
		assert.Equal(t, "tcp", rule.Inputs["ipProtocol"], rule.Name)
		assert.EqualValues(t, 5433, rule.Inputs["fromPort"], rule.Name)
		assert.EqualValues(t, 5433, rule.Inputs["toPort"], rule.Name)
		assert.NotEmpty(t, rule.Inputs["description"], rule.Name)
	}
	for _, rule := range recording.OfType(ingressType) {
		assert.NotContains(t, rule.Inputs, "cidrIpv4", rule.Name)
	}
	for _, rule := range recording.OfType(egressType) {
		assert.NotContains(t, []any{"blue-database-id", "green-database-id"}, rule.Inputs["securityGroupId"], "the database opens no connection")
	}
	group := recording.Find(t, "aws:ec2/securityGroup:SecurityGroup", "blue-database").Inputs
	assert.NotContains(t, group, "ingress")
	assert.NotContains(t, group, "egress")
}

// A Transit Gateway carries references to groups for ingress rules only; AWS
// refuses an egress rule that names a group of the other network, which the
// emulator takes.
func TestTowardsThePeersDatabaseTheRuleNamesItsNetwork(t *testing.T) {
	recording := run(t, "prod")
	rule := recording.Find(t, egressType, "blue-sync-to-green-database").Inputs
	assert.Equal(t, "foundation/greenDatabaseCidr", rule["cidrIpv4"])
	assert.NotContains(t, rule, "referencedSecurityGroupId")
	assert.Equal(t, "foundation/blueSyncSecurityGroupId", rule["securityGroupId"])
}

func TestClosedSyncWindowKeepsTheColorsApart(t *testing.T) {
	opts := options(t, "prod")
	opts.Config = map[string]string{"data:syncWindow": "false"}
	closed := pulumitest.MustRun(t, opts, data.Program)
	open := run(t, "prod")
	assert.Len(t, closed.OfType(ingressType), len(open.OfType(ingressType))-2)
	for _, rule := range closed.OfType(ingressType) {
		color := rule.Name[:strings.Index(rule.Name, "-")]
		assert.Contains(t, rule.Inputs["referencedSecurityGroupId"], "foundation/"+color)
	}
	for _, rule := range closed.OfType(egressType) {
		assert.NotContains(t, rule.Inputs, "cidrIpv4")
	}
}

func TestControlTableBelongsToNeitherColor(t *testing.T) {
	recording := run(t, "prod")
	control := slices.DeleteFunc(recording.OfType(tableType), func(r pulumitest.Resource) bool { return r.Name != "control-table" })
	require.Len(t, control, 1)
	table := control[0].Inputs
	assert.Equal(t, "item", table["hashKey"])
	assert.Equal(t, []any{map[string]any{"name": "item", "type": "S"}}, table["attributes"])
	assert.Equal(t, "PAY_PER_REQUEST", table["billingMode"])
	assert.Equal(t, map[string]any{"enabled": true}, table["pointInTimeRecovery"])
	assert.Equal(t, map[string]any{"enabled": true, "kmsKeyArn": "security/controlKeyArn"}, table["serverSideEncryption"])
	assert.Equal(t, true, table["deletionProtectionEnabled"])
	assert.NotContains(t, table, "ttl")
	assert.NotContains(t, table, "replicas")
}

// The token of authority stands in the same table: a canary that could write it
// could hand production to the wrong side.
func TestSyncFunctionsWriteTheirOwnCanaryAndLeasesAndNothingElse(t *testing.T) {
	recording := run(t, "prod")
	for _, color := range []string{"blue", "green"} {
		attachment := recording.Find(t, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", color+"-control-table-on-sync")
		assert.Equal(t, "security/"+color+"SyncRoleName", attachment.Inputs["role"])
		policy := recording.Find(t, "aws:iam/policy:Policy", color+"-control-table").Inputs["policy"]
		statements := readPolicy(t, policy)
		require.Len(t, statements, 3)
		lanes, decisions, key := statements[0], statements[1], statements[2]
		own := recording.Find(t, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", color+"-control-canary-on-canary")
		assert.Equal(t, "security/"+color+"CanaryRoleName", own.Inputs["role"])
		beats := readPolicy(t, recording.Find(t, "aws:iam/policy:Policy", color+"-control-canary").Inputs["policy"])
		require.Len(t, beats, 2)
		canary := beats[0]
		assert.Equal(t, []string{"dynamodb:GetItem", "dynamodb:PutItem"}, canary.Action)
		assert.Equal(t, []string{"canary#" + color}, canary.Condition["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"])
		assert.Equal(t, []string{"lane#*", "load#*"}, lanes.Condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"])
		assert.Equal(t, []string{"dynamodb:GetItem"}, decisions.Action, "the token is read, never written")
		for _, items := range []statement{canary, lanes, decisions} {
			assert.Equal(t, []string{"false"}, items.Condition["Null"]["dynamodb:LeadingKeys"], "a request without a key must not pass")
		}
		assert.Equal(t, []string{"security/controlKeyArn"}, key.Resource)
		assert.Equal(t, []string{"dynamodb.us-east-1.amazonaws.com"}, key.Condition["StringEquals"]["kms:ViaService"])
	}
}

// statement is one statement of a policy of ours, which always writes lists.
type statement struct {
	Sid, Effect      string
	Action, Resource []string
	Condition        map[string]map[string][]string
}

func readPolicy(t *testing.T, text any) []statement {
	t.Helper()
	var document struct{ Statement []statement }
	require.NoError(t, json.Unmarshal([]byte(text.(string)), &document))
	return document.Statement
}
