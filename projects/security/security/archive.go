package security

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kinesis"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

const (
	// archiveDelivery is the purpose of the role that writes the archive.
	archiveDelivery = "archive-delivery"
	// archiveForwarding is that of the role that hands events to the stream.
	archiveForwarding = "archive-forwarding"
	// deliveryErrors is the log stream of failed deliveries.
	deliveryErrors = "errors"
	// bufferSeconds and bufferMegabytes bound how long and how much the stream
	// collects before it writes an object; whichever comes first.
	bufferSeconds   = 300
	bufferMegabytes = 64
)

// LogArchive sends the events of every log group of the account, of those that
// other layers make as well, to the locked bucket: log groups keep 90 days at
// hand, the archive twelve months and more.
type LogArchive struct {
	pulumi.ResourceState

	errors                *cloudwatch.LogGroup
	streamARN, streamName pulumi.StringOutput
}

// NewLogArchive makes the delivery stream and the account's subscription to it.
func NewLogArchive(ctx *pulumi.Context, name string, args *ControlArgs, opts ...pulumi.ResourceOption) (*LogArchive, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("log archive: %w", err)
	}
	a := &LogArchive{}
	if err := ctx.RegisterComponentResource("cutover:security:LogArchive", name, a, opts...); err != nil {
		return nil, fmt.Errorf("register log archive: %w", err)
	}
	for _, step := range []func(*pulumi.Context, string, *ControlArgs) error{a.addErrors, a.addStream, a.addSubscription} {
		if err := step(ctx, name, args); err != nil {
			return nil, fmt.Errorf("log archive: %w", err)
		}
	}
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{})
}

// addErrors makes the log of failed deliveries, which the stream does not make
// by itself.
func (a *LogArchive) addErrors(ctx *pulumi.Context, name string, args *ControlArgs) (err error) {
	if a.errors, err = component.NewLogGroup(ctx, name+"-errors", &component.LogGroupArgs{
		Name: errorsGroup(args.Names), KeyARN: args.Evidence.KeyARN,
	}, pulumi.Parent(a)); err != nil {
		return err
	}
	if _, err := cloudwatch.NewLogStream(ctx, name+"-errors", &cloudwatch.LogStreamArgs{
		Name: pulumi.String(deliveryErrors), LogGroupName: a.errors.Name,
	}, pulumi.Parent(a)); err != nil {
		return fmt.Errorf("log stream of failed deliveries: %w", err)
	}
	return nil
}

func errorsGroup(names naming.Namer) string { return names.Name(naming.LogGroup, archiveDelivery) }

// addStream makes the delivery stream. Events arrive compressed and stay so.
func (a *LogArchive) addStream(ctx *pulumi.Context, name string, args *ControlArgs) error {
	role, err := a.newDelivery(ctx, args)
	if err != nil {
		return err
	}
	stream, err := kinesis.NewFirehoseDeliveryStream(ctx, name, &kinesis.FirehoseDeliveryStreamArgs{
		Name:        pulumi.String(streamName(args.Names)),
		Destination: pulumi.String("extended_s3"),
		ServerSideEncryption: kinesis.FirehoseDeliveryStreamServerSideEncryptionArgs{
			Enabled: pulumi.Bool(true),
			KeyType: pulumi.String("CUSTOMER_MANAGED_CMK"),
			KeyArn:  args.Evidence.KeyARN.ToStringPtrOutput(),
		},
		ExtendedS3Configuration: kinesis.FirehoseDeliveryStreamExtendedS3ConfigurationArgs{
			RoleArn:           role.arn,
			BucketArn:         args.Evidence.Archive.ARN,
			KmsKeyArn:         args.Evidence.KeyARN.ToStringPtrOutput(),
			BufferingInterval: pulumi.Int(bufferSeconds),
			BufferingSize:     pulumi.Int(bufferMegabytes),
			CompressionFormat: pulumi.String("UNCOMPRESSED"),
			Prefix:            pulumi.String("logs/!{timestamp:yyyy/MM/dd/HH}/"),
			ErrorOutputPrefix: pulumi.String("failed/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/"),
			CloudwatchLoggingOptions: kinesis.FirehoseDeliveryStreamExtendedS3ConfigurationCloudwatchLoggingOptionsArgs{
				Enabled: pulumi.Bool(true), LogGroupName: a.errors.Name, LogStreamName: pulumi.String(deliveryErrors),
			},
		},
	}, pulumi.Parent(a), pulumi.DependsOn(append(role.attachments, args.Evidence.Archive.Policy())))
	if err != nil {
		return fmt.Errorf("delivery stream: %w", err)
	}
	a.streamARN, a.streamName = stream.Arn, stream.Name
	return nil
}

