package security

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
)

// SharedArgs describes what belongs to no colour.
type SharedArgs struct {
	Names       naming.Namer
	Environment config.Environment
	// Services are the names of the services whose roles use the shared keys.
	Services []string
}

// Validate joins all that is wrong with the arguments.
func (a *SharedArgs) Validate() error {
	var problems []error
	if a.Environment.AccountID == "" {
		problems = append(problems, errors.New("account id: is empty, expected 12 digits"))
	}
	if len(a.Services) == 0 {
		problems = append(problems, errors.New("services: none, expected the catalogue's"))
	}
	return errors.Join(problems...)
}

// Shared is what both colours use and what stays when one of them goes: the
// permission boundary, the keys of images, control table and records, and those
// that sign.
type Shared struct {
	pulumi.ResourceState

	BoundaryARN pulumi.StringOutput
	KeyARNs     map[Purpose]pulumi.StringOutput
	// ZoneKeyARN signs the public zone.
	ZoneKeyARN pulumi.StringOutput
}

// NewShared makes the permission boundary and the shared keys.
func NewShared(ctx *pulumi.Context, name string, args *SharedArgs, opts ...pulumi.ResourceOption) (*Shared, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("shared part of the security layer: %w", err)
	}
	s := &Shared{KeyARNs: make(map[Purpose]pulumi.StringOutput)}
	if err := ctx.RegisterComponentResource("cutover:security:Shared", name, s, opts...); err != nil {
		return nil, fmt.Errorf("register %s: %w", name, err)
	}
	roles := roster{accountID: args.Environment.AccountID, path: component.Path(ctx), names: args.Names, services: args.Services}
	for _, purpose := range SharedPurposes() {
		arn, err := newKey(ctx, name, purpose, keyArgs{names: args.Names, environment: args.Environment, roles: roles}, pulumi.Parent(s))
		if err != nil {
			return nil, err
		}
		s.KeyARNs[purpose] = arn
	}
	for _, purpose := range ProvingPurposes() {
		arn, err := newProvingKey(ctx, name, purpose, args.Environment, roles, pulumi.Parent(s))
		if err != nil {
			return nil, err
		}
		s.KeyARNs[purpose] = arn
	}
	if err := s.addZoneKey(ctx, name, args); err != nil {
		return nil, err
	}
	if err := s.addBoundary(ctx, name, args); err != nil {
		return nil, err
	}
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{"boundaryPolicyArn": s.BoundaryARN})
}

func (s *Shared) addBoundary(ctx *pulumi.Context, name string, args *SharedArgs) (err error) {
	s.BoundaryARN, err = newBoundary(ctx, name+"-boundary", &boundaryArgs{
		name:        args.Names.Name(naming.Policy, "workload-boundary"),
		description: "Ceiling of what any workload may do",
		document:    boundary(),
	}, pulumi.Parent(s))
	return err
}
