package component

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// LockMode says who may delete a locked object before its time (Amazon S3 user
// guide, "Locking objects with Object Lock").
type LockMode string

// The modes.
const (
	// Compliance: nobody, not even the account's root.
	Compliance LockMode = "COMPLIANCE"
	// Governance: whoever holds s3:BypassGovernanceRetention.
	Governance LockMode = "GOVERNANCE"
)

// maxLockDays is the longest default retention that S3 takes: a hundred years.
const maxLockDays = 36500

// ObjectLock is the retention that each new object of a bucket gets.
type ObjectLock struct {
	Mode LockMode
	// Days is 1 to 36500.
	Days int
}

func (l *ObjectLock) validate(bucket string) error {
	var problems []error
	if l.Mode != Compliance && l.Mode != Governance {
		problems = append(problems, fmt.Errorf("bucket %s: has lock mode %q, expected %s or %s", bucket, l.Mode, Compliance, Governance))
	}
	if l.Days < 1 || l.Days > maxLockDays {
		problems = append(problems, fmt.Errorf("bucket %s: locks objects for %d days, expected 1 to %d", bucket, l.Days, maxLockDays))
	}
	return errors.Join(problems...)
}

// addObjectLock comes after versioning, without which there is nothing to lock.
func (b *Bucket) addObjectLock(ctx *pulumi.Context, name string, args *BucketArgs) error {
	if args.ObjectLock == nil {
		return nil
	}
	if _, err := s3.NewBucketObjectLockConfigurationV2(ctx, name, &s3.BucketObjectLockConfigurationV2Args{
		Bucket: b.Name,
		Rule: s3.BucketObjectLockConfigurationV2RuleArgs{
			DefaultRetention: s3.BucketObjectLockConfigurationV2RuleDefaultRetentionArgs{
				Mode: pulumi.String(args.ObjectLock.Mode),
				Days: pulumi.Int(args.ObjectLock.Days),
			},
		},
	}, pulumi.Parent(b), pulumi.DependsOn([]pulumi.Resource{b.versioning})); err != nil {
		return fmt.Errorf("object lock: %w", err)
	}
	return nil
}