// newDelivery makes the role with which the stream writes to the bucket (Amazon
// Data Firehose developer guide, "Grant Firehose access to an Amazon S3
// destination").
func (a *LogArchive) newDelivery(ctx *pulumi.Context, args *ControlArgs) (deliveryRole, error) {
	return newDeliveryRole(ctx, "account", writer{
		names: args.Names, accountID: args.Environment.AccountID, boundaryARN: args.BoundaryARN,
		purpose: archiveDelivery, description: "Delivery of log events to the archive",
		trust:    iamdoc.AssumeByService("firehose.amazonaws.com", args.Environment.AccountID),
		values:   pulumi.StringMap{"bucket": args.Evidence.Archive.ARN, "key": args.Evidence.KeyARN, "group": a.errors.Arn},
		document: archivePolicy,
	}, pulumi.Parent(a))
}

func archivePolicy(values map[string]string) iamdoc.Document {
	return iamdoc.Document{Statements: []iamdoc.Statement{
		{
			Sid: "WriteObjects", Resources: []string{values["bucket"] + "/*"},
			Actions: []string{"s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"},
		},
		{
			Sid: "SeeBucket", Resources: []string{values["bucket"]},
			Actions: []string{"s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"},
		},
		{
			Sid: "Encrypt", Resources: []string{values["key"]}, Actions: []string{"kms:Decrypt", "kms:GenerateDataKey"},
			Conditions: iamdoc.Conditions{"StringEquals": {"kms:ViaService": endpoints([]string{"s3"})}},
		},
		{
			Sid: "ReportErrors", Resources: []string{values["group"] + ":log-stream:" + deliveryErrors},
			Actions: []string{"logs:PutLogEvents"},
		},
	}}
}

func streamName(names naming.Namer) string { return names.Name(naming.Stream, "archive") }

// addSubscription subscribes the stream to all log groups of the account but
// that of its own errors, which would feed itself (Amazon CloudWatch Logs user
// guide, "Account-level subscription filters", log recursion). The role names the
// stream before it exists: CloudWatch Logs tries the role when the policy is put,
// and by the time a stream is active IAM knows the role everywhere.
func (a *LogArchive) addSubscription(ctx *pulumi.Context, name string, args *ControlArgs) error {
	role, err := newDeliveryRole(ctx, "account", writer{
		names: args.Names, accountID: args.Environment.AccountID, boundaryARN: args.BoundaryARN,
		purpose: archiveForwarding, description: "Hands log events to the archive's stream",
		trust: iamdoc.AssumeByService("logs.amazonaws.com", args.Environment.AccountID),
		values: pulumi.StringMap{"stream": pulumi.String(
			"arn:aws:firehose:" + config.Region + ":" + args.Environment.AccountID + ":deliverystream/" + streamName(args.Names))},
		document: func(values map[string]string) iamdoc.Document {
			return iamdoc.Document{Statements: []iamdoc.Statement{{
				Sid: "Forward", Actions: []string{"firehose:PutRecord", "firehose:PutRecordBatch"}, Resources: []string{values["stream"]},
			}}}
		},
	}, pulumi.Parent(a))
	if err != nil {
		return err
	}
	if _, err := cloudwatch.NewLogAccountPolicy(ctx, name, &cloudwatch.LogAccountPolicyArgs{
		PolicyName:        pulumi.String(args.Names.Name(naming.Policy, "archive")),
		PolicyType:        pulumi.String("SUBSCRIPTION_FILTER_POLICY"),
		Scope:             pulumi.String("ALL"),
		PolicyDocument:    subscription(a.streamARN, role.arn),
		SelectionCriteria: pulumi.String(fmt.Sprintf("LogGroupName NOT IN [%q]", errorsGroup(args.Names))),
	}, pulumi.Parent(a), pulumi.DependsOn(role.attachments)); err != nil {
		return fmt.Errorf("account-wide subscription: %w", err)
	}
	return nil
}

// subscription is the text of the account policy: every event, to the stream.
func subscription(streamARN, roleARN pulumi.StringInput) pulumi.StringOutput {
	return pulumi.StringMap{"stream": streamARN, "role": roleARN}.ToStringMapOutput().ApplyT(func(arns map[string]string) (string, error) {
		text, err := json.Marshal(struct {
			DestinationArn, RoleArn, FilterPattern, Distribution string
		}{arns["stream"], arns["role"], "", "Random"})
		if err != nil {
			return "", fmt.Errorf("render the subscription: %w", err)
		}
		return string(text), nil
	}).(pulumi.StringOutput)
}
