package checks

import (
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/graph"
)

// dataChecks are those of the rows of the layer of data stores.
var dataChecks = []Check{
	{Row: "D-01", Run: databasesAreEncrypted},
	{Row: "D-02", Run: databasesAreNotPublic},
	{Row: "D-03", Run: databasesAdmitGroups},
	{Row: "D-04", Run: masterUsersAreOurs},
	{Row: "D-05", Run: databasesKnowIAM},
	{Row: "D-06", Run: databasesDemandTLS},
	{Row: "D-07", Run: databasesLog},
	{Row: "D-08", Run: databasesAudit},
	{Row: "D-09", Run: databasesRunTheRelease},
	{Row: "D-10", Run: databasesAreBackedUp},
	{Row: "D-11", Run: databasesStay},
	{Row: "D-12", Run: databasesAreWatched},
	{Row: "D-13", Run: databaseEventsReachPeople},
	{Row: "D-14", Run: backupsCoverStores},
	{Row: "D-15", Run: backupsAreLocked},
	{Row: "D-16", Run: tablesAreProtected},
	{Row: "D-17", Run: storesAreClassedAndScale},
	{Row: "D-18", Run: secretsAreProtected},
	{Row: "D-19", Run: secretsRotate},
	{Row: "D-20", Run: rotationReaches},
	{Row: "D-21", Run: noPasswordInPrograms},
	{Row: "D-22", Run: parametersAreProtected},
	{Row: "D-23", Run: databaseNamesStayInside},
}

// Type tokens of the layer of data stores.
const (
	instanceType       = "aws:rds/clusterInstance:ClusterInstance"
	parameterGroupType = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
	tableType          = "aws:dynamodb/table:Table"
	secretType         = "aws:secretsmanager/secret:Secret"
	rotationType       = "aws:secretsmanager/secretRotation:SecretRotation"
	vaultType          = "aws:backup/vault:Vault"
	topicType          = "aws:sns/topic:Topic"
	permissionType     = "aws:lambda/permission:Permission"
)

func databasesAreEncrypted(s *Scope) {
	for _, cluster := range s.Each(clusterType) {
		s.Expect(cluster.Is("storageEncrypted", true), cluster, "encrypted", "storageEncrypted", "true")
		s.Expect(isDomain(s, cluster.Reference("kmsKeyId", keyType), "database"), cluster, "database-key", "kmsKeyId", "the key for databases")
	}
	for _, snapshot := range s.Each("aws:rds/clusterSnapshot:ClusterSnapshot", "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy") {
		s.Expect(len(snapshot.Texts("sharedAccounts")) == 0, snapshot, "not-shared", "sharedAccounts", "nobody")
	}
}

func databasesAreNotPublic(s *Scope) {
	for _, instance := range s.Each(instanceType) {
		s.Expect(instance.Is("publiclyAccessible", false), instance, "not-public", "publiclyAccessible", "false, set and not left out")
	}
	public := publicSubnets(s)
	for _, group := range s.Each(subnetGroupType) {
		subnets := ofType(group.References("subnetIds"), subnetType)
		s.Expect(len(subnets) > 0 && len(subnets) == len(group.Texts("subnetIds")), group, "data-subnets", "subnetIds", "subnets of ours")
		for _, subnet := range subnets {
			shared := len(s.Referrers(subnet, functionType, "vpcConfig.subnetIds"))+len(s.Referrers(subnet, "aws:ecs/service:Service", "networkConfiguration.subnets")) > 0
			s.Expect(!slices.Contains(public, subnet) && !shared, group, "data-subnets", "subnetIds", "subnets of databases alone instead of %s", subnet.Name)
		}
	}
}

// databaseGroups maps the security groups of databases to their port.
func databaseGroups(s *Scope) map[*graph.Resource]float64 {
	groups := make(map[*graph.Resource]float64)
	for _, cluster := range s.OfType(clusterType) {
		port, _ := cluster.Number("port")
		for _, group := range ofType(cluster.References("vpcSecurityGroupIds"), groupType) {
			groups[group] = port
		}
	}
	return groups
}

