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
	// KeyARN encrypts the objects. Nil means keys that S3 manages, for the few
	// writers that cannot use a key of ours (load balancer logs).
	KeyARN pulumi.StringInput
	// Statements grant access to others; the refusal of plain transport is added
	// to them.
	Statements []iamdoc.Statement
	// ExpireAfter is the age in days at which objects go, 0 to keep them.
	ExpireAfter int
	// Rules are further lifecycle rules, for example towards cheaper storage.
	Rules s3.BucketLifecycleConfigurationV2RuleArray
	// ObjectLock makes the bucket able to lock objects. It can be set when the
	// bucket is made and never afterwards.
	ObjectLock bool
	// ForceDestroy lets a deletion of the bucket delete its objects.
	ForceDestroy bool
}

// Validate joins all that is wrong with the arguments.
func (a *BucketArgs) Validate() error {
	var problems []error
	if len(a.Name) < 3 || len(a.Name) > 63 {
		problems = append(problems, fmt.Errorf("bucket name %q: has %d characters, expected 3 to 63", a.Name, len(a.Name)))
	}
	if a.ExpireAfter < 0 {
		problems = append(problems, fmt.Errorf("bucket %s: objects expire after %d days, expected 0 or more", a.Name, a.ExpireAfter))
	}
	if a.ObjectLock && a.ForceDestroy {
		problems = append(problems, errors.New("bucket "+a.Name+": has object lock and force destroy, expected one of them"))
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
		b.addBucket, b.addOwnership, b.addPublicAccessBlock, b.addEncryption, b.addVersioning, b.addLifecycle, b.addPolicy,
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
		ObjectLockEnabled: pulumi.Bool(args.ObjectLock),
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

func (b *Bucket) addPolicy(ctx *pulumi.Context, name string, args *BucketArgs) error {
	document := iamdoc.Document{Statements: append(refusePlainTransport(args.Name), args.Statements...)}
	policy, err := document.JSON()
	if err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	made, err := s3.NewBucketPolicy(ctx, name, &s3.BucketPolicyArgs{
		Bucket: b.Name,
		Policy: pulumi.String(policy),
	}, pulumi.Parent(b), pulumi.DependsOn([]pulumi.Resource{b.blocked}))
	if err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	b.policy = made
	return nil
}

// refusePlainTransport refuses every request without TLS, and with TLS older
// than 1.2 (PCI DSS 4.2.1).
func refusePlainTransport(bucket string) []iamdoc.Statement {
	refuse := func(sid, operator, key, value string) iamdoc.Statement {
		return iamdoc.Statement{
			Sid:        sid,
			Deny:       true,
			Principals: iamdoc.Principals{Anyone: true},
			Actions:    []string{"s3:*"},
			Resources:  []string{BucketARN(bucket), BucketARN(bucket) + "/*"},
			Conditions: iamdoc.Conditions{operator: {key: {value}}},
		}
	}
	return []iamdoc.Statement{
		refuse("RefusePlainTransport", "Bool", "aws:SecureTransport", "false"),
		refuse("RefuseOldTLS", "NumericLessThan", "s3:TlsVersion", "1.2"),
	}
}
