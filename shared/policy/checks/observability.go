package checks

import (
	"regexp"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/policy/document"
	"github.com/cutover/cutover/shared/policy/graph"
)

// observabilityChecks are those of the rows of the layer of alarms and dashboards.
var observabilityChecks = []Check{
	{Row: "O-01", Run: topicsAreEncrypted},
	{Row: "O-02", Run: messageKeysAdmitPublishers},
	{Row: "O-03", Run: topicsAreClosed},
	{Row: "O-04", Run: topicsReportDeliveries},
	{Row: "O-05", Run: alarmsAct},
	{Row: "O-06", Run: alarmsCover},
	{Row: "O-07", Run: trailRaisesAlarms},
	{Row: "O-08", Run: findingsReachPeople},
	{Row: "O-09", Run: failedControlsRaiseAlarms},
	{Row: "O-10", Run: cardNumbersAreMasked},
}

// Type tokens of the layer of alarms and dashboards.
const (
	compositeType = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
	filterType    = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
	eventRuleType = "aws:cloudwatch/eventRule:EventRule"
)

func topicsAreEncrypted(s *Scope) {
	for _, topic := range s.Each(topicType) {
		key := topic.Reference("kmsMasterKeyId", keyType)
		s.Expect(isDomain(s, key, "messaging") || isDomain(s, key, "events"), topic, "messages-key", "kmsMasterKeyId", "a key for messages or events")
	}
}

// publishers are the services whose messages pass through topics with the key
// for messages; without the key's leave they fail silently.
var publishers = []string{"budgets.amazonaws.com", "cloudwatch.amazonaws.com", "events.amazonaws.com", "events.rds.amazonaws.com"}

func messageKeysAdmitPublishers(s *Scope) {
	for _, key := range s.OfType(keyType) {
		if !isDomain(s, key, "messaging") {
			continue
		}
		s.See(key)
		policy, err := document.Read(key, "policy")
		s.Expect(err == nil, key, "readable", "policy", "a policy document that is known")
		for _, service := range publishers {
			admitted := slices.ContainsFunc(policy.Statements, func(st document.Statement) bool {
				accounts, _ := st.Conditions.Values("aws:SourceAccount")
				return !st.Deny && slices.Contains(st.Principals["Service"], service) && slices.Equal(accounts, []string{s.Environment.AccountID}) &&
					slices.Contains(st.Actions, "kms:Decrypt") && slices.Contains(st.Actions, "kms:GenerateDataKey*")
			})
			s.Expect(admitted, key, "publishers", "policy", "kms:Decrypt and kms:GenerateDataKey* for %s with aws:SourceAccount", service)
		}
	}
}

func topicsAreClosed(s *Scope) {
	for _, topic := range s.Each(topicType) {
		policies := s.Referrers(topic, "aws:sns/topicPolicy:TopicPolicy", "arn")
		s.Expect(len(policies) == 1, topic, "policy", "", "one topic policy instead of %d", len(policies))
		for _, holder := range policies {
			policy, err := document.Read(holder, "policy")
			s.Expect(err == nil, holder, "readable", "policy", "a policy document that is known")
			expectClosed(s, holder, policy)
			refused := slices.ContainsFunc(policy.Statements, func(st document.Statement) bool {
				return st.Deny && st.Principals.Anyone() && len(st.Conditions) == 1 && plain(st.Conditions)
			})
			s.Expect(refused, holder, "plain-transport", "policy", "a statement that denies plain transport to anyone")
		}
	}
}

// expectClosed demands named principals and conditions with fixed values.
func expectClosed(s *Scope, holder *graph.Resource, policy document.Document) {
	for _, statement := range policy.Statements {
		if statement.Deny {
			continue
		}
		s.Expect(!statement.Principals.Anyone(), holder, "named-principals", "policy", "named principals in statement %q", statement.Sid)
		for _, key := range []string{"aws:SourceAccount", "aws:PrincipalAccount", "aws:PrincipalArn"} {
			values, _ := statement.Conditions.Values(key)
			s.Expect(!slices.ContainsFunc(values, func(v string) bool { return strings.ContainsAny(v, "*?$") }), holder, "fixed-values", "policy",
				"no wildcard under %s in statement %q", key, statement.Sid)
		}
	}
}

// protocolRoles are the beginnings of the inputs for roles of reports, by protocol
// of a subscription; of the other protocols Amazon SNS reports nothing.
var protocolRoles = map[string]string{"lambda": "lambda", "sqs": "sqs", "http": "http", "https": "http", "application": "application", "firehose": "firehose"}

