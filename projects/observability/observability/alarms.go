package observability

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/watch"
	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/naming"
)

// AlarmsArgs describes the alarms of an environment.
type AlarmsArgs struct {
	Names naming.Namer
	From  upstream
	// Topics are where each severity is told.
	Topics map[alarm.Severity]pulumi.StringOutput
	// Alarms and Composites are the definitions, checked together.
	Alarms     []alarm.Alarm
	Composites []alarm.Composite
}

// Validate joins all that is wrong with the definitions.
func (a *AlarmsArgs) Validate() error {
	for _, severity := range alarm.Severities() {
		if _, known := a.Topics[severity]; !known {
			return fmt.Errorf("alarms: no topic for severity %s", severity)
		}
	}
	return alarm.Check(a.Alarms, a.Composites, a.Names)
}

// Alarms are all alarms and composites of an environment.
type Alarms struct {
	pulumi.ResourceState

	// CustomerImpact and MigrationUnsafe are names; they wait for the alarms.
	CustomerImpact, MigrationUnsafe pulumi.StringOutput

	made map[string]pulumi.Resource
}

// NewAlarms makes each alarm, then the composites over them.
func NewAlarms(ctx *pulumi.Context, name string, args *AlarmsArgs, opts ...pulumi.ResourceOption) (*Alarms, error) {
	if err := args.Validate(); err != nil {
		return nil, err
	}
	a := &Alarms{made: make(map[string]pulumi.Resource)}
	if err := ctx.RegisterComponentResource("cutover:observability:Alarms", name, a, opts...); err != nil {
		return nil, fmt.Errorf("register alarms: %w", err)
	}
	for _, each := range args.Alarms {
		if err := a.addAlarm(ctx, each, args); err != nil {
			return nil, fmt.Errorf("alarm %s: %w", each.Key(), err)
		}
	}
	names := make(map[string]pulumi.StringOutput)
	for _, each := range args.Composites {
		made, err := a.addComposite(ctx, each, args)
		if err != nil {
			return nil, fmt.Errorf("composite alarm %s: %w", each.Key(), err)
		}
		names[each.Key()] = made.AlarmName
	}
	a.CustomerImpact, a.MigrationUnsafe = names[watch.CustomerImpact], names[watch.MigrationUnsafe]
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{"customerImpact": a.CustomerImpact, "migrationUnsafe": a.MigrationUnsafe})
}

// percentiles are statistics that CloudWatch calls extended.
var percentiles = map[string]bool{"p50": true, "p95": true, "p99": true}

func (a *Alarms) addAlarm(ctx *pulumi.Context, of alarm.Alarm, args *AlarmsArgs) error {
	topic := pulumi.Array{args.Topics[of.Severity]}
	made := &cloudwatch.MetricAlarmArgs{
		Name:               pulumi.String(of.Name(args.Names)),
		AlarmDescription:   pulumi.String(of.Description()),
		ComparisonOperator: pulumi.String(string(of.Condition.Comparison)),
		EvaluationPeriods:  pulumi.Int(of.Periods),
		DatapointsToAlarm:  pulumi.Int(of.Points),
		TreatMissingData:   pulumi.String(string(of.Missing)),
		AlarmActions:       topic, OkActions: topic, InsufficientDataActions: topic,
	}
	if of.Condition.Band == 0 {
		made.Threshold = pulumi.Float64(of.Condition.Threshold)
	}
	write := a.queries
	if of.Condition.Simple() {
		write = a.simple
	}
	if err := write(made, of, args.From); err != nil {
		return err
	}
	resource, err := cloudwatch.NewMetricAlarm(ctx, of.Key(), made, pulumi.Parent(a))
	if err != nil {
		return fmt.Errorf("make it: %w", err)
	}
	a.made[of.Key()] = resource
	return nil
}

// simple fills in an alarm on one series.
func (a *Alarms) simple(made *cloudwatch.MetricAlarmArgs, of alarm.Alarm, from upstream) error {
	series := of.Condition.Terms[0].Series
	dimensions, err := dimensions(series, from)
	if err != nil {
		return err
	}
	made.Namespace, made.MetricName, made.Period = pulumi.String(series.Metric.Namespace), pulumi.String(series.Metric.Name), pulumi.Int(of.Period)
	if len(dimensions) > 0 {
		made.Dimensions = dimensions
	}
	if statistic := string(series.Metric.Statistic); percentiles[statistic] {
		made.ExtendedStatistic = pulumi.String(statistic)
		// A percentile of a handful of samples is one of them.
		made.EvaluateLowSampleCountPercentiles = pulumi.String("ignore")
	} else {
		made.Statistic = pulumi.String(statistic)
	}
	return nil
}

func (a *Alarms) addComposite(ctx *pulumi.Context, of alarm.Composite, args *AlarmsArgs) (*cloudwatch.CompositeAlarm, error) {
	topic := pulumi.StringArray{args.Topics[of.Severity]}
	var parts []pulumi.Resource
	for _, part := range of.Parts {
		parts = append(parts, a.made[part])
	}
	made, err := cloudwatch.NewCompositeAlarm(ctx, of.Key(), &cloudwatch.CompositeAlarmArgs{
		AlarmName:        pulumi.String(of.Name(args.Names)),
		AlarmDescription: pulumi.String(of.Description()),
		AlarmRule:        pulumi.String(of.Rule(args.Names)),
		AlarmActions:     topic, OkActions: topic, InsufficientDataActions: topic,
	}, pulumi.Parent(a), pulumi.DependsOn(parts))
	if err != nil {
		return nil, fmt.Errorf("make it: %w", err)
	}
	a.made[of.Key()] = made
	return made, nil
}

// watch says what to look at, from the configuration.
func (c Config) watch(platform string, services catalog.Catalog) watch.Args {
	return watch.Args{
		Platform: platform, Services: services, Phase: watch.Phase(c.Migration), Lanes: c.lanes(),
		Limits: watch.Limits(c.Limits), Baseline: c.AccountBaseline == manage,
	}
}
