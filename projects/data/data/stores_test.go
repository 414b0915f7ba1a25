package data_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/data/data"
	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/pulumitest"
	"github.com/cutover/cutover/shared/tables"
)

const (
	parameterType = "aws:ssm/parameter:Parameter"
	policyType    = "aws:iam/policy:Policy"
	lifecycleType = "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"
	targetType    = "aws:appautoscaling/target:Target"
	scalingType   = "aws:appautoscaling/policy:Policy"
)

func TestTablesAreEncryptedStreamedAndRestorable(t *testing.T) {
	recording := run(t, "prod")
	for _, color := range []string{"blue", "green"} {
		for _, design := range tables.All() {
			table := recording.Find(t, tableType, color+"-"+design.Name).Inputs
			for property, want := range map[string]any{
				"name": "cutover-prod-" + color + "-" + design.Name, "hashKey": design.Hash.Name,
				"billingMode": "PAY_PER_REQUEST", "deletionProtectionEnabled": true,
				"streamEnabled": true, "streamViewType": "NEW_AND_OLD_IMAGES",
				"serverSideEncryption": map[string]any{"enabled": true, "kmsKeyArn": "security/" + color + "SessionsKeyArn"},
				"pointInTimeRecovery":  map[string]any{"enabled": true},
				"ttl":                  map[string]any{"enabled": true, "attributeName": "expires_at"},
			} {
				assert.Equal(t, want, table[property], "%s of %s", property, design.Name)
			}
			assert.Equal(t, string(design.Class), table["tags"].(map[string]any)["MigrationClass"])
			assert.Len(t, table["globalSecondaryIndexes"], len(design.Indexes))
			assert.Len(t, table["attributes"], len(design.Attributes()))
		}
	}
	limits := recording.Find(t, tableType, "green-rate-limits").Inputs
	assert.Equal(t, "window_start", limits["rangeKey"])
	assert.NotContains(t, recording.Find(t, tableType, "green-sessions").Inputs, "rangeKey")
	assert.Contains(t, recording.Find(t, tableType, "green-sessions").Inputs["globalSecondaryIndexes"], map[string]any{
		"name": "by-user", "hashKey": "user_id", "rangeKey": "created_at", "projectionType": "INCLUDE", "nonKeyAttributes": []any{"device_id", "expires_at"},
	})
	assert.Contains(t, limits["globalSecondaryIndexes"], map[string]any{
		"name": "by-window", "hashKey": "window_shard", "rangeKey": "client_id", "projectionType": "KEYS_ONLY",
	})
	assert.Empty(t, recording.OfType(targetType), "capacity on demand scales by itself")
}

// An index has a capacity of its own; one that is not scaled throttles the
// writes of its table.
func TestProvisionedCapacityFollowsTheLoadOfEveryTableAndIndex(t *testing.T) {
	opts := options(t, "prod")
	opts.Config = map[string]string{"data:tables": `{"capacity": "provisioned", "provisioned": ` + bounds(5, 50, 70) + `}`}
	recording := pulumitest.MustRun(t, opts, data.Program)
	scaled := map[string]bool{}
	for _, target := range recording.OfType(targetType) {
		assert.EqualValues(t, 5, target.Inputs["minCapacity"])
		assert.EqualValues(t, 50, target.Inputs["maxCapacity"])
		scaled[target.Inputs["resourceId"].(string)+" "+target.Inputs["scalableDimension"].(string)] = true
	}
	for _, color := range []string{"blue", "green"} {
		for _, design := range tables.All() {
			physical := "table/cutover-prod-" + color + "-" + design.Name
			for _, unit := range []string{"Read", "Write"} {
				assert.True(t, scaled[physical+" dynamodb:table:"+unit+"CapacityUnits"], physical)
				for _, index := range design.Indexes {
					assert.True(t, scaled[physical+"/index/"+index.Name+" dynamodb:index:"+unit+"CapacityUnits"], index.Name)
				}
			}
			table := recording.Find(t, tableType, color+"-"+design.Name)
			assert.Equal(t, "PROVISIONED", table.Inputs["billingMode"])
			assert.EqualValues(t, 5, table.Inputs["readCapacity"])
			assert.Contains(t, table.IgnoreChanges, "globalSecondaryIndexes[*].writeCapacity", "a deployment must not take back what was scaled")
		}
	}
	assert.Len(t, recording.OfType(targetType), 2*2*(1+3+1+2))
	for _, policy := range recording.OfType(scalingType) {
		config := policy.Inputs["targetTrackingScalingPolicyConfiguration"].(map[string]any)
		assert.EqualValues(t, 70, config["targetValue"])
		unit := "Write"
		if strings.Contains(policy.Inputs["scalableDimension"].(string), "Read") {
			unit = "Read"
		}
		assert.Equal(t, map[string]any{"predefinedMetricType": "DynamoDB" + unit + "CapacityUtilization"}, config["predefinedMetricSpecification"])
	}
}

