package security

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// aggregationSeconds is the shorter of the two intervals that AWS offers, and
// the only one for a transit gateway.
const aggregationSeconds = 60

// FlowLogsArgs describes whose traffic is logged, and with which keys.
type FlowLogsArgs struct {
	Names       naming.Namer
	AccountID   string
	BoundaryARN pulumi.StringInput
	// VpcIDs and LogKeyARNs are by colour.
	VpcIDs, LogKeyARNs map[naming.Color]pulumi.StringInput
	// TransitGatewayID is logged with SharedKeyARN.
	TransitGatewayID, SharedKeyARN pulumi.StringInput
}

// Validate joins all that is wrong with the arguments.
func (a *FlowLogsArgs) Validate() error {
	problems := []error{checkAccount(a.AccountID, a.BoundaryARN)}
	for _, color := range naming.Colors() {
		if a.VpcIDs[color] == nil || a.LogKeyARNs[color] == nil {
			problems = append(problems, fmt.Errorf("network of %s: is missing, expected its id and the key of its logs", color))
		}
	}
	if a.TransitGatewayID == nil || a.SharedKeyARN == nil {
		problems = append(problems, errors.New("transit gateway: is missing, expected its id and the key of its logs"))
	}
	return errors.Join(problems...)
}

// FlowLogs record who talked to whom: every accepted and refused flow of both
// networks and of the gateway between them.
type FlowLogs struct {
	pulumi.ResourceState

	groups map[string]*cloudwatch.LogGroup
}

const (
	// flowLogs is the purpose of the groups and of the role.
	flowLogs = "flow-logs"
	// transit is the name of what is logged at the gateway, beside the colours.
	transit = "transit"
)

// NewFlowLogs makes a log group for each network and for the gateway, the role
// that delivers, and the flow logs.
func NewFlowLogs(ctx *pulumi.Context, name string, args *FlowLogsArgs, opts ...pulumi.ResourceOption) (*FlowLogs, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("flow logs: %w", err)
	}
	f := &FlowLogs{groups: make(map[string]*cloudwatch.LogGroup)}
	if err := ctx.RegisterComponentResource("cutover:security:FlowLogs", name, f, opts...); err != nil {
		return nil, fmt.Errorf("register flow logs: %w", err)
	}
	for _, step := range []func(*pulumi.Context, *FlowLogsArgs) error{f.addGroups, f.addLogs} {
		if err := step(ctx, args); err != nil {
			return nil, fmt.Errorf("flow logs: %w", err)
		}
	}
	return f, ctx.RegisterResourceOutputs(f, pulumi.Map{})
}

func (f *FlowLogs) addGroups(ctx *pulumi.Context, args *FlowLogsArgs) (err error) {
	for _, color := range naming.Colors() {
		f.groups[string(color)], err = component.NewLogGroup(ctx, string(color)+"-"+flowLogs, &component.LogGroupArgs{
			Name: args.Names.In(color).Name(naming.LogGroup, flowLogs), KeyARN: args.LogKeyARNs[color],
		}, pulumi.Parent(f))
		if err != nil {
			return err
		}
	}
	f.groups[transit], err = component.NewLogGroup(ctx, transit+"-"+flowLogs, &component.LogGroupArgs{
		Name: args.Names.Name(naming.LogGroup, transit, flowLogs), KeyARN: args.SharedKeyARN,
	}, pulumi.Parent(f))
	return err
}

func (f *FlowLogs) addLogs(ctx *pulumi.Context, args *FlowLogsArgs) error {
	role, err := f.newRole(ctx, args)
	if err != nil {
		return err
	}
	for _, where := range slices.Sorted(maps.Keys(f.groups)) {
		log := &ec2.FlowLogArgs{
			LogDestination:         f.groups[where].Arn,
			LogDestinationType:     pulumi.String("cloud-watch-logs"),
			IamRoleArn:             role.arn,
			MaxAggregationInterval: pulumi.Int(aggregationSeconds),
		}
		if where == transit {
			// A gateway's log holds all traffic and takes no filter (Amazon EC2 API
			// reference, CreateFlowLogs, TrafficType).
			log.TransitGatewayId = args.TransitGatewayID.ToStringOutput().ToStringPtrOutput()
			log.Tags = pulumi.StringMap{"Name": pulumi.String(args.Names.Name(naming.Generic, transit))}
		} else {
			color := naming.Color(where)
			log.VpcId = args.VpcIDs[color].ToStringOutput().ToStringPtrOutput()
			log.TrafficType = pulumi.String("ALL")
			log.Tags = pulumi.StringMap{"Name": pulumi.String(args.Names.In(color).Name(naming.Generic, "vpc"))}
		}
		if _, err := ec2.NewFlowLog(ctx, where, log, pulumi.Parent(f), pulumi.DependsOn(role.attachments)); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	return nil
}

// newRole makes the role of the service that delivers flow logs (Amazon VPC user
// guide, "IAM role for publishing flow logs to CloudWatch Logs").
func (f *FlowLogs) newRole(ctx *pulumi.Context, args *FlowLogsArgs) (deliveryRole, error) {
	values := pulumi.StringMap{}
	for where, group := range f.groups {
		values[where] = group.Arn
	}
	return newDeliveryRole(ctx, "account", writer{
		names: args.Names, accountID: args.AccountID, boundaryARN: args.BoundaryARN,
		purpose: flowLogs, description: "Delivery of flow logs",
		trust:  iamdoc.AssumeByService("vpc-flow-logs.amazonaws.com", args.AccountID),
		values: values,
		document: func(groups map[string]string) iamdoc.Document {
			return flowLogsPolicy(slices.Sorted(maps.Values(groups)), args.AccountID)
		},
	}, pulumi.Parent(f))
}

func flowLogsPolicy(groups []string, accountID string) iamdoc.Document {
	events := make([]string, len(groups))
	for i, group := range groups {
		events[i] = group + ":*"
	}
	return iamdoc.Document{Statements: []iamdoc.Statement{
		{
			Sid: "WriteEvents", Resources: events,
			Actions: []string{"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"},
		},
		{
			// Listing groups is allowed on all of them or not at all.
			Sid: "FindGroups", Resources: []string{"arn:aws:logs:" + config.Region + ":" + accountID + ":log-group:*"},
			Actions: []string{"logs:DescribeLogGroups"},
		},
	}}
}