func databasesAdmitGroups(s *Scope) {
	for group, port := range databaseGroups(s) {
		for _, rule := range s.See(s.Referrers(group, ingressType, "securityGroupId")...) {
			s.Expect(rule.Reference("referencedSecurityGroupId", groupType) != nil, rule, "by-group", "referencedSecurityGroupId", "a security group of ours: a database admits no network")
			from, _ := rule.Number("fromPort")
			to, _ := rule.Number("toPort")
			s.Expect(from == port && to == port && rule.Text("ipProtocol") == "tcp", rule, "port", "fromPort", "the database's port %v alone", port)
		}
		for _, rule := range s.Referrers(group, egressType, "securityGroupId") {
			s.Expect(false, rule, "no-egress", "", "no rule: a database starts no connection")
		}
	}
}

// usualNames are names of master users that everybody tries first.
var usualNames = []string{"admin", "administrator", "master", "postgres", "rdsadmin", "root"}

// usualPort is PostgreSQL's own.
const usualPort = 5432

func masterUsersAreOurs(s *Scope) {
	for _, cluster := range s.Each(clusterType) {
		name := cluster.Text("masterUsername")
		s.Expect(name != "" && !slices.Contains(usualNames, name), cluster, "name", "masterUsername", "a name of our own")
		s.Expect(cluster.Is("manageMasterUserPassword", true), cluster, "managed", "manageMasterUserPassword", "true")
		_, set := cluster.Get("masterPassword")
		s.Expect(!set, cluster, "managed", "masterPassword", "nothing: RDS makes it")
		s.Expect(isDomain(s, cluster.Reference("masterUserSecretKmsKeyId", keyType), "secrets"), cluster, "secrets-key", "masterUserSecretKmsKeyId", "the key for secrets")
		port, set := cluster.Number("port")
		s.Expect(set && port != usualPort, cluster, "port", "port", "another port than %d", usualPort)
	}
}

func databasesKnowIAM(s *Scope) {
	for _, cluster := range s.Each(clusterType) {
		s.Expect(cluster.Is("iamDatabaseAuthenticationEnabled", true), cluster, "iam", "iamDatabaseAuthenticationEnabled", "true")
	}
}

// parameters are the parameters of a group by name.
func parameters(group *graph.Resource) map[string]string {
	values := make(map[string]string)
	for _, item := range group.Items("parameters") {
		name, _ := item["name"].(string)
		values[name], _ = item["value"].(string)
	}
	return values
}

// expectParameters demands values of every database's parameter group.
func expectParameters(s *Scope, clause string, want map[string]string) {
	for _, cluster := range s.Each(clusterType) {
		group := cluster.Reference("dbClusterParameterGroupName", parameterGroupType)
		s.Expect(group != nil, cluster, "own-group", "dbClusterParameterGroupName", "a parameter group of ours")
		if group == nil {
			continue
		}
		s.See(group)
		s.Expect(group.Text("family") == "aurora-postgresql14", group, "family", "family", "aurora-postgresql14")
		got := parameters(group)
		for name, value := range want {
			s.Expect(got[name] == value, group, clause, "parameters", "%s %q instead of %q", name, value, got[name])
		}
	}
}

func databasesDemandTLS(s *Scope) {
	expectParameters(s, "tls", map[string]string{"rds.force_ssl": "1", "ssl_min_protocol_version": "TLSv1.2"})
}

func databasesLog(s *Scope) {
	for _, cluster := range s.Each(clusterType) {
		s.Expect(slices.Contains(cluster.Texts("enabledCloudwatchLogsExports"), "postgresql"), cluster, "exports", "enabledCloudwatchLogsExports", "postgresql among them")
		name := "/aws/rds/cluster/" + cluster.Text("clusterIdentifier") + "/postgresql"
		s.Expect(declaredBefore(s, cluster, name), cluster, "declared", "", "the log group %s declared, and made before", name)
	}
}

func databasesAudit(s *Scope) {
	expectParameters(s, "audit", map[string]string{
		"log_connections": "1", "log_disconnections": "1", "log_statement": "ddl",
		"pgaudit.log_parameter": "off", "log_min_duration_statement": "-1",
	})
	for _, group := range s.OfType(parameterGroupType) {
		got := parameters(group)
		s.Expect(slices.Contains(strings.Split(got["shared_preload_libraries"], ","), "pgaudit"), group, "pgaudit", "parameters", "pgaudit in shared_preload_libraries")
		for _, class := range []string{"role", "ddl", "write"} {
			s.Expect(slices.Contains(strings.Split(got["pgaudit.log"], ","), class), group, "pgaudit", "parameters", "%s in pgaudit.log", class)
		}
	}
}

