package policy_test

import (
	"slices"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/graph"
)

// Type tokens that the faults are made in.
const (
	instanceType       = "aws:rds/clusterInstance:ClusterInstance"
	subnetGroupType    = "aws:rds/subnetGroup:SubnetGroup"
	parameterGroupType = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
	eventsType         = "aws:rds/eventSubscription:EventSubscription"
	tableType          = "aws:dynamodb/table:Table"
	rotationType       = "aws:secretsmanager/secretRotation:SecretRotation"
	secretType         = "aws:secretsmanager/secret:Secret"
	secretPolicyType   = "aws:secretsmanager/secretPolicy:SecretPolicy"
	permissionType     = "aws:lambda/permission:Permission"
	parameterType      = "aws:ssm/parameter:Parameter"
)

// database is the cluster, and what goes with it, that the faults are made in;
// ourSecret is the login of a service.
const (
	database  = "blue-database"
	ourSecret = "blue-payment-api"
)

func dataMutations() []mutation {
	return slices.Concat(dataClusters(), dataLogins(), dataParameters(), dataLife(), dataBackups(), dataTables(), dataSecrets(), dataNames())
}

// A zone without networks is public: then the rows of public zones ask for its log and
// its signatures, too.
func dataNames() []mutation {
	const zone, writer = "private-zone", "blue-writer"
	greens := graph.Ref{Type: clusterType, Name: "green-database", Output: "endpoint"}
	return []mutation{
		{row: "D-23", name: "names for everybody", also: []string{"E-13", "E-15"}, changes: one(graph.Unset(zoneType, zone, "vpcs"))},
		{row: "D-23", name: "list of networks that is empty", also: []string{"E-13", "E-15"}, changes: one(graph.Set(zoneType, zone, "vpcs", []any{}))},
		{row: "D-23", name: "names for one colour", changes: one(graph.Set(zoneType, zone, "vpcs", []any{map[string]any{"vpcId": id(vpcType, "blue-vpc")}}))},
		{row: "D-23", name: "name in the public zone", changes: one(graph.Set(recordType, writer, "zoneId", graph.Ref{Type: zoneType, Name: "zone", Output: "id"}))},
		{row: "D-23", name: "writer without a name", changes: one(graph.Remove(recordType, writer))},
		{row: "D-23", name: "readers without a name", changes: one(graph.Remove(recordType, "green-reader"))},
		{row: "D-23", name: "name of the other colour", changes: one(graph.Set(recordType, writer, "records", []any{greens}))},
		{row: "D-23", name: "two writers", changes: one(graph.Set(recordType, writer, "records", []any{graph.Ref{Type: clusterType, Name: database, Output: "endpoint"}, "x"}))},
		{row: "D-23", name: "name that follows something", changes: one(graph.Set(recordType, writer, "setIdentifier", "primary"))},
	}
}

func dataClusters() []mutation {
	return []mutation{
		{row: "D-01", name: "not encrypted", changes: one(graph.Set(clusterType, database, "storageEncrypted", false))},
		{row: "D-01", name: "key of another domain", changes: one(graph.Set(clusterType, database, "kmsKeyId", graph.Ref{Type: keyType, Name: "blue-secrets", Output: "arn"}))},
		{row: "D-01", name: "snapshot for everybody", changes: one(add("aws:rds/clusterSnapshot:ClusterSnapshot", "x", map[string]any{"sharedAccounts": []string{"all"}}))},
		{row: "D-02", name: "public", changes: one(graph.Set(instanceType, "blue-database-1", "publiclyAccessible", true))},
		{row: "D-02", name: "left to the default", changes: one(graph.Unset(instanceType, "blue-database-1", "publiclyAccessible"))},
		{row: "D-02", name: "in the subnets of workloads", also: []string{"F-11", "F-12", "M-02"}, changes: one(graph.Set(subnetGroupType, database, "subnetIds", []any{id(subnetType, "blue-private-us-east-1a")}))},
		{row: "D-03", name: "network instead of a group", changes: []graph.Change{
			graph.Unset(ingressType, "blue-database-from-sync", "referencedSecurityGroupId"), graph.Set(ingressType, "blue-database-from-sync", "cidrIpv4", "10.50.64.0/18")}},
		{row: "D-03", name: "another port", changes: one(graph.Set(ingressType, "blue-database-from-sync", "toPort", 6000))},
		{row: "D-03", name: "way out", changes: one(addTo(contract.Data, egressType, "x", map[string]any{
			"securityGroupId": id(groupType, database), "referencedSecurityGroupId": id(groupType, "blue-sync"), "description": "x"}))},
		{row: "D-05", name: "passwords only", changes: one(graph.Set(clusterType, database, "iamDatabaseAuthenticationEnabled", false))},
	}
}

