package data

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/naming"
)

// archiveClass is archive storage that answers at once, for the rare reader of
// an old log.
const archiveClass = "GLACIER_IR"

// addBucket makes the bucket of transaction logs: archived first, expired later.
func (s *Stores) addBucket(ctx *pulumi.Context, name string, args *StoresArgs) error {
	keep := args.Config.TransactionLogs
	bucket, err := component.NewBucket(ctx, name+"-transaction-logs", &component.BucketArgs{
		Name:             args.Names.Global(naming.Bucket, args.Config.Environment.AccountID, "transaction-logs"),
		KeyARN:           args.Principals.DocumentsKeyARN,
		AccessLogsBucket: args.AccessLogsBucket,
		ExpireAfter:      keep.ExpireAfterDays,
		ForceDestroy:     !args.Config.KeepOnDelete,
		Rules: s3.BucketLifecycleConfigurationV2RuleArray{s3.BucketLifecycleConfigurationV2RuleArgs{
			Id:     pulumi.String("archive"),
			Status: pulumi.String("Enabled"),
			Filter: s3.BucketLifecycleConfigurationV2RuleFilterArgs{},
			Transitions: s3.BucketLifecycleConfigurationV2RuleTransitionArray{s3.BucketLifecycleConfigurationV2RuleTransitionArgs{
				Days: pulumi.Int(keep.ArchiveAfterDays), StorageClass: pulumi.String(archiveClass),
			}},
		}},
	}, component.Stateful(args.Config.Environment, pulumi.Parent(s))...)
	if err != nil {
		return fmt.Errorf("transaction logs: %w", err)
	}
	s.Bucket = bucket.Name
	return nil
}
