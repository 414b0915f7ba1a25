package component

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/iamdoc"
)

const (
	// abortUploadsAfter is how many days an unfinished upload may lie around.
	abortUploadsAfter = 7
	// keepOldVersions is how many days a version outlives its successor.
	keepOldVersions = 90
	housekeeping    = "housekeeping"
	enabled         = "Enabled"
)

// BucketArgs describes one private bucket.
type BucketArgs struct {
	// Name is the physical name, unique among all accounts.
	Name string
	// KeyARN encrypts the objects, and no other key does: a put has to name it,
	// unless an AWS service puts by itself. Nil means keys that S3 manages, for
	// the few writers that cannot use a key of ours; ManagedKeyReason then names
	// them.
	KeyARN           pulumi.StringInput
	ManagedKeyReason string
	// AccessLogsBucket is the name of the bucket that takes the log of requests:
	// the security layer's (contract.SecurityOutputs). Nil is for that bucket
	// itself, which would log its own logging; UnloggedReason then says so.
	AccessLogsBucket pulumi.StringInput
	UnloggedReason   string
	// Writers are the ARNs of the roles that alone may put objects; none for whoever
	// else is allowed to.
	Writers []pulumi.StringInput
	// ServiceWriters are the ARNs of roles in whose name AWS services put objects:
	// they name no key and get the bucket's own.
	ServiceWriters []pulumi.StringInput
	// Statements grant access to others; the refusals of plain transport and of
	// other keys are added to them.
	Statements []iamdoc.Statement
	// ExpireAfter is the age in days at which objects go, 0 to keep them.
	ExpireAfter int
	// Rules are further lifecycle rules, for example towards cheaper storage.
	Rules s3.BucketLifecycleConfigurationV2RuleArray
	// ObjectLock keeps each object for a time; nil for a bucket without. It can
	// be set when the bucket is made and never be taken back.
	ObjectLock *ObjectLock
	// ForceDestroy lets a deletion of the bucket delete its objects.
	ForceDestroy bool
	// Tags stand beside those of every resource.
	Tags map[string]string
}

// Validate joins all that is wrong with the arguments.
func (a *BucketArgs) Validate() error {
	var problems []error
	wrong := func(is bool, format string, values ...any) {
		if is {
			problems = append(problems, fmt.Errorf("bucket %s: %s", a.Name, fmt.Sprintf(format, values...)))
		}
	}
	wrong(len(a.Name) < 3 || len(a.Name) > 63, "has a name of %d characters, expected 3 to 63", len(a.Name))
	wrong(a.ExpireAfter < 0, "objects expire after %d days, expected 0 or more", a.ExpireAfter)
	wrong((a.KeyARN == nil) != (a.ManagedKeyReason != ""), "expected a key, or the reason why it has none")
	wrong((a.AccessLogsBucket == nil) != (a.UnloggedReason != ""), "expected a bucket for its access logs, or the reason why there are none")
	wrong(a.ObjectLock != nil && a.ForceDestroy, "has object lock and force destroy, expected one of them")
	if lock := a.ObjectLock; lock != nil {
		problems = append(problems, lock.validate(a.Name))
		wrong(a.ExpireAfter > 0 && a.ExpireAfter < lock.Days, "objects expire after %d days, expected at least the %d of their lock", a.ExpireAfter, lock.Days)
	}
	return errors.Join(problems...)
}

// Bucket is a private, versioned, encrypted bucket that TLS 1.2 or newer alone
// reaches.
type Bucket struct {
	pulumi.ResourceState

	Name pulumi.StringOutput
	ARN  pulumi.StringOutput

	versioning pulumi.Resource
	blocked    pulumi.Resource
	policy     pulumi.Resource
}

// Policy is what a writer of the bucket has to wait for.
func (b *Bucket) Policy() pulumi.Resource { return b.policy }

// BucketARN is the ARN of the bucket of that name.
func BucketARN(name string) string { return "arn:aws:s3:::" + name }

// NewBucket makes the bucket and everything that S3 keeps beside it.
func NewBucket(ctx *pulumi.Context, name string, args *BucketArgs, opts ...pulumi.ResourceOption) (*Bucket, error) {
	if err := args.Validate(); err != nil {
		return nil, err
	}
	b := &Bucket{}
	if err := ctx.RegisterComponentResource("cutover:component:Bucket", name, b, opts...); err != nil {
		return nil, fmt.Errorf("register bucket %s: %w", name, err)
	}
	for _, step := range []func(*pulumi.Context, string, *BucketArgs) error{
		b.addBucket, b.addOwnership, b.addPublicAccessBlock, b.addEncryption, b.addVersioning, b.addObjectLock,
		b.addLifecycle, b.addPolicy, b.addLogging,
	} {
		if err := step(ctx, name, args); err != nil {
			return nil, fmt.Errorf("bucket %s: %w", args.Name, err)
		}
	}
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{"name": b.Name, "arn": b.ARN})
}

