package data_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/data/data"
	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/pulumitest"
)

const (
	secretType       = "aws:secretsmanager/secret:Secret"
	versionType      = "aws:secretsmanager/secretVersion:SecretVersion"
	secretPolicyType = "aws:secretsmanager/secretPolicy:SecretPolicy"
	rotationType     = "aws:secretsmanager/secretRotation:SecretRotation"
	functionType     = "aws:lambda/function:Function"
	permissionType   = "aws:lambda/permission:Permission"
	attachmentType   = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
)

// secretARN is the ARN that the recording gives a secret.
func secretARN(name string) string {
	return "arn:aws:mock:us-east-1:123456789012:aws:secretsmanager/secret:Secret/" + name
}

// databaseRoles are the group roles by the logical name of their secret.
func databaseRoles(t *testing.T) map[string]string {
	t.Helper()
	services, err := catalog.Load()
	require.NoError(t, err)
	roles := map[string]string{}
	for _, service := range services.Names() {
		roles[service] = strings.ReplaceAll(service, "-", "_")
	}
	for _, role := range []string{"apply", "ddl", "fence", "operator", "reader", "verify"} {
		roles["bgsync-"+role] = "bgsync_" + role
	}
	return roles
}

func TestEveryDatabaseRoleHasASecretWithoutAValue(t *testing.T) {
	recording := run(t, "prod")
	assert.Len(t, recording.OfType(secretType), 2*len(databaseRoles(t)))
	assert.Empty(t, recording.OfType(versionType), "a value in the program would be one in the state")
	for _, color := range []string{"blue", "green"} {
		for name, role := range databaseRoles(t) {
			secret := recording.Find(t, secretType, color+"-"+name).Inputs
			assert.Equal(t, "cutover/prod/"+color+"/database/"+role, secret["name"])
			assert.Equal(t, "security/"+color+"SecretsKeyArn", secret["kmsKeyId"])
			assert.EqualValues(t, 30, secret["recoveryWindowInDays"])
			rotation := recording.Find(t, rotationType, color+"-"+name).Inputs
			assert.Equal(t, map[string]any{"automaticallyAfterDays": 30.0}, rotation["rotationRules"])
			assert.Equal(t, true, rotation["rotateImmediately"], "the first rotation makes the value")
			assert.Equal(t, "arn:aws:mock:us-east-1:123456789012:aws:lambda/function:Function/"+color+"-rotation", rotation["rotationLambdaArn"])
			permission := recording.Find(t, permissionType, color+"-"+name+"-rotation").Inputs
			assert.Equal(t, map[string]any{
				"statementId": "rotate-" + name, "function": "cutover-prod-" + color + "-rotation", "action": "lambda:InvokeFunction",
				"principal": "secretsmanager.amazonaws.com", "sourceArn": secretARN(color + "-" + name), "sourceAccount": "345678901234",
			}, permission)
		}
	}
}

type grant struct {
	Sid, Effect      string
	Action, Resource []string
	Principal        struct{ AWS []string }
	Condition        map[string]map[string][]string
}

func grants(t *testing.T, text any) map[string]grant {
	t.Helper()
	var document struct{ Statement []grant }
	require.NoError(t, json.Unmarshal([]byte(text.(string)), &document))
	found := map[string]grant{}
	for _, each := range document.Statement {
		found[each.Sid] = each
	}
	return found
}

func TestSecretsAreOpenToTheirUsersAndTheRotationByName(t *testing.T) {
	recording := run(t, "prod")
	for name, users := range map[string][]string{
		"blue-reporting": {"security/blueExecutionRoleArns/reporting", "security/blueTaskRoleArns/reporting"},
		"blue-payment-api": {
			"security/blueExecutionRoleArns/payment-api", "security/blueMoverRoleArns/switch", "security/blueTaskRoleArns/payment-api",
			"security/greenMoverRoleArns/switch",
		},
		"green-bgsync-reader": {
			"security/blueMoverRoleArns/chunk", "security/blueMoverRoleArns/install", "security/blueMoverRoleArns/switch",
			"security/blueSyncRoleArn", "security/greenMoverRoleArns/switch",
		},
		"green-bgsync-apply": {"security/greenMoverRoleArns/chunk", "security/greenMoverRoleArns/install", "security/greenSyncRoleArn"},
		"green-bgsync-fence": {"security/blueMoverRoleArns/switch", "security/greenMoverRoleArns/switch"},
	} {
		color, _, _ := strings.Cut(name, "-")
		policy := recording.Find(t, secretPolicyType, name).Inputs
		assert.Equal(t, true, policy["blockPublicPolicy"])
		found := grants(t, policy["policy"])
		require.Len(t, found, 2)
		assert.Equal(t, users, found["Users"].Principal.AWS)
		assert.Equal(t, []string{"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"}, found["Users"].Action)
		assert.Equal(t, []string{"security/" + color + "RotationRoleArn"}, found["Rotation"].Principal.AWS)
		assert.Equal(t, []string{secretARN(name)}, found["Users"].Resource)
	}
}

