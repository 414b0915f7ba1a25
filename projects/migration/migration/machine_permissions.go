package migration

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/migration/machine"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// permitMachines attaches what the state machines of a colour need to their role.
func (s *Sync) permitMachines(ctx *pulumi.Context, name string, args *SyncArgs) (*component.Policy, error) {
	return component.NewPolicy(ctx, name+"-machines", &component.PolicyArgs{
		Name:        args.Names.Name(naming.Policy, "machines"),
		Description: "What the state machines of " + string(args.Color) + " call, start and write",
		Values:      pulumi.StringMap{"key": args.Keeping.KeyARN},
		Write:       func(values map[string]string) iamdoc.Document { return args.machinesPolicy(values["key"]) },
		Roles:       map[string]pulumi.StringInput{"states": args.Principals.StatesRoleName},
	}, pulumi.Parent(s))
}

// machinesPolicy is what the machines need: to call their functions; to start and
// end the executions of maps, which are executions of the same machine (AWS Step
// Functions developer guide, "IAM policies for using Distributed Map states"); to
// put results into the bucket of runs; and their log and traces, whose calls know
// no resources.
func (a *SyncArgs) machinesPolicy(key string) iamdoc.Document {
	var functions, machines, executions []string
	for _, m := range stateMachines(a.Workers) {
		functions = append(functions, functionARN(a.Environment.AccountID, a.Names.Name(naming.Function, m.function)))
		if m.name != machine.SwitchName {
			physical := a.Names.Name(naming.StateMachine, m.name)
			machines = append(machines, machineARN(a.Environment.AccountID, physical))
			executions = append(executions, executionARNs(a.Environment.AccountID, physical)...)
		}
	}
	runs := component.BucketARN(bucketName(naming.New(a.Names.Environment()), a.Environment.AccountID, runsPurpose))
	return iamdoc.Document{Statements: []iamdoc.Statement{
		{Sid: "Functions", Actions: []string{"lambda:InvokeFunction"}, Resources: functions},
		{Sid: "Maps", Actions: []string{"states:StartExecution"}, Resources: machines},
		{Sid: "ExecutionsOfMaps", Actions: []string{"states:DescribeExecution", "states:RedriveExecution", "states:StopExecution"}, Resources: executions},
		{Sid: "Results", Resources: []string{runs + "/*"}, Actions: []string{
			"s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject",
		}},
		useKey("KeyOfResults", key, "s3", "kms:Decrypt", "kms:GenerateDataKey*"),
		useKey("KeyOfHistories", key, "states", "kms:Decrypt", "kms:GenerateDataKey*"),
		{Sid: "Log", Resources: []string{"*"}, Actions: []string{
			"logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
			"logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
		}},
		{Sid: "Traces", Resources: []string{"*"}, Actions: []string{
			"xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
		}},
	}}
}

// executionARNs are those of a machine and of its maps.
func executionARNs(accountID, physical string) []string {
	arn := fmt.Sprintf("arn:aws:states:%s:%s:execution:%s", config.Region, accountID, physical)
	return []string{arn + ":*", arn + "/*"}
}

// admitOperators lets operators start, watch and stop the machines, call the
// functions that are theirs to call (what installs, the lane, what switches and what
// ends), read and check the proofs, and read why a load or a function has failed: no
// value of a row is in results and logs.
func (s *Sync) admitOperators(ctx *pulumi.Context, name string, args *SyncArgs) error {
	values := pulumi.StringMap{"key": args.Keeping.KeyARN, "signing": args.Keeping.SigningKeyARN}
	_, err := component.NewPolicy(ctx, name+"-operator", &component.PolicyArgs{
		Name:        args.Names.Name(naming.Policy, "operator", "migration"),
		Description: "How operators move the data to " + string(args.Color),
		Values:      values,
		Write:       args.operatorPolicy,
		Ceiling:     component.OperatorActions(),
		Roles:       map[string]pulumi.StringInput{"operator": args.OperatorRole},
	}, pulumi.Parent(s))
	return err
}

func (a *SyncArgs) operatorPolicy(values map[string]string) iamdoc.Document {
	account := a.Environment.AccountID
	var machines, executions, logs []string
	for _, name := range machine.Names() {
		physical := a.Names.Name(naming.StateMachine, name)
		machines = append(machines, machineARN(account, physical))
		executions = append(executions, executionARNs(account, physical)...)
	}
	for _, f := range functions(a.Workers) {
		group := fmt.Sprintf("arn:aws:logs:%s:%s:log-group:%s", config.Region, account, a.Names.Name(naming.LogGroup, "functions", f.name))
		logs = append(logs, group, group+":*")
	}
	var called []string
	for _, name := range []string{closingName, installName, laneName, switchName} {
		called = append(called, functionARN(account, a.Names.Name(naming.Function, name)))
	}
	bucket := func(purpose string) string {
		return component.BucketARN(bucketName(naming.New(a.Names.Environment()), account, purpose))
	}
	return iamdoc.Document{Statements: []iamdoc.Statement{
		{Sid: "Proofs", Actions: []string{"s3:GetObject"}, Resources: []string{bucket(proofsPurpose) + "/switch/*"}},
		{Sid: "FailedLoads", Actions: []string{"s3:GetObject"}, Resources: []string{bucket(runsPurpose) + "/" + machine.BackfillName + "/*"}},
		useKey("KeyOfRecords", values["key"], "s3", "kms:Decrypt"),
		{Sid: "CheckProofs", Actions: []string{"kms:GetPublicKey"}, Resources: []string{values["signing"]}},
		{Sid: "Machines", Resources: machines, Actions: []string{"states:ListExecutions", "states:StartExecution"}},
		{Sid: "Executions", Resources: executions, Actions: []string{
			"states:DescribeExecution", "states:GetExecutionHistory", "states:StopExecution",
		}},
		useKey("KeyOfHistories", values["key"], "states", "kms:Decrypt", "kms:GenerateDataKey"),
		{Sid: "Functions", Resources: called, Actions: []string{"lambda:InvokeFunction"}},
		{Sid: "Logs", Resources: logs, Actions: []string{"logs:FilterLogEvents"}},
	}}
}
