package security_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/security/security"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/pulumitest"
)

func TestOutsidersNameTheirExternalIDAndPeopleASecondFactor(t *testing.T) {
	recording := prod(t)
	for kind, want := range map[string]struct {
		account  string
		age      []string
		session  int
		boundary string
	}{
		"deploy":   {"567890123456", nil, 4 * 3600, "deploy-boundary"},
		"audit":    {"678901234567", []string{"3600"}, 3600, "people-boundary"},
		"operator": {"789012345678", []string{"900"}, 4 * 3600, "people-boundary"},
	} {
		role := recording.Find(t, roleType, "outsiders-"+kind).Inputs
		assert.Equal(t, "cutover-prod-"+kind, role["name"])
		assert.Equal(t, "/cutover/security/", role["path"])
		assert.EqualValues(t, want.session, role["maxSessionDuration"], kind)
		assert.Contains(t, role["permissionsBoundary"], "outsiders-"+want.boundary)
		trust := statements(t, role["assumeRolePolicy"])
		require.Len(t, trust, 1, kind)
		statement := trust["AssumeFromAccounts"]
		assert.Equal(t, map[string][]string{"AWS": {"arn:aws:iam::" + want.account + ":root"}}, statement.Principal, kind)
		assert.Equal(t, []string{"sts:AssumeRole"}, statement.Action, kind)
		assert.Equal(t, []string{"cutover-prod-" + kind}, statement.Condition["StringEquals"]["sts:ExternalId"], kind)
		assert.Equal(t, want.age, statement.Condition["NumericLessThan"]["aws:MultiFactorAuthAge"], kind)
		named := []string(nil)
		if kind == "operator" {
			named = []string{"${aws:username}"}
		}
		assert.Equal(t, named, statement.Condition["StringEquals"]["sts:RoleSessionName"], kind)
		if want.age != nil {
			assert.Equal(t, []string{"true"}, statement.Condition["Bool"]["aws:MultiFactorAuthPresent"], kind)
		}
	}
}

func TestPoliciesFitIntoWhatIAMTakes(t *testing.T) {
	recording := prod(t)
	attached := make(map[string]int)
	for _, attachment := range recording.OfType(attachmentType) {
		attached[attachment.Inputs["role"].(string)]++
	}
	for role, count := range attached {
		assert.LessOrEqual(t, count, 10, role)
	}
	for _, policy := range recording.OfType(policyType) {
		assert.LessOrEqual(t, len(policy.Inputs["policy"].(string)), 6144, policy.Name)
	}
}

// access is the prod stack file's, to change one value of.
func access() map[string]any {
	people := func(account, external string) map[string]any {
		return map[string]any{"accountIds": []any{account}, "externalId": external, "sessionHours": 1, "mfaMinutes": 60}
	}
	return map[string]any{
		"deploy": map[string]any{
			"accountIds": []any{"567890123456"}, "externalId": "pipeline-1", "sessionHours": 1,
			"stateKeyArn": "arn:aws:kms:us-east-1:345678901234:key/1",
		},
		"audit":    people("678901234567", "auditors-1"),
		"operator": people("789012345678", "operators-1"),
	}
}

func TestWrongAccessNamesKeyAndExpectation(t *testing.T) {
	set := func(role, key string, value any) func(map[string]any) {
		return func(a map[string]any) { a[role].(map[string]any)[key] = value }
	}
	for name, c := range map[string]struct {
		change func(map[string]any)
		want   string
	}{
		"no accounts": {set("operator", "accountIds", []any{}),
			"security:access.operator.accountIds is missing: expected at least one account that may take the role"},
		"not an account": {set("audit", "accountIds", []any{"12"}), `access.audit.accountIds[0] is "12": expected an AWS account id of 12 digits`},
		"own account":    {set("audit", "accountIds", []any{prodAccount}), "expected another account than the environment's own"},
		"twice":          {set("deploy", "accountIds", []any{"567890123456", "567890123456"}), "expected each account once"},
		"external id":    {set("deploy", "externalId", "a b"), `access.deploy.externalId is "a b": expected an external id`},
		"shared id":      {set("operator", "externalId", "auditors-1"), "expected another external id than that of access.audit"},
		"long session":   {set("operator", "sessionHours", 13), `access.operator.sessionHours is "13": expected 1 to 12`},
		"no session":     {set("deploy", "sessionHours", 0), "expected 1 to 12"},
		"no factor":      {set("operator", "mfaMinutes", 0), `access.operator.mfaMinutes is "0": expected 1 to 720`},
		"alias as key":   {set("deploy", "stateKeyArn", "arn:aws:kms:us-east-1:345678901234:alias/x"), "expected the ARN of a key, not of an alias"},
		"no state key": {func(a map[string]any) { delete(a["deploy"].(map[string]any), "stateKeyArn") },
			"access.deploy.stateKeyArn is missing: expected the ARN of the key behind environment.secretsProvider awskms://"},
		"unknown key": {set("audit", "mfa", true), "access.audit.mfa"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := access()
			c.change(changed)
			text, err := json.Marshal(changed)
			require.NoError(t, err)
			opts := options(t, "prod")
			opts.Config = map[string]string{"security:access": string(text)}
			_, err = pulumitest.Run(t, opts, security.Program)
			var invalid *config.Invalid
			require.ErrorAs(t, err, &invalid)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "projects/security/Pulumi.prod.yaml")
		})
	}
}

func TestAStateWithoutAKeyNamesNone(t *testing.T) {
	opts := options(t, "local")
	text, err := json.Marshal(access())
	require.NoError(t, err)
	opts.Config = map[string]string{"security:access": string(text)}
	_, err = pulumitest.Run(t, opts, security.Program)
	require.ErrorContains(t, err, "access.deploy.stateKeyArn")
	require.ErrorContains(t, err, "expected nothing: environment.secretsProvider is passphrase")
}

func TestThePipelineHasTheStateOfItsEnvironment(t *testing.T) {
	policy := func(stack string) string {
		return pulumitest.MustRun(t, options(t, stack), security.Program).Find(t, policyType, "outsiders-deploy-common").Inputs["policy"].(string)
	}
	assert.Contains(t, policy("prod"), "arn:aws:s3:::cutover-state-prod/*")
	assert.NotContains(t, policy("local"), "cutover-state", "the local state is a folder")
}
