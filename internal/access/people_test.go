package access_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/policy/access"
	"github.com/cutover/cutover/shared/policy/graph"
)

// peopleRules: auditors and operators see how things stand and no data; the
// data rules already show that neither is among the readers.
func (s scene) peopleRules() []access.Rule {
	audit, operator := s.role("", "audit"), s.role("", "operator")
	people := []access.Caller{audit, operator}
	bucket := []string{s.arn(bucketType, "blue-documents")}
	state := "arn:aws:s3:::cutover-state-" + s.g.Environment.Name
	return append(s.trafficRules(operator), []access.Rule{
		{Name: "auditors see policies of buckets", Actions: []string{"s3:GetBucketPolicy", "s3:GetEncryptionConfiguration"}, On: bucket, Callers: people, May: []access.Caller{audit}},
		{Name: "auditors see policies of keys", Actions: []string{"kms:GetKeyPolicy", "kms:GetKeyRotationStatus"}, On: s.arns(keyType, ""), Callers: people, May: []access.Caller{audit}},
		{Name: "auditors see roles", Actions: []string{"iam:GetRole", "iam:ListAttachedRolePolicies"}, On: s.arns(roleType, ""), Callers: people, May: []access.Caller{audit}},
		{Name: "auditors see the record of calls", Actions: []string{"cloudtrail:LookupEvents", "cloudtrail:DescribeTrails"}, On: []string{"*"}, Callers: people, May: []access.Caller{audit}},
		{Name: "operators see alarms and targets", Actions: []string{"cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "elasticloadbalancing:DescribeTargetHealth", "route53:GetChange", "route53:ListHostedZonesByName"}, On: []string{"*"}, Callers: []access.Caller{operator}, May: []access.Caller{operator}},
		{
			Name: "operators see databases", Actions: []string{"rds:DescribeDBClusters"}, Callers: people, May: people,
			On: []string{s.arn("aws:rds/cluster:Cluster", "blue-database"), s.arn("aws:rds/cluster:Cluster", "green-database")},
		},
		{
			Name: "people read no logs of workloads", Actions: []string{"logs:GetLogEvents", "logs:StartQuery"},
			On: s.arns(logGroupType, ""), Callers: people,
		},
		{Name: "nor filter them", Actions: []string{"logs:FilterLogEvents"}, Callers: people, On: s.logsBut(s.logsOfTheMigration())},
		{
			Name: "but operators those of what moves the data", Actions: []string{"logs:FilterLogEvents"}, Callers: people,
			On: s.logsOfTheMigration(), May: []access.Caller{operator},
		},
		{
			Name: "people change nothing of a database", Callers: people, On: s.arns("aws:rds/cluster:Cluster", ""),
			Actions: []string{"rds:ModifyDBCluster", "rds:DeleteDBCluster", "rds:CreateDBClusterSnapshot", "rds:RestoreDBClusterFromSnapshot"},
		},
		{
			Name: "operators keep what was decided of the traffic", Actions: []string{"s3:GetObject", "s3:PutObject"}, Callers: people, May: []access.Caller{operator},
			On: []string{state + "/cutover/" + s.g.Environment.Name + "/edge/traffic.json"},
		},
		{
			Name: "and read no state beside it", Actions: []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}, Callers: people,
			On: []string{state + "/.pulumi/stacks/migration/" + s.g.Environment.Name + ".json", state + "/cutover/" + s.g.Environment.Name + "/other.json"},
		},
		{
			Name: "nor list it", Actions: []string{"s3:ListBucket"}, Callers: people, On: []string{state}, With: one("s3:prefix", ".pulumi/"),
		},
		{
			Name: "people read no values", Callers: people, On: slices.Concat(s.arns("aws:ssm/parameter:Parameter", ""), []string{s.regional("ssm", "parameter/any")}),
			Actions: []string{"ssm:GetParameter", "ssm:GetParametersByPath"},
		},
		{Name: "people change no function", Actions: []string{"lambda:GetFunction", "lambda:UpdateFunctionCode"}, Callers: people, On: s.arns("aws:lambda/function:Function", "")},
		{Name: "people start no function", Actions: []string{"lambda:InvokeFunction"}, Callers: people, On: s.functionsBut("-finalise", "-install", "-lane", "-switch")},
		{
			Name: "of people operators alone start what ends the migration", Actions: []string{"lambda:InvokeFunction"}, Callers: s.everyRole(),
			On:  []string{s.arn("aws:lambda/function:Function", "blue-finalise"), s.arn("aws:lambda/function:Function", "green-finalise")},
			May: []access.Caller{s.role("", "operator"), s.role("", "deploy")}, // which may deploy another function
		},
		{
			Name: "operators start machines, auditors do not", Actions: []string{"states:StartExecution"}, Callers: people,
			On: s.arns("aws:sfn/stateMachine:StateMachine", ""), May: []access.Caller{s.role("", "operator")},
		},
		{
			Name: "nobody changes a machine by hand", Actions: []string{"states:UpdateStateMachine", "states:DeleteStateMachine"}, Callers: people,
			On: s.arns("aws:sfn/stateMachine:StateMachine", ""),
		},
	}...)
}

// What layers may grant to operators is what they do grant, in every environment: their
// boundary leaves no room for a right that nobody uses.
func TestTheCeilingOfOperatorsIsWhatTheLayersGrant(t *testing.T) {
	for _, environment := range []string{"local", "staging", "prod"} {
		s := newScene(t, environment)
		var granted []string
		for _, attachment := range s.g.OfType(attachmentType) {
			if attachment.Text("role") != s.role("", "operator").Role || attachment.Layer == contract.Security {
				continue
			}
			at := slices.IndexFunc(s.g.OfType(policyType), func(p *graph.Resource) bool { return p.Output("arn") == attachment.Text("policyArn") })
			require.GreaterOrEqual(t, at, 0, "%s", attachment)
			var document struct{ Statement []struct{ Action []string } }
			require.NoError(t, json.Unmarshal([]byte(s.g.OfType(policyType)[at].Text("policy")), &document))
			for _, statement := range document.Statement {
				granted = append(granted, statement.Action...)
			}
		}
		slices.Sort(granted)
		assert.Equal(t, slices.Compact(granted), component.OperatorActions(), environment)
	}
}

// logsOfTheMigration are the groups of the functions that have an entry in the
// migration layer's outputs: no value of a row is in them.
func (s scene) logsOfTheMigration() []string {
	var arns []string
	for _, color := range naming.Colors() {
		names, _ := s.g.Exports(contract.Migration)[string(color)+"SyncFunctionNames"].(map[string]any)
		require.NotEmpty(s.t, names)
		for name := range names {
			arns = append(arns, s.arn(logGroupType, string(color)+"-"+name))
		}
	}
	return arns
}

func (s scene) logsBut(others []string) []string {
	return slices.DeleteFunc(s.arns(logGroupType, ""), func(arn string) bool { return slices.Contains(others, arn) })
}

// functionsBut are the functions whose names do not end so: those are the operators'
// to call.
func (s scene) functionsBut(ends ...string) []string {
	var arns []string
	for _, each := range s.g.OfType("aws:lambda/function:Function") {
		if !slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(each.Name, end) }) {
			arns = append(arns, each.Output("arn"))
		}
	}
	return arns
}

