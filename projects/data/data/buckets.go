package data

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/naming"
)

// The storage classes that objects pass through as they age (Amazon S3 user
// guide, "Understanding and managing Amazon S3 storage classes").
const (
	infrequentClass  = "STANDARD_IA"
	archiveClass     = "GLACIER_IR"   // answers at once
	deepArchiveClass = "DEEP_ARCHIVE" // answers after half a day
)

// neverLost is the migration class of the buckets: what was booked, and what has to be
// kept of it.
const neverLost = "critical"

// Every writer has a folder of its own in a bucket, named like the service. Keys
// are unique per write: what both colours replicate to each other must not be
// written twice under one name, and nothing but a lifecycle rule deletes.

// addTransactionLogs makes the bucket of the logs of what was booked.
func (s *Stores) addTransactionLogs(ctx *pulumi.Context, name string, args *StoresArgs) error {
	bucket, err := args.newBucket(ctx, s, name, transactionLogsBranch, args.Config.TransactionLogs, func(b *component.BucketArgs) {
		b.ForceDestroy = !args.Config.KeepOnDelete
	})
	if err != nil {
		return fmt.Errorf("transaction logs: %w", err)
	}
	s.TransactionLogs = bucket
	return nil
}

// addDocuments makes the bucket of compliance documents, which nobody changes or
// deletes before their time. A deployment never empties it.
func (s *Stores) addDocuments(ctx *pulumi.Context, name string, args *StoresArgs) error {
	documents := args.Config.Documents
	bucket, err := args.newBucket(ctx, s, name, documentsBranch, documents.Keep, func(b *component.BucketArgs) {
		b.ObjectLock = &component.ObjectLock{Mode: documents.LockMode, Days: documents.LockDays}
	})
	if err != nil {
		return fmt.Errorf("compliance documents: %w", err)
	}
	s.Documents = bucket
	return nil
}

func (a *StoresArgs) bucketName(purpose string) string {
	return a.Names.Global(naming.Bucket, a.Config.Environment.AccountID, purpose)
}

func (a *StoresArgs) newBucket(ctx *pulumi.Context, s *Stores, name, purpose string, keep Retention, special func(*component.BucketArgs)) (*component.Bucket, error) {
	args := &component.BucketArgs{
		Name:             a.bucketName(purpose),
		KeyARN:           a.Principals.DocumentsKeyARN,
		AccessLogsBucket: a.AccessLogsBucket,
		ExpireAfter:      keep.ExpireAfterDays,
		Tags:             map[string]string{classTag: neverLost},
		Rules:            s3.BucketLifecycleConfigurationV2RuleArray{keep.rule()},
	}
	special(args)
	return component.NewBucket(ctx, name+"-"+purpose, args, component.Stateful(a.Config.Environment, pulumi.Parent(s))...)
}

// rule moves objects to cheaper storage as they age.
func (r Retention) rule() s3.BucketLifecycleConfigurationV2RuleArgs {
	var transitions s3.BucketLifecycleConfigurationV2RuleTransitionArray
	for _, step := range r.steps() {
		transitions = append(transitions, s3.BucketLifecycleConfigurationV2RuleTransitionArgs{
			Days: pulumi.Int(step.days), StorageClass: pulumi.String(step.class),
		})
	}
	return s3.BucketLifecycleConfigurationV2RuleArgs{
		Id:          pulumi.String("archive"),
		Status:      pulumi.String("Enabled"),
		Filter:      s3.BucketLifecycleConfigurationV2RuleFilterArgs{},
		Transitions: transitions,
	}
}

// step is one change of storage class at an age.
type step struct {
	days  int
	class string
}

func (r Retention) steps() []step {
	return []step{
		{r.InfrequentAfterDays, infrequentClass},
		{r.ArchiveAfterDays, archiveClass},
		{r.DeepArchiveAfterDays, deepArchiveClass},
	}
}
