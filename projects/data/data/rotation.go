package data

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/data/rotation/function"
	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

const (
	rotationName   = "rotation"
	rotationSource = "./lambda/rotation"
	rotationZip    = "dist/rotation.zip"
	// rotationSeconds is enough for a step that reads the master's password three
	// times and waits for a lock; rotationMemory, in MiB, gives a share of a
	// processor that hashes a password in little time.
	rotationSeconds = 60
	rotationMemory  = 256
	// rotationsAtOnce keeps a deployment, which starts all rotations together,
	// from taking many connections; Secrets Manager tries the others again.
	rotationsAtOnce = 3
	secretsKeyARN   = "secretsKey"
	masterARN       = "master"
)

// addRotation makes the function that changes the passwords, lets Secrets Manager
// call it, and has every secret rotated, for the first time at once. A failed call
// needs no dead letter queue: Secrets Manager knows that the rotation is not over,
// tries again, and reports it.
func (s *Stores) addRotation(ctx *pulumi.Context, name string, args *StoresArgs) error {
	at, physical := name+"-"+rotationName, args.Names.Name(naming.Function, rotationName)
	logs, err := component.NewLogGroup(ctx, at, &component.LogGroupArgs{
		Name:   args.Names.Name(naming.LogGroup, "functions", rotationName),
		KeyARN: args.Principals.LogsKeyARN,
	}, pulumi.Parent(s))
	if err != nil {
		return err
	}
	permissions, err := s.permitRotation(ctx, name, args, physical, logs.Arn)
	if err != nil {
		return err
	}
	made, err := lambda.NewFunction(ctx, at, s.functionArgs(args, physical, logs.Name), pulumi.Parent(s), pulumi.DependsOn(permissions))
	if err != nil {
		return fmt.Errorf("function %s: %w", physical, err)
	}
	s.Rotation = made
	for _, key := range s.secretKeys() {
		if err := s.rotate(ctx, name, key, args, permissions); err != nil {
			return fmt.Errorf("rotation of %s: %w", s.secrets[key].role, err)
		}
	}
	return nil
}

func (s *Stores) functionArgs(args *StoresArgs, physical string, logGroup pulumi.StringInput) *lambda.FunctionArgs {
	return &lambda.FunctionArgs{
		Name:          pulumi.String(physical),
		Description:   pulumi.String("Changes the passwords of the database's users"),
		PackageType:   pulumi.String("Zip"),
		Code:          pulumi.NewFileArchive(rotationZip),
		Runtime:       pulumi.String("provided.al2023"),
		Architectures: pulumi.StringArray{pulumi.String("arm64")},
		Handler:       pulumi.String("bootstrap"),
		Role:          args.Principals.RotationRoleARN,
		MemorySize:    pulumi.Int(rotationMemory),
		Timeout:       pulumi.Int(rotationSeconds),

		ReservedConcurrentExecutions: pulumi.Int(rotationsAtOnce),
		Environment: lambda.FunctionEnvironmentArgs{Variables: pulumi.StringMap{
			function.VariableColor:    pulumi.String(args.Color),
			function.VariableHost:     s.Database.Writer,
			function.VariablePort:     pulumi.String(strconv.Itoa(catalog.DatabasePort)),
			function.VariableDatabase: pulumi.String(databaseName),
			function.VariableMaster:   s.Database.MasterSecretARN,
			function.VariableRoles:    s.rolesBySecret(),
		}},
		KmsKeyArn: args.Principals.SecretsKeyARN,
		VpcConfig: lambda.FunctionVpcConfigArgs{
			SubnetIds:        args.Network.PrivateSubnetIDs,
			SecurityGroupIds: pulumi.StringArray{args.Network.RotationSecurityGroupID},
		},
		LoggingConfig: lambda.FunctionLoggingConfigArgs{LogFormat: pulumi.String("JSON"), LogGroup: logGroup.ToStringOutput()},
		TracingConfig: lambda.FunctionTracingConfigArgs{Mode: pulumi.String("Active")},
		Tags:          pulumi.StringMap{"Name": pulumi.String(physical)},
	}
}

// rolesBySecret is what the function rotates: the group role of each secret.
func (s *Stores) rolesBySecret() pulumi.StringOutput {
	arns := pulumi.StringMap{}
	for _, secret := range s.secrets {
		arns[secret.role] = secret.made.Arn
	}
	return arns.ToStringMapOutput().ApplyT(func(known map[string]string) (string, error) {
		roles := make(map[string]string, len(known))
		for role, arn := range known {
			roles[arn] = role
		}
		text, err := json.Marshal(roles)
		return string(text), err
	}).(pulumi.StringOutput)
}