// always are the protocols that somebody is told by sooner or later: a topic
// reports them from the start.
var always = []string{"http", "sqs"}

// topicsReportDeliveries wants reports for each protocol of a topic, and their log
// groups declared, which Amazon SNS would make by itself.
func topicsReportDeliveries(s *Scope) {
	var groups []string
	for _, group := range s.OfType(logGroupType) {
		groups = append(groups, group.Text("name"))
	}
	for _, topic := range s.Each(topicType) {
		protocols := slices.Clone(always)
		for _, subscription := range s.Referrers(topic, "aws:sns/topicSubscription:TopicSubscription", "topic") {
			if prefix, reports := protocolRoles[subscription.Text("protocol")]; reports && !slices.Contains(protocols, prefix) {
				protocols = append(protocols, prefix)
			}
		}
		for _, protocol := range protocols {
			for _, outcome := range []string{"Success", "Failure"} {
				input := protocol + outcome + "FeedbackRoleArn"
				s.Expect(topic.Reference(input, roleType) != nil, topic, "feedback", input, "a role of ours")
			}
		}
		group := "sns/" + s.Environment.Region + "/" + s.Environment.AccountID + "/" + topic.Text("name")
		for _, name := range []string{group, group + "/Failure"} {
			s.Expect(slices.Contains(groups, name), topic, "groups", "name", "the log group %s", name)
		}
	}
}

func alarmsAct(s *Scope) {
	for _, alarm := range s.Each(alarmType, compositeType) {
		s.Expect(!alarm.Is("actionsEnabled", false), alarm, "enabled", "actionsEnabled", "not false")
		for _, actions := range []string{"alarmActions", "insufficientDataActions"} {
			s.Expect(len(ofType(alarm.References(actions), topicType)) > 0, alarm, "actions", actions, "a topic of ours")
		}
		s.Expect(alarm.Type == compositeType || alarm.Text("treatMissingData") != "", alarm, "missing-data", "treatMissingData", "a decision")
	}
}

// watched are the types that need at least one alarm over each resource, by the
// name of the dimension that names it.
var watched = map[string]string{
	serviceType: "ServiceName", targetType: "TargetGroup", balancerType: "LoadBalancer", clusterType: "DBClusterIdentifier",
	tableType: "TableName", functionType: "FunctionName", webACLType: "WebACL", queueType: "QueueName",
}

func alarmsCover(s *Scope) {
	over := make(map[string][]string) // names of alarms by dimension and value
	for _, alarm := range s.OfType(alarmType) {
		for _, dimension := range watched {
			for _, value := range asked(alarm, "dimensions."+dimension) {
				over[dimension+" "+value] = append(over[dimension+" "+value], alarm.Text("name"))
			}
		}
	}
	var rules strings.Builder
	for _, composite := range s.OfType(compositeType) {
		rules.WriteString(composite.Text("alarmRule"))
	}
	for token, dimension := range watched {
		for _, r := range s.Each(token) {
			var alarms []string
			for _, name := range []string{r.Text("name"), r.ID, r.Output("arnSuffix")} {
				alarms = append(alarms, over[dimension+" "+name]...)
			}
			s.Expect(len(alarms) > 0, r, "covered", "", "an alarm with the dimension %s", dimension)
			summed := slices.ContainsFunc(alarms, func(name string) bool { return strings.Contains(rules.String(), `"`+name+`"`) })
			s.Expect(token != serviceType || summed, r, "composite", "", "a composite alarm over the alarms of the service")
		}
	}
	names := naming.New(s.Environment.Name)
	for _, name := range []string{names.CustomerImpactAlarm(), names.MigrationUnsafeAlarm()} {
		declared := slices.ContainsFunc(s.OfType(compositeType), func(r *graph.Resource) bool { return r.Text("alarmName") == name })
		s.Expect(declared, nil, "gate", "", "the composite alarm %s, which gates the traffic", name)
	}
}

// asked lists what an alarm says at path of the metric that it is over, or of each
// of those that its expression speaks of.
func asked(alarm *graph.Resource, path string) []string {
	found := alarm.Texts("metricQueries[*].metric." + path)
	if value := alarm.Text(path); value != "" {
		found = append(found, value)
	}
	return found
}

