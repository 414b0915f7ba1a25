package security

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudtrail"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// Trail records every call to the account's APIs, in every region, and reads and
// writes of objects, of table items and invocations of functions. It writes to
// the locked bucket and, for alarms, to a log group.
type Trail struct {
	pulumi.ResourceState

	ARN pulumi.StringOutput

	group *cloudwatch.LogGroup
}

// NewTrail makes the log group, the role that writes to it and the trail.
func NewTrail(ctx *pulumi.Context, name string, args *ControlArgs, opts ...pulumi.ResourceOption) (*Trail, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("trail: %w", err)
	}
	t := &Trail{}
	if err := ctx.RegisterComponentResource("cutover:security:Trail", name, t, opts...); err != nil {
		return nil, fmt.Errorf("register trail: %w", err)
	}
	for _, step := range []func(*pulumi.Context, string, *ControlArgs) error{t.addGroup, t.addTrail} {
		if err := step(ctx, name, args); err != nil {
			return nil, fmt.Errorf("trail: %w", err)
		}
	}
	return t, ctx.RegisterResourceOutputs(t, pulumi.Map{"arn": t.ARN})
}

func (t *Trail) addGroup(ctx *pulumi.Context, name string, args *ControlArgs) (err error) {
	t.group, err = component.NewLogGroup(ctx, name, &component.LogGroupArgs{
		Name: args.Names.Name(naming.LogGroup, "trail"), KeyARN: args.Evidence.KeyARN,
	}, pulumi.Parent(t))
	return err
}

func (t *Trail) addTrail(ctx *pulumi.Context, name string, args *ControlArgs) error {
	role, err := t.newRole(ctx, args)
	if err != nil {
		return err
	}
	trail, err := cloudtrail.NewTrail(ctx, name, &cloudtrail.TrailArgs{
		Name:                       pulumi.String(trailName(args.Names)),
		S3BucketName:               args.Evidence.Trail.Name,
		KmsKeyId:                   args.Evidence.KeyARN,
		IsMultiRegionTrail:         pulumi.Bool(true),
		IncludeGlobalServiceEvents: pulumi.Bool(true),
		EnableLogging:              pulumi.Bool(true),
		EnableLogFileValidation:    pulumi.Bool(true),
		CloudWatchLogsGroupArn:     pulumi.Sprintf("%s:*", t.group.Arn),
		CloudWatchLogsRoleArn:      role.arn,
		AdvancedEventSelectors:     selectors(args.Names, args.Environment.AccountID),
	}, pulumi.Parent(t), pulumi.DependsOn(append(role.attachments, args.Evidence.Trail.Policy())))
	if err != nil {
		return fmt.Errorf("make it: %w", err)
	}
	t.ARN = trail.Arn
	return nil
}

// newRole makes the role with which CloudTrail writes its log stream (AWS
// CloudTrail user guide, "Role policy document for CloudTrail to use CloudWatch
// Logs for monitoring").
func (t *Trail) newRole(ctx *pulumi.Context, args *ControlArgs) (deliveryRole, error) {
	account := args.Environment.AccountID
	return newDeliveryRole(ctx, "account", writer{
		names: args.Names, accountID: account, boundaryARN: args.BoundaryARN,
		purpose: "trail-delivery", description: "Delivery of the trail to its log group",
		trust:  iamdoc.AssumeByService(trailService, account),
		values: pulumi.StringMap{"group": t.group.Arn},
		document: func(values map[string]string) iamdoc.Document {
			return iamdoc.Document{Statements: []iamdoc.Statement{{
				Sid: "WriteEvents", Actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"},
				Resources: []string{values["group"] + ":log-stream:" + account + "_CloudTrail_" + config.Region + "*"},
			}}}
		},
	}, pulumi.Parent(t))
}

// selectors are what the trail records. Reads of the evidence itself are among
// the objects' events (PCI DSS 10.2.1.3); tables are the environment's own.
func selectors(names naming.Namer, accountID string) cloudtrail.TrailAdvancedEventSelectorArray {
	category := func(is string) cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs {
		return cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs{
			Field: pulumi.String("eventCategory"), Equals: pulumi.ToStringArray([]string{is}),
		}
	}
	kind := func(is string) cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs {
		return cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs{
			Field: pulumi.String("resources.type"), Equals: pulumi.ToStringArray([]string{is}),
		}
	}
	ours := cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs{
		Field: pulumi.String("resources.ARN"), StartsWiths: pulumi.ToStringArray([]string{
			"arn:aws:dynamodb:" + config.Region + ":" + accountID + ":table/" + names.Name(naming.Table) + "-",
		}),
	}
	selector := func(name string, fields ...cloudtrail.TrailAdvancedEventSelectorFieldSelectorInput) cloudtrail.TrailAdvancedEventSelectorArgs {
		return cloudtrail.TrailAdvancedEventSelectorArgs{
			Name: pulumi.String(name), FieldSelectors: cloudtrail.TrailAdvancedEventSelectorFieldSelectorArray(fields),
		}
	}
	return cloudtrail.TrailAdvancedEventSelectorArray{
		selector("Management events", category("Management")),
		selector("Objects", category("Data"), kind("AWS::S3::Object")),
		selector("Items of tables", category("Data"), kind("AWS::DynamoDB::Table"), ours),
		selector("Invocations of functions", category("Data"), kind("AWS::Lambda::Function")),
	}
}
