package data

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

// Verify asks AWS, not the state, whether the stores are what the layer promises:
// encrypted with the right keys, restorable, locked, streamed, indexed, backed up,
// closed to the public, logged for ninety days, named for people. The error joins all that is not so.
func Verify(ctx context.Context, args verify.Args) error {
	cfg, err := config.ReadFile[Config](args.StackFile)
	if err != nil {
		return err
	}
	v := newVerifier(args, cfg)
	problems := []error{v.checkControlTable(ctx), v.checkSubscriptions(ctx), v.checkLogGroup(ctx, operatingSystemLogs, v.alias("audit")), v.checkZone(ctx)}
	for _, color := range naming.Colors() {
		c := v.in(color)
		problems = append(problems, verify.All(ctx,
			c.checkCluster, c.checkInstances, c.checkParameters, c.checkMasterSecret, c.checkSecrets, c.checkTables,
			c.checkBuckets, c.checkVault, c.checkSettings))
		problems = append(problems, v.checkLogGroup(ctx, postgresLog(c.clusterID()), c.alias("logs")),
			v.checkLogGroup(ctx, c.names.Name(naming.LogGroup, "functions", rotationName), c.alias("logs")))
	}
	return errors.Join(problems...)
}

// verifier asks one account about one environment.
type verifier struct {
	cfg     Config
	outputs map[string]any
	names   naming.Namer

	backup  *backup.Client
	dns     *route53.Client
	dynamo  *dynamodb.Client
	keys    *kms.Client
	logs    *cloudwatchlogs.Client
	rds     *rds.Client
	s3      *s3.Client
	secrets *secretsmanager.Client
	ssm     *ssm.Client
}

func newVerifier(args verify.Args, cfg Config) *verifier {
	return &verifier{
		cfg: cfg, outputs: args.Outputs, names: naming.New(args.Environment),
		backup:  backup.NewFromConfig(args.AWS),
		dns:     route53.NewFromConfig(args.AWS),
		dynamo:  dynamodb.NewFromConfig(args.AWS),
		keys:    kms.NewFromConfig(args.AWS),
		logs:    cloudwatchlogs.NewFromConfig(args.AWS),
		rds:     rds.NewFromConfig(args.AWS),
		s3:      args.Objects(),
		secrets: secretsmanager.NewFromConfig(args.AWS),
		ssm:     ssm.NewFromConfig(args.AWS),
	}
}

// colorVerifier asks about one colour.
type colorVerifier struct {
	*verifier
	color naming.Color
	names naming.Namer
}

func (v *verifier) in(color naming.Color) *colorVerifier {
	return &colorVerifier{verifier: v, color: color, names: v.names.In(color)}
}

func (c *colorVerifier) clusterID() string { return clusterID(c.names, c.cfg.Clones, c.color) }

// output is the text that the layer exports for this colour under key, such as
// "masterSecretArn".
func (c *colorVerifier) output(key string) string {
	text, _ := c.outputs[contract.Key(string(c.color), key)].(string)
	return text
}

// alias names the key of a purpose: aliases say what a key is for, whatever its id.
func (v *verifier) alias(purpose string) string {
	return "alias/" + v.names.Name(naming.KeyAlias, purpose)
}

func (c *colorVerifier) alias(purpose string) string {
	return "alias/" + c.names.Name(naming.KeyAlias, purpose)
}

// keyARN is the ARN of the key behind an alias.
func (v *verifier) keyARN(ctx context.Context, alias string) (string, error) {
	found, err := v.keys.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(alias)})
	if err != nil {
		return "", fmt.Errorf("key %s: %w", alias, err)
	}
	return aws.ToString(found.KeyMetadata.Arn), nil
}

// checkLogGroup expects the retention and the key that PCI evidence needs.
func (v *verifier) checkLogGroup(ctx context.Context, name, alias string) error {
	f := verify.About("log group %s", name)
	key, err := v.keyARN(ctx, alias)
	if err != nil {
		return f.Failed(err)
	}
	answer, err := v.logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String(name)})
	if err != nil {
		return f.Failed(err)
	}
	for _, group := range answer.LogGroups {
		if aws.ToString(group.LogGroupName) == name {
			f.Equal("retention in days", aws.ToInt32(group.RetentionInDays), int32(logDays))
			f.Equal("key", aws.ToString(group.KmsKeyId), key)
			return f.Err()
		}
	}
	return f.Failed(errors.New("does not exist"))
}

// logDays is how long log groups keep events (PCI DSS 10.5.1).
const logDays = 90