func TestBucketsArchiveThenExpire(t *testing.T) {
	recording := run(t, "prod")
	cases := map[string]string{
		"transaction-logs": `"transitions":[{"days":30,"storageClass":"STANDARD_IA"},{"days":90,"storageClass":"GLACIER_IR"},{"days":365,"storageClass":"DEEP_ARCHIVE"}]`,
		"documents":        `"transitions":[{"days":60,"storageClass":"STANDARD_IA"},{"days":365,"storageClass":"GLACIER_IR"},{"days":730,"storageClass":"DEEP_ARCHIVE"}]`,
	}
	for purpose, transitions := range cases {
		bucket := recording.Find(t, bucketType, "blue-"+purpose).Inputs
		assert.Equal(t, "cutover-prod-blue-"+purpose+"-345678901234", bucket["bucket"])
		assert.Equal(t, false, bucket["forceDestroy"])
		assert.Equal(t, purpose == "documents", bucket["objectLockEnabled"])
		encryption := recording.Find(t, "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", "blue-"+purpose)
		text, err := json.Marshal(encryption.Inputs["rules"])
		require.NoError(t, err)
		assert.Contains(t, string(text), "security/blueDocumentsKeyArn")
		lifecycle, err := json.Marshal(recording.Find(t, lifecycleType, "blue-"+purpose).Inputs["rules"])
		require.NoError(t, err)
		assert.Contains(t, string(lifecycle), transitions)
		assert.Contains(t, string(lifecycle), `"expiration":{"days":`)
	}
	assert.Equal(t, false, run(t, "local").Find(t, bucketType, "blue-documents").Inputs["forceDestroy"], "a deployment never empties it")
}

func TestDocumentsAreLocked(t *testing.T) {
	for stack, want := range map[string]map[string]any{
		"prod": {"mode": "COMPLIANCE", "days": 2557.0}, "staging": {"mode": "GOVERNANCE", "days": 1.0}, "local": {"mode": "GOVERNANCE", "days": 1.0},
	} {
		locks := run(t, stack).OfType("aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2")
		require.Len(t, locks, 2, "one a colour")
		for _, lock := range locks {
			assert.Equal(t, map[string]any{"defaultRetention": want}, lock.Inputs["rule"], stack)
		}
	}
}

func TestBucketsLogWhoUsedThem(t *testing.T) {
	loggings := run(t, "prod").OfType("aws:s3/bucketLoggingV2:BucketLoggingV2")
	require.Len(t, loggings, 4)
	for _, logging := range loggings {
		assert.Equal(t, "security/accessLogsBucket", logging.Inputs["targetBucket"])
	}
}

