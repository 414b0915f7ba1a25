package security_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/security/security"
	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/pulumitest"
)

const (
	keyType        = "aws:kms/key:Key"
	aliasType      = "aws:kms/alias:Alias"
	roleType       = "aws:iam/role:Role"
	policyType     = "aws:iam/policy:Policy"
	attachmentType = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"

	prodAccount = "345678901234"
)

func options(t *testing.T, stack string) pulumitest.Options {
	t.Helper()
	return pulumitest.Options{
		Layer: contract.Security, Stack: stack, StackFile: "../Pulumi." + stack + ".yaml",
		Upstream: map[contract.Layer]map[string]any{contract.Foundation: pulumitest.Exports[contract.FoundationOutputs](t)},
	}
}

func prod(t *testing.T) *pulumitest.Recording {
	t.Helper()
	return pulumitest.MustRun(t, options(t, "prod"), security.Program)
}

// ofColors lists the resources of one type that belong to a colour.
func ofColors(recording *pulumitest.Recording, token string) []pulumitest.Resource {
	return slices.DeleteFunc(recording.OfType(token), func(r pulumitest.Resource) bool {
		return !strings.HasPrefix(r.Name, "blue-") && !strings.HasPrefix(r.Name, "green-")
	})
}

// statement is one statement of a recorded policy.
type statement struct {
	Sid, Effect string
	Principal   map[string][]string
	Action      []string
	Resource    []string
	Condition   map[string]map[string][]string
}

func statements(t *testing.T, document any) map[string]statement {
	t.Helper()
	var parsed struct{ Statement []statement }
	require.NoError(t, json.Unmarshal([]byte(document.(string)), &parsed))
	bySid := make(map[string]statement)
	for _, s := range parsed.Statement {
		require.NotContains(t, bySid, s.Sid)
		bySid[s.Sid] = s
	}
	return bySid
}

func TestEveryEnvironmentLoadsAndKeepsTheContract(t *testing.T) {
	for _, stack := range []string{"local", "staging", "prod"} {
		t.Run(stack, func(t *testing.T) {
			require.NoError(t, security.CheckConfig("../Pulumi."+stack+".yaml"))
			recording := pulumitest.MustRun(t, options(t, stack), security.Program)
			assert.Subset(t, recording.ExportKeys, contract.Keys[contract.SecurityOutputs]())
			for _, key := range recording.OfType(keyType) {
				assert.Equal(t, stack != "local", key.Protect, key.Name)
			}
		})
	}
}

func TestPreviewOnAnEmptyAccountRegistersTheSameResources(t *testing.T) {
	real := prod(t)
	opts := options(t, "prod")
	opts.DryRun = true
	preview := pulumitest.MustRun(t, opts, security.Program)
	require.Len(t, preview.Resources, len(real.Resources))
	assert.Equal(t, real.ExportKeys, preview.ExportKeys)
}

// The URN of a key must never change: a new URN is a new key, and what the old
// one encrypted is lost when the old one goes.
func TestURNsOfKeysAreFrozen(t *testing.T) {
	var names []string
	for _, key := range prod(t).OfType(keyType) {
		names = append(names, key.Parent[strings.LastIndex(key.Parent, "::")+2:]+"/"+key.Name)
	}
	assert.Equal(t, []string{
		"blue/blue-database", "blue/blue-documents", "blue/blue-logs", "blue/blue-messaging", "blue/blue-secrets", "blue/blue-sessions",
		"evidence/evidence-audit", "evidence/evidence-events",
		"green/green-database", "green/green-documents", "green/green-logs", "green/green-messaging", "green/green-secrets", "green/green-sessions",
		"shared/shared-control", "shared/shared-images", "shared/shared-proof-hashes", "shared/shared-proof-signatures", "shared/shared-records",
		"shared/shared-zone",
	}, names)
}

