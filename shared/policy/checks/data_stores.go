package checks

import (
	"regexp"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/document"
	"github.com/cutover/cutover/shared/policy/graph"
)

// daily finds schedules that run every day: minute and hour are numbers, the
// days are open.
var daily = regexp.MustCompile(`^cron\([0-9]+ [0-9]+ \* \* \? \*\)$`)

func backupsCoverStores(s *Scope) {
	covered := make(map[*graph.Resource]bool)
	for _, plan := range s.Each("aws:backup/plan:Plan") {
		good := slices.ContainsFunc(plan.Items("rules"), func(rule map[string]any) bool {
			schedule, _ := rule["schedule"].(string)
			lifecycle, _ := rule["lifecycle"].(map[string]any)
			days, _ := lifecycle["deleteAfter"].(float64)
			return daily.MatchString(schedule) && days >= backupDays
		})
		s.Expect(good, plan, "daily", "rules", "a rule that runs daily and keeps for %d days at least", backupDays)
		for _, selection := range s.Referrers(plan, "aws:backup/selection:Selection", "planId") {
			for _, r := range selection.References("resources") {
				covered[r] = good
			}
		}
	}
	for _, store := range slices.Concat(ofData(s, clusterType), ofData(s, tableType), ofData(s, bucketType)) {
		s.Expect(covered[store], store, "covered", "", "a selection of a daily plan that names it")
	}
}

// keptActions are what a vault's policy has to deny to everybody.
var keptActions = []string{"backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle", "backup:PutBackupVaultAccessPolicy"}

func backupsAreLocked(s *Scope) {
	for _, vault := range s.Each(vaultType) {
		s.Expect(vault.Reference("kmsKeyArn", keyType) != nil, vault, "encrypted", "kmsKeyArn", "a key of ours")
		locks := s.Referrers(vault, "aws:backup/vaultLockConfiguration:VaultLockConfiguration", "backupVaultName")
		s.Expect(len(locks) == 1 || !s.Production(), vault, "locked", "", "one lock instead of %d", len(locks))
		for _, lock := range locks {
			days, _ := lock.Number("minRetentionDays")
			s.Expect(days >= backupDays || !s.Production(), lock, "locked", "minRetentionDays", "at least %d", backupDays)
		}
		policies := s.Referrers(vault, "aws:backup/vaultPolicy:VaultPolicy", "backupVaultName")
		s.Expect(len(policies) == 1, vault, "kept", "", "one policy instead of %d", len(policies))
		for _, holder := range policies {
			policy, err := document.Read(holder, "policy")
			s.Expect(err == nil, holder, "readable", "policy", "a policy document that is known")
			for _, action := range keptActions {
				s.Expect(refuses(policy, action), holder, "kept", "policy", "a statement that denies %s without condition", action)
			}
		}
	}
}

func tablesAreProtected(s *Scope) {
	for _, table := range s.Each(tableType) {
		s.Expect(table.Is("serverSideEncryption.enabled", true), table, "encrypted", "serverSideEncryption.enabled", "true")
		s.Expect(table.Reference("serverSideEncryption.kmsKeyArn", keyType) != nil, table, "encrypted", "serverSideEncryption.kmsKeyArn", "a key of ours")
		s.Expect(table.Is("pointInTimeRecovery.enabled", true), table, "restorable", "pointInTimeRecovery.enabled", "true")
		s.Expect(table.Is("deletionProtectionEnabled", true) || !s.Production(), table, "protected", "deletionProtectionEnabled", "true")
	}
}

// The classes of the migration: what it carries with every proof, what it carries, what
// begins empty on the new side, and what decides about the migration itself.
var classes = []string{"critical", "standard", "ephemeral", "control"}

