package iamdoc

import (
	"fmt"
	"slices"
	"strings"
)

// unscoped are the actions that a policy may allow on resource "*", with the
// reason why it cannot name one. A name that ends in a star stands for all that
// begin like it, which is only written for calls that read descriptions. Source:
// Service authorization reference, "Actions, resources, and condition keys", of
// each service.
var unscoped = map[string]string{
	"acm:ListCertificates":                   "lists the account's certificates",
	"acm:RequestCertificate":                 "a certificate gets its name when it is made",
	"application-autoscaling:Describe*":      "the calls know no resource",
	"backup-storage:MountCapsule":            "the store behind a vault has no name of ours",
	"cloudtrail:DescribeTrails":              "lists the account's trails",
	"cloudtrail:LookupEvents":                "the event history is no resource",
	"cloudwatch:Describe*":                   "lists of alarms are filtered by request parameters",
	"cloudwatch:GetMetricData":               "metrics are no resources",
	"cloudwatch:GetMetricStatistics":         "metrics are no resources",
	"cloudwatch:ListDashboards":              "lists the account's dashboards",
	"cloudwatch:ListMetrics":                 "metrics are no resources",
	"cloudwatch:PutMetricData":               "metrics are no resources; a condition names the namespace",
	"config:Describe*":                       "most calls know no resource",
	"config:GetCompliance*":                  "compliance is counted over the account",
	"dynamodb:DescribeLimits":                "limits are the account's",
	"dynamodb:ListTables":                    "lists the account's tables",
	"ec2:AssignPrivateIpAddresses":           networkByLambda,
	"ec2:CreateNetworkInterface":             networkByLambda,
	"ec2:DeleteNetworkInterface":             networkByLambda,
	"ec2:Describe*":                          "the calls know no resource",
	"ec2:GetTransitGatewayRouteTable*":       "read of a route table by the id in the request",
	"ec2:UnassignPrivateIpAddresses":         networkByLambda,
	"ecr:GetAuthorizationToken":              "the token is the account's",
	"ecs:DeregisterTaskDefinition":           "the call knows no resource",
	"ecs:DescribeTaskDefinition":             "the call knows no resource",
	"ecs:ListClusters":                       "lists the account's clusters",
	"ecs:ListServices":                       "the call knows no resource",
	"ecs:ListTaskDefinitions":                "lists the account's task definitions",
	"ecs:ListTasks":                          "tasks on Fargate stand on no instance of ours; a condition names the cluster",
	"elasticloadbalancing:Describe*":         "the calls know no resource",
	"guardduty:GetFindings":                  "the call knows no resource",
	"guardduty:ListDetectors":                "lists the account's detectors",
	"guardduty:ListFindings":                 "the call knows no resource",
	"iam:GetAccountPasswordPolicy":           "the policy is the account's",
	"iam:GetAccountSummary":                  "the summary is the account's",
	"iam:ListPolicies":                       "lists the account's policies",
	"iam:ListRoles":                          "lists the account's roles",
	"kms:ListAliases":                        "lists the account's aliases",
	"kms:ListKeys":                           "lists the account's keys",
	"lambda:CreateEventSourceMapping":        "a mapping gets its name when it is made; a condition names the function",
	"lambda:GetAccountSettings":              "the settings are the account's",
	"lambda:ListEventSourceMappings":         "lists the account's mappings",
	"lambda:ListFunctions":                   "lists the account's functions",
	"logs:CreateLogDelivery":                 "a delivery gets its name when it is made",
	"logs:DeleteLogDelivery":                 "the call knows no resource",
	"logs:DeleteQueryDefinition":             "saved queries are the account's",
	"logs:DeleteResourcePolicy":              "the policies are the account's",
	"logs:DescribeLogGroups":                 "lists the account's log groups",
	"logs:DescribeQueryDefinitions":          "lists the account's saved queries",
	"logs:DescribeResourcePolicies":          "lists the account's policies",
	"logs:GetLogDelivery":                    "the call knows no resource",
	"logs:ListLogDeliveries":                 "lists the account's deliveries",
	"logs:UpdateLogDelivery":                 "the call knows no resource",
	"logs:PutQueryDefinition":                "saved queries are the account's",
	"logs:PutResourcePolicy":                 "the policies are the account's",
	"rds:DescribeDBEngineVersions":           "engines are AWS's",
	"rds:DescribeEvents":                     "events are the account's",
	"rds:DescribeOrderableDBInstanceOptions": "instance classes are AWS's",
	"route53:CreateHealthCheck":              "a health check gets its name when it is made",
	"route53:CreateHostedZone":               "a zone gets its name when it is made",
	"route53:GetChange":                      "changes get their names when they are made",
	"route53:ListHealthChecks":               "lists the account's health checks",
	"route53:ListHostedZones":                "lists the account's zones",
	"route53:ListHostedZonesByName":          "lists the account's zones",
	"s3:ListAllMyBuckets":                    "lists the account's buckets",
	"scheduler:ListSchedules":                "lists the account's schedules",
	"secretsmanager:GetRandomPassword":       "the password belongs to nothing yet",
	"secretsmanager:ListSecrets":             "lists the account's secrets",
	"servicediscovery:CreateHttpNamespace":   "a namespace gets its id when it is made",
	"servicediscovery:GetOperation":          "operations get their ids when they are made",
	"servicediscovery:ListTagsForResource":   "the call knows no resource",
	"servicediscovery:TagResource":           "the call knows no resource",
	"servicediscovery:UntagResource":         "the call knows no resource",
	"sns:GetSubscriptionAttributes":          "the call knows no resource",
	"sns:ListTopics":                         "lists the account's topics",
	"sns:SetSubscriptionAttributes":          "the call knows no resource",
	"sns:Unsubscribe":                        "the call knows no resource",
	"sqs:ListQueues":                         "lists the account's queues",
	"ssm:DescribeParameters":                 "lists the account's parameters, without values",
	"states:ListStateMachines":               "lists the account's state machines",
	"states:ValidateStateMachineDefinition":  "the definition belongs to nothing yet",
	"sts:GetCallerIdentity":                  "the caller is no resource",
	"tag:GetResources":                       "lists the account's resources",
	"wafv2:ListWebACLs":                      "lists the account's web ACLs",
	"xray:GetSamplingRules":                  traces,
	"xray:GetSamplingTargets":                traces,
	"xray:PutTelemetryRecords":               traces,
	"xray:PutTraceSegments":                  traces,
}

