package migration

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// permitFunction attaches what the function needs of this layer to the sync
// role. What it needs of the control table the data layer attaches.
func (s *Sync) permitFunction(ctx *pulumi.Context, at string, args *SyncArgs, f function, physical string, logs pulumi.StringInput) (*component.Policy, error) {
	return component.NewPolicy(ctx, at, &component.PolicyArgs{
		Name:        args.Names.Name(naming.Policy, "function", f.name),
		Description: "Logs, traces, failures and network of " + physical,
		Values: pulumi.StringMap{
			"function":  pulumi.String(functionARN(args.Environment.AccountID, physical)),
			"logs":      logs,
			"queue":     s.deadLetters.Arn,
			"messaging": args.Principals.MessagingKeyARN,
			"secrets":   args.Principals.SecretsKeyARN,
			"records":   args.Keeping.KeyARN, "signing": args.Keeping.SigningKeyARN, "hashes": args.Keeping.HashKeyARN,
		},
		Write: func(values map[string]string) iamdoc.Document {
			document := functionPolicy(f, values)
			document.Statements = append(document.Statements, args.special(f, values)...)
			return document
		},
		Roles: map[string]pulumi.StringInput{f.role: f.roleOf(args.Principals).name},
	}, pulumi.Parent(s))
}

// interfaces are the calls by which Lambda places a function into a network.
func interfaces() []string {
	return []string{
		"ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
		"ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
	}
}

// functionPolicy is what one function needs. Lambda demands the network
// interface calls without a resource; the refusal keeps the function's own code
// from them (AWS Lambda developer guide, "Giving Lambda functions access to
// resources in an Amazon VPC"). The calls of X-Ray know no resources.
func functionPolicy(f function, values map[string]string) iamdoc.Document {
	document := iamdoc.Document{Statements: []iamdoc.Statement{
		{Sid: "Logs", Actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"}, Resources: []string{values["logs"] + ":*"}},
		{Sid: "Traces", Actions: []string{"xray:PutTelemetryRecords", "xray:PutTraceSegments"}, Resources: []string{"*"}},
		{Sid: "Failures", Actions: []string{"sqs:SendMessage"}, Resources: []string{values["queue"]}},
		useKey("KeyOfFailures", values["messaging"], "sqs", "kms:Decrypt", "kms:GenerateDataKey*"),
		useKey("KeyOfEnvironment", values["secrets"], "lambda", "kms:Decrypt"),
		{Sid: "NetworkByLambda", Actions: interfaces(), Resources: []string{"*"}},
		{
			Sid: "NoNetworkByCode", Deny: true, Actions: interfaces(), Resources: []string{"*"},
			Conditions: iamdoc.Conditions{"ArnEquals": {"lambda:SourceFunctionArn": {values["function"]}}},
		},
	}}
	if f.again {
		document.Statements = append(document.Statements, iamdoc.Statement{
			Sid: "NextInvocation", Actions: []string{"lambda:InvokeFunction"}, Resources: []string{values["function"]},
		})
	}
	return document
}

// special is what single functions need besides: whoever switches keeps a record,
// signed, and whoever ends the migration that of its end; whoever installs checks how the functions are set up and how much can be
// stored; whoever opens a side by force looks whether the lost database is shut off.
func (a *SyncArgs) special(f function, values map[string]string) []iamdoc.Statement {
	var statements []iamdoc.Statement
	if f.proves || f.closes {
		bucket := component.BucketARN(bucketName(naming.New(a.Names.Environment()), a.Environment.AccountID, proofsPurpose))
		statements = append(statements,
			iamdoc.Statement{Sid: "Proofs", Actions: []string{"s3:GetObject"}, Resources: []string{bucket + "/switch/*"}},
			iamdoc.Statement{Sid: "NewProofs", Actions: []string{"s3:PutObject"}, Resources: []string{bucket + "/switch/" + f.records()}},
			// Without it S3 refuses to say that an object is absent.
			iamdoc.Statement{
				Sid: "AbsentProofs", Actions: []string{"s3:ListBucket"}, Resources: []string{bucket},
				Conditions: iamdoc.Conditions{"StringLike": {"s3:prefix": {"switch/*"}}},
			},
			useKey("KeyOfProofs", values["records"], "s3", "kms:Decrypt", "kms:GenerateDataKey*"),
			iamdoc.Statement{Sid: "SignProofs", Actions: []string{"kms:DescribeKey", "kms:GetPublicKey", "kms:Sign", "kms:Verify"}, Resources: []string{values["signing"]}},
		)
	}
	if f.proves {
		statements = append(statements,
			iamdoc.Statement{Sid: "HashProofs", Actions: []string{"kms:DescribeKey", "kms:GenerateMac"}, Resources: []string{values["hashes"]}})
	}
	if f.looks {
		var every []string
		for _, each := range functions(a.Workers) {
			every = append(every, functionARN(a.Environment.AccountID, a.Names.Name(naming.Function, each.name)))
		}
		statements = append(statements,
			iamdoc.Statement{Sid: "LookAtFunctions", Actions: []string{"lambda:GetFunctionConcurrency", "lambda:GetFunctionConfiguration"}, Resources: every},
			iamdoc.Statement{Sid: "LookAtStorage", Actions: []string{"cloudwatch:GetMetricData"}, Resources: []string{"*"}},
		)
	}
	if f.forces { // of all: one that was renamed, or answers under another's name, must not be overlooked
		statements = append(statements,
			iamdoc.Statement{Sid: "LookAtDatabases", Actions: []string{"rds:DescribeDBClusters", "rds:DescribeDBInstances"}, Resources: []string{
				fmt.Sprintf("arn:aws:rds:%s:%s:cluster:*", config.Region, a.Environment.AccountID),
				fmt.Sprintf("arn:aws:rds:%s:%s:db:*", config.Region, a.Environment.AccountID),
			}},
			iamdoc.Statement{Sid: "LookAtTheirGroups", Actions: []string{"ec2:DescribeSecurityGroups"}, Resources: []string{"*"}},
		)
	}
	return statements
}

// records are the names of the records that a function may make, as a pattern.
func (f function) records() string {
	if f.closes {
		return proof.Closing("*") + ".*"
	}
	return "*"
}

// schedulePolicy is what the schedules need: to start the functions and to set
// aside what could not be started.
func schedulePolicy(values map[string]string) iamdoc.Document {
	return iamdoc.Document{Statements: []iamdoc.Statement{
		{Sid: "Start", Actions: []string{"lambda:InvokeFunction"}, Resources: []string{values["function"]}},
		{Sid: "Failures", Actions: []string{"sqs:SendMessage"}, Resources: []string{values["queue"]}},
		useKey("KeyOfFailures", values["messaging"], "sqs", "kms:Decrypt", "kms:GenerateDataKey*"),
	}}
}

// useKey allows a key's use by way of one service.
func useKey(sid, key, service string, actions ...string) iamdoc.Statement {
	return iamdoc.Statement{
		Sid: sid, Actions: actions, Resources: []string{key},
		Conditions: iamdoc.Conditions{"StringEquals": {"kms:ViaService": {fmt.Sprintf("%s.%s.amazonaws.com", service, config.Region)}}},
	}
}
