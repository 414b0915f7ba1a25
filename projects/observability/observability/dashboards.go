package observability

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/observability/board"
	"github.com/cutover/cutover/projects/observability/watch"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
)

// DashboardsArgs describes the dashboards of an environment.
type DashboardsArgs struct {
	Names     naming.Namer
	AccountID string
	From      upstream
	Watch     watch.Args
}

// Validate joins all that is wrong with the arguments.
func (a *DashboardsArgs) Validate() error {
	var problems []error
	if a.AccountID == "" {
		problems = append(problems, errors.New("dashboards: account id is empty, expected 12 digits"))
	}
	if a.Watch.Platform == "" {
		problems = append(problems, errors.New("dashboards: platform is empty, expected the name of the environment"))
	}
	return errors.Join(problems...)
}

// Shown is one dashboard.
type Shown struct {
	Name pulumi.StringOutput
	URL  pulumi.StringOutput
}

// Dashboards are what people look at.
type Dashboards struct {
	pulumi.ResourceState

	Migration, Platform, Business Shown
}

// NewDashboards makes the dashboards.
func NewDashboards(ctx *pulumi.Context, name string, args *DashboardsArgs, opts ...pulumi.ResourceOption) (*Dashboards, error) {
	if err := args.Validate(); err != nil {
		return nil, err
	}
	d := &Dashboards{}
	if err := ctx.RegisterComponentResource("cutover:observability:Dashboards", name, d, opts...); err != nil {
		return nil, fmt.Errorf("register dashboards: %w", err)
	}
	into := map[string]*Shown{board.Migration: &d.Migration, board.Platform: &d.Platform, board.Business: &d.Business}
	outputs := pulumi.Map{}
	for _, which := range board.Names() {
		made, err := cloudwatch.NewDashboard(ctx, which, &cloudwatch.DashboardArgs{
			DashboardName: pulumi.String(args.Names.Name(naming.Dashboard, which)), DashboardBody: args.body(which),
		}, pulumi.Parent(d))
		if err != nil {
			return nil, fmt.Errorf("dashboard %s: %w", which, err)
		}
		*into[which] = Shown{Name: made.DashboardName, URL: made.DashboardName.ApplyT(consoleURL).(pulumi.StringOutput)}
		outputs[which] = into[which].URL
	}
	return d, ctx.RegisterResourceOutputs(d, outputs)
}

// consoleURL is where people look at a dashboard.
func consoleURL(name string) string {
	return fmt.Sprintf("https://%s.console.aws.amazon.com/cloudwatch/home?region=%s#dashboards/dashboard/%s", config.Region, config.Region, name)
}

// body waits for everything that the dashboard names, then renders it.
func (a *DashboardsArgs) body(which string) pulumi.StringOutput {
	return a.From.names().ApplyT(func(names map[string]string) (string, error) {
		made, err := board.Args{Watch: a.Watch, Names: a.Names, AccountID: a.AccountID, Estate: names}.Make(which)
		if err != nil {
			return "", fmt.Errorf("%s dashboard: %w", which, err)
		}
		return made.Body()
	}).(pulumi.StringOutput)
}