func dataLogins() []mutation {
	return []mutation{
		{row: "D-04", name: "name that everybody tries", changes: one(graph.Set(clusterType, database, "masterUsername", "postgres"))},
		{row: "D-04", name: "usual port", also: []string{"D-03"}, changes: one(graph.Set(clusterType, database, "port", 5432))},
		{row: "D-04", name: "password of the program", also: []string{"X-02"}, changes: one(graph.Set(clusterType, database, "masterPassword", "correct horse"))},
		{row: "D-04", name: "secret with the key of AWS", changes: one(graph.Unset(clusterType, database, "masterUserSecretKmsKeyId"))},
		{row: "D-07", name: "no log", changes: one(graph.Set(clusterType, database, "enabledCloudwatchLogsExports", []any{}))},
		{row: "D-09", name: "another release", changes: one(graph.Set(clusterType, database, "engineVersion", "14.9"))},
		{row: "D-09", name: "another engine", changes: one(graph.Set(clusterType, database, "engine", "aurora-mysql"))},
	}
}

func dataParameters() []mutation {
	without := func(position int, value string) []graph.Change {
		return one(graph.Set(parameterGroupType, database, "parameters["+string(rune('0'+position))+"].value", value))
	}
	return []mutation{
		{row: "D-06", name: "TLS optional", changes: without(0, "0")},
		{row: "D-06", name: "TLS 1.1", changes: without(1, "TLSv1.1")},
		{row: "D-06", name: "default parameter group", also: []string{"D-08"}, changes: one(graph.Set(clusterType, database, "dbClusterParameterGroupName", "default.aurora-postgresql14"))},
		{row: "D-08", name: "no audit", changes: without(3, "pg_stat_statements")},
		{row: "D-08", name: "audit without writes", changes: without(4, "ddl,role")},
		{row: "D-08", name: "parameters of statements in the log", changes: without(5, "on")},
		{row: "D-08", name: "logins not logged", changes: without(6, "0")},
	}
}

func dataLife() []mutation {
	return []mutation{
		{row: "D-10", name: "seven days", changes: one(graph.Set(clusterType, database, "backupRetentionPeriod", 7))},
		{row: "D-10", name: "no final snapshot", changes: one(graph.Set(clusterType, database, "skipFinalSnapshot", true))},
		{row: "D-10", name: "backups go with the cluster", changes: one(graph.Unset(clusterType, database, "deleteAutomatedBackups"))},
		{row: "D-11", name: "no protection by RDS", changes: one(graph.Set(clusterType, database, "deletionProtection", false))},
		{row: "D-11", name: "no protection by Pulumi", changes: one(graph.Alter(clusterType, database, func(r *graph.Resource) { r.Protect = false }))},
		{row: "D-11", name: "one zone", changes: []graph.Change{
			graph.Set(instanceType, "blue-database-2", "availabilityZone", "us-east-1a"), graph.Set(instanceType, "blue-database-3", "availabilityZone", "us-east-1a")}},
		{row: "D-12", name: "no monitoring", changes: one(graph.Set(instanceType, "blue-database-1", "monitoringInterval", 0))},
		{row: "D-12", name: "statements with the key of AWS", changes: one(graph.Unset(instanceType, "blue-database-1", "performanceInsightsKmsKeyId"))},
		{row: "D-13", name: "no events of clusters", changes: one(graph.Remove(eventsType, "events-db-cluster"))},
		{row: "D-13", name: "no failures", changes: one(graph.Set(eventsType, "events-db-instance", "eventCategories", []string{"maintenance"}))},
		{row: "D-13", name: "events to nobody", changes: one(graph.Set(eventsType, "events-db-instance", "enabled", false))},
	}
}

