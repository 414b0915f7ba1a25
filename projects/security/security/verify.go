package security

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

// Verify asks AWS, not the state, whether the account is watched: keys rotate,
// the trail and the recorder are on and deliver, intruders are looked for,
// traffic is logged, every log group of the account is encrypted and kept for 90
// days, evidence is locked. Where the organisation owns the baseline, its trail,
// recorder and detector count. The error joins all that is not so.
func Verify(ctx context.Context, args verify.Args) error {
	cfg, err := config.ReadFile[Config](args.StackFile)
	if err != nil {
		return err
	}
	v := newVerifier(args, cfg)
	return verify.All(ctx, v.checkKeys, v.checkTrail, v.checkRecorder, v.checkPacks, v.checkDetector, v.checkFlowLogs, v.checkLogGroups, v.checkLocks)
}

// verifier asks one account about one environment.
type verifier struct {
	cfg     Config
	outputs map[string]any
	names   naming.Namer

	trails    *cloudtrail.Client
	recorders *configservice.Client
	detectors *guardduty.Client
	keys      *kms.Client
	logs      *cloudwatchlogs.Client
	network   *ec2.Client
	objects   *s3.Client
}

func newVerifier(args verify.Args, cfg Config) *verifier {
	return &verifier{
		cfg: cfg, outputs: args.Outputs, names: naming.New(args.Environment),
		trails:    cloudtrail.NewFromConfig(args.AWS),
		recorders: configservice.NewFromConfig(args.AWS),
		detectors: guardduty.NewFromConfig(args.AWS),
		keys:      kms.NewFromConfig(args.AWS),
		logs:      cloudwatchlogs.NewFromConfig(args.AWS),
		network:   ec2.NewFromConfig(args.AWS),
		objects:   args.Objects(),
	}
}

// manages tells whether the singletons are this layer's own.
func (v *verifier) manages() bool { return v.cfg.AccountBaseline == Manage }

// checkKeys looks at every key that the layer promises.
func (v *verifier) checkKeys(ctx context.Context) error {
	var problems []error
	for output, value := range v.outputs {
		if !strings.HasSuffix(output, "KeyArn") {
			continue
		}
		arn, ok := value.(string)
		if !ok {
			problems = append(problems, fmt.Errorf("output %s: is %v, expected the ARN of a key", output, value))
			continue
		}
		if how := promised(output); how != nil {
			problems = append(problems, v.checkProvingKey(ctx, output, arn, how))
			continue
		}
		rotation, err := v.keys.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: aws.String(arn)})
		if err != nil {
			problems = append(problems, fmt.Errorf("rotation of key %s (%s): %w", output, arn, err))
			continue
		}
		problems = append(problems, judgeRotation(output, rotation))
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return errors.Join(problems...)
}

// promised is how a key of the outputs proves; nil for one that encrypts.
func promised(output string) *proving {
	return map[string]*proving{"signingKeyArn": provings[Signatures], "hashKeyArn": provings[Hashes], "zoneKeyArn": zoneProving()}[output]
}

// checkProvingKey expects a key that is there and proves as it was made to.
func (v *verifier) checkProvingKey(ctx context.Context, output, arn string, how *proving) error {
	f := verify.About("key %s (%s)", output, arn)
	found, err := v.keys.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(arn)})
	if err != nil {
		return f.Failed(err)
	}
	f.Equal("kind", string(found.KeyMetadata.KeySpec), how.spec)
	f.Equal("use", string(found.KeyMetadata.KeyUsage), how.usage)
	f.Equal("state", string(found.KeyMetadata.KeyState), "Enabled")
	return f.Err()
}

func judgeRotation(output string, rotation *kms.GetKeyRotationStatusOutput) error {
	if !rotation.KeyRotationEnabled {
		return fmt.Errorf("key %s: does not rotate, expected new material every %d days", output, rotationDays)
	}
	if days := aws.ToInt32(rotation.RotationPeriodInDays); days > rotationDays {
		return fmt.Errorf("key %s: rotates every %d days, expected at most %d", output, days, rotationDays)
	}
	return nil
}