const (
	networkByLambda = "Lambda demands it without a resource when it places a function into a network " +
		`(AWS Lambda developer guide, "Giving Lambda functions access to resources in an Amazon VPC"); a refusal keeps the function's code from it`
	traces = "traces are no resources"
)

// Unscoped returns why a policy may allow the action on every resource, and
// whether it may.
func Unscoped(action string) (string, bool) {
	if reason, exact := unscoped[action]; exact {
		return reason, true
	}
	for pattern, reason := range unscoped {
		if prefix, open := strings.CutSuffix(pattern, "*"); open && strings.HasPrefix(action, prefix) {
			return reason, true
		}
	}
	return "", false
}

// UnscopedActions lists the actions of the register, sorted.
func UnscopedActions() []string {
	names := make([]string, 0, len(unscoped))
	for action := range unscoped {
		names = append(names, action)
	}
	slices.Sort(names)
	return names
}

// TooWide lists the statements of an identity policy that allow an action on
// every resource although the action has a resource level. A permission boundary
// is not an identity policy: it grants nothing.
func (d Document) TooWide() []error {
	var problems []error
	for _, s := range d.Statements {
		if s.Deny || !slices.Contains(s.Resources, "*") {
			continue
		}
		for _, action := range s.Actions {
			if _, may := Unscoped(action); !may {
				problems = append(problems, fmt.Errorf("statement %q allows %s on every resource: expected its resources, or a reason in iamdoc's register", s.Sid, action))
			}
		}
	}
	return problems
}
