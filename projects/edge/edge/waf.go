package edge

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
)

// regional is the scope of firewalls before balancers.
const regional = "REGIONAL"

// FirewallArgs describes the firewall before the balancers of both colours.
type FirewallArgs struct {
	Names     naming.Namer
	AccountID string
	Config    FirewallConfig
	Services  catalog.Catalog
	// LogsKeyARN encrypts the firewall's log.
	LogsKeyARN pulumi.StringInput
}

// Validate joins all that is wrong with the arguments.
func (a *FirewallArgs) Validate() error {
	problems := []error{checkRules(a.Config, a.Services)}
	if a.AccountID == "" {
		problems = append(problems, errors.New("firewall account id: is empty, expected 12 digits"))
	}
	if a.LogsKeyARN == nil {
		problems = append(problems, errors.New("firewall log key: is missing, expected the ARN of a key for logs"))
	}
	return errors.Join(problems...)
}

// Firewall is the web ACL of an environment: it refuses addresses of bad repute,
// floods, known attacks and bodies too large to inspect, and logs what it saw
// without credentials. It is no substitute for what services check themselves.
type Firewall struct {
	pulumi.ResourceState

	ARN          pulumi.StringOutput
	Name         string
	LogGroupName string

	acl *wafv2.WebAcl
	// sets are by list: the networks that are let through and those refused.
	sets  map[string]pulumi.StringInput
	rules []firewallRule
}

// Lists of networks.
const (
	allowList = "allow"
	denyList  = "deny"
)

// NewFirewall makes the web ACL with its IP sets and its log.
func NewFirewall(ctx *pulumi.Context, name string, args *FirewallArgs, opts ...pulumi.ResourceOption) (*Firewall, error) {
	if err := args.Validate(); err != nil {
		return nil, err
	}
	f := &Firewall{Name: args.Names.Name(naming.Firewall, "firewall"), sets: map[string]pulumi.StringInput{}}
	f.LogGroupName = firewallLogPrefix + f.Name
	if err := ctx.RegisterComponentResource("cutover:edge:Firewall", name, f, opts...); err != nil {
		return nil, fmt.Errorf("register %s: %w", name, err)
	}
	for _, step := range []func(*pulumi.Context, string, *FirewallArgs) error{f.addSets, f.addACL, f.addLog} {
		if err := step(ctx, name, args); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return f, ctx.RegisterResourceOutputs(f, pulumi.Map{"arn": f.ARN})
}

// addSets makes both lists, also empty ones: in haste an address is added, not a
// rule. Balancers have IPv4 addresses only.
func (f *Firewall) addSets(ctx *pulumi.Context, name string, args *FirewallArgs) error {
	for list, networks := range map[string][]config.CIDR{allowList: args.Config.Allow, denyList: args.Config.Deny} {
		addresses := pulumi.StringArray{}
		for _, network := range networks {
			addresses = append(addresses, pulumi.String(network.String()))
		}
		set, err := wafv2.NewIpSet(ctx, name+"-"+list, &wafv2.IpSetArgs{
			Name:             pulumi.String(setName(args.Names, list)),
			Scope:            pulumi.String(regional),
			IpAddressVersion: pulumi.String("IPV4"),
			Addresses:        addresses,
			Tags:             nameTag(args.Names, "firewall", list),
		}, pulumi.Parent(f))
		if err != nil {
			return fmt.Errorf("IP set %s: %w", list, err)
		}
		f.sets[list] = set.Arn
	}
	return nil
}

func setName(names naming.Namer, list string) string {
	return names.Name(naming.Firewall, "firewall", list)
}

func (f *Firewall) addACL(ctx *pulumi.Context, name string, args *FirewallArgs) error {
	f.rules = ruleSet(args.Config, args.Services, f.sets[allowList], f.sets[denyList])
	var rules wafv2.WebAclRuleArray
	for i, rule := range f.rules {
		rules = append(rules, rule.write(i*priorityStep, f.metric(rule), slices.Contains(args.Config.Count, rule.name)))
	}
	acl, err := wafv2.NewWebAcl(ctx, name, &wafv2.WebAclArgs{
		Name:          pulumi.String(f.Name),
		Scope:         pulumi.String(regional),
		Description:   pulumi.String("Before the balancers of both colours"),
		DefaultAction: wafv2.WebAclDefaultActionArgs{Allow: wafv2.WebAclDefaultActionAllowArgs{}},
		Rules:         rules,
		VisibilityConfig: wafv2.WebAclVisibilityConfigArgs{
			CloudwatchMetricsEnabled: pulumi.Bool(true), SampledRequestsEnabled: pulumi.Bool(true), MetricName: pulumi.String(f.Name),
		},
		Tags: nameTag(args.Names, "firewall"),
	}, pulumi.Parent(f))
	if err != nil {
		return fmt.Errorf("web ACL: %w", err)
	}
	f.acl, f.ARN = acl, acl.Arn
	return nil
}

// metric is the name of a rule's metrics, unique in the region.
func (f *Firewall) metric(rule firewallRule) string { return f.Name + "-" + rule.name }

// outputs is what the contract promises of the firewall.
func (f *Firewall) outputs() contract.Firewall {
	metrics := pulumi.StringMap{}
	for _, rule := range f.rules {
		metrics[rule.name] = pulumi.String(f.metric(rule))
	}
	return contract.Firewall{
		ARN:             f.ARN,
		Name:            f.acl.Name,
		MetricName:      pulumi.String(f.Name).ToStringOutput(),
		RuleMetricNames: metrics.ToStringMapOutput(),
		LogGroupName:    pulumi.String(f.LogGroupName).ToStringOutput(),
	}
}
