package policy_test

import (
	"slices"

	"github.com/cutover/cutover/shared/policy/graph"
)

const aliasType = "aws:kms/alias:Alias"

func securityMutations() []mutation { return slices.Concat(securityKeys(), securityRoles()) }

func securityKeys() []mutation {
	const key = "blue-documents"
	statement := func(principal, actions, conditions string) graph.Change {
		return allow(keyType, key, "policy", `{"Sid":"Fault","Effect":"Allow","Principal":`+principal+`,"Action":[`+actions+`],"Resource":"*","Condition":{`+conditions+`}}`)
	}
	const (
		root   = `{"AWS":"arn:aws:iam::345678901234:root"}`
		s3     = `{"Service":"s3.amazonaws.com"}`
		via    = `"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com","kms:CallerAccount":"345678901234"}`
		source = `"StringEquals":{"aws:SourceAccount":"345678901234"}`
	)
	return []mutation{
		{row: "S-01", name: "no rotation", changes: one(graph.Set(keyType, key, "enableKeyRotation", false))},
		{row: "S-01", name: "rotation every two years", changes: one(graph.Set(keyType, key, "rotationPeriodInDays", 730))},
		{row: "S-01", name: "domain without key", changes: one(graph.Set(aliasType, key, "name", "alias/cutover/prod/blue/others"))},
		{row: "S-01", name: "key without alias", changes: one(graph.Unset(aliasType, key, "targetKeyId"))},
		{row: "S-02", name: "seven days", changes: one(graph.Set(keyType, key, "deletionWindowInDays", 7))},
		{row: "S-02", name: "disabled", changes: one(graph.Set(keyType, key, "isEnabled", false))},
		{row: "S-02", name: "lockout possible", changes: one(graph.Set(keyType, key, "bypassPolicyLockoutSafetyCheck", true))},
		{row: "S-02", name: "not protected", changes: one(graph.Alter(keyType, key, func(r *graph.Resource) { r.Protect = false }))},
		{row: "S-03", name: "open principal", changes: one(statement(`"*"`, `"kms:Encrypt"`, via))},
		{row: "S-03", name: "wildcard of accounts", changes: one(statement(root, `"kms:Encrypt"`, `"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/x"}`))},
		{row: "S-03", name: "default policy", also: []string{"S-04"}, changes: one(graph.Unset(keyType, key, "policy"))},
		{row: "S-04", name: "administrators use the key", changes: one(statement(root, `"kms:PutKeyPolicy","kms:Decrypt"`, via))},
		{row: "S-04", name: "everything for the account", changes: one(statement(root, `"kms:*"`, via+`,"Bool":{"kms:GrantIsForAWSResource":"true"}`))},
		{row: "S-04", name: "use without a service", changes: one(statement(root, `"kms:Decrypt"`, ""))},
		{row: "S-04", name: "service without source", changes: one(statement(s3, `"kms:GenerateDataKey"`, ""))},
		{row: "S-04", name: "grants for anybody", changes: one(statement(s3, `"kms:CreateGrant"`, source))},
		{row: "S-04", name: "grant of everything", changes: one(add("aws:kms/grant:Grant", "x", nil))},
	}
}

func securityRoles() []mutation {
	return []mutation{
		{row: "S-05", name: "workloads may stop the trail", changes: one(graph.Rewrite(policyType, "shared-boundary", "policy", `"cloudtrail:StopLogging",`, ""))},
		{row: "S-05", name: "people may change boundaries", changes: one(graph.Rewrite(policyType, "outsiders-people-boundary", "policy", "iam:PutRolePermissionsBoundary", "iam:GetRole"))},
		{row: "S-06", name: "operators without a second factor", changes: one(graph.Rewrite(roleType, "outsiders-operator", "assumeRolePolicy", `{"aws:MultiFactorAuthPresent":["true"]}`, `{"aws:MultiFactorAuthPresent":["false"]}`))},
		{row: "S-06", name: "another role for principals", changes: one(graph.Set(roleType, ourRole, "assumeRolePolicy",
			`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::345678901234:root"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]}`))},
	}
}