// trafficRules: operators change the weights of the public name and the health
// of the colours; the pipeline, which makes them, can too.
func (s scene) trafficRules(operator access.Caller) []access.Rule {
	zone := []string{s.arn("aws:route53/zone:Zone", "zone")}
	change := []string{"route53:ChangeResourceRecordSets"}
	record := func(name, kind string) map[string][]string {
		return with(one("route53:ChangeResourceRecordSetsNormalizedRecordNames", name), one("route53:ChangeResourceRecordSetsRecordTypes", kind),
			one("route53:ChangeResourceRecordSetsActions", "UPSERT"))
	}
	public, _ := s.g.Exports(contract.Edge)["publicName"].(string)
	require.NotEmpty(s.t, public)
	movers := []access.Caller{operator, s.role("", "deploy")}
	everyRole := s.everyRole()
	pipeline := movers[1:]
	return []access.Rule{
		{Name: "operators move the public name", Actions: change, On: zone, With: record(public, "A"), Callers: everyRole, May: movers},
		{Name: "operators move no other name", Actions: change, On: zone, With: record("blue."+public, "A"), Callers: everyRole, May: pipeline},
		{Name: "operators make no other records", Actions: change, On: zone, With: record(public, "TXT"), Callers: everyRole, May: pipeline},
		{
			Name: "operators delete no record", Actions: change, On: zone, Callers: everyRole, May: pipeline,
			With: with(record(public, "A"), one("route53:ChangeResourceRecordSetsActions", "DELETE")),
		},
		{Name: "operators name the record", Actions: change, On: zone, Callers: everyRole, May: pipeline},
		{
			Name: "operators move several names at once never", Actions: change, On: zone, Callers: everyRole, May: pipeline,
			With: with(record(public, "A"), one("route53:ChangeResourceRecordSetsNormalizedRecordNames", public, "blue."+public)),
		},
		{
			Name: "operators leave other zones alone", Actions: change, On: []string{"arn:aws:route53:::hostedzone/ZOTHER"}, With: record(public, "A"),
			Callers: []access.Caller{operator},
		},
		{
			Name: "nobody but the pipeline moves the name of a database", Actions: change, On: []string{s.arn("aws:route53/zone:Zone", "private-zone")},
			With: record(s.g.Exports(contract.Data)["blueWriterName"].(string), "CNAME"), Callers: everyRole, May: pipeline,
		},
		{
			Name: "operators change the health of the colours", Actions: []string{"route53:UpdateHealthCheck"}, Callers: []access.Caller{operator},
			On: s.exportedChecks(), May: []access.Caller{operator},
		},
		{
			Name: "operators tell the dashboards of the traffic", Actions: []string{"cloudwatch:PutMetricData"}, On: []string{"*"},
			With: one("cloudwatch:namespace", "Cutover/Sync"), Callers: []access.Caller{operator}, May: []access.Caller{operator},
		},
		{
			Name: "operators feign no other metric", Actions: []string{"cloudwatch:PutMetricData"}, On: []string{"*"},
			With: one("cloudwatch:namespace", "Cutover/Data"), Callers: []access.Caller{operator},
		},
	}
}

// exportedChecks are the health checks over each colour's payment paths.
func (s scene) exportedChecks() []string {
	var arns []string
	for _, color := range naming.Colors() {
		id, _ := s.g.Exports(contract.Edge)[string(color)+"HealthCheckId"].(string)
		require.NotEmpty(s.t, id)
		arns = append(arns, "arn:aws:route53:::healthcheck/"+id)
	}
	return arns
}
