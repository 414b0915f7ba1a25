package migration

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/scheduler"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
)

// SyncArgs describes the part of the sync layer that runs in one colour.
type SyncArgs struct {
	Names       naming.Namer
	Color       naming.Color
	Environment config.Environment
	// Active starts the functions on their schedules.
	Active bool
	// Window is the last day of the window between the networks, empty while it is
	// closed.
	Window     pulumi.StringInput
	Network    contract.Network
	Principals contract.Principals
	// Stores are those of this colour, PeerStores of the other.
	Stores, PeerStores contract.Stores
	// ControlTable is the name of the control table.
	ControlTable pulumi.StringInput
	Workers      Workers
	Throttle     Throttle
	Keeping      Keeping
	// OperatorRole is the name of the role of those who move data.
	OperatorRole pulumi.StringInput
	// OperatorRoleID is its unique id, by which AWS names its sessions.
	OperatorRoleID pulumi.StringInput
}

// Keeping is where records are kept, and what they are encrypted, signed and hashed
// with.
type Keeping struct {
	// ProofsBucket and RunsBucket are names.
	ProofsBucket, RunsBucket          pulumi.StringInput
	KeyARN, SigningKeyARN, HashKeyARN pulumi.StringInput
}

func (k Keeping) complete() bool {
	return k.ProofsBucket != nil && k.RunsBucket != nil && k.KeyARN != nil && k.SigningKeyARN != nil && k.HashKeyARN != nil
}

// Validate joins all that is wrong with the arguments.
func (a *SyncArgs) Validate() error {
	var problems []error
	if a.Color != naming.Blue && a.Color != naming.Green {
		problems = append(problems, fmt.Errorf("colour %q: expected one of %v", a.Color, naming.Colors()))
	}
	if a.Environment.AccountID == "" {
		problems = append(problems, errors.New("account id: is empty, expected 12 digits"))
	}
	if a.ControlTable == nil {
		problems = append(problems, errors.New("control table: is missing, expected its name"))
	}
	if !a.Keeping.complete() {
		problems = append(problems, errors.New("records: something is missing, expected both buckets and three keys"))
	}
	if a.Window == nil {
		problems = append(problems, errors.New("window between the networks: is missing, expected its last day or nothing while it is closed"))
	}
	if a.OperatorRole == nil || a.OperatorRoleID == nil {
		problems = append(problems, errors.New("operator role: is missing, expected its name and its id"))
	}
	for kind, count := range map[string]int{"load": a.Workers.Load, "verify": a.Workers.Verify} {
		if count < 1 || count > maxWorkers {
			problems = append(problems, fmt.Errorf("workers to %s: got %d, expected 1 to %d", kind, count, maxWorkers))
		}
	}
	if a.Throttle.SourceProcessors < 1 || a.Throttle.CostPercent < 1 || a.Throttle.BandwidthMiB < 0 {
		problems = append(problems, fmt.Errorf("throttle: got %+v, expected processors of the source and percent from 1 on, bandwidth from 0 on", a.Throttle))
	}
	return errors.Join(problems...)
}

// Sync is the part of the sync layer that runs in one colour.
type Sync struct {
	pulumi.ResourceState

	names, arns, schedules    pulumi.StringMap
	machineNames, machineARNs pulumi.StringMap

	deadLetters *sqs.Queue
	functions   map[string]*lambda.Function
	group       *scheduler.ScheduleGroup
}

// NewSync makes one colour's functions, their schedules and state machines, the queue
// for what could not be done, and what operators may do with them.
func NewSync(ctx *pulumi.Context, name string, args *SyncArgs, opts ...pulumi.ResourceOption) (*Sync, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("sync of %s: %w", name, err)
	}
	s := &Sync{
		names: pulumi.StringMap{}, arns: pulumi.StringMap{}, schedules: pulumi.StringMap{},
		machineNames: pulumi.StringMap{}, machineARNs: pulumi.StringMap{},
		functions: make(map[string]*lambda.Function),
	}
	if err := ctx.RegisterComponentResource("cutover:migration:Sync", name, s, opts...); err != nil {
		return nil, fmt.Errorf("register sync of %s: %w", name, err)
	}
	for _, step := range []func(*pulumi.Context, string, *SyncArgs) error{
		s.addDeadLetters, s.addFunctions, s.addSchedules, s.addMachines, s.admitOperators,
	} {
		if err := step(ctx, name, args); err != nil {
			return nil, fmt.Errorf("sync of %s: %w", name, err)
		}
	}
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{"functionNames": s.names})
}

// outputs is what the contract promises of this colour.
func (s *Sync) outputs() contract.Sync {
	return contract.Sync{
		FunctionNames:       s.names.ToStringMapOutput(),
		FunctionARNs:        s.arns.ToStringMapOutput(),
		ScheduleNames:       s.schedules.ToStringMapOutput(),
		DeadLetterQueueName: s.deadLetters.Name,
		StateMachineARNs:    s.machineARNs.ToStringMapOutput(),
		StateMachineNames:   s.machineNames.ToStringMapOutput(),
	}
}
