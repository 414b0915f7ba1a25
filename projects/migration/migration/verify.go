package migration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	queuetypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/cutover/cutover/projects/migration/machine"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

// Verify asks AWS, not the state, whether functions, schedules, state machines,
// queues and the bucket of proofs are what the layer promises: limits, time-outs,
// no repetition, definitions as this checkout has them, encrypted, logged without
// data, locked, and whether the network between the sides stays open. The error joins
// all that is not so.
func Verify(ctx context.Context, args verify.Args) error {
	cfg, err := config.ReadFile[Config](args.StackFile)
	if err != nil {
		return err
	}
	v := &verifier{
		cfg: cfg, shared: naming.New(args.Environment),
		functions: lambda.NewFromConfig(args.AWS), schedules: scheduler.NewFromConfig(args.AWS), machines: sfn.NewFromConfig(args.AWS),
		queues: sqs.NewFromConfig(args.AWS), keys: kms.NewFromConfig(args.AWS),
		objects: args.Objects(),
	}
	problems := []error{v.checkProofs(ctx)}
	for _, color := range args.Colors() {
		c := &colorVerifier{verifier: v, names: v.shared.In(color)}
		problems = append(problems, verify.All(ctx, c.checkFunctions, c.checkSchedules, c.checkMachines, c.checkDeadLetters))
	}
	return errors.Join(problems...)
}

// verifier asks one account about one environment.
type verifier struct {
	cfg    Config
	shared naming.Namer

	functions *lambda.Client
	schedules *scheduler.Client
	machines  *sfn.Client
	queues    *sqs.Client
	keys      *kms.Client
	objects   *s3.Client
}

// colorVerifier asks about one colour.
type colorVerifier struct {
	*verifier
	names naming.Namer
}

func (c *colorVerifier) checkFunctions(ctx context.Context) error {
	var problems []error
	for _, f := range functions(c.cfg.Workers) {
		problems = append(problems, c.checkFunction(ctx, f))
	}
	return errors.Join(problems...)
}

func (c *colorVerifier) checkFunction(ctx context.Context, want function) error {
	name := aws.String(c.names.Name(naming.Function, want.name))
	f := verify.About("function %s", *name)
	found, err := c.functions.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: name})
	if err != nil {
		return f.Failed(err)
	}
	f.Equal("time-out in seconds", int(aws.ToInt32(found.Timeout)), want.timeout)
	f.Equal("memory in MiB", int(aws.ToInt32(found.MemorySize)), want.memory)
	f.Expect(aws.ToString(found.KMSKeyArn) != "", "has no key for its environment")
	f.Expect(found.VpcConfig != nil && len(found.VpcConfig.SubnetIds) >= 2, "stands in fewer than two subnets")
	f.Expect(found.DeadLetterConfig != nil && strings.HasSuffix(aws.ToString(found.DeadLetterConfig.TargetArn), ":"+c.queueName()),
		"sends its failures elsewhere than to %s", c.queueName())
	if want.looks && c.cfg.SyncWindow {
		judgeWindow(f, found, time.Now())
	}
	limit, err := c.functions.GetFunctionConcurrency(ctx, &lambda.GetFunctionConcurrencyInput{FunctionName: name})
	if err != nil {
		return f.Failed(err)
	}
	f.Equal("reserved concurrency", int(aws.ToInt32(limit.ReservedConcurrentExecutions)), want.atOnce)
	events, err := c.functions.GetFunctionEventInvokeConfig(ctx, &lambda.GetFunctionEventInvokeConfigInput{FunctionName: name})
	if err != nil {
		return f.Failed(err)
	}
	f.Equal("repetitions of failed events", aws.ToInt32(events.MaximumRetryAttempts), int32(0))
	return f.Err()
}

func (c *colorVerifier) checkSchedules(ctx context.Context) error {
	var problems []error
	for _, owner := range functions(c.cfg.Workers) {
		for _, t := range owner.timetables {
			name := c.names.Name(naming.Schedule, t.name)
			f := verify.About("schedule %s", name)
			found, err := c.schedules.GetSchedule(ctx, &scheduler.GetScheduleInput{
				Name: aws.String(name), GroupName: aws.String(c.names.Name(naming.Schedule, "sync")),
			})
			if err != nil {
				problems = append(problems, f.Failed(err))
				continue
			}
			f.Equal("rate", aws.ToString(found.ScheduleExpression), t.rate)
			f.Equal("state", string(found.State), state(c.cfg.SyncWindow))
			f.Expect(strings.HasSuffix(aws.ToString(found.Target.Arn), ":"+c.names.Name(naming.Function, owner.name)), "starts %s", aws.ToString(found.Target.Arn))
			problems = append(problems, f.Err())
		}
	}
	return errors.Join(problems...)
}