func TestSomebodyHearsOfWhatHappensToTheDatabases(t *testing.T) {
	want := map[string][]any{
		"db-cluster":         {"maintenance", "failure", "failover"},
		"db-instance":        {"maintenance", "configuration change", "failure"},
		"db-parameter-group": {"configuration change"},
		"db-security-group":  {"configuration change", "failure"},
	}
	subscriptions := run(t, "prod").OfType("aws:rds/eventSubscription:EventSubscription")
	require.Len(t, subscriptions, len(want))
	for _, s := range subscriptions {
		assert.Equal(t, want[s.Inputs["sourceType"].(string)], s.Inputs["eventCategories"])
		assert.Equal(t, "security/eventsTopicArn", s.Inputs["snsTopic"])
		assert.Equal(t, true, s.Inputs["enabled"])
		assert.NotContains(t, s.Inputs, "sourceIds", "a database that is restored by hand reports, too")
	}
}

func TestSettingsSayWhereTheStoresAreAndHoldNoSecret(t *testing.T) {
	recording := run(t, "prod")
	values := map[string]any{}
	for _, parameter := range recording.OfType(parameterType) {
		values[parameter.Inputs["name"].(string)] = parameter.Inputs["value"]
		assert.Equal(t, "String", parameter.Inputs["type"])
		assert.NotContains(t, parameter.Inputs, "insecureValue")
		assert.NotContains(t, strings.ToLower(parameter.Inputs["name"].(string)), "secret")
	}
	assert.Len(t, values, 2*15)
	for name, want := range map[string]any{
		"/cutover/prod/green/database/writer-endpoint": "green-database.mock.example",
		"/cutover/prod/green/database/port":            "5433",
		"/cutover/prod/green/database/name":            "payments",
		"/cutover/prod/green/sessions/table":           "cutover-prod-green-sessions",
		"/cutover/prod/green/rate-limits/table":        "cutover-prod-green-rate-limits",
		"/cutover/prod/green/documents/bucket":         "cutover-prod-green-documents-345678901234",
		"/cutover/prod/green/transaction-logs/key":     "security/greenDocumentsKeyArn",
		"/cutover/prod/blue/platform/control-table":    "cutover-prod-control",
		"/cutover/prod/blue/platform/region":           "us-east-1",
	} {
		assert.Equal(t, want, values[name], name)
	}
	assert.Equal(t, "/cutover/prod/blue", recording.Exports["blueParameterPath"])
}

// allowed lists what a policy allows as "action resource".
func allowed(t *testing.T, recording *pulumitest.Recording, name string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, s := range readPolicy(t, recording.Find(t, policyType, name).Inputs["policy"]) {
		for _, action := range s.Action {
			for _, resource := range s.Resource {
				out[action+" "+resource] = true
			}
		}
	}
	return out
}

func TestEachServiceUsesTheStoresAsTheCatalogueSays(t *testing.T) {
	services, err := catalog.Load()
	require.NoError(t, err)
	recording := run(t, "prod")
	for _, service := range services.Services {
		grants := allowed(t, recording, "blue-"+service.Name+"-stores")
		attachment := recording.Find(t, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "blue-"+service.Name+"-stores-on-task")
		assert.Equal(t, "security/blueTaskRoleNames/"+service.Name, attachment.Inputs["role"])
		for table, access := range map[string]catalog.Access{"sessions": service.Stores.Sessions, "rate-limits": service.Stores.RateLimits} {
			arn := "arn:aws:mock:us-east-1:123456789012:aws:dynamodb/table:Table/blue-" + table
			assert.Equal(t, access != catalog.None, grants["dynamodb:GetItem "+arn], "%s reads %s", service.Name, table)
			assert.Equal(t, access == catalog.Write, grants["dynamodb:UpdateItem "+arn], "%s writes %s", service.Name, table)
			parameters := "arn:aws:ssm:us-east-1:345678901234:parameter/cutover/prod/blue/" + table + "/*"
			assert.Equal(t, access != catalog.None, grants["ssm:GetParameter "+parameters], "%s is told of %s", service.Name, table)
		}
		for bucket, access := range map[string]catalog.Access{"transaction-logs": service.Stores.TransactionLogs, "documents": service.Stores.Documents} {
			arn := "arn:aws:s3:::cutover-prod-blue-" + bucket + "-345678901234"
			assert.Equal(t, access != catalog.None, grants["s3:GetObject "+arn+"/*"], "%s reads %s", service.Name, bucket)
			assert.Equal(t, access == catalog.Write, grants["s3:PutObject "+arn+"/"+service.Name+"/*"], "%s writes %s", service.Name, bucket)
			assert.False(t, grants["s3:PutObject "+arn+"/*"], "%s writes below its own name only", service.Name)
		}
		for grant := range grants {
			assert.NotContains(t, grant, "green", "%s of blue stays in blue", service.Name)
			assert.NotContains(t, grant, "dynamodb:Scan")
			assert.NotContains(t, grant, "s3:Delete")
		}
	}
}

