// Package observability is the layer of dashboards and alarms. It reads what every
// other layer promises and changes nothing that they made: it draws, watches, counts
// in logs and tells people. What is watched and from which value on stands in package
// watch, what is drawn in package board; this package registers both.
package observability

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
)

// Program declares the layer.
func Program(ctx *pulumi.Context) error { return component.Program(ctx, build) }

// build makes topics, then what tells them something, then what people look at.
func build(ctx *pulumi.Context, cfg Config, opts ...pulumi.ResourceOption) (contract.ObservabilityOutputs, error) {
	var none contract.ObservabilityOutputs
	from, err := readUpstream(ctx, cfg.AccountBaseline)
	if err != nil {
		return none, err
	}
	names := naming.New(ctx.Stack())
	topics, err := NewTopics(ctx, "alarms", &TopicsArgs{
		Names: names, AccountID: cfg.Environment.AccountID, KeyARN: from.topicsKey, Subscribers: cfg.Subscribers,
		ReportsRoleARN: from.reports.roleARN, ReportsRoleName: from.reports.roleName, ReportsKeyARN: from.reports.key,
	}, opts...)
	if err != nil {
		return none, err
	}
	if _, err := NewFilters(ctx, "filters", &FiltersArgs{Names: names, From: from, Trail: cfg.AccountBaseline == manage}, opts...); err != nil {
		return none, err
	}
	what := cfg.watch(ctx.Stack(), from.services)
	alarms, err := NewAlarms(ctx, "alarms", &AlarmsArgs{
		Names: names, From: from, Topics: topics.ARNs, Alarms: what.Alarms(), Composites: what.Composites(),
	}, opts...)
	if err != nil {
		return none, err
	}
	if _, err := NewFindings(ctx, "findings", &FindingsArgs{Names: names, Topics: topics.ARNs}, opts...); err != nil {
		return none, err
	}
	if _, err := NewQueries(ctx, "queries", &QueriesArgs{Names: names, From: from, Baseline: cfg.AccountBaseline == manage}, opts...); err != nil {
		return none, err
	}
	dashboards, err := NewDashboards(ctx, "dashboards", &DashboardsArgs{Names: names, AccountID: cfg.Environment.AccountID, From: from, Watch: what}, opts...)
	if err != nil {
		return none, err
	}
	arns := pulumi.StringMap{}
	for _, severity := range alarm.Severities() {
		arns[string(severity)] = topics.ARNs[severity]
	}
	return contract.ObservabilityOutputs{
		MigrationDashboardName:   dashboards.Migration.Name,
		MigrationDashboardURL:    dashboards.Migration.URL,
		PlatformDashboardURL:     dashboards.Platform.URL,
		BusinessDashboardURL:     dashboards.Business.URL,
		CustomerImpactAlarmName:  alarms.CustomerImpact,
		MigrationUnsafeAlarmName: alarms.MigrationUnsafe,
		TopicARNs:                arns.ToStringMapOutput(),
		Watched:                  from.names(),
	}, nil
}
