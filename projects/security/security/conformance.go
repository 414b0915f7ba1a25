package security

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cfg"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/policy/conformance"
	"github.com/cutover/cutover/shared/policy/table"
)

// ConformanceArgs describes which rules watch the account, and what they have to
// know of it.
type ConformanceArgs struct {
	Names naming.Namer
	Form  Conformance
	// Baseline adds the rules over the account's singletons.
	Baseline bool
	// LockMode is the lock that the evidence should have.
	LockMode string
	// Inputs are the values of the account that rules take, by the name that the
	// table of controls gives them; lists are separated by commas.
	Inputs pulumi.StringMap
	// Recording is waited for; nil where the organisation's recorder runs.
	Recording pulumi.Resource
}

// Validate joins all that is wrong with the arguments.
func (a *ConformanceArgs) Validate() error {
	var problems []error
	for _, pack := range a.packs() {
		for _, rule := range conformance.Rules(pack) {
			for _, input := range rule.Inputs() {
				if a.Inputs[input] == nil {
					problems = append(problems, fmt.Errorf("input %s: is missing, expected a value for rule %s of control %s", input, rule.Name(), rule.Row))
				}
			}
		}
	}
	return errors.Join(problems...)
}

func (a *ConformanceArgs) packs() []table.Pack {
	packs := table.Packs()
	if !a.Baseline {
		packs = slices.DeleteFunc(packs, func(p table.Pack) bool { return p == table.Account })
	}
	return packs
}

// ConformanceRules are the Config rules of the table of controls: as packs, or
// one by one. AWS judges by them what was deployed, as long as it is deployed.
type ConformanceRules struct {
	pulumi.ResourceState
}

// NewConformanceRules deploys the rules in the form that was asked for.
func NewConformanceRules(ctx *pulumi.Context, name string, args *ConformanceArgs, opts ...pulumi.ResourceOption) (*ConformanceRules, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("conformance rules: %w", err)
	}
	c := &ConformanceRules{}
	if err := ctx.RegisterComponentResource("cutover:security:ConformanceRules", name, c, opts...); err != nil {
		return nil, fmt.Errorf("register conformance rules: %w", err)
	}
	under := []pulumi.ResourceOption{pulumi.Parent(c)}
	if args.Recording != nil {
		under = append(under, pulumi.DependsOn([]pulumi.Resource{args.Recording}))
	}
	forms := map[Conformance]func(*pulumi.Context, *ConformanceArgs, ...pulumi.ResourceOption) error{
		Packs: addPacks, Rules: addRules, NoRule: func(*pulumi.Context, *ConformanceArgs, ...pulumi.ResourceOption) error { return nil },
	}
	if err := forms[args.Form](ctx, args, under...); err != nil {
		return nil, fmt.Errorf("conformance rules: %w", err)
	}
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{})
}

// addPacks deploys each pack with the inputs that its template declares, and the
// rules that no pack can hold.
func addPacks(ctx *pulumi.Context, args *ConformanceArgs, opts ...pulumi.ResourceOption) error {
	for _, pack := range args.packs() {
		template, err := conformance.Render(pack)
		if err != nil {
			return err
		}
		var inputs cfg.ConformancePackInputParameterArray
		for _, input := range template.Inputs {
			inputs = append(inputs, cfg.ConformancePackInputParameterArgs{
				ParameterName: pulumi.String(input), ParameterValue: args.Inputs[input],
			})
		}
		if _, err := cfg.NewConformancePack(ctx, string(pack), &cfg.ConformancePackArgs{
			Name: pulumi.String(args.Names.Name(naming.Pack, string(pack))), TemplateBody: pulumi.String(template.Body), InputParameters: inputs,
		}, opts...); err != nil {
			return fmt.Errorf("conformance pack %s: %w", pack, err)
		}
	}
	return addSingles(ctx, args, opts...)
}

// addRules deploys the rules of the packs one by one.
func addRules(ctx *pulumi.Context, args *ConformanceArgs, opts ...pulumi.ResourceOption) error {
	for _, pack := range args.packs() {
		for _, rule := range conformance.Rules(pack) {
			if err := addRule(ctx, rule, args, nil, opts...); err != nil {
				return err
			}
		}
	}
	return addSingles(ctx, args, opts...)
}

// addSingles deploys the layer's own rules: the lock of the tagged buckets, in
// the mode of this environment.
func addSingles(ctx *pulumi.Context, args *ConformanceArgs, opts ...pulumi.ResourceOption) error {
	scope := &cfg.RuleScopeArgs{TagKey: pulumi.String(retentionTag), TagValue: pulumi.String(retentionLocked)}
	for _, rule := range conformance.Singles(contract.Security) {
		if err := addRule(ctx, rule.With("mode", args.LockMode), args, scope, opts...); err != nil {
			return err
		}
	}
	return nil
}

func addRule(ctx *pulumi.Context, rule conformance.Rule, args *ConformanceArgs, scope *cfg.RuleScopeArgs, opts ...pulumi.ResourceOption) error {
	made := &cfg.RuleArgs{
		Name:        pulumi.String(args.Names.Name(naming.ConfigRule, rule.Name())),
		Description: pulumi.String(rule.Description()),
		Source:      cfg.RuleSourceArgs{Owner: pulumi.String("AWS"), SourceIdentifier: pulumi.String(rule.Identifier)},
	}
	if scope != nil {
		made.Scope = scope
	}
	if len(rule.Parameters) > 0 {
		made.InputParameters = args.Inputs.ToStringMapOutput().ApplyT(rule.Arguments).(pulumi.StringOutput)
	}
	if _, err := cfg.NewRule(ctx, rule.Name(), made, opts...); err != nil {
		return fmt.Errorf("rule %s: %w", rule.Name(), err)
	}
	return nil
}

// list joins the values of one input.
func list(values ...pulumi.StringInput) pulumi.StringInput {
	return pulumi.StringArray(values).ToStringArrayOutput().ApplyT(func(known []string) string {
		return strings.Join(known, ",")
	}).(pulumi.StringOutput)
}