// The token says which colour may write; who could write it could hand
// production to the wrong side.
func TestServicesReadTheTokenAndNothingElseOfTheControlTable(t *testing.T) {
	for _, policy := range run(t, "prod").OfType(policyType) {
		if !strings.HasSuffix(policy.Name, "-stores") || strings.HasSuffix(policy.Name, "-sync-stores") {
			continue
		}
		found := 0
		for _, s := range readPolicy(t, policy.Inputs["policy"]) {
			if !strings.HasSuffix(strings.Join(s.Resource, " "), "Table/control-table") {
				continue
			}
			found++
			assert.Equal(t, []string{"dynamodb:GetItem"}, s.Action)
			assert.Equal(t, []string{"authority"}, s.Condition["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"])
			assert.Equal(t, []string{"false"}, s.Condition["Null"]["dynamodb:LeadingKeys"])
		}
		assert.Equal(t, 1, found, policy.Name)
	}
}

func TestKeysAreUsedThroughTheirServiceOnly(t *testing.T) {
	for _, policy := range run(t, "prod").OfType(policyType) {
		for _, s := range readPolicy(t, policy.Inputs["policy"]) {
			if strings.HasPrefix(s.Action[0], "kms:") {
				assert.Len(t, s.Condition["StringEquals"]["kms:ViaService"], 1, "%s %s", policy.Name, s.Sid)
			}
		}
	}
}

func TestVaultHoldsEveryStoreAndLetsNoneGoEarly(t *testing.T) {
	recording := run(t, "prod")
	vault := recording.Find(t, vaultType, "blue-backup").Inputs
	assert.Equal(t, "security/blueDatabaseKeyArn", vault["kmsKeyArn"])
	assert.Equal(t, false, vault["forceDestroy"])
	selection := recording.Find(t, "aws:backup/selection:Selection", "blue-backup").Inputs
	assert.Equal(t, "security/blueBackupRoleArn", selection["iamRoleArn"])
	arn := "arn:aws:mock:us-east-1:123456789012:aws:"
	assert.ElementsMatch(t, []any{
		arn + "rds/cluster:Cluster/blue-database", arn + "dynamodb/table:Table/blue-sessions", arn + "dynamodb/table:Table/blue-rate-limits",
		arn + "dynamodb/table:Table/control-table", arn + "s3/bucketV2:BucketV2/blue-transaction-logs", arn + "s3/bucketV2:BucketV2/blue-documents",
	}, selection["resources"])
	rules := recording.Find(t, "aws:backup/plan:Plan", "blue-backup").Inputs["rules"].([]any)
	require.Len(t, rules, 1)
	assert.Equal(t, map[string]any{"deleteAfter": 35.0}, rules[0].(map[string]any)["lifecycle"])
	lock := recording.Find(t, "aws:backup/vaultLockConfiguration:VaultLockConfiguration", "blue-backup").Inputs
	assert.EqualValues(t, 35, lock["minRetentionDays"])
	assert.EqualValues(t, 7, lock["changeableForDays"], "compliance mode, after a week of grace")
	statements := readPolicy(t, recording.Find(t, "aws:backup/vaultPolicy:VaultPolicy", "blue-backup").Inputs["policy"])
	require.Len(t, statements, 1)
	assert.Equal(t, "Deny", statements[0].Effect)
	assert.Subset(t, statements[0].Action, []string{"backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle", "backup:PutBackupVaultAccessPolicy"})

	staging := run(t, "staging").Find(t, "aws:backup/vaultLockConfiguration:VaultLockConfiguration", "blue-backup").Inputs
	assert.NotContains(t, staging, "changeableForDays", "governance mode")
}