func TestEveryKeyRotatesAndIsHardToDelete(t *testing.T) {
	recording := prod(t)
	for _, key := range recording.OfType(keyType) {
		if key.Inputs["keyUsage"] == nil { // KMS rotates keys that encrypt, and no others
			assert.Equal(t, true, key.Inputs["enableKeyRotation"], key.Name)
			assert.LessOrEqual(t, key.Inputs["rotationPeriodInDays"], 365.0, key.Name)
		}
		assert.EqualValues(t, 30, key.Inputs["deletionWindowInDays"], key.Name)
		assert.NotContains(t, key.Inputs, "bypassPolicyLockoutSafetyCheck", key.Name)
		assert.NotContains(t, key.Inputs, "isEnabled", key.Name)
		alias := recording.Find(t, aliasType, key.Name)
		purpose := key.Name[strings.Index(key.Name, "-")+1:]
		color := key.Name[:strings.Index(key.Name, "-")] + "/"
		if color == "shared/" || color == "evidence/" {
			color = ""
		}
		assert.Equal(t, "alias/cutover/prod/"+color+purpose, alias.Inputs["name"])
	}
}

// administrative are the calls that manage a key, reading the calls that reveal
// what it encrypted.
var administrative = []string{"kms:Put", "kms:Schedule", "kms:Disable", "kms:Cancel", "kms:Update", "kms:Delete"}
var reading = []string{"kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncrypt", "kms:Encrypt", "kms:CreateGrant", "kms:*", "*"}

func begins(action string, with []string) bool {
	for _, prefix := range with {
		if strings.HasPrefix(action, prefix) {
			return true
		}
	}
	return false
}

func TestKeyPoliciesSeparateAdministrationFromUse(t *testing.T) {
	for _, key := range prod(t).OfType(keyType) {
		for sid, s := range statements(t, key.Inputs["policy"]) {
			assert.Equal(t, "Allow", s.Effect)
			assert.NotContains(t, s.Principal["AWS"], "*", key.Name)
			for _, action := range s.Action {
				if sid == "Administration" {
					assert.False(t, begins(action, reading), "%s: %s", key.Name, action)
				} else {
					assert.False(t, begins(action, administrative), "%s: %s", key.Name, action)
				}
			}
		}
	}
}

// Without the account as administrator nobody could ever change the policy
// again, not even the root user.
func TestNoKeyLocksTheAccountOut(t *testing.T) {
	for _, key := range prod(t).OfType(keyType) {
		admin := statements(t, key.Inputs["policy"])["Administration"]
		assert.Equal(t, []string{"arn:aws:iam::" + prodAccount + ":root"}, admin.Principal["AWS"], key.Name)
		assert.Contains(t, admin.Action, "kms:PutKeyPolicy", key.Name)
		assert.Contains(t, admin.Action, "kms:ScheduleKeyDeletion", key.Name)
		assert.Empty(t, admin.Condition, key.Name)
	}
}

func TestEachKeyIsUsedOnItsOwnWayOnly(t *testing.T) {
	ways := map[string][]string{
		"blue-database":  {"backup.us-east-1.amazonaws.com", "rds.us-east-1.amazonaws.com"},
		"blue-secrets":   {"lambda.us-east-1.amazonaws.com", "rds.us-east-1.amazonaws.com", "secretsmanager.us-east-1.amazonaws.com", "ssm.us-east-1.amazonaws.com"},
		"blue-documents": {"s3.us-east-1.amazonaws.com"},
		"blue-sessions":  {"dynamodb.us-east-1.amazonaws.com"},
		"blue-messaging": {"sns.us-east-1.amazonaws.com", "sqs.us-east-1.amazonaws.com"},
		"shared-control": {"dynamodb.us-east-1.amazonaws.com"},
		"shared-images":  {"ecr.us-east-1.amazonaws.com"},
		"shared-records": {"s3.us-east-1.amazonaws.com", "states.us-east-1.amazonaws.com"},
	}
	recording := prod(t)
	for name, services := range ways {
		use := statements(t, recording.Find(t, keyType, name).Inputs["policy"])["UseThroughServices"]
		assert.Equal(t, services, use.Condition["StringEquals"]["kms:ViaService"], name)
		assert.Equal(t, []string{prodAccount}, use.Condition["StringEquals"]["kms:CallerAccount"], name)
		assert.NotEmpty(t, use.Condition["StringEquals"]["aws:PrincipalArn"], name)
	}
}