func TestReadersReadTheirOwnSecretsAndNoOthers(t *testing.T) {
	recording := run(t, "prod")
	for name, secrets := range map[string][]string{
		"blue-reporting-secrets":    {secretARN("blue-reporting")},
		"green-sync-secrets":        {secretARN("green-bgsync-apply"), secretARN("green-bgsync-ddl")},
		"green-peer-sync-secrets":   {secretARN("green-bgsync-reader")},
		"green-verify-secrets":      {secretARN("green-bgsync-verify")},
		"green-peer-verify-secrets": {secretARN("green-bgsync-verify")},
		"green-switch-secrets": {
			secretARN("green-bgsync-fence"), secretARN("green-bgsync-reader"), secretARN("green-bgsync-verify"), secretARN("green-payment-api"),
		},
	} {
		color, _, _ := strings.Cut(name, "-")
		found := grants(t, recording.Find(t, policyType, name).Inputs["policy"])
		require.Len(t, found, 2)
		assert.Equal(t, secrets, found["Logins"].Resource)
		assert.Equal(t, []string{"security/" + color + "SecretsKeyArn"}, found["KeyOfTheLogins"].Resource)
		assert.Equal(t, []string{"secretsmanager.us-east-1.amazonaws.com"}, found["KeyOfTheLogins"].Condition["StringEquals"]["kms:ViaService"])
	}
	for name, role := range map[string]string{
		"blue-reporting-secrets-on-task": "security/blueTaskRoleNames/reporting", "blue-reporting-secrets-on-execution": "security/blueExecutionRoleNames/reporting",
		"green-sync-secrets-on-sync": "security/greenSyncRoleName", "green-peer-sync-secrets-on-sync": "security/blueSyncRoleName",
		"green-peer-chunk-secrets-on-chunk": "security/blueMoverRoleNames/chunk",
		"blue-rotation-on-rotation":         "security/blueRotationRoleName",
	} {
		assert.Equal(t, role, recording.Find(t, attachmentType, name).Inputs["role"], name)
	}
}

func TestClosedSyncWindowKeepsTheOtherColorsSecretsShut(t *testing.T) {
	opts := options(t, "prod")
	opts.Config = map[string]string{"data:syncWindow": "false"}
	recording := pulumitest.MustRun(t, opts, data.Program)
	for _, attachment := range recording.OfType(attachmentType) {
		assert.NotContains(t, attachment.Name, "-peer-")
	}
	found := grants(t, recording.Find(t, secretPolicyType, "green-bgsync-apply").Inputs["policy"])
	assert.Equal(t, []string{"security/greenMoverRoleArns/chunk", "security/greenMoverRoleArns/install", "security/greenSyncRoleArn"}, found["Users"].Principal.AWS)
}

func TestRotationFunctionStandsInItsColorAndKnowsWhatItRotates(t *testing.T) {
	recording := run(t, "prod")
	for _, color := range []string{"blue", "green"} {
		function := recording.Find(t, functionType, color+"-rotation").Inputs
		for property, want := range map[string]any{
			"name": "cutover-prod-" + color + "-rotation", "runtime": "provided.al2023", "handler": "bootstrap", "packageType": "Zip",
			"architectures": []any{"arm64"}, "role": "security/" + color + "RotationRoleArn", "kmsKeyArn": "security/" + color + "SecretsKeyArn",
			"tracingConfig": map[string]any{"mode": "Active"}, "reservedConcurrentExecutions": 3.0, "timeout": 60.0,
			"loggingConfig": map[string]any{"logFormat": "JSON", "logGroup": "/cutover/prod/" + color + "/functions/rotation"},
		} {
			assert.Equal(t, want, function[property], property)
		}
		network := function["vpcConfig"].(map[string]any)
		assert.Equal(t, []any{"foundation/" + color + "RotationSecurityGroupId"}, network["securityGroupIds"])
		assert.Len(t, network["subnetIds"], 3)
		variables := function["environment"].(map[string]any)["variables"].(map[string]any)
		var roles map[string]string
		require.NoError(t, json.Unmarshal([]byte(variables["ROLES"].(string)), &roles))
		want := map[string]string{}
		for name, role := range databaseRoles(t) {
			want[secretARN(color+"-"+name)] = role
		}
		assert.Equal(t, want, roles)
		assert.Equal(t, "5433", variables["DATABASE_PORT"])
		assert.Equal(t, "payments", variables["DATABASE_NAME"])
		assert.Equal(t, color, variables["COLOR"])
		assert.Contains(t, variables["MASTER_ARN"], "arn:aws:secretsmanager:")
	}
}

func TestRotationReadsTheMastersLoginAndWritesOnlyTheUsers(t *testing.T) {
	found := grants(t, run(t, "prod").Find(t, policyType, "blue-rotation").Inputs["policy"])
	assert.Len(t, found["Logins"].Resource, len(databaseRoles(t)))
	for _, secret := range found["Logins"].Resource {
		assert.Contains(t, secret, "blue-")
	}
	assert.Equal(t, []string{"secretsmanager:GetSecretValue"}, found["Master"].Action)
	assert.Len(t, found["Master"].Resource, 1)
	assert.Equal(t, "Deny", found["NoNetworkByCode"].Effect)
}

func TestWrongSettingsOfSecretsAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ stack, value, want string }{
		"rotation over 30 days":       {"staging", `{"rotationDays": 31, "recoveryDays": 30}`, `data:secrets.rotationDays is "31": expected a number of days from 1 to 30`},
		"no rotation":                 {"local", `{"rotationDays": 0, "recoveryDays": 0}`, `data:secrets.rotationDays is "0"`},
		"short recovery":              {"prod", `{"rotationDays": 30, "recoveryDays": 6}`, `data:secrets.recoveryDays is "6": expected a number of days from 7 to 30`},
		"long recovery":               {"prod", `{"rotationDays": 30, "recoveryDays": 31}`, `data:secrets.recoveryDays is "31"`},
		"protected, yet gone at once": {"prod", `{"rotationDays": 30, "recoveryDays": 0}`, `or 0 (at once) while environment.protect is false`},
	} {
		t.Run(name, func(t *testing.T) {
			opts := options(t, c.stack)
			opts.Config = map[string]string{"data:secrets": c.value}
			_, err := pulumitest.Run(t, opts, data.Program)
			var invalid *config.Invalid
			require.ErrorAs(t, err, &invalid)
			require.ErrorContains(t, err, c.want)
		})
	}
}
