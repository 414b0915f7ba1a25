package security

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
)

// SharedArgs describes what belongs to no colour.
type SharedArgs struct {
	Names       naming.Namer
	Environment config.Environment
}

// Validate joins all that is wrong with the arguments.
func (a *SharedArgs) Validate() error {
	if a.Environment.AccountID == "" {
		return errors.New("account id: is empty, expected 12 digits")
	}
	return nil
}

// Shared is what both colours use and what stays when one of them goes: the
// permission boundary and the keys of images and of the control table.
type Shared struct {
	pulumi.ResourceState

	BoundaryARN pulumi.StringOutput
	KeyARNs     map[Purpose]pulumi.StringOutput
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
	for _, purpose := range SharedPurposes() {
		arn, err := newKey(ctx, name, purpose, keyArgs{names: args.Names, environment: args.Environment}, pulumi.Parent(s))
		if err != nil {
			return nil, err
		}
		s.KeyARNs[purpose] = arn
	}
	if err := s.addBoundary(ctx, name, args); err != nil {
		return nil, err
	}
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{"boundaryPolicyArn": s.BoundaryARN})
}

func (s *Shared) addBoundary(ctx *pulumi.Context, name string, args *SharedArgs) error {
	physical := args.Names.Name(naming.Policy, "workload-boundary")
	text, err := boundary().JSON()
	if err != nil {
		return fmt.Errorf("permission boundary: %w", err)
	}
	if err := component.CheckPolicySize(physical, text); err != nil {
		return err
	}
	policy, err := iam.NewPolicy(ctx, name+"-boundary", &iam.PolicyArgs{
		Name:        pulumi.String(physical),
		Path:        pulumi.String(component.Path(ctx)),
		Description: pulumi.String("Ceiling of what any workload may do"),
		Policy:      pulumi.String(text),
	}, pulumi.Parent(s))
	if err != nil {
		return fmt.Errorf("permission boundary %s: %w", physical, err)
	}
	s.BoundaryARN = policy.Arn
	return nil
}