// A wildcard among the principals of a condition counts as public (AWS Config
// rule KMS_KEY_POLICY_NO_PUBLIC_ACCESS), and a name that no role bears shuts out.
func TestEachKeyNamesRolesThatExist(t *testing.T) {
	recording := prod(t)
	exist := make(map[string]bool)
	for _, role := range recording.OfType(roleType) {
		exist["arn:aws:iam::"+prodAccount+":role"+role.Inputs["path"].(string)+role.Inputs["name"].(string)] = true
	}
	named := 0
	for _, key := range recording.OfType(keyType) {
		for sid, s := range statements(t, key.Inputs["policy"]) {
			for _, arn := range s.Condition["StringEquals"]["aws:PrincipalArn"] {
				named++
				assert.True(t, exist[arn], "%s, %s: %s", key.Name, sid, arn)
			}
		}
	}
	assert.Greater(t, named, 50)
}

func TestTheOtherColourReachesAKeyThroughWhatKeepsBothEqualOnly(t *testing.T) {
	recording := prod(t)
	const green = "arn:aws:iam::" + prodAccount + ":role/cutover/security/cutover-prod-green-"
	for name, want := range map[string][]string{
		"blue-database": nil, "blue-messaging": nil,
		"blue-secrets":   {green + "chunk", green + "finalise", green + "install", green + "switch", green + "sync", green + "verify"},
		"blue-documents": {green + "replication", green + "sync"}, "blue-sessions": {green + "sync"},
	} {
		var found []string
		for _, s := range statements(t, recording.Find(t, keyType, name).Inputs["policy"]) {
			for _, arn := range s.Condition["StringEquals"]["aws:PrincipalArn"] {
				if strings.HasPrefix(arn, green) {
					found = append(found, arn)
				}
			}
		}
		assert.Equal(t, want, found, name)
	}
}

func TestGrantsAreForServicesOnly(t *testing.T) {
	withGrants := 0
	for _, key := range prod(t).OfType(keyType) {
		for sid, s := range statements(t, key.Inputs["policy"]) {
			for _, action := range s.Action {
				if action == "kms:CreateGrant" && key.Name == "shared-zone" {
					assert.Equal(t, []string{"dnssec-route53.amazonaws.com"}, s.Principal["Service"])
					assert.Equal(t, []string{"true"}, s.Condition["Bool"]["kms:GrantIsForAWSResource"])
				} else if action == "kms:CreateGrant" {
					withGrants++
					assert.Equal(t, "GrantsOfServices", sid)
					assert.Equal(t, []string{"true"}, s.Condition["Bool"]["kms:GrantIsForAWSResource"], key.Name)
					assert.NotEmpty(t, s.Condition["StringEquals"]["kms:ViaService"], key.Name)
				}
			}
		}
	}
	assert.Equal(t, 9, withGrants, "database, secrets and sessions of both colours, images, control and audit")
}

func TestTheKeyOfTheZoneSignsForRoute53AndThisAccountAlone(t *testing.T) {
	policy := statements(t, prod(t).Find(t, keyType, "shared-zone").Inputs["policy"])
	require.Len(t, policy, 3)
	sign := policy["SignZones"]
	assert.Equal(t, map[string][]string{"Service": {"dnssec-route53.amazonaws.com"}}, sign.Principal)
	assert.Equal(t, []string{"kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"}, sign.Action)
	assert.Equal(t, map[string]map[string][]string{
		"StringEquals": {"aws:SourceAccount": {prodAccount}}, "ArnLike": {"aws:SourceArn": {"arn:aws:route53:::hostedzone/*"}},
	}, sign.Condition)
}