func storesAreClassedAndScale(s *Scope) {
	for _, store := range s.OfType(tableType, bucketType) {
		if store.Layer == contract.Data {
			s.See(store)
			s.Expect(slices.Contains(classes, store.Text("tags.MigrationClass")), store, "class", "tags.MigrationClass", "one of %s", strings.Join(classes, ", "))
		}
	}
	for _, table := range s.Each(tableType) {
		scaled := len(s.Referrers(table, "aws:appautoscaling/target:Target", "resourceId")) > 0
		s.Expect(table.Text("billingMode") == "PAY_PER_REQUEST" || scaled, table, "scales", "billingMode", "PAY_PER_REQUEST, or a target of autoscaling")
		s.Expect(table.Text("tags.MigrationClass") != "ephemeral" || table.Is("ttl.enabled", true), table, "expires", "ttl.enabled", "true: the items of the table are ephemeral")
	}
}

func secretsAreProtected(s *Scope) {
	for _, secret := range s.Each(secretType) {
		s.Expect(isDomain(s, secret.Reference("kmsKeyId", keyType), "secrets"), secret, "secrets-key", "kmsKeyId", "the key for secrets")
		days, set := secret.Number("recoveryWindowInDays")
		s.Expect(!set || days >= leastBackupDays || !s.Production(), secret, "recoverable", "recoveryWindowInDays", "at least %d", leastBackupDays)
		s.Expect(len(s.Referrers(secret, policyType, "policy")) > 0, secret, "read", "", "a policy that lets a role read it")
		policies := s.Referrers(secret, "aws:secretsmanager/secretPolicy:SecretPolicy", "secretArn")
		s.Expect(len(policies) == 1, secret, "policy", "", "one resource policy instead of %d", len(policies))
		for _, holder := range policies {
			s.Expect(holder.Is("blockPublicPolicy", true), holder, "policy", "blockPublicPolicy", "true")
			policy, err := document.Read(holder, "policy")
			s.Expect(err == nil, holder, "readable", "policy", "a policy document that is known")
			for _, statement := range policy.Statements {
				s.Expect(statement.Deny || !statement.Principals.Anyone(), holder, "policy", "policy", "named principals in statement %q", statement.Sid)
			}
		}
	}
}

// rotationDays is how often a secret changes.
const rotationDays = 30

func secretsRotate(s *Scope) {
	for _, owner := range s.Each(secretType, clusterType) {
		if owner.Type == clusterType && !owner.Is("manageMasterUserPassword", true) {
			continue
		}
		rotations := s.Referrers(owner, rotationType, "secretId")
		s.Expect(len(rotations) == 1, owner, "rotates", "", "one rotation of its secret instead of %d", len(rotations))
		for _, rotation := range rotations {
			days, _ := rotation.Number("rotationRules.automaticallyAfterDays")
			s.Expect(days == rotationDays, rotation, "days", "rotationRules.automaticallyAfterDays", "%d", rotationDays)
			_, function := rotation.Get("rotationLambdaArn")
			if owner.Type == clusterType {
				s.Expect(!function, rotation, "by-rds", "rotationLambdaArn", "nothing: RDS rotates the master's secret itself")
			} else {
				s.Expect(rotation.Reference("rotationLambdaArn", functionType) != nil, rotation, "by-us", "rotationLambdaArn", "our function")
			}
		}
	}
}

func rotationReaches(s *Scope) {
	public, databases := publicSubnets(s), databaseGroups(s)
	for _, rotation := range s.OfType(rotationType) {
		function := rotation.Reference("rotationLambdaArn", functionType)
		if function == nil {
			continue
		}
		s.See(rotation, function)
		subnets := ofType(function.References("vpcConfig.subnetIds"), subnetType)
		s.Expect(len(subnets) > 0 && !slices.ContainsFunc(subnets, func(r *graph.Resource) bool { return slices.Contains(public, r) }), function, "private", "vpcConfig.subnetIds", "private subnets")
		s.Expect(reachesGroup(s, function, func(to *graph.Resource) bool { _, is := databases[to]; return is }), function, "database", "vpcConfig.securityGroupIds", "a group with a rule to the database's group")
		s.Expect(reachesGroup(s, function, func(to *graph.Resource) bool { return len(s.Referrers(to, endpointType, "securityGroupIds")) > 0 }), function, "endpoint",
			"vpcConfig.securityGroupIds", "a group with a rule to the endpoints' group")
		expectCallable(s, rotation, function)
	}
}

