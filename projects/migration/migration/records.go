package migration

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
)

// RecordsArgs describes where the migration keeps what it can be held to.
type RecordsArgs struct {
	Names       naming.Namer
	Environment config.Environment
	Proofs      Proofs
	RunDays     int
	// KeyARN encrypts both buckets.
	KeyARN           pulumi.StringInput
	AccessLogsBucket pulumi.StringInput
	// Principals are those of both colours.
	Principals map[naming.Color]contract.Principals
}

// Validate joins all that is wrong with the arguments.
func (a *RecordsArgs) Validate() error {
	var problems []error
	for what, missing := range map[string]bool{
		"key": a.KeyARN == nil, "bucket of access logs": a.AccessLogsBucket == nil, "account id": a.Environment.AccountID == "",
		"principals of both colours": len(a.Principals) != len(naming.Colors()),
	} {
		if missing {
			problems = append(problems, fmt.Errorf("%s: missing", what))
		}
	}
	return errors.Join(problems...)
}

// Records are the bucket of the proofs of switches, whose objects nobody changes,
// and the bucket of the results of runs. They belong to neither colour.
type Records struct {
	pulumi.ResourceState

	Proofs, Runs *component.Bucket
}

// NewRecords makes both buckets. Proofs are put by the functions that switch and that
// end the migration alone, results by Step Functions in the name of the machines' roles alone.
func NewRecords(ctx *pulumi.Context, name string, args *RecordsArgs, opts ...pulumi.ResourceOption) (*Records, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("records: %w", err)
	}
	r := &Records{}
	if err := ctx.RegisterComponentResource("cutover:migration:Records", name, r, opts...); err != nil {
		return nil, fmt.Errorf("register records: %w", err)
	}
	var provers, machines []pulumi.StringInput
	for _, color := range naming.Colors() {
		for _, role := range []string{switchRole, closingRole} {
			provers = append(provers, component.Entry(args.Principals[color].MoverRoleARNs, "roles of functions of "+string(color), role))
		}
		machines = append(machines, args.Principals[color].StatesRoleARN)
	}
	var err error
	if r.Proofs, err = args.bucket(ctx, r, name, proofsPurpose, &component.BucketArgs{
		Rules:   s3.BucketLifecycleConfigurationV2RuleArray{archiving()},
		Writers: provers, ObjectLock: &component.ObjectLock{Mode: args.Proofs.LockMode, Days: args.Proofs.LockDays},
	}); err != nil {
		return nil, err
	}
	if r.Runs, err = args.bucket(ctx, r, name, runsPurpose, &component.BucketArgs{
		Writers: machines, ServiceWriters: machines, ExpireAfter: args.RunDays, ForceDestroy: !args.Environment.Protect,
	}); err != nil {
		return nil, err
	}
	return r, ctx.RegisterResourceOutputs(r, pulumi.Map{"proofs": r.Proofs.Name, "runs": r.Runs.Name})
}

const (
	// coldAfterDays is how long a proof stays in the class for frequent reading;
	// coldClass answers at once, too.
	coldAfterDays = 90
	coldClass     = "GLACIER_IR"
)

// archiving moves proofs to cheaper storage; they never expire.
func archiving() s3.BucketLifecycleConfigurationV2RuleArgs {
	return s3.BucketLifecycleConfigurationV2RuleArgs{
		Id: pulumi.String("archive"), Status: pulumi.String("Enabled"), Filter: s3.BucketLifecycleConfigurationV2RuleFilterArgs{},
		Transitions: s3.BucketLifecycleConfigurationV2RuleTransitionArray{s3.BucketLifecycleConfigurationV2RuleTransitionArgs{
			Days: pulumi.Int(coldAfterDays), StorageClass: pulumi.String(coldClass),
		}},
	}
}

// The buckets' purposes, which are part of their names.
const (
	proofsPurpose = "proofs"
	runsPurpose   = "runs"
)

// bucketName is the physical name of one of the buckets.
func bucketName(names naming.Namer, accountID, purpose string) string {
	return names.Global(naming.Bucket, accountID, purpose)
}

func (a *RecordsArgs) bucket(ctx *pulumi.Context, r *Records, name, purpose string, bucket *component.BucketArgs) (*component.Bucket, error) {
	bucket.Name = bucketName(a.Names, a.Environment.AccountID, purpose)
	bucket.KeyARN, bucket.AccessLogsBucket = a.KeyARN, a.AccessLogsBucket
	made, err := component.NewBucket(ctx, name+"-"+purpose, bucket, component.Stateful(a.Environment, pulumi.Parent(r))...)
	if err != nil {
		return nil, fmt.Errorf("bucket of %s: %w", purpose, err)
	}
	return made, nil
}
