package observability

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/projects/observability/watch"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

// FiltersArgs describes what is counted in logs.
type FiltersArgs struct {
	Names naming.Namer
	From  upstream
	// Trail tells that the trail is ours.
	Trail bool
}

// Validate says what is missing.
func (a *FiltersArgs) Validate() error {
	if len(a.From.services.Services) == 0 {
		return fmt.Errorf("filters: the catalogue has no services")
	}
	return nil
}

// Filters count payments in the services' logs and dangerous calls in the trail.
type Filters struct {
	pulumi.ResourceState
}

// NewFilters makes the filters.
func NewFilters(ctx *pulumi.Context, name string, args *FiltersArgs, opts ...pulumi.ResourceOption) (*Filters, error) {
	if err := args.Validate(); err != nil {
		return nil, err
	}
	f := &Filters{}
	if err := ctx.RegisterComponentResource("cutover:observability:Filters", name, f, opts...); err != nil {
		return nil, fmt.Errorf("register filters: %w", err)
	}
	for _, color := range naming.Colors() {
		for _, service := range args.From.services.Services {
			if !service.Payments {
				continue
			}
			if err := f.addPayments(ctx, color, service.Name, args); err != nil {
				return nil, fmt.Errorf("payments of %s in %s: %w", service.Name, color, err)
			}
		}
	}
	if args.Trail {
		if err := f.addTrail(ctx, args); err != nil {
			return nil, fmt.Errorf("trail: %w", err)
		}
	}
	return f, ctx.RegisterResourceOutputs(f, pulumi.Map{})
}

// paymentPattern finds the lines that tell of a payment (metrics.PaymentEvent).
const paymentPattern = `{ $.event = "` + metrics.PaymentEventName + `" }`

// paymentMetrics are what is made of such a line, with the field that has the value.
func paymentMetrics() map[string]metrics.Metric {
	return map[string]metrics.Metric{"1": metrics.Payments, "$.amountMinor": metrics.PaymentAmount, "$.durationMs": metrics.PaymentDuration}
}

func (f *Filters) addPayments(ctx *pulumi.Context, color naming.Color, service string, args *FiltersArgs) error {
	group := args.From.things[estate.Key{Color: color, Thing: estate.LogGroup, Name: service}]
	for value, metric := range paymentMetrics() {
		name := filterName(args.Names.In(color), service, metric)
		if _, err := cloudwatch.NewLogMetricFilter(ctx, string(color)+"-"+service+"-"+metric.Name, &cloudwatch.LogMetricFilterArgs{
			Name: pulumi.String(name), LogGroupName: group, Pattern: pulumi.String(paymentPattern),
			MetricTransformation: cloudwatch.LogMetricFilterMetricTransformationArgs{
				Namespace: pulumi.String(metric.Namespace), Name: pulumi.String(metric.Name), Value: pulumi.String(value), Unit: pulumi.String(string(metric.Unit)),
				Dimensions: pulumi.StringMap{metrics.DimensionColor: pulumi.String("$.color"), metrics.DimensionOutcome: pulumi.String("$.outcome")},
			},
		}, pulumi.Parent(f)); err != nil {
			return fmt.Errorf("filter %s: %w", name, err)
		}
	}
	return nil
}

func (f *Filters) addTrail(ctx *pulumi.Context, args *FiltersArgs) error {
	for _, filter := range watch.Filters() {
		name := filterName(args.Names, "trail", filter.Metric)
		if _, err := cloudwatch.NewLogMetricFilter(ctx, "trail-"+filter.Metric.Name, &cloudwatch.LogMetricFilterArgs{
			Name: pulumi.String(name), LogGroupName: args.From.trailGroup, Pattern: pulumi.String(filter.Pattern),
			MetricTransformation: cloudwatch.LogMetricFilterMetricTransformationArgs{
				Namespace: pulumi.String(filter.Metric.Namespace), Name: pulumi.String(filter.Metric.Name), Value: pulumi.String("1"),
				DefaultValue: pulumi.String("0"), Unit: pulumi.String(string(filter.Metric.Unit)),
			},
		}, pulumi.Parent(f)); err != nil {
			return fmt.Errorf("filter %s: %w", name, err)
		}
	}
	return nil
}

func filterName(names naming.Namer, subject string, metric metrics.Metric) string {
	return names.Name(naming.Filter, subject, metric.Name)
}
