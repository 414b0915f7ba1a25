package security

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cfg"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/naming"
)

// Recorder is AWS Config's record of every resource of the account, global ones
// included: what changed, when, and by whom. Rules judge what it records.
type Recorder struct {
	pulumi.ResourceState

	// running is what rules and packs wait for.
	running pulumi.Resource

	recorder *cfg.Recorder
	channel  *cfg.DeliveryChannel
}

// NewRecorder makes role, recorder and delivery channel, and starts recording.
func NewRecorder(ctx *pulumi.Context, name string, args *ControlArgs, keepDays int, opts ...pulumi.ResourceOption) (*Recorder, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("recorder: %w", err)
	}
	r := &Recorder{}
	if err := ctx.RegisterComponentResource("cutover:security:Recorder", name, r, opts...); err != nil {
		return nil, fmt.Errorf("register recorder: %w", err)
	}
	for _, step := range []func(*pulumi.Context, string, *ControlArgs) error{r.addRecorder, r.addChannel, r.start} {
		if err := step(ctx, name, args); err != nil {
			return nil, fmt.Errorf("recorder: %w", err)
		}
	}
	if _, err := cfg.NewRetentionConfiguration(ctx, name, &cfg.RetentionConfigurationArgs{
		RetentionPeriodInDays: pulumi.Int(keepDays),
	}, pulumi.Parent(r), pulumi.DependsOn([]pulumi.Resource{r.recorder})); err != nil {
		return nil, fmt.Errorf("retention of recorded items: %w", err)
	}
	return r, ctx.RegisterResourceOutputs(r, pulumi.Map{})
}

// addRecorder makes the recorder with the role that AWS keeps up to date as new
// types of resources appear.
func (r *Recorder) addRecorder(ctx *pulumi.Context, name string, args *ControlArgs) error {
	role, err := iam.NewServiceLinkedRole(ctx, name, &iam.ServiceLinkedRoleArgs{
		AwsServiceName: pulumi.String(configService),
		Description:    pulumi.String("AWS Config looks at the account's resources"),
	}, pulumi.Parent(r))
	if err != nil {
		return fmt.Errorf("service-linked role: %w", err)
	}
	r.recorder, err = cfg.NewRecorder(ctx, name, &cfg.RecorderArgs{
		Name:    pulumi.String(args.Names.Name(naming.Recorder)),
		RoleArn: role.Arn,
		RecordingGroup: cfg.RecorderRecordingGroupArgs{
			AllSupported: pulumi.Bool(true), IncludeGlobalResourceTypes: pulumi.Bool(true),
		},
	}, pulumi.Parent(r))
	if err != nil {
		return fmt.Errorf("make it: %w", err)
	}
	return nil
}

func (r *Recorder) addChannel(ctx *pulumi.Context, name string, args *ControlArgs) (err error) {
	r.channel, err = cfg.NewDeliveryChannel(ctx, name, &cfg.DeliveryChannelArgs{
		Name:         pulumi.String(args.Names.Name(naming.Recorder)),
		S3BucketName: args.Evidence.ConfigHistory.Name,
		S3KmsKeyArn:  args.Evidence.KeyARN.ToStringPtrOutput(),
		SnsTopicArn:  args.Evidence.EventsTopicARN.ToStringPtrOutput(),
		SnapshotDeliveryProperties: cfg.DeliveryChannelSnapshotDeliveryPropertiesArgs{
			DeliveryFrequency: pulumi.String("TwentyFour_Hours"),
		},
	}, pulumi.Parent(r), pulumi.DependsOn([]pulumi.Resource{r.recorder, args.Evidence.ConfigHistory.Policy()}))
	if err != nil {
		return fmt.Errorf("delivery channel: %w", err)
	}
	return nil
}

// start comes after the channel: a recorder without one does not start.
func (r *Recorder) start(ctx *pulumi.Context, name string, _ *ControlArgs) (err error) {
	r.running, err = cfg.NewRecorderStatus(ctx, name, &cfg.RecorderStatusArgs{
		Name: r.recorder.Name, IsEnabled: pulumi.Bool(true),
	}, pulumi.Parent(r), pulumi.DependsOn([]pulumi.Resource{r.channel}))
	if err != nil {
		return fmt.Errorf("start recording: %w", err)
	}
	return nil
}
