package checks

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/policy/document"
	"github.com/cutover/cutover/shared/policy/graph"
)

// isLogKey tells whether a key admits the log service of the region.
func isLogKey(s *Scope, key *graph.Resource) bool {
	if key == nil {
		return false
	}
	policy, err := document.Read(key, "policy")
	return err == nil && slices.ContainsFunc(policy.Statements, func(st document.Statement) bool {
		return !st.Deny && slices.Contains(st.Principals["Service"], "logs."+s.Environment.Region+".amazonaws.com")
	})
}

// operatingSystem is the group of enhanced monitoring, one for all databases of
// account and region (Aurora user guide, "Viewing OS metrics in CloudWatch Logs").
const operatingSystem = "RDSOSMetrics"

func logGroupsAreEncrypted(s *Scope) {
	for _, group := range s.Each(logGroupType) {
		s.Expect(isLogKey(s, group.Reference("kmsKeyId", keyType)), group, "log-key", "kmsKeyId", "a key that admits the log service")
	}
	for _, function := range s.OfType(functionType) {
		group := function.Reference("loggingConfig.logGroup", logGroupType)
		s.Expect(group != nil || declaredBefore(s, function, "/aws/lambda/"+function.Text("name")), function, "declared", "loggingConfig.logGroup", "a declared log group")
	}
	for _, cluster := range s.OfType(clusterType) {
		for _, log := range cluster.Texts("enabledCloudwatchLogsExports") {
			name := "/aws/rds/cluster/" + cluster.Text("clusterIdentifier") + "/" + log
			s.Expect(declaredBefore(s, cluster, name), cluster, "declared", "enabledCloudwatchLogsExports", "the log group %s declared, and made before", name)
		}
	}
	for _, instance := range s.OfType(instanceType) {
		interval, _ := instance.Number("monitoringInterval")
		s.Expect(interval == 0 || declaredBefore(s, instance, operatingSystem), instance, "declared", "monitoringInterval", "the log group %s declared, and made before", operatingSystem)
	}
	for _, task := range s.OfType(taskType) {
		expectContainerGroups(s, task)
	}
	for _, cluster := range s.OfType("aws:ecs/cluster:Cluster") {
		for _, setting := range cluster.Items("settings") {
			if setting["name"] == "containerInsights" && setting["value"] != "disabled" {
				name := "/aws/ecs/containerinsights/" + cluster.Text("name") + "/performance"
				s.Expect(declaredBefore(s, cluster, name), cluster, "declared", "settings", "the log group %s declared, and made before", name)
			}
		}
	}
	expectDestinations(s)
}

// expectDestinations demands that what names its log group names a declared one.
func expectDestinations(s *Scope) {
	for token, input := range map[string]string{
		"aws:route53/queryLog:QueryLog":                                   "cloudwatchLogGroupArn",
		"aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": "logDestinationConfigs",
		flowLogType: "logDestination",
		trailType:   "cloudWatchLogsGroupArn",
	} {
		for _, writer := range s.OfType(token) {
			if writer.Text("logDestinationType") == "s3" {
				continue
			}
			s.Expect(writer.Reference(input, logGroupType) != nil, writer, "declared", input, "a declared log group")
		}
	}
}

// declaredBefore tells whether a log group of that name is declared and made
// before its writer.
func declaredBefore(s *Scope, writer *graph.Resource, name string) bool {
	return slices.ContainsFunc(s.OfType(logGroupType), func(group *graph.Resource) bool {
		return group.Text("name") == name && slices.Contains(writer.Dependencies, group.URN)
	})
}

// expectContainerGroups demands a declared group for every container.
func expectContainerGroups(s *Scope, task *graph.Resource) {
	for _, container := range containers(s, task) {
		if container.Logging.Driver != "awslogs" {
			continue
		}
		name := container.Logging.Options["awslogs-group"]
		declared := slices.ContainsFunc(s.Owners(name), func(r *graph.Resource) bool { return r.Type == logGroupType })
		s.Expect(declared, task, "declared", "containerDefinitions", "a declared log group instead of %q for container %s", name, container.Name)
	}
}

// container is what the checks read of a container definition (Amazon ECS API
// reference, ContainerDefinition).
type container struct {
	Name        string `json:"name"`
	Image       string `json:"image"`
	User        string `json:"user"`
	Privileged  bool   `json:"privileged"`
	ReadOnly    bool   `json:"readonlyRootFilesystem"`
	Environment []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"environment"`
	Secrets []struct {
		Name      string `json:"name"`
		ValueFrom string `json:"valueFrom"`
	} `json:"secrets"`
	Ports []struct {
		Container int `json:"containerPort"`
	} `json:"portMappings"`
	Mounts []struct {
		Volume   string `json:"sourceVolume"`
		Path     string `json:"containerPath"`
		ReadOnly bool   `json:"readOnly"`
	} `json:"mountPoints"`
	Linux struct {
		Capabilities struct {
			Add  []string `json:"add"`
			Drop []string `json:"drop"`
		} `json:"capabilities"`
	} `json:"linuxParameters"`
	Logging struct {
		Driver  string            `json:"logDriver"`
		Options map[string]string `json:"options"`
	} `json:"logConfiguration"`
}

// containers reads the definitions of a task; one that cannot be read is a finding.
func containers(s *Scope, task *graph.Resource) []container {
	var list []container
	err := json.Unmarshal([]byte(task.Text("containerDefinitions")), &list)
	s.Expect(err == nil && len(list) > 0, task, "readable", "containerDefinitions", "container definitions that are known")
	return list
}

// atHand is how many days log groups keep events.
const atHand = 90

func logGroupsAreKept(s *Scope) {
	for _, group := range s.Each(logGroupType) {
		days, set := group.Number("retentionInDays")
		s.Expect(set && days >= atHand, group, "retention", "retentionInDays", "at least %d days", atHand)
		s.Expect(isArchived(s, group), group, "archived", "", "a subscription filter, or one of the account, that leads to the locked archive")
	}
}

// isArchived tells whether everything in the group also goes to a bucket with
// object lock.
func isArchived(s *Scope, group *graph.Resource) bool {
	for _, filter := range s.Referrers(group, "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter", "logGroup") {
		if strings.TrimSpace(filter.Text("filterPattern")) == "" && leadsToLockedBucket(s, filter.References("destinationArn")) {
			return true
		}
	}
	for _, policy := range s.OfType("aws:cloudwatch/logAccountPolicy:LogAccountPolicy") {
		excluded := strings.Contains(policy.Text("selectionCriteria"), `"`+group.Text("name")+`"`)
		if policy.Text("policyType") == "SUBSCRIPTION_FILTER_POLICY" && !excluded && leadsToLockedBucket(s, policy.References("policyDocument")) {
			return true
		}
	}
	return false
}

func leadsToLockedBucket(s *Scope, targets []*graph.Resource) bool {
	for _, target := range targets {
		if target.Type != deliveryType {
			continue
		}
		bucket := target.Reference("extendedS3Configuration.bucketArn", bucketType)
		if bucket != nil && len(s.Referrers(bucket, bucketLockType, "bucket")) == 1 {
			return true
		}
	}
	return false
}
