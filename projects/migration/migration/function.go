package migration

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/naming"
)

const (
	runtime      = "provided.al2023"
	architecture = "arm64"
	// staleSeconds is the age at which an event is no longer worth a run: the
	// schedule has made the next one by then. It is the least that Lambda takes.
	staleSeconds = 60
)

func (s *Sync) addFunctions(ctx *pulumi.Context, name string, args *SyncArgs) error {
	for _, f := range functions(args.Workers) {
		if err := s.addFunction(ctx, name, args, f); err != nil {
			return fmt.Errorf("function %s: %w", f.name, err)
		}
	}
	return nil
}

// addFunction makes the log group and the permissions before the function: AWS
// would make the group itself, without key, and refuses a function in a VPC
// whose role may not make network interfaces.
func (s *Sync) addFunction(ctx *pulumi.Context, name string, args *SyncArgs, f function) error {
	physical := args.Names.Name(naming.Function, f.name)
	at := name + "-" + f.name
	logs, err := component.NewLogGroup(ctx, at, &component.LogGroupArgs{
		Name:   args.Names.Name(naming.LogGroup, "functions", f.name),
		KeyARN: args.Principals.LogsKeyARN,
	}, pulumi.Parent(s))
	if err != nil {
		return err
	}
	policy, err := s.permitFunction(ctx, at, args, f, physical, logs.Arn)
	if err != nil {
		return err
	}
	made, err := lambda.NewFunction(ctx, at, functionArgs(args, f, ctx.Stack(), physical, logs.Name, s.deadLetters.Arn),
		pulumi.Parent(s), pulumi.DependsOn(policy.Attachments))
	if err != nil {
		return err
	}
	s.functions[f.name] = made
	s.names[f.name], s.arns[f.name] = made.Name, made.Arn
	// A run that failed is over: the next minute's tells more than a repetition.
	if _, err := lambda.NewFunctionEventInvokeConfig(ctx, at, &lambda.FunctionEventInvokeConfigArgs{
		FunctionName:             made.Name,
		MaximumEventAgeInSeconds: pulumi.Int(staleSeconds),
		MaximumRetryAttempts:     pulumi.Int(0),
	}, pulumi.Parent(s)); err != nil {
		return fmt.Errorf("asynchronous invocation: %w", err)
	}
	return s.allowAgain(ctx, at, f, made)
}

// allowAgain lets a function ask for its own next invocation. Lambda takes a chain
// of those for a mistake and ends it after some sixteen, unless it is told that the
// chain is meant (AWS Lambda developer guide, "Use Lambda recursive loop detection
// to prevent infinite loops"). This one ends by itself: a run that finds the lease
// taken, the lane halted or nobody wanting it asks for no other.
func (s *Sync) allowAgain(ctx *pulumi.Context, at string, f function, made *lambda.Function) error {
	if !f.again {
		return nil
	}
	if _, err := lambda.NewFunctionRecursionConfig(ctx, at, &lambda.FunctionRecursionConfigArgs{
		FunctionName: made.Name, RecursiveLoop: pulumi.String("Allow"),
	}, pulumi.Parent(s)); err != nil {
		return fmt.Errorf("recursion: %w", err)
	}
	return nil
}

func functionArgs(args *SyncArgs, f function, stack, physical string, logGroup, deadLetters pulumi.StringInput) *lambda.FunctionArgs {
	return &lambda.FunctionArgs{
		Name:          pulumi.String(physical),
		Description:   pulumi.String(f.description),
		PackageType:   pulumi.String("Zip"),
		Code:          pulumi.NewFileArchive(f.zip()),
		Runtime:       pulumi.String(runtime),
		Architectures: pulumi.StringArray{pulumi.String(architecture)},
		Handler:       pulumi.String("bootstrap"),
		Role:          f.roleOf(args.Principals).arn,
		MemorySize:    pulumi.Int(f.memory),
		Timeout:       pulumi.Int(f.timeout),

		ReservedConcurrentExecutions: pulumi.Int(f.atOnce),
		Environment:                  lambda.FunctionEnvironmentArgs{Variables: args.variables(f, stack)},
		KmsKeyArn:                    args.Principals.SecretsKeyARN,
		VpcConfig: lambda.FunctionVpcConfigArgs{
			SubnetIds:        args.Network.PrivateSubnetIDs,
			SecurityGroupIds: pulumi.StringArray{args.Network.SyncSecurityGroupID},
		},
		LoggingConfig:    lambda.FunctionLoggingConfigArgs{LogFormat: pulumi.String("JSON"), LogGroup: logGroup.ToStringOutput()},
		TracingConfig:    lambda.FunctionTracingConfigArgs{Mode: pulumi.String("Active")},
		DeadLetterConfig: lambda.FunctionDeadLetterConfigArgs{TargetArn: deadLetters},
		Tags:             pulumi.StringMap{"Name": pulumi.String(physical)},
	}
}