func TestLogKeyServesTheLogGroupsOfThisAccountOnly(t *testing.T) {
	policy := statements(t, prod(t).Find(t, keyType, "green-logs").Inputs["policy"])
	require.Len(t, policy, 2)
	logs := policy["UseByLogs"]
	assert.Equal(t, []string{"logs.us-east-1.amazonaws.com"}, logs.Principal["Service"])
	assert.Equal(t, map[string]map[string][]string{"ArnLike": {
		"kms:EncryptionContext:aws:logs:arn": {"arn:aws:logs:us-east-1:" + prodAccount + ":log-group:*"},
	}}, logs.Condition)
}

// What proves a switch is made by those who switch, with one algorithm; KMS signs no
// more than 4,096 bytes, so digests are signed.
func TestProofsAreSignedAndHashedByThoseWhoSwitch(t *testing.T) {
	recording := prod(t)
	const role = "arn:aws:iam::" + prodAccount + ":role/cutover/security/cutover-prod-"
	for _, want := range []struct {
		key, spec, usage string
		actions          []string
		algorithm        map[string][]string
		users            []string
		knowing          []string
	}{
		{
			"shared-proof-signatures", "ECC_NIST_P256", "SIGN_VERIFY", []string{"kms:Sign", "kms:Verify"},
			map[string][]string{"kms:MessageType": {"DIGEST"}, "kms:SigningAlgorithm": {"ECDSA_SHA_256"}},
			[]string{role + "blue-switch", role + "blue-finalise", role + "green-switch", role + "green-finalise"}, []string{role + "audit", role + "operator"},
		},
		{
			"shared-proof-hashes", "HMAC_256", "GENERATE_VERIFY_MAC", []string{"kms:GenerateMac"},
			map[string][]string{"kms:MacAlgorithm": {"HMAC_SHA_256"}}, []string{role + "blue-switch", role + "green-switch"}, nil,
		},
	} {
		key := recording.Find(t, keyType, want.key).Inputs
		assert.Equal(t, want.spec, key["customerMasterKeySpec"], want.key)
		assert.Equal(t, want.usage, key["keyUsage"], want.key)
		assert.NotContains(t, key, "enableKeyRotation", "KMS refuses it for such keys")
		policy := statements(t, key["policy"])
		require.Len(t, policy, 3, want.key)
		users := want.users
		conditions := map[string][]string{"aws:PrincipalArn": users, "kms:CallerAccount": {prodAccount}}
		maps.Copy(conditions, want.algorithm)
		assert.Equal(t, want.actions, policy["Prove"].Action, want.key)
		assert.Equal(t, map[string]map[string][]string{"StringEquals": conditions}, policy["Prove"].Condition, want.key)
		assert.Equal(t, slices.Concat(users, want.knowing), policy["Know"].Condition["StringEquals"]["aws:PrincipalArn"], want.key)
	}
}

// A state machine with a key of ours loses its log without this (AWS Step Functions
// developer guide, "Data at rest encryption").
func TestKeyOfRecordsLetsLogsOfStateMachinesThrough(t *testing.T) {
	policy := statements(t, prod(t).Find(t, keyType, "shared-records").Inputs["policy"])
	deliveries := policy["ReadByDeliveriesOfLogs"]
	assert.Equal(t, []string{"delivery.logs.amazonaws.com"}, deliveries.Principal["Service"])
	assert.Equal(t, []string{"kms:Decrypt"}, deliveries.Action)
	assert.Equal(t, []string{prodAccount}, deliveries.Condition["StringEquals"]["aws:SourceAccount"])
}

// Without these services on the key, alarms reach an encrypted topic silently
// never.
func TestMessagingKeyAdmitsThePublishersOfAlarms(t *testing.T) {
	publishers := statements(t, prod(t).Find(t, keyType, "green-messaging").Inputs["policy"])["UseByServices"]
	assert.Equal(t, []string{"budgets.amazonaws.com", "cloudwatch.amazonaws.com", "events.amazonaws.com", "events.rds.amazonaws.com"},
		publishers.Principal["Service"])
	assert.Equal(t, []string{"kms:Decrypt", "kms:GenerateDataKey*"}, publishers.Action)
	assert.Equal(t, []string{prodAccount}, publishers.Condition["StringEquals"]["aws:SourceAccount"])
}

