package observability

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
)

// MigrationDashboardArgs describes the dashboard that a migration is steered by.
type MigrationDashboardArgs struct {
	Names naming.Namer
	From  upstream
}

// Validate joins all that is wrong with the arguments.
func (a *MigrationDashboardArgs) Validate() error {
	for _, color := range naming.Colors() {
		if _, found := a.From.colors[color]; !found {
			return fmt.Errorf("migration dashboard: colour %s is missing", color)
		}
	}
	return nil
}

// MigrationDashboard shows both colours side by side: who gets the traffic, who
// is healthy, how the data follows.
type MigrationDashboard struct {
	pulumi.ResourceState

	Name pulumi.StringOutput
	URL  pulumi.StringOutput
}

// NewMigrationDashboard makes the dashboard.
func NewMigrationDashboard(ctx *pulumi.Context, name string, args *MigrationDashboardArgs, opts ...pulumi.ResourceOption) (*MigrationDashboard, error) {
	if err := args.Validate(); err != nil {
		return nil, err
	}
	d := &MigrationDashboard{}
	if err := ctx.RegisterComponentResource("cutover:observability:MigrationDashboard", name, d, opts...); err != nil {
		return nil, fmt.Errorf("register dashboard %s: %w", name, err)
	}
	physical := args.Names.Name(naming.Dashboard, "migration")
	made, err := cloudwatch.NewDashboard(ctx, name, &cloudwatch.DashboardArgs{
		DashboardName: pulumi.String(physical),
		DashboardBody: args.body(),
	}, pulumi.Parent(d))
	if err != nil {
		return nil, fmt.Errorf("dashboard %s: %w", physical, err)
	}
	d.Name = made.DashboardName
	d.URL = made.DashboardName.ApplyT(consoleURL).(pulumi.StringOutput)
	return d, ctx.RegisterResourceOutputs(d, pulumi.Map{"name": d.Name, "url": d.URL})
}

// consoleURL is where people look at the dashboard.
func consoleURL(name string) string {
	return fmt.Sprintf("https://%s.console.aws.amazon.com/cloudwatch/home?region=%s#dashboards/dashboard/%s", config.Region, config.Region, name)
}

// body waits for everything that the dashboard names, then renders it.
func (a *MigrationDashboardArgs) body() pulumi.StringOutput {
	values := make([]any, 0, len(naming.Colors())+1)
	for _, color := range naming.Colors() {
		values = append(values, facts(a.From.colors[color]))
	}
	values = append(values, a.From.controlTable)
	return pulumi.All(values...).ApplyT(func(known []any) (string, error) {
		seen := platform{Colors: make(map[naming.Color]color)}
		for i, each := range naming.Colors() {
			seen.Colors[each] = known[i].(color) //nolint:forcetypeassert // the outputs above
		}
		seen.ControlTable = known[len(known)-1].(string) //nolint:forcetypeassert // the last output above
		board, err := migrationDashboard(seen)
		if err != nil {
			return "", fmt.Errorf("migration dashboard: %w", err)
		}
		return board.Body()
	}).(pulumi.StringOutput)
}

// facts resolves what the dashboard names of one colour.
func facts(s surroundings) pulumi.Output {
	return pulumi.All(
		s.balancer.ARNSuffix, s.balancer.HealthCheckID, s.balancer.TargetGroupARNSuffixes,
		s.workloads.ClusterName, s.workloads.ServiceNames,
		s.stores.ClusterID, s.sync.FunctionNames,
	).ApplyT(func(known []any) color {
		//nolint:forcetypeassert // the outputs above, in their order
		return color{
			Balancer:     known[0].(string),
			HealthCheck:  known[1].(string),
			TargetGroups: known[2].(map[string]string),
			Cluster:      known[3].(string),
			Services:     known[4].(map[string]string),
			Database:     known[5].(string),
			Functions:    known[6].(map[string]string),
		}
	})
}