func (c *colorVerifier) checkMachines(ctx context.Context) error {
	var problems []error
	for _, name := range machine.Names() {
		problems = append(problems, c.checkMachine(ctx, name))
	}
	return errors.Join(problems...)
}

// checkMachine compares the definition with that of this checkout: one that was
// changed by hand moves money by rules that nobody has read.
func (c *colorVerifier) checkMachine(ctx context.Context, name string) error {
	physical, account := c.names.Name(naming.StateMachine, name), c.cfg.Environment.AccountID
	f := verify.About("state machine %s", physical)
	found, err := c.machines.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: aws.String(machineARN(account, physical))})
	if err != nil {
		return f.Failed(err)
	}
	want, err := Definition(name, c.names, account, c.cfg.Workers)
	if err != nil {
		return f.Failed(err)
	}
	same, err := sameJSON(aws.ToString(found.Definition), want)
	if err != nil {
		return f.Failed(err)
	}
	f.Expect(same, "has another definition than this checkout")
	f.Equal("type", string(found.Type), "STANDARD")
	f.Equal("state", string(found.Status), "ACTIVE")
	logging := found.LoggingConfiguration
	f.Expect(logging != nil && logging.Level == "ALL" && !logging.IncludeExecutionData, "is not logged, or with data")
	f.Expect(found.TracingConfiguration != nil && found.TracingConfiguration.Enabled, "is not traced")
	f.Expect(found.EncryptionConfiguration != nil && aws.ToString(found.EncryptionConfiguration.KmsKeyId) != "", "has no key of ours")
	return f.Err()
}

// sameJSON tells whether two texts are the same JSON.
func sameJSON(a, b string) (bool, error) {
	var left, right any
	if err := errors.Join(json.Unmarshal([]byte(a), &left), json.Unmarshal([]byte(b), &right)); err != nil {
		return false, fmt.Errorf("read the definition: %w", err)
	}
	return reflect.DeepEqual(left, right), nil
}

func (c *colorVerifier) queueName() string { return c.names.Name(naming.Queue, "sync-dead-letters") }

func (c *colorVerifier) checkDeadLetters(ctx context.Context) error {
	f := verify.About("queue %s", c.queueName())
	address, err := c.queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(c.queueName())})
	if err != nil {
		return f.Failed(err)
	}
	found, err := c.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: address.QueueUrl, AttributeNames: []queuetypes.QueueAttributeName{queuetypes.QueueAttributeNameAll},
	})
	if err != nil {
		return f.Failed(err)
	}
	f.Expect(found.Attributes["KmsMasterKeyId"] != "", "has no key of ours")
	f.Equal("retention in seconds", found.Attributes["MessageRetentionPeriod"], fmt.Sprint(deadLetterSeconds))
	f.Expect(strings.Contains(found.Attributes["RedriveAllowPolicy"], "denyAll"), "takes failures of other queues")
	f.Expect(strings.Contains(found.Attributes["Policy"], "NoPlainTransport"), "does not refuse plain transport")
	return f.Err()
}

// checkProofs looks at the bucket of proofs.
func (v *verifier) checkProofs(ctx context.Context) error {
	name := aws.String(bucketName(v.shared, v.cfg.Environment.AccountID, proofsPurpose))
	f := verify.About("bucket %s", *name)
	lock, err := v.objects.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: name})
	if err != nil {
		return f.Failed(err)
	}
	rule := lock.ObjectLockConfiguration.Rule
	if rule == nil || rule.DefaultRetention == nil {
		return f.Failed(errors.New("locks nothing"))
	}
	f.Equal("lock", string(rule.DefaultRetention.Mode), string(v.cfg.Proofs.LockMode))
	f.Equal("days of the lock", int(aws.ToInt32(rule.DefaultRetention.Days)), v.cfg.Proofs.LockDays)
	versions, err := v.objects.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: name})
	if err != nil {
		return f.Failed(err)
	}
	f.Equal("versioning", string(versions.Status), "Enabled")
	key, err := v.keys.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/" + v.shared.Name(naming.KeyAlias, "records"))})
	if err != nil {
		return f.Failed(err)
	}
	encryption, err := v.objects.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: name})
	if err != nil {
		return f.Failed(err)
	}
	for _, rule := range encryption.ServerSideEncryptionConfiguration.Rules {
		if by := rule.ApplyServerSideEncryptionByDefault; by != nil {
			f.Equal("key", aws.ToString(by.KMSMasterKeyID), aws.ToString(key.KeyMetadata.Arn))
			return f.Err()
		}
	}
	return f.Failed(errors.New("encrypts nothing by default"))
}