// RDS makes the group by itself otherwise, without key and end.
func TestMonitoringLogsAreEncryptedAndKeptForNinetyDays(t *testing.T) {
	group := run(t, "prod").Find(t, "aws:cloudwatch/logGroup:LogGroup", "monitoring-operating-system").Inputs
	assert.Equal(t, "RDSOSMetrics", group["name"])
	assert.EqualValues(t, 90, group["retentionInDays"])
	assert.Equal(t, "security/auditKeyArn", group["kmsKeyId"], "the key of log groups of neither colour")
}

func TestSyncFunctionsOfTheOtherColorComeInThroughTheWindowOnly(t *testing.T) {
	const attachment = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	names := func(recording *pulumitest.Recording) (all []string) {
		for _, a := range recording.OfType(attachment) {
			if a.Inputs["role"] == "security/greenSyncRoleName" && strings.HasPrefix(a.Name, "blue-sync-stores") {
				all = append(all, a.Name)
			}
		}
		return all
	}
	recording := run(t, "prod")
	assert.Equal(t, []string{"blue-sync-stores-on-peer-sync"}, names(recording))
	grants := allowed(t, recording, "blue-sync-stores")
	sessions := "arn:aws:mock:us-east-1:123456789012:aws:dynamodb/table:Table/blue-sessions"
	for _, action := range []string{"Scan", "PutItem", "UpdateItem", "DeleteItem"} {
		assert.True(t, grants["dynamodb:"+action+" "+sessions], action)
	}
	assert.True(t, grants["dynamodb:GetRecords "+sessions+"/stream/1"])
	for grant := range grants {
		assert.NotContains(t, grant, "rate-limits", "counters start empty on the new side")
		assert.NotContains(t, grant, "s3:Put")
		assert.NotContains(t, grant, "s3:Delete")
	}

	opts := options(t, "prod")
	opts.Config = map[string]string{"data:syncWindow": "false"}
	closed := pulumitest.MustRun(t, opts, data.Program)
	assert.Empty(t, names(closed))
	closed.Find(t, attachment, "blue-sync-stores-on-sync")
	for _, a := range closed.OfType(attachment) {
		assert.NotContains(t, a.Inputs["role"], "ReplicationRole", "nothing is copied while the window is closed")
	}
}

func TestReplicationReadsHereAndWritesThere(t *testing.T) {
	recording := run(t, "prod")
	for color, peer := range map[string]string{"blue": "green", "green": "blue"} {
		attachment := recording.Find(t, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", color+"-replication-on-replication")
		assert.Equal(t, "security/"+color+"ReplicationRoleName", attachment.Inputs["role"])
		grants := allowed(t, recording, color+"-replication")
		for _, purpose := range []string{"transaction-logs", "documents"} {
			own, other := "arn:aws:s3:::cutover-prod-"+color+"-"+purpose+"-345678901234", "arn:aws:s3:::cutover-prod-"+peer+"-"+purpose+"-345678901234"
			assert.True(t, grants["s3:GetReplicationConfiguration "+own])
			assert.True(t, grants["s3:GetObjectVersionForReplication "+own+"/*"])
			assert.True(t, grants["s3:ReplicateObject "+other+"/*"])
			assert.True(t, grants["s3:ReplicateDelete "+other+"/*"], "markers of deletion are copied")
			assert.False(t, grants["s3:ReplicateObject "+own+"/*"])
		}
		assert.True(t, grants["kms:Decrypt security/"+color+"DocumentsKeyArn"])
		assert.True(t, grants["kms:Encrypt security/"+peer+"DocumentsKeyArn"])
	}
}
