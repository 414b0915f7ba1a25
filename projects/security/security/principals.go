package security

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
)

// PrincipalsArgs describes one colour's keys and roles.
type PrincipalsArgs struct {
	Color naming.Color
	// Names are those of the environment.
	Names       naming.Namer
	Environment config.Environment
	// Services are the names of the services that get a task and an execution role.
	Services []string
	// BoundaryARN is the permission boundary of every role but those with policies
	// of AWS's, which have boundaries of their own.
	BoundaryARN pulumi.StringInput
}

// Validate joins all that is wrong with the arguments.
func (a *PrincipalsArgs) Validate() error {
	var problems []error
	if !slices.Contains(naming.Colors(), a.Color) {
		problems = append(problems, fmt.Errorf("colour %q: expected one of %v", a.Color, naming.Colors()))
	}
	if a.Environment.AccountID == "" {
		problems = append(problems, errors.New("account id: is empty, expected 12 digits"))
	}
	if len(a.Services) == 0 {
		problems = append(problems, errors.New("services: none, expected the catalogue's"))
	}
	if a.BoundaryARN == nil {
		problems = append(problems, errors.New("boundary: is missing, expected the ARN of the permission boundary"))
	}
	return errors.Join(problems...)
}

// roster is where the key policies look the roles up.
func (a *PrincipalsArgs) roster(path string) roster {
	return roster{accountID: a.Environment.AccountID, path: path, names: a.Names, services: a.Services}
}

// Principals are one colour's keys and roles.
type Principals struct {
	pulumi.ResourceState

	KeyARNs map[Purpose]pulumi.StringOutput

	tasks, executions map[string]role
	// others are the roles by kind.
	others map[string]role
}

// NewPrincipals makes one colour's keys and roles.
func NewPrincipals(ctx *pulumi.Context, name string, args *PrincipalsArgs, opts ...pulumi.ResourceOption) (*Principals, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("principals of %s: %w", name, err)
	}
	p := &Principals{
		KeyARNs:    make(map[Purpose]pulumi.StringOutput),
		tasks:      make(map[string]role),
		executions: make(map[string]role),
		others:     make(map[string]role),
	}
	if err := ctx.RegisterComponentResource("cutover:security:Principals", name, p, opts...); err != nil {
		return nil, fmt.Errorf("register principals of %s: %w", name, err)
	}
	for _, step := range []func(*pulumi.Context, string, *PrincipalsArgs) error{
		p.addKeys, p.addServiceRoles, p.addWorkerRoles, p.addKeptRoles,
	} {
		if err := step(ctx, name, args); err != nil {
			return nil, fmt.Errorf("principals of %s: %w", name, err)
		}
	}
	return p, ctx.RegisterResourceOutputs(p, pulumi.Map{"databaseKeyArn": p.KeyARNs[Database]})
}

func (p *Principals) addKeys(ctx *pulumi.Context, name string, args *PrincipalsArgs) error {
	for _, purpose := range Purposes() {
		arn, err := newKey(ctx, name, purpose, keyArgs{
			names: args.Names.In(args.Color), environment: args.Environment, color: args.Color, roles: args.roster(component.Path(ctx)),
		}, pulumi.Parent(p))
		if err != nil {
			return err
		}
		p.KeyARNs[purpose] = arn
	}
	return nil
}

// outputs is what the contract promises of this colour.
func (p *Principals) outputs() contract.Principals {
	return contract.Principals{
		DatabaseKeyARN:      p.KeyARNs[Database],
		SecretsKeyARN:       p.KeyARNs[Secrets],
		LogsKeyARN:          p.KeyARNs[Logs],
		DocumentsKeyARN:     p.KeyARNs[Documents],
		SessionsKeyARN:      p.KeyARNs[Sessions],
		MessagingKeyARN:     p.KeyARNs[Messaging],
		TaskRoleARNs:        arns(p.tasks),
		TaskRoleNames:       roleNames(p.tasks),
		ExecutionRoleARNs:   arns(p.executions),
		ExecutionRoleNames:  roleNames(p.executions),
		SyncRoleARN:         p.others[sync].arn,
		SyncRoleName:        p.others[sync].name,
		CanaryRoleARN:       p.others[canary].arn,
		CanaryRoleName:      p.others[canary].name,
		SchedulerRoleARN:    p.others[scheduler].arn,
		SchedulerRoleName:   p.others[scheduler].name,
		MonitoringRoleARN:   p.others[monitoring].arn,
		RotationRoleARN:     p.others[rotation].arn,
		RotationRoleName:    p.others[rotation].name,
		ReplicationRoleARN:  p.others[replication].arn,
		ReplicationRoleName: p.others[replication].name,
		BackupRoleARN:       p.others[backup].arn,
		MoverRoleARNs:       arns(p.of(movers())),
		MoverRoleNames:      roleNames(p.of(movers())),
		StatesRoleARN:       p.others[states].arn,
		StatesRoleName:      p.others[states].name,
	}
}

// of are the roles of some kinds.
func (p *Principals) of(kinds []string) map[string]role {
	found := make(map[string]role, len(kinds))
	for _, kind := range kinds {
		found[kind] = p.others[kind]
	}
	return found
}

func arns(roles map[string]role) pulumi.StringMapOutput {
	out := pulumi.StringMap{}
	for service, r := range roles {
		out[service] = r.arn
	}
	return out.ToStringMapOutput()
}

func roleNames(roles map[string]role) pulumi.StringMapOutput {
	out := pulumi.StringMap{}
	for service, r := range roles {
		out[service] = r.name
	}
	return out.ToStringMapOutput()
}