func dataBackups() []mutation {
	const (
		plan  = "aws:backup/plan:Plan"
		vault = "aws:backup/vault:Vault"
		lock  = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
		rules = "aws:backup/vaultPolicy:VaultPolicy"
		where = "blue-backup"
	)
	return []mutation{
		{row: "D-14", name: "weekly", changes: one(graph.Set(plan, where, "rules[0].schedule", "cron(0 2 ? * SUN *)"))},
		{row: "D-14", name: "a week", changes: one(graph.Set(plan, where, "rules[0].lifecycle.deleteAfter", 7))},
		{row: "D-14", name: "nothing selected", changes: one(graph.Remove("aws:backup/selection:Selection", where))},
		{row: "D-15", name: "key of AWS", changes: one(graph.Unset(vault, where, "kmsKeyArn"))},
		{row: "D-15", name: "no lock", changes: one(graph.Remove(lock, where))},
		{row: "D-15", name: "short lock", changes: one(graph.Set(lock, where, "minRetentionDays", 7))},
		{row: "D-15", name: "deletion by hand", changes: one(graph.Rewrite(rules, where, "policy", `"backup:DeleteRecoveryPoint",`, ""))},
		{row: "D-15", name: "policy with a condition", changes: one(graph.Rewrite(rules, where, "policy", `"Effect":"Deny"`, `"Effect":"Deny","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}`))},
	}
}

func dataTables() []mutation {
	const table = "blue-sessions"
	return []mutation{
		{row: "D-16", name: "key of AWS", changes: one(graph.Unset(tableType, table, "serverSideEncryption.kmsKeyArn"))},
		{row: "D-16", name: "not restorable", changes: one(graph.Set(tableType, table, "pointInTimeRecovery.enabled", false))},
		{row: "D-16", name: "not protected", changes: one(graph.Set(tableType, table, "deletionProtectionEnabled", false))},
		{row: "D-17", name: "fixed capacity", changes: one(graph.Set(tableType, table, "billingMode", "PROVISIONED"))},
		{row: "D-17", name: "a table without a class", changes: one(graph.Unset(tableType, "green-sessions", "tags.MigrationClass"))},
		{row: "D-17", name: "a bucket without a class", changes: one(graph.Unset(bucketType, "blue-documents", "tags.MigrationClass"))},
		{row: "D-17", name: "a class of its own", changes: one(graph.Set(bucketType, "green-transaction-logs", "tags.MigrationClass", "dear"))},
		{row: "D-17", name: "counters for ever", changes: one(graph.Unset(tableType, "blue-rate-limits", "ttl"))},
	}
}

func dataSecrets() []mutation {
	return []mutation{
		{row: "D-19", name: "master secret for ever", changes: one(graph.Remove(rotationType, "blue-database-master"))},
		{row: "D-19", name: "every ninety days", changes: one(graph.Set(rotationType, "blue-database-master", "rotationRules.automaticallyAfterDays", 90))},
		{row: "D-18", name: "secret with the key of AWS", changes: one(graph.Unset(secretType, ourSecret, "kmsKeyId"))},
		{row: "D-18", name: "gone at once", changes: one(graph.Set(secretType, ourSecret, "recoveryWindowInDays", 0))},
		{row: "D-18", name: "public policy", changes: one(graph.Set(secretPolicyType, ourSecret, "blockPublicPolicy", false))},
		{row: "D-18", name: "no policy", changes: one(graph.Remove(secretPolicyType, ourSecret))},
		{row: "D-19", name: "login for ever", changes: one(graph.Remove(rotationType, ourSecret))},
		{row: "D-20", name: "anybody's Secrets Manager", also: []string{"M-03"}, changes: one(graph.Unset(permissionType, "blue-payment-api-rotation", "sourceAccount"))},
		{row: "D-20", name: "rotation before its permission", changes: one(graph.Alter(rotationType, ourSecret, func(r *graph.Resource) { r.Dependencies = nil }))},
		{row: "D-20", name: "no way to the database", changes: one(graph.Remove(egressType, "blue-rotation-to-database"))},
		{row: "D-21", name: "password in a version", also: []string{"X-02"}, changes: one(add("aws:secretsmanager/secretVersion:SecretVersion", "x", map[string]any{"secretString": `{"password":"hunter2"}`}))},
		{row: "D-21", name: "password in an output", changes: one(graph.Export(contract.Data, "blueConnection", "postgres://app:hunter2@db:5433/payments"))},
		{row: "D-22", name: "plain parameter under a confidential path", changes: one(add(parameterType, "x", map[string]any{"name": "/cutover/prod/blue/secrets/x", "type": "String", "value": "x"}))},
		{row: "D-22", name: "secure parameter with the key of AWS", changes: one(graph.Set(parameterType, "blue-database-name", "type", "SecureString"))},
		{row: "D-22", name: "value in the open", changes: one(graph.Set(parameterType, "blue-database-name", "insecureValue", "x"))},
	}
}