// reachesGroup tells whether a group of the function has an egress rule to a
// group that the condition holds for.
func reachesGroup(s *Scope, function *graph.Resource, holds func(*graph.Resource) bool) bool {
	for _, group := range ofType(function.References("vpcConfig.securityGroupIds"), groupType) {
		for _, rule := range s.Referrers(group, egressType, "securityGroupId") {
			if to := rule.Reference("referencedSecurityGroupId", groupType); to != nil && holds(to) {
				return true
			}
		}
	}
	return false
}

// expectCallable demands that Secrets Manager may call the function, for this
// account alone, before the rotation is set up.
func expectCallable(s *Scope, rotation, function *graph.Resource) {
	var callers []*graph.Resource
	for _, permission := range s.Referrers(function, permissionType, "function") {
		if permission.Text("principal") == "secretsmanager.amazonaws.com" {
			callers = append(callers, permission)
			s.Expect(permission.Text("sourceAccount") == s.Environment.AccountID, permission, "callable", "sourceAccount", "%s", s.Environment.AccountID)
		}
	}
	before := slices.ContainsFunc(callers, func(r *graph.Resource) bool { return slices.Contains(rotation.Dependencies, r.URN) })
	s.Expect(before, rotation, "order", "", "to come after the permission of secretsmanager.amazonaws.com")
	instances := slices.ContainsFunc(s.OfType(instanceType), func(r *graph.Resource) bool { return slices.Contains(rotation.Dependencies, r.URN) })
	s.Expect(instances, rotation, "order", "", "to come after the database's instances")
}

func noPasswordInPrograms(s *Scope) {
	for _, version := range s.Each("aws:secretsmanager/secretVersion:SecretVersion") {
		s.Expect(slices.Contains(version.IgnoreChanges, "secretString"), version, "left-alone", "secretString", "ignoreChanges on it: rotation owns the value")
		for _, input := range []string{"secretString", "secretBinary"} {
			text := version.Text(input)
			s.Expect(!credentialValue.MatchString(text), version, "no-literal", input, "no password")
		}
	}
	for _, layer := range s.Layers() {
		for output, value := range s.Exports(layer) {
			walk(output, value, func(path, text string) {
				s.Expect(!holdsCredential(text) && !credentialName.MatchString(path), nil, "outputs", "", "no password in the output %s of %s", path, layer)
			})
		}
	}
	s.Each(secretType)
	s.Each(rotationType)
}

// credentialValue finds a password within the JSON of a secret.
var credentialValue = regexp.MustCompile(`(?i)"password"\s*:\s*"[^"]`)

// confidential finds the paths of parameters that hold what others must not read.
var confidential = regexp.MustCompile(`(?i)(^|/)(confidential|secrets?|credentials?|passwords?|tokens?)(/|$)`)

func parametersAreProtected(s *Scope) {
	for _, parameter := range s.Each("aws:ssm/parameter:Parameter") {
		_, insecure := parameter.Get("insecureValue")
		s.Expect(!insecure, parameter, "no-insecure-value", "insecureValue", "nothing")
		if confidential.MatchString(parameter.Text("name")) {
			s.Expect(parameter.Text("type") == "SecureString", parameter, "secure", "type", "SecureString")
		}
		if parameter.Text("type") == "SecureString" {
			s.Expect(parameter.Reference("keyId", keyType) != nil, parameter, "secure", "keyId", "a key of ours")
		} else {
			s.Expect(!holdsCredential(parameter.Text("value")), parameter, "plain", "value", "no credential in a plain parameter")
		}
	}
}
