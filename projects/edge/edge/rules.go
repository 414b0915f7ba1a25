package edge

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cfg"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/policy/conformance"
)

// RulesArgs describes what the Config rules of this layer have to know.
type RulesArgs struct {
	Names      naming.Namer
	WebACLARN  pulumi.StringInput
	LogBuckets pulumi.StringArray
}

// Validate joins all that is wrong with the arguments.
func (a *RulesArgs) Validate() error {
	var problems []error
	if a.WebACLARN == nil {
		problems = append(problems, errors.New("rules web ACL: is missing, expected the ARN of the firewall"))
	}
	if len(a.LogBuckets) == 0 {
		problems = append(problems, errors.New("rules log buckets: none, expected those of the balancers' logs"))
	}
	return errors.Join(problems...)
}

// Rules are the Config rules whose parameters this layer alone knows. All others
// of the table of controls the layer of security deploys.
type Rules struct {
	pulumi.ResourceState
}

// NewRules deploys the rules.
func NewRules(ctx *pulumi.Context, name string, args *RulesArgs, opts ...pulumi.ResourceOption) (*Rules, error) {
	if err := args.Validate(); err != nil {
		return nil, err
	}
	r := &Rules{}
	if err := ctx.RegisterComponentResource("cutover:edge:Rules", name, r, opts...); err != nil {
		return nil, fmt.Errorf("register %s: %w", name, err)
	}
	inputs := pulumi.StringMap{"WebAclArns": args.WebACLARN, "BalancerLogBuckets": joined(args.LogBuckets)}.ToStringMapOutput()
	for _, rule := range conformance.Singles(contract.Edge) {
		if _, err := cfg.NewRule(ctx, rule.Name(), &cfg.RuleArgs{
			Name:            pulumi.String(args.Names.Name(naming.ConfigRule, rule.Name())),
			Description:     pulumi.String(rule.Description()),
			Source:          cfg.RuleSourceArgs{Owner: pulumi.String("AWS"), SourceIdentifier: pulumi.String(rule.Identifier)},
			InputParameters: inputs.ApplyT(rule.Arguments).(pulumi.StringOutput),
		}, pulumi.Parent(r)); err != nil {
			return nil, fmt.Errorf("rule %s: %w", rule.Name(), err)
		}
	}
	return r, ctx.RegisterResourceOutputs(r, pulumi.Map{})
}

// joined separates values by commas, as parameters of rules have lists.
func joined(values pulumi.StringArray) pulumi.StringOutput {
	return values.ToStringArrayOutput().ApplyT(func(known []string) string { return strings.Join(known, ",") }).(pulumi.StringOutput)
}