func TestEveryWorkloadHasARoleOfItsOwnUnderTheBoundary(t *testing.T) {
	recording := prod(t)
	services, err := catalog.Load()
	require.NoError(t, err)
	boundary := recording.Find(t, policyType, "shared-boundary")
	trusted := map[string]string{
		"sync": "lambda", "scheduler": "scheduler", "database-monitoring": "monitoring.rds", "rotation": "lambda", "backup": "backup",
		"replication": "s3", "canary": "lambda", "install": "lambda", "finalise": "lambda", "chunk": "lambda", "verify": "lambda", "switch": "lambda", "states": "states",
	}
	for _, service := range services.Names() {
		trusted[service+"-task"], trusted[service+"-execution"] = "ecs-tasks", "ecs-tasks"
	}
	assert.Len(t, ofColors(recording, roleType), 2*len(trusted))
	for _, color := range []string{"blue", "green"} {
		for purpose, service := range trusted {
			role := recording.Find(t, roleType, color+"-"+purpose).Inputs
			assert.Equal(t, "cutover-prod-"+color+"-"+purpose, role["name"])
			assert.Equal(t, "/cutover/security/", role["path"])
			assert.EqualValues(t, 3600, role["maxSessionDuration"])
			trust := statements(t, role["assumeRolePolicy"])
			require.Len(t, trust, 1)
			assert.Equal(t, []string{service + ".amazonaws.com"}, trust["AssumeByService"].Principal["Service"])
			if purpose == "backup" || purpose == "database-monitoring" {
				assert.Contains(t, role["permissionsBoundary"], color+"-"+purpose+"-boundary")
			} else {
				assert.Contains(t, role["permissionsBoundary"], boundary.Name)
			}
			if _, without := iamdoc.WithoutSourceAccount(service + ".amazonaws.com"); !without {
				assert.Equal(t, []string{prodAccount}, trust["AssumeByService"].Condition["StringEquals"]["aws:SourceAccount"])
			}
		}
	}
}

func TestWorkloadsStartWithoutPermissionsButForWhatAWSKeeps(t *testing.T) {
	recording := prod(t)
	assert.Empty(t, recording.OfType("aws:iam/rolePolicy:RolePolicy"))
	kept := map[string]string{
		"database-monitoring": "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
		"backup-databases":    "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup",
		"backup-objects":      "arn:aws:iam::aws:policy/AWSBackupServiceRolePolicyForS3Backup",
	}
	require.Len(t, ofColors(recording, attachmentType), 2*len(kept))
	for _, color := range []string{"blue", "green"} {
		for name, policy := range kept {
			assert.Equal(t, policy, recording.Find(t, attachmentType, color+"-"+name).Inputs["policyArn"])
		}
	}
}

func TestBoundaryKeepsAuditKeysAndItself(t *testing.T) {
	boundary := prod(t).Find(t, policyType, "shared-boundary").Inputs
	policy := statements(t, boundary["policy"])
	var denied []string
	for _, s := range policy {
		if s.Effect == "Deny" {
			denied = append(denied, s.Action...)
			assert.Empty(t, s.Condition)
		}
	}
	for _, action := range []string{
		"cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "config:StopConfigurationRecorder", "config:DeleteConfigurationRecorder",
		"guardduty:DeleteDetector", "ec2:DeleteFlowLogs", "logs:DeleteLogGroup", "kms:ScheduleKeyDeletion",
		"iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary", "iam:CreateUser", "iam:CreateAccessKey",
	} {
		assert.Contains(t, denied, action)
	}
	for _, action := range policy["Ceiling"].Action {
		assert.NotContains(t, denied, action)
		assert.NotRegexp(t, `^(\*|[a-z0-9-]+:\*)$`, action)
		assert.False(t, strings.HasPrefix(action, "iam:"), action)
	}
	assert.LessOrEqual(t, len(boundary["policy"].(string)), 6144, "AWS counts the characters of a managed policy")
}