// trailAlarms are what has to raise an alarm from the trail, by what the pattern
// of its filter contains.
var trailAlarms = map[string]string{
	"use of the root user": "Root", "refused calls": "UnauthorizedOperation", "sign-in without a second factor": "MFAUsed",
	"changes of policies": "PutRolePolicy", "changes of the trail": "StopLogging", "changes of Config": "StopConfigurationRecorder",
	"deletion of keys": "ScheduleKeyDeletion", "changes of bucket policies": "PutBucketPolicy", "changes of security groups": "AuthorizeSecurityGroupIngress",
	"changes of network ACLs": "CreateNetworkAclEntry", "changes of gateways": "AttachInternetGateway", "changes of routes": "CreateRoute", "changes of VPCs": "CreateVpc",
}

func trailRaisesAlarms(s *Scope) {
	var group *graph.Resource
	for _, trail := range s.OfType(trailType) {
		group = trail.Reference("cloudWatchLogsGroupArn", logGroupType)
	}
	filters := s.Each(filterType)
	for what, sign := range trailAlarms {
		found := slices.ContainsFunc(filters, func(filter *graph.Resource) bool {
			metric := filter.Text("metricTransformation.name")
			alarmed := slices.ContainsFunc(s.OfType(alarmType), func(alarm *graph.Resource) bool { return metric != "" && alarm.Text("metricName") == metric })
			return group != nil && filter.Reference("logGroupName", logGroupType) == group && strings.Contains(filter.Text("pattern"), sign) && alarmed
		})
		s.Expect(found, nil, "alarms", "", "a metric filter of the trail's group with an alarm for %s (%s)", what, sign)
	}
}

// findingSources are the sources of findings that people have to hear of.
var findingSources = []string{"aws.guardduty", "aws.securityhub", "aws.inspector2", "aws.macie", "aws.config"}

func findingsReachPeople(s *Scope) {
	rules := s.Each(eventRuleType)
	for _, source := range findingSources {
		found := slices.ContainsFunc(rules, func(rule *graph.Resource) bool {
			targets := s.Referrers(rule, "aws:cloudwatch/eventTarget:EventTarget", "rule")
			return strings.Contains(rule.Text("eventPattern"), `"`+source+`"`) && rule.Text("state") != "DISABLED" &&
				slices.ContainsFunc(targets, func(t *graph.Resource) bool { return t.Reference("arn", topicType) != nil })
		})
		s.Expect(found, nil, "findings", "", "a rule with a topic for events of %s", source)
	}
}

// controlFailures are what has to raise an alarm when a control itself fails, by
// what the alarm's metric or the event's pattern contains.
var controlFailures = map[string]*regexp.Regexp{
	"recorder stopped":             regexp.MustCompile(`StopConfigurationRecorder`),
	"trail stopped":                regexp.MustCompile(`StopLogging`),
	"archive late":                 regexp.MustCompile(`DeliveryToS3\.DataFreshness`),
	"events lost before archiving": regexp.MustCompile(`DeliveryErrors|DeliveryThrottling`),
	"rotation failed":              regexp.MustCompile(`RotationFailed`),
	"web ACL detached":             regexp.MustCompile(`DisassociateWebACL`),
}

func failedControlsRaiseAlarms(s *Scope) {
	var texts []string
	for _, r := range s.Each(alarmType, filterType, eventRuleType) {
		texts = append(texts, r.Text("pattern"), r.Text("eventPattern"))
		texts = append(texts, asked(r, "metricName")...)
		texts = append(texts, r.Texts("metricQueries[*].expression")...)
	}
	for what, sign := range controlFailures {
		s.Expect(slices.ContainsFunc(texts, sign.MatchString), nil, "alarms", "", "an alarm: %s (%s)", what, sign)
	}
}

func cardNumbersAreMasked(s *Scope) {
	for _, task := range s.OfType(taskType) {
		for _, group := range containerGroups(s, task) {
			s.See(group)
			masks := s.Referrers(group, "aws:cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy", "logGroupName")
			masked := slices.ContainsFunc(masks, func(r *graph.Resource) bool { return strings.Contains(r.Text("policyDocument"), "CreditCardNumber") })
			s.Expect(masked, group, "masked", "", "a data protection policy that masks card numbers")
		}
	}
	for _, dashboard := range s.Each("aws:cloudwatch/dashboard:Dashboard") {
		s.Expect(!strings.Contains(dashboard.Text("dashboardBody"), `"type":"log"`), dashboard, "no-raw-events", "dashboardBody", "no widget that queries application events")
	}
}

// containerGroups are the log groups of a task's containers.
func containerGroups(s *Scope, task *graph.Resource) []*graph.Resource {
	var groups []*graph.Resource
	for _, c := range containers(s, task) {
		groups = append(groups, ofType(s.Owners(c.Logging.Options["awslogs-group"]), logGroupType)...)
	}
	return groups
}
