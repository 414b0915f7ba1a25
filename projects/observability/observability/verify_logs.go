package observability

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/projects/observability/watch"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

// logDays is how long every log group keeps its events (PCI DSS 10.5.1).
const logDays = 90

// groupPrefixes begin the names of the environment's log groups: of those that we
// name, and of those that AWS does.
func (v *verifier) groupPrefixes() []string {
	named := v.names.Name(naming.Generic) + "-"
	return []string{
		v.names.Name(naming.LogGroup) + "/", "/aws/vendedlogs" + v.names.Name(naming.LogGroup) + "/",
		"/aws/ecs/containerinsights/" + named, "/aws/rds/cluster/" + named, "aws-waf-logs-" + named,
		component.TopicReportGroups(v.cfg.Environment.AccountID, named)[0],
	}
}

// checkGroups looks at every log group of the environment, whoever made it, and
// looks for those of the topics, which Amazon SNS would make by itself.
func (v *verifier) checkGroups(ctx context.Context) error {
	all := verify.About("log groups")
	found := make(map[string]bool)
	for _, prefix := range v.groupPrefixes() {
		pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(v.logs, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String(prefix)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return all.Failed(err)
			}
			for _, group := range page.LogGroups {
				found[aws.ToString(group.LogGroupName)] = true
				all.Include(judgeGroup(group))
			}
		}
	}
	for _, severity := range alarm.Severities() {
		for _, group := range component.TopicReportGroups(v.cfg.Environment.AccountID, topicName(v.names, severity)) {
			all.Expect(found[group], "%s is missing: Amazon SNS makes it with the next report, without key and without end", group)
		}
	}
	return all.Err()
}

func judgeGroup(group types.LogGroup) error {
	f := verify.About("log group %s", aws.ToString(group.LogGroupName))
	f.Expect(aws.ToInt32(group.RetentionInDays) == logDays, "keeps events for %d days, expected %d", aws.ToInt32(group.RetentionInDays), logDays)
	f.Expect(aws.ToString(group.KmsKeyId) != "", "is not encrypted with a key of ours")
	return f.Err()
}

// counted is a filter that has to be there.
type counted struct {
	group, name, pattern, value string
	metric                      metrics.Metric
}

// filters are those over the services' groups and the trail.
func (v *verifier) filters() []counted {
	var all []counted
	for _, color := range naming.Colors() {
		for _, service := range v.watch.Services.Services {
			for value, metric := range paymentMetrics() {
				if service.Payments {
					all = append(all, counted{v.group(color, service.Name), filterName(v.names.In(color), service.Name, metric), paymentPattern, value, metric})
				}
			}
		}
	}
	if v.watch.Baseline {
		for _, filter := range watch.Filters() {
			all = append(all, counted{v.estate[estate.Key{Thing: estate.TrailLogs}.String()], filterName(v.names, "trail", filter.Metric), filter.Pattern, "1", filter.Metric})
		}
	}
	return all
}

func (v *verifier) group(color naming.Color, service string) string {
	return v.estate[estate.Key{Color: color, Thing: estate.LogGroup, Name: service}.String()]
}

// checkFilters wants every filter as defined.
func (v *verifier) checkFilters(ctx context.Context) error {
	all := verify.About("metric filters")
	found := make(map[string]types.MetricFilter)
	asked := make(map[string]bool)
	for _, want := range v.filters() {
		if asked[want.group] {
			continue
		}
		asked[want.group] = true
		pages := cloudwatchlogs.NewDescribeMetricFiltersPaginator(v.logs, &cloudwatchlogs.DescribeMetricFiltersInput{LogGroupName: aws.String(want.group)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				all.Include(fmt.Errorf("filters of %s: %w", want.group, err))
				break
			}
			for _, each := range page.MetricFilters {
				found[want.group+" "+aws.ToString(each.FilterName)] = each
			}
		}
	}
	for _, want := range v.filters() {
		got, there := found[want.group+" "+want.name]
		if !there {
			all.Expect(false, "%s is missing from log group %s", want.name, want.group)
			continue
		}
		all.Include(want.judge(got))
	}
	return all.Err()
}

func (c counted) judge(got types.MetricFilter) error {
	f := verify.About("metric filter %s", c.name)
	f.Equal("pattern", aws.ToString(got.FilterPattern), c.pattern)
	if len(got.MetricTransformations) != 1 {
		f.Expect(false, "makes %d metrics, expected one", len(got.MetricTransformations))
		return f.Err()
	}
	made := got.MetricTransformations[0]
	f.Equal("metric", aws.ToString(made.MetricNamespace)+" "+aws.ToString(made.MetricName), c.metric.Namespace+" "+c.metric.Name)
	f.Equal("value", aws.ToString(made.MetricValue), c.value)
	return f.Err()
}

// checkMasks wants data of cards masked in the group of every service.
func (v *verifier) checkMasks(ctx context.Context) error {
	all := verify.About("masks")
	for _, color := range naming.Colors() {
		for _, service := range v.watch.Services.Names() {
			group := v.group(color, service)
			found, err := v.logs.GetDataProtectionPolicy(ctx, &cloudwatchlogs.GetDataProtectionPolicyInput{LogGroupIdentifier: aws.String(group)})
			if err != nil {
				all.Include(fmt.Errorf("mask of log group %s: %w", group, err))
				continue
			}
			policy := aws.ToString(found.PolicyDocument)
			all.Expect(strings.Contains(policy, "data-identifier/CreditCardNumber") && strings.Contains(policy, "Deidentify"), "log group %s does not mask card numbers", group)
		}
	}
	return all.Err()
}

// checkQueries wants the questions of the night to be there.
func (v *verifier) checkQueries(ctx context.Context) error {
	all := verify.About("saved queries")
	found, err := v.logs.DescribeQueryDefinitions(ctx, &cloudwatchlogs.DescribeQueryDefinitionsInput{QueryDefinitionNamePrefix: aws.String(v.names.Name(naming.Query) + "/")})
	if err != nil {
		return all.Failed(err)
	}
	by := make(map[string]string)
	for _, each := range found.QueryDefinitions {
		by[aws.ToString(each.Name)] = aws.ToString(each.QueryString)
	}
	for _, want := range questions(v.watch.Services, v.watch.Baseline) {
		name := v.names.Name(naming.Query, want.name)
		all.Expect(by[name] == want.text, "%s is missing or asks something else", name)
	}
	return all.Err()
}