func (b *Bucket) addBucket(ctx *pulumi.Context, name string, args *BucketArgs) error {
	bucket, err := s3.NewBucketV2(ctx, name, &s3.BucketV2Args{
		Bucket:            pulumi.String(args.Name),
		ForceDestroy:      pulumi.Bool(args.ForceDestroy),
		ObjectLockEnabled: pulumi.Bool(args.ObjectLock != nil),
		Tags:              pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(b))
	if err != nil {
		return fmt.Errorf("make it: %w", err)
	}
	b.Name, b.ARN = bucket.Bucket, bucket.Arn
	return nil
}

func (b *Bucket) addOwnership(ctx *pulumi.Context, name string, _ *BucketArgs) error {
	if _, err := s3.NewBucketOwnershipControls(ctx, name, &s3.BucketOwnershipControlsArgs{
		Bucket: b.Name,
		Rule:   s3.BucketOwnershipControlsRuleArgs{ObjectOwnership: pulumi.String("BucketOwnerEnforced")},
	}, pulumi.Parent(b)); err != nil {
		return fmt.Errorf("ownership controls: %w", err)
	}
	return nil
}

func (b *Bucket) addPublicAccessBlock(ctx *pulumi.Context, name string, _ *BucketArgs) error {
	block, err := s3.NewBucketPublicAccessBlock(ctx, name, &s3.BucketPublicAccessBlockArgs{
		Bucket:                b.Name,
		BlockPublicAcls:       pulumi.Bool(true),
		BlockPublicPolicy:     pulumi.Bool(true),
		IgnorePublicAcls:      pulumi.Bool(true),
		RestrictPublicBuckets: pulumi.Bool(true),
	}, pulumi.Parent(b))
	if err != nil {
		return fmt.Errorf("public access block: %w", err)
	}
	b.blocked = block
	return nil
}

func (b *Bucket) addEncryption(ctx *pulumi.Context, name string, args *BucketArgs) error {
	byDefault := s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{SseAlgorithm: pulumi.String("AES256")}
	if args.KeyARN != nil {
		byDefault.SseAlgorithm = pulumi.String("aws:kms")
		byDefault.KmsMasterKeyId = args.KeyARN.ToStringOutput().ToStringPtrOutput()
	}
	if _, err := s3.NewBucketServerSideEncryptionConfigurationV2(ctx, name, &s3.BucketServerSideEncryptionConfigurationV2Args{
		Bucket: b.Name,
		Rules: s3.BucketServerSideEncryptionConfigurationV2RuleArray{s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
			ApplyServerSideEncryptionByDefault: byDefault,
			BucketKeyEnabled:                   pulumi.Bool(args.KeyARN != nil),
		}},
	}, pulumi.Parent(b)); err != nil {
		return fmt.Errorf("encryption: %w", err)
	}
	return nil
}

func (b *Bucket) addVersioning(ctx *pulumi.Context, name string, _ *BucketArgs) error {
	versioning, err := s3.NewBucketVersioningV2(ctx, name, &s3.BucketVersioningV2Args{
		Bucket:                  b.Name,
		VersioningConfiguration: s3.BucketVersioningV2VersioningConfigurationArgs{Status: pulumi.String(enabled)},
	}, pulumi.Parent(b))
	if err != nil {
		return fmt.Errorf("versioning: %w", err)
	}
	b.versioning = versioning
	return nil
}

// addLifecycle comes after versioning: rules over old versions mean nothing
// before (Amazon S3 user guide, "Examples of S3 Lifecycle configurations").
func (b *Bucket) addLifecycle(ctx *pulumi.Context, name string, args *BucketArgs) error {
	rule := s3.BucketLifecycleConfigurationV2RuleArgs{
		Id:     pulumi.String(housekeeping),
		Status: pulumi.String(enabled),
		Filter: s3.BucketLifecycleConfigurationV2RuleFilterArgs{},
		AbortIncompleteMultipartUpload: s3.BucketLifecycleConfigurationV2RuleAbortIncompleteMultipartUploadArgs{
			DaysAfterInitiation: pulumi.Int(abortUploadsAfter),
		},
		NoncurrentVersionExpiration: s3.BucketLifecycleConfigurationV2RuleNoncurrentVersionExpirationArgs{
			NoncurrentDays: pulumi.Int(keepOldVersions),
		},
	}
	if args.ExpireAfter > 0 {
		rule.Expiration = s3.BucketLifecycleConfigurationV2RuleExpirationArgs{Days: pulumi.Int(args.ExpireAfter)}
	}
	if _, err := s3.NewBucketLifecycleConfigurationV2(ctx, name, &s3.BucketLifecycleConfigurationV2Args{
		Bucket: b.Name,
		Rules:  append(s3.BucketLifecycleConfigurationV2RuleArray{rule}, args.Rules...),
	}, pulumi.Parent(b), pulumi.DependsOn([]pulumi.Resource{b.versioning})); err != nil {
		return fmt.Errorf("lifecycle: %w", err)
	}
	return nil
}

// addLogging writes the log of requests under the bucket's own name into the
// bucket of all such logs.
func (b *Bucket) addLogging(ctx *pulumi.Context, name string, args *BucketArgs) error {
	if args.AccessLogsBucket == nil {
		return nil
	}
	if _, err := s3.NewBucketLoggingV2(ctx, name, &s3.BucketLoggingV2Args{
		Bucket:       b.Name,
		TargetBucket: args.AccessLogsBucket,
		TargetPrefix: pulumi.String(args.Name + "/"),
	}, pulumi.Parent(b)); err != nil {
		return fmt.Errorf("access logs: %w", err)
	}
	return nil
}
