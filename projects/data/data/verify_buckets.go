package data

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

func (c *colorVerifier) checkBuckets(ctx context.Context) error {
	return errors.Join(
		c.checkBucket(ctx, transactionLogsBranch, c.cfg.TransactionLogs, nil),
		c.checkBucket(ctx, documentsBranch, c.cfg.Documents.Keep, &c.cfg.Documents))
}

// checkBucket asks for every property on its own: S3 has no call for all.
func (c *colorVerifier) checkBucket(ctx context.Context, purpose string, keep Retention, lock *Documents) error {
	name := c.names.Global(naming.Bucket, c.cfg.Environment.AccountID, purpose)
	f := verify.About("bucket %s", name)
	key, err := c.keyARN(ctx, c.alias("documents"))
	if err != nil {
		return f.Failed(err)
	}
	b := bucketCheck{client: c.s3, name: aws.String(name), Findings: f}
	for _, check := range []func(context.Context) error{
		func(ctx context.Context) error { return b.encryption(ctx, key) },
		b.versioning, b.publicAccess, b.ownership, b.accessLogs,
		func(ctx context.Context) error { return b.lifecycle(ctx, keep) },
		func(ctx context.Context) error { return b.policy(ctx, key) },
	} {
		if err := check(ctx); err != nil {
			_ = f.Failed(err) // f carries it
		}
	}
	if lock != nil {
		if err := b.objectLock(ctx, lock); err != nil {
			_ = f.Failed(err) // f carries it
		}
	}
	return f.Err()
}

// bucketCheck asks S3 about one bucket.
type bucketCheck struct {
	*verify.Findings
	client *s3.Client
	name   *string
}

func (b bucketCheck) encryption(ctx context.Context, key string) error {
	answer, err := b.client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: b.name})
	if err != nil {
		return fmt.Errorf("encryption: %w", err)
	}
	for _, rule := range answer.ServerSideEncryptionConfiguration.Rules {
		if by := rule.ApplyServerSideEncryptionByDefault; by != nil {
			b.Equal("encryption", by.SSEAlgorithm, types.ServerSideEncryptionAwsKms)
			b.Equal("key", aws.ToString(by.KMSMasterKeyID), key)
			b.Equal("bucket key", aws.ToBool(rule.BucketKeyEnabled), true)
			return nil
		}
	}
	return errors.New("has no encryption by default")
}

func (b bucketCheck) versioning(ctx context.Context) error {
	answer, err := b.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: b.name})
	if err != nil {
		return fmt.Errorf("versioning: %w", err)
	}
	b.Equal("versioning", answer.Status, types.BucketVersioningStatusEnabled)
	return nil
}

func (b bucketCheck) publicAccess(ctx context.Context) error {
	answer, err := b.client.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: b.name})
	if err != nil {
		return fmt.Errorf("public access block: %w", err)
	}
	block := answer.PublicAccessBlockConfiguration
	b.Expect(aws.ToBool(block.BlockPublicAcls) && aws.ToBool(block.BlockPublicPolicy) &&
		aws.ToBool(block.IgnorePublicAcls) && aws.ToBool(block.RestrictPublicBuckets), "is not closed to the public on all four ways")
	return nil
}

func (b bucketCheck) ownership(ctx context.Context) error {
	answer, err := b.client.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: b.name})
	if err != nil {
		return fmt.Errorf("ownership: %w", err)
	}
	for _, rule := range answer.OwnershipControls.Rules {
		b.Equal("ownership", rule.ObjectOwnership, types.ObjectOwnershipBucketOwnerEnforced)
	}
	return nil
}

func (b bucketCheck) accessLogs(ctx context.Context) error {
	answer, err := b.client.GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: b.name})
	if err != nil {
		return fmt.Errorf("access logs: %w", err)
	}
	b.Expect(answer.LoggingEnabled != nil && aws.ToString(answer.LoggingEnabled.TargetBucket) != "", "does not log who used it")
	return nil
}

func (b bucketCheck) lifecycle(ctx context.Context, keep Retention) error {
	answer, err := b.client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: b.name})
	if err != nil {
		return fmt.Errorf("lifecycle: %w", err)
	}
	classes := map[string]int32{}
	var expiry, oldVersions, uploads int32
	for _, rule := range answer.Rules {
		if rule.Status != types.ExpirationStatusEnabled {
			continue
		}
		for _, t := range rule.Transitions {
			classes[string(t.StorageClass)] = aws.ToInt32(t.Days)
		}
		if rule.Expiration != nil {
			expiry = max(expiry, aws.ToInt32(rule.Expiration.Days))
		}
		if rule.NoncurrentVersionExpiration != nil {
			oldVersions = aws.ToInt32(rule.NoncurrentVersionExpiration.NoncurrentDays)
		}
		if rule.AbortIncompleteMultipartUpload != nil {
			uploads = aws.ToInt32(rule.AbortIncompleteMultipartUpload.DaysAfterInitiation)
		}
	}
	for _, step := range keep.steps() {
		b.Equal("days until "+step.class, int(classes[step.class]), step.days)
	}
	b.Equal("days until expiry", int(expiry), keep.ExpireAfterDays)
	b.Expect(oldVersions > 0, "keeps old versions for ever")
	b.Expect(uploads > 0, "keeps unfinished uploads for ever")
	return nil
}

// policy expects a refusal for each way round TLS and the bucket's own key.
func (b bucketCheck) policy(ctx context.Context, key string) error {
	answer, err := b.client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: b.name})
	if err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	denials, err := readDenials(aws.ToString(answer.Policy))
	if err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	for condition, value := range map[string]string{
		"aws:SecureTransport": "false", "s3:TlsVersion": "1.2", "s3:x-amz-server-side-encryption-aws-kms-key-id": key,
	} {
		b.Expect(slices.ContainsFunc(denials, func(d denial) bool { return slices.Contains(d.conditions[condition], value) }),
			"refuses nobody by %s = %s", condition, value)
	}
	return nil
}

func (b bucketCheck) objectLock(ctx context.Context, want *Documents) error {
	answer, err := b.client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: b.name})
	if err != nil {
		return fmt.Errorf("object lock: %w", err)
	}
	lock := answer.ObjectLockConfiguration
	if lock == nil || lock.Rule == nil || lock.Rule.DefaultRetention == nil {
		return errors.New("locks no object by itself")
	}
	b.Equal("lock", string(lock.Rule.DefaultRetention.Mode), string(want.LockMode))
	b.Equal("days of lock", int(aws.ToInt32(lock.Rule.DefaultRetention.Days)), want.LockDays)
	return nil
}