// rotate has Secrets Manager rotate one secret. The first rotation starts at once,
// so everything that the function needs is there before: its permission to be
// called, its own permissions, the way to the database, and an instance.
func (s *Stores) rotate(ctx *pulumi.Context, name, key string, args *StoresArgs, permissions []pulumi.Resource) error {
	at, secret := name+"-"+key, s.secrets[key].made
	permission, err := lambda.NewPermission(ctx, at+"-rotation", &lambda.PermissionArgs{
		StatementId:   pulumi.String("rotate-" + key),
		Function:      s.Rotation.Name,
		Action:        pulumi.String("lambda:InvokeFunction"),
		Principal:     pulumi.String("secretsmanager.amazonaws.com"),
		SourceArn:     secret.Arn,
		SourceAccount: pulumi.String(args.Config.Environment.AccountID),
	}, pulumi.Parent(s))
	if err != nil {
		return fmt.Errorf("permission to call the function: %w", err)
	}
	ready := append([]pulumi.Resource{permission}, permissions...)
	ready = append(append(ready, s.ways...), s.instances...)
	if _, err := secretsmanager.NewSecretRotation(ctx, at, &secretsmanager.SecretRotationArgs{
		SecretId:          secret.ID(),
		RotationLambdaArn: s.Rotation.Arn,
		RotateImmediately: pulumi.Bool(true),
		RotationRules: secretsmanager.SecretRotationRotationRulesArgs{
			AutomaticallyAfterDays: pulumi.Int(args.Config.Secrets.RotationDays),
		},
	}, pulumi.Parent(s), pulumi.DependsOn(ready)); err != nil {
		return fmt.Errorf("schedule: %w", err)
	}
	return nil
}

// permitRotation lets the function rotate the colour's secrets, read the master
// user's, write its log and stand in the network.
func (s *Stores) permitRotation(ctx *pulumi.Context, name string, args *StoresArgs, physical string, logs pulumi.StringInput) ([]pulumi.Resource, error) {
	values := pulumi.StringMap{
		"function": pulumi.Sprintf("arn:aws:lambda:%s:%s:function:%s", config.Region, args.Config.Environment.AccountID, physical),
		"logs":     logs, masterARN: s.Database.MasterSecretARN, secretsKeyARN: args.Principals.SecretsKeyARN,
	}
	for key, secret := range s.secrets {
		values[key] = secret.made.Arn
	}
	policy, err := component.NewPolicy(ctx, name+"-"+rotationName, &component.PolicyArgs{
		Name:        args.Names.Name(naming.Policy, "function", rotationName),
		Description: "Secrets, log and network of " + physical,
		Values:      values,
		Write:       func(values map[string]string) iamdoc.Document { return rotationPolicy(values, s.secretKeys()) },
		Roles:       map[string]pulumi.StringInput{rotationName: args.Principals.RotationRoleName},
	}, pulumi.Parent(s))
	if err != nil {
		return nil, err
	}
	return policy.Attachments, nil
}

// interfaces are the calls by which Lambda places a function into a network.
func interfaces() []string {
	return []string{
		"ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
		"ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
	}
}

// rotationPolicy is what the function needs. Lambda demands the network interface
// calls without a resource; the refusal keeps the function's own code from them
// (AWS Lambda developer guide, "Giving Lambda functions access to resources in an
// Amazon VPC"). The calls of X-Ray know no resources.
func rotationPolicy(values map[string]string, secrets []string) iamdoc.Document {
	return iamdoc.Document{Statements: []iamdoc.Statement{
		{Sid: "Logins", Actions: rotating(), Resources: pick(values, secrets)},
		{Sid: "Master", Actions: []string{"secretsmanager:GetSecretValue"}, Resources: []string{values[masterARN]}},
		useKey("KeyOfTheLogins", values[secretsKeyARN], "secretsmanager", "kms:Decrypt", "kms:GenerateDataKey*"),
		useKey("KeyOfEnvironment", values[secretsKeyARN], "lambda", "kms:Decrypt"),
		{Sid: "Logs", Actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"}, Resources: []string{values["logs"] + ":*"}},
		{Sid: "Traces", Actions: []string{"xray:PutTelemetryRecords", "xray:PutTraceSegments"}, Resources: []string{"*"}},
		{Sid: "NetworkByLambda", Actions: interfaces(), Resources: []string{"*"}},
		{
			Sid: "NoNetworkByCode", Deny: true, Actions: interfaces(), Resources: []string{"*"},
			Conditions: iamdoc.Conditions{"ArnEquals": {"lambda:SourceFunctionArn": {values["function"]}}},
		},
	}}
}