func databasesRunTheRelease(s *Scope) {
	for _, database := range s.Each(clusterType, instanceType) {
		s.Expect(database.Text("engine") == "aurora-postgresql", database, "engine", "engine", "aurora-postgresql")
		s.Expect(database.Text("engineVersion") == "14.6", database, "release", "engineVersion", "14.6")
		if database.Type == instanceType {
			s.Expect(database.Is("autoMinorVersionUpgrade", true), database, "auto-minor", "autoMinorVersionUpgrade", "true")
		}
	}
}

// How long backups reach back, in days: production's, and the least of others.
const (
	backupDays      = 35
	leastBackupDays = 7
)

func databasesAreBackedUp(s *Scope) {
	for _, cluster := range s.Each(clusterType) {
		days, _ := cluster.Number("backupRetentionPeriod")
		s.Expect(days == backupDays || !s.Production() && days >= leastBackupDays, cluster, "retention", "backupRetentionPeriod", "%d in production, at least %d elsewhere", backupDays, leastBackupDays)
		s.Expect(cluster.Is("copyTagsToSnapshot", true), cluster, "tags", "copyTagsToSnapshot", "true")
		if s.Production() {
			s.Expect(cluster.Is("deleteAutomatedBackups", false), cluster, "left-behind", "deleteAutomatedBackups", "false, set and not left out")
			s.Expect(cluster.Is("skipFinalSnapshot", false) && cluster.Text("finalSnapshotIdentifier") != "", cluster, "left-behind", "skipFinalSnapshot", "false, with finalSnapshotIdentifier")
		}
	}
}

func databasesStay(s *Scope) {
	for _, cluster := range s.Each(clusterType) {
		if s.Production() {
			s.Expect(cluster.Is("deletionProtection", true), cluster, "protected", "deletionProtection", "true")
			s.Expect(cluster.Protect, cluster, "protected", "", "Pulumi's protection")
		}
		instances := s.Referrers(cluster, instanceType, "clusterIdentifier")
		zones := zonesOf(instances)
		s.Expect(len(zones) >= 2 && !slices.Contains(zones, ""), cluster, "zones", "", "instances in two zones at least instead of %v", zones)
	}
}

// longestInterval is that of enhanced monitoring, in seconds.
const longestInterval = 60

func databasesAreWatched(s *Scope) {
	for _, instance := range s.Each(instanceType) {
		interval, _ := instance.Number("monitoringInterval")
		s.Expect(interval >= 1 && interval <= longestInterval, instance, "monitoring", "monitoringInterval", "1 to %d seconds", longestInterval)
		s.Expect(instance.Reference("monitoringRoleArn", roleType) != nil, instance, "monitoring", "monitoringRoleArn", "a role of ours")
		s.Expect(!instance.Is("performanceInsightsEnabled", true) || instance.Reference("performanceInsightsKmsKeyId", keyType) != nil, instance, "insights-key", "performanceInsightsKmsKeyId",
			"a key of ours: Performance Insights keeps the text of statements")
	}
}

// databaseEvents are the kinds of events that people have to hear of, by kind of
// source.
var databaseEvents = map[string][]string{
	"db-cluster":         {"maintenance", "failure"},
	"db-instance":        {"maintenance", "configuration change", "failure"},
	"db-parameter-group": {"configuration change"},
	"db-security-group":  {"configuration change", "failure"},
}

func databaseEventsReachPeople(s *Scope) {
	subscriptions := s.Each("aws:rds/eventSubscription:EventSubscription")
	for source, categories := range databaseEvents {
		i := slices.IndexFunc(subscriptions, func(r *graph.Resource) bool { return r.Text("sourceType") == source })
		s.Expect(i >= 0, nil, "sources", "", "a subscription of events of %s", source)
		if i < 0 {
			continue
		}
		for _, category := range categories {
			s.Expect(slices.Contains(subscriptions[i].Texts("eventCategories"), category), subscriptions[i], "categories", "eventCategories", "%s among them", category)
		}
	}
	for _, subscription := range subscriptions {
		s.Expect(!subscription.Is("enabled", false), subscription, "enabled", "enabled", "not false")
		s.Expect(len(subscription.Texts("sourceIds")) == 0, subscription, "all", "sourceIds", "all sources")
		s.Expect(subscription.Reference("snsTopic", topicType) != nil, subscription, "topic", "snsTopic", "a topic of ours")
	}
}

// ofData lists the resources of a type that the layer of data stores registers.
func ofData(s *Scope, token string) []*graph.Resource {
	return slices.DeleteFunc(s.OfType(token), func(r *graph.Resource) bool { return r.Layer != contract.Data })
}
