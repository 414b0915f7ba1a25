package component

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// retentionDays is how long log groups keep events at hand (PCI DSS 10.5.1: the
// last three months available for analysis).
const retentionDays = 90

// LogGroupArgs describes one log group.
type LogGroupArgs struct {
	// Name is the physical name, which the writer of the logs knows.
	Name string
	// KeyARN is the key for logs of the colour that writes them.
	KeyARN pulumi.StringInput
}

// Validate joins all that is wrong with the arguments.
func (a *LogGroupArgs) Validate() error {
	var problems []error
	if a.Name == "" {
		problems = append(problems, errors.New("log group name: is empty, expected a physical name"))
	}
	if a.KeyARN == nil {
		problems = append(problems, errors.New("log group key: is missing, expected the ARN of a key for logs"))
	}
	return errors.Join(problems...)
}

// NewLogGroup makes an encrypted log group that keeps events for 90 days. A
// group has to be declared before whatever writes to it: AWS would make it by
// itself, without key and without end.
func NewLogGroup(ctx *pulumi.Context, name string, args *LogGroupArgs, opts ...pulumi.ResourceOption) (*cloudwatch.LogGroup, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("log group %s: %w", name, err)
	}
	group, err := cloudwatch.NewLogGroup(ctx, name, &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(args.Name),
		KmsKeyId:        args.KeyARN,
		RetentionInDays: pulumi.Int(retentionDays),
	}, opts...)
	if err != nil {
		return nil, fmt.Errorf("log group %s: %w", args.Name, err)
	}
	return group, nil
}
