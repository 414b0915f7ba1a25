package migration

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/migration/canary"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/naming"
)

const (
	runtime      = "provided.al2023"
	architecture = "arm64"
	// atOnce lets a function run once at a time: a second run would only collide.
	atOnce = 1
	// staleSeconds is the age at which an event is no longer worth a run: the
	// schedule has made the next one by then. It is the least that Lambda takes.
	staleSeconds = 60
)

func (s *Sync) addFunctions(ctx *pulumi.Context, name string, args *SyncArgs) error {
	for _, f := range functions() {
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
	made, err := lambda.NewFunction(ctx, at, functionArgs(args, f, physical, logs.Name, s.deadLetters.Arn),
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
	return nil
}

func functionArgs(args *SyncArgs, f function, physical string, logGroup, deadLetters pulumi.StringInput) *lambda.FunctionArgs {
	return &lambda.FunctionArgs{
		Name:          pulumi.String(physical),
		Description:   pulumi.String(f.description),
		PackageType:   pulumi.String("Zip"),
		Code:          pulumi.NewFileArchive(f.zip()),
		Runtime:       pulumi.String(runtime),
		Architectures: pulumi.StringArray{pulumi.String(architecture)},
		Handler:       pulumi.String("bootstrap"),
		Role:          args.Principals.SyncRoleARN,
		MemorySize:    pulumi.Int(f.memory),
		Timeout:       pulumi.Int(f.timeout),

		ReservedConcurrentExecutions: pulumi.Int(atOnce),
		Environment: lambda.FunctionEnvironmentArgs{Variables: pulumi.StringMap{
			canary.VariableTable: args.ControlTable.ToStringOutput(),
			canary.VariableColor: pulumi.String(args.Color),
		}},
		KmsKeyArn: args.Principals.SecretsKeyARN,
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
