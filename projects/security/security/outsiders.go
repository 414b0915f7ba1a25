package security

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// OutsidersArgs describes the roles that principals of other accounts take.
type OutsidersArgs struct {
	Names  naming.Namer
	Config Config
	// KeyARNs are the keys that encrypt what the pipeline deploys, by a name that
	// is theirs alone.
	KeyARNs pulumi.StringMap
}

// Validate joins all that is wrong with the arguments.
func (a *OutsidersArgs) Validate() error {
	var problems []error
	if a.Config.Environment.AccountID == "" {
		problems = append(problems, errors.New("account id: is empty, expected 12 digits"))
	}
	if len(a.KeyARNs) == 0 {
		problems = append(problems, errors.New("keys: none, expected those of both colours"))
	}
	return errors.Join(problems...)
}

// Outsiders are the roles for the pipeline, for auditors and for operators. The
// latter two are people's and demand a second factor.
type Outsiders struct {
	pulumi.ResourceState

	Deploy, Audit, Operator *iam.Role
}

// NewOutsiders makes the three roles, each under its boundary, and what they may
// do.
func NewOutsiders(ctx *pulumi.Context, name string, args *OutsidersArgs, opts ...pulumi.ResourceOption) (*Outsiders, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("roles of outsiders: %w", err)
	}
	o := &Outsiders{}
	if err := ctx.RegisterComponentResource("cutover:security:Outsiders", name, o, opts...); err != nil {
		return nil, fmt.Errorf("register %s: %w", name, err)
	}
	at := newPlace(args.Config.Environment, ctx.Stack())
	if err := o.addPeople(ctx, name, args, at); err != nil {
		return nil, err
	}
	if err := o.addDeploy(ctx, name, args, newDeployment(at, args.Config)); err != nil {
		return nil, err
	}
	return o, ctx.RegisterResourceOutputs(o, pulumi.Map{
		"deployRoleArn": o.Deploy.Arn, "auditRoleArn": o.Audit.Arn, "operatorRoleArn": o.Operator.Arn,
	})
}

func (o *Outsiders) addPeople(ctx *pulumi.Context, name string, args *OutsidersArgs, at place) (err error) {
	boundary, err := newBoundary(ctx, name+"-people-boundary", &boundaryArgs{
		name:        args.Names.Name(naming.Policy, "people-boundary"),
		description: "Ceiling of what auditors and operators may do",
		document:    peopleBoundary(at),
	}, pulumi.Parent(o))
	if err != nil {
		return err
	}
	access := args.Config.Access
	for _, person := range []struct {
		kind, description string
		trusted           iamdoc.Outsiders
		made              **iam.Role
		hours             int
		may               iamdoc.Document
	}{
		{audit, "Auditors of other accounts: configuration and evidence, no data", access.Audit.outsiders(), &o.Audit, access.Audit.SessionHours, auditPolicy(at)},
		{operator, "Operators of other accounts: traffic and migration", access.Operator.named(), &o.Operator, access.Operator.SessionHours, operatorPolicy(at)},
	} {
		if *person.made, err = component.NewRole(ctx, name+"-"+person.kind, &component.RoleArgs{
			Name:        args.Names.Name(naming.Role, person.kind),
			Description: person.description,
			Trust:       iamdoc.AssumeFromAccounts(person.trusted),
			BoundaryARN: boundary,
			Session:     time.Duration(person.hours) * time.Hour,
		}, pulumi.Parent(o)); err != nil {
			return err
		}
		if _, err := component.NewPolicy(ctx, name+"-"+person.kind, &component.PolicyArgs{
			Name:        args.Names.Name(naming.Policy, person.kind),
			Description: person.description,
			Write:       func(map[string]string) iamdoc.Document { return person.may },
			Ceiling:     peopleBoundary(at).Statements[0].Actions,
			Roles:       map[string]pulumi.StringInput{person.kind: (*person.made).Name},
		}, pulumi.Parent(o)); err != nil {
			return err
		}
	}
	return nil
}

func (o *Outsiders) addDeploy(ctx *pulumi.Context, name string, args *OutsidersArgs, d deployment) error {
	boundary, err := newBoundary(ctx, name+"-deploy-boundary", &boundaryArgs{
		name:        args.Names.Name(naming.Policy, "deploy-boundary"),
		description: "Ceiling of what the pipeline may do",
		document:    d.boundary(),
	}, pulumi.Parent(o))
	if err != nil {
		return err
	}
	trusted := args.Config.Access.Deploy
	if o.Deploy, err = component.NewRole(ctx, name+"-"+deploy, &component.RoleArgs{
		Name:        args.Names.Name(naming.Role, deploy),
		Description: "Pipeline of another account: every layer but that of keys and roles",
		Trust:       iamdoc.AssumeFromAccounts(trusted.outsiders()),
		BoundaryARN: boundary,
		Session:     time.Duration(trusted.SessionHours) * time.Hour,
	}, pulumi.Parent(o)); err != nil {
		return err
	}
	policies := d.policies()
	for _, part := range slices.Sorted(maps.Keys(policies)) {
		if err := o.permitDeploy(ctx, name, args, d, part, nil, func(map[string]string) iamdoc.Document {
			return iamdoc.Document{Statements: policies[part]}
		}); err != nil {
			return err
		}
	}
	return o.permitDeploy(ctx, name, args, d, "keys", args.KeyARNs, func(keys map[string]string) iamdoc.Document {
		return iamdoc.Document{Statements: d.useKeys(slices.Sorted(maps.Values(keys)))}
	})
}

// permitDeploy attaches one part of what the pipeline may do.
func (o *Outsiders) permitDeploy(ctx *pulumi.Context, name string, args *OutsidersArgs, d deployment, part string, values pulumi.StringMap, write func(map[string]string) iamdoc.Document) error {
	_, err := component.NewPolicy(ctx, name+"-"+deploy+"-"+part, &component.PolicyArgs{
		Name:        args.Names.Name(naming.Policy, deploy, part),
		Description: "What the pipeline may do: " + part,
		Values:      values,
		Write:       write,
		Ceiling:     d.boundary().Statements[0].Actions,
		Roles:       map[string]pulumi.StringInput{deploy: o.Deploy.Name},
	}, pulumi.Parent(o))
	return err
}
