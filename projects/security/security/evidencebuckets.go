package security

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

const (
	// retentionTag marks the buckets whose lock a Config rule watches.
	retentionTag, retentionLocked = "Retention", "locked"
	// coldAfterDays is how long the archive stays in the class for frequent
	// reading; coldClass answers at once, too, and costs a fraction. The objects
	// of the other buckets are too small to gain by it.
	coldAfterDays = 90
	coldClass     = "GLACIER_IR"
)

// bucketName is the physical name of one of the account's buckets.
func (a *EvidenceArgs) bucketName(purpose string) string {
	return a.Names.Global(naming.Bucket, a.Environment.AccountID, purpose)
}

// add makes one bucket with what all of them have in common.
func (e *Evidence) add(ctx *pulumi.Context, name, purpose string, args *EvidenceArgs, bucket *component.BucketArgs) (*component.Bucket, error) {
	bucket.Name = args.bucketName(purpose)
	bucket.ExpireAfter = args.Keep.Days
	if bucket.ObjectLock != nil {
		bucket.Tags = map[string]string{retentionTag: retentionLocked}
	}
	var after []pulumi.Resource
	if e.AccessLogs != nil {
		bucket.AccessLogsBucket = e.AccessLogs.Name
		after = append(after, e.AccessLogs.Policy())
	}
	made, err := component.NewBucket(ctx, name+"-"+purpose, bucket,
		component.Stateful(args.Environment, pulumi.Parent(e), pulumi.DependsOn(after))...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", purpose, err)
	}
	return made, nil
}

// addAccessLogs makes the bucket of the other buckets' request logs. S3 delivers
// them neither to a bucket with a KMS key of ours nor to one with Object Lock
// (Amazon S3 user guide, "Enabling Amazon S3 server access logging").
func (e *Evidence) addAccessLogs(ctx *pulumi.Context, name string, args *EvidenceArgs) (err error) {
	const purpose = "access-logs"
	e.AccessLogs, err = e.add(ctx, name, purpose, args, &component.BucketArgs{
		ManagedKeyReason: "delivery of S3 access logs takes no KMS key",
		UnloggedReason:   "it would log its own logging",
		ForceDestroy:     !args.Environment.Protect,
		Statements: []iamdoc.Statement{{
			Sid:        "DeliverAccessLogs",
			Principals: iamdoc.Principals{Services: []string{"logging.s3.amazonaws.com"}},
			Actions:    []string{"s3:PutObject"},
			Resources:  []string{component.BucketARN(args.bucketName(purpose)) + "/*"},
			Conditions: iamdoc.Conditions{
				"ArnLike":      {"aws:SourceArn": {component.BucketARN(args.Names.Name(naming.Bucket, "*"))}},
				"StringEquals": {"aws:SourceAccount": {args.Environment.AccountID}},
			},
		}},
	})
	return err
}

// addTrailBucket makes the bucket that CloudTrail alone writes to, for one trail
// (AWS CloudTrail user guide, "Amazon S3 bucket policy for CloudTrail").
func (e *Evidence) addTrailBucket(ctx *pulumi.Context, name string, args *EvidenceArgs) (err error) {
	const purpose = "trail"
	account, bucket := args.Environment.AccountID, component.BucketARN(args.bucketName(purpose))
	source := map[string][]string{"aws:SourceArn": {trailARN(args.Names, account)}}
	service := iamdoc.Principals{Services: []string{trailService}}
	e.Trail, err = e.add(ctx, name, purpose, args, &component.BucketArgs{
		KeyARN:     e.KeyARN,
		ObjectLock: args.Keep.objectLock(),
		Statements: []iamdoc.Statement{
			{
				Sid: "LookByTrail", Principals: service, Actions: []string{"s3:GetBucketAcl"}, Resources: []string{bucket},
				Conditions: iamdoc.Conditions{"StringEquals": source},
			},
			{
				Sid: "DeliverTrail", Principals: service, Actions: []string{"s3:PutObject"},
				Resources:  []string{bucket + "/AWSLogs/" + account + "/*"},
				Conditions: iamdoc.Conditions{"StringEquals": {"aws:SourceArn": source["aws:SourceArn"], "s3:x-amz-acl": {ownerControls}}},
			},
		},
	})
	return err
}

// ownerControls is the ACL that delivering services ask for; under enforced
// ownership it changes nothing and may be asked for.
const ownerControls = "bucket-owner-full-control"

// addArchive makes the bucket of all log events. Only the delivery stream's role
// puts objects there, whatever other policies of the account say.
func (e *Evidence) addArchive(ctx *pulumi.Context, name string, args *EvidenceArgs) (err error) {
	const purpose = "archive"
	writer := component.RoleARN(ctx, args.Environment.AccountID, args.Names.Name(naming.Role, archiveDelivery))
	e.Archive, err = e.add(ctx, name, purpose, args, &component.BucketArgs{
		KeyARN:     e.KeyARN,
		ObjectLock: args.Keep.objectLock(),
		Rules: s3.BucketLifecycleConfigurationV2RuleArray{s3.BucketLifecycleConfigurationV2RuleArgs{
			Id:     pulumi.String("cold"),
			Status: pulumi.String("Enabled"),
			Filter: s3.BucketLifecycleConfigurationV2RuleFilterArgs{},
			Transitions: s3.BucketLifecycleConfigurationV2RuleTransitionArray{s3.BucketLifecycleConfigurationV2RuleTransitionArgs{
				Days: pulumi.Int(coldAfterDays), StorageClass: pulumi.String(coldClass),
			}},
		}},
		Statements: []iamdoc.Statement{{
			Sid: "RefuseOtherWriters", Deny: true, Principals: iamdoc.Principals{Anyone: true},
			Actions:    []string{"s3:PutObject"},
			Resources:  []string{component.BucketARN(args.bucketName(purpose)) + "/*"},
			Conditions: iamdoc.Conditions{"ArnNotEquals": {"aws:PrincipalArn": {writer}}},
		}},
	})
	return err
}

// addConfigHistory makes the bucket of AWS Config, which delivers to no bucket
// with Object Lock (AWS Config API reference, DeliveryChannel); versions and the
// refusal to delete protect its objects.
func (e *Evidence) addConfigHistory(ctx *pulumi.Context, name string, args *EvidenceArgs) (err error) {
	const purpose = "config-history"
	account, bucket := args.Environment.AccountID, component.BucketARN(args.bucketName(purpose))
	source := map[string][]string{"aws:SourceAccount": {account}}
	service := iamdoc.Principals{Services: []string{configService}}
	e.ConfigHistory, err = e.add(ctx, name, purpose, args, &component.BucketArgs{
		KeyARN:       e.KeyARN,
		ForceDestroy: !args.Environment.Protect,
		Statements: []iamdoc.Statement{
			{
				Sid: "LookByConfig", Principals: service, Actions: []string{"s3:GetBucketAcl", "s3:ListBucket"}, Resources: []string{bucket},
				Conditions: iamdoc.Conditions{"StringEquals": source},
			},
			{
				Sid: "DeliverHistory", Principals: service, Actions: []string{"s3:PutObject"},
				Resources:  []string{bucket + "/AWSLogs/" + account + "/Config/*"},
				Conditions: iamdoc.Conditions{"StringEquals": {"aws:SourceAccount": {account}, "s3:x-amz-acl": {ownerControls}}},
			},
			{
				Sid: "RefuseDeletion", Deny: true, Principals: iamdoc.Principals{Anyone: true},
				Actions: []string{"s3:DeleteObjectVersion"}, Resources: []string{bucket + "/*"},
			},
		},
	})
	return err
}
