package migration

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sfn"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/migration/machine"
	"github.com/cutover/cutover/shared/asl"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
)

// machineKeySeconds is how long Step Functions uses one data key.
const machineKeySeconds = 300

// stateMachine is one state machine of a colour: the function that it calls, how
// many at once, and what it is made of.
type stateMachine struct {
	name, description, function string
	workers                     int
	define                      func(machine.Settings) asl.Machine
}

// stateMachines lists them.
func stateMachines(workers Workers) []stateMachine {
	return []stateMachine{
		{machine.BackfillName, "Load of a lane's base", chunkName, workers.Load, machine.Backfill},
		{machine.SwitchName, "Move of the authority to write", switchName, 1, machine.Switch},
		{machine.VerificationName, "Comparison of both sides", verifyName, workers.Verify, machine.Verification},
	}
}

// Definition renders the definition of one of the layer's machines, as it is
// deployed: verification compares what AWS has with it.
func Definition(name string, names naming.Namer, accountID string, workers Workers) (string, error) {
	for _, m := range stateMachines(workers) {
		if m.name != name {
			continue
		}
		return m.define(machine.Settings{
			Function: functionARN(accountID, names.Name(naming.Function, m.function)), Workers: m.workers,
			Bucket: bucketName(naming.New(names.Environment()), accountID, runsPurpose),
		}).JSON()
	}
	return "", fmt.Errorf("state machine %q: expected one of %v", name, machine.Names())
}

func functionARN(accountID, physical string) string {
	return fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", config.Region, accountID, physical)
}

func machineARN(accountID, physical string) string {
	return fmt.Sprintf("arn:aws:states:%s:%s:stateMachine:%s", config.Region, accountID, physical)
}

// addMachines makes what the machines may do, and the machines.
func (s *Sync) addMachines(ctx *pulumi.Context, name string, args *SyncArgs) error {
	policy, err := s.permitMachines(ctx, name, args)
	if err != nil {
		return fmt.Errorf("state machines: %w", err)
	}
	for _, m := range stateMachines(args.Workers) {
		if err := s.addMachine(ctx, name+"-"+m.name, args, m, policy); err != nil {
			return fmt.Errorf("state machine %s: %w", m.name, err)
		}
	}
	return nil
}

// addMachine makes the log group before the machine. Its name begins as those do
// that services deliver to: the policy of the account's log groups has no room for
// one entry a group (AWS Step Functions developer guide, "Using CloudWatch Logs to
// log execution history"). Names and times of states are logged, no data of theirs.
func (s *Sync) addMachine(ctx *pulumi.Context, at string, args *SyncArgs, m stateMachine, policy *component.Policy) error {
	physical := args.Names.Name(naming.StateMachine, m.name)
	definition, err := Definition(m.name, args.Names, args.Environment.AccountID, args.Workers)
	if err != nil {
		return err
	}
	logs, err := component.NewLogGroup(ctx, at+"-machine", &component.LogGroupArgs{
		Name:   "/aws/vendedlogs" + args.Names.Name(naming.LogGroup, "machines", m.name),
		KeyARN: args.Principals.LogsKeyARN,
	}, pulumi.Parent(s))
	if err != nil {
		return err
	}
	after := append([]pulumi.Resource{s.functions[m.function]}, policy.Attachments...)
	made, err := sfn.NewStateMachine(ctx, at, &sfn.StateMachineArgs{
		Name:       pulumi.String(physical),
		Type:       pulumi.String("STANDARD"),
		RoleArn:    args.Principals.StatesRoleARN,
		Definition: pulumi.String(definition),
		LoggingConfiguration: sfn.StateMachineLoggingConfigurationArgs{
			Level: pulumi.String("ALL"), IncludeExecutionData: pulumi.Bool(false), LogDestination: pulumi.Sprintf("%s:*", logs.Arn),
		},
		TracingConfiguration: sfn.StateMachineTracingConfigurationArgs{Enabled: pulumi.Bool(true)},
		EncryptionConfiguration: sfn.StateMachineEncryptionConfigurationArgs{
			Type: pulumi.String("CUSTOMER_MANAGED_KMS_KEY"), KmsKeyId: args.Keeping.KeyARN.ToStringOutput().ToStringPtrOutput(),
			KmsDataKeyReusePeriodSeconds: pulumi.Int(machineKeySeconds),
		},
		Tags: pulumi.StringMap{"Name": pulumi.String(physical)},
	}, pulumi.Parent(s), pulumi.DependsOn(after))
	if err != nil {
		return err
	}
	s.machineNames[m.name], s.machineARNs[m.name] = made.Name, made.Arn
	return nil
}
