package edge

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"
	waftypes "github.com/aws/aws-sdk-go-v2/service/wafv2/types"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/edge/routing"
	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

func blueVerifier(t *testing.T) *colorVerifier {
	t.Helper()
	listed, err := catalog.Load()
	require.NoError(t, err)
	cfg, err := config.ReadFile[Config](stackFile(t, "prod"))
	require.NoError(t, err)
	groups := map[string]any{}
	for _, service := range listed.Services {
		groups[service.Name] = "arn:" + service.Name
	}
	args := verify.Args{Environment: "prod", Outputs: map[string]any{
		"blueHealthCheckId": "check", "blueAlbEndpoint": "Blue.elb.example", "blueTargetGroupArns": groups,
	}}
	return newVerifier(args, cfg, listed).in(naming.Blue)
}

// said compares what a verification says with a part of it; nothing means that it
// says nothing.
func said(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" {
		assert.NoError(t, err)
		return
	}
	assert.ErrorContains(t, err, want)
}

func TestTargetsAreHealthyOrOnTheirWay(t *testing.T) {
	target := func(id string, state elbtypes.TargetHealthStateEnum) elbtypes.TargetHealthDescription {
		return elbtypes.TargetHealthDescription{
			Target:       &elbtypes.TargetDescription{Id: aws.String(id)},
			TargetHealth: &elbtypes.TargetHealth{State: state, Reason: elbtypes.TargetHealthReasonEnumTimeout},
		}
	}
	healthy, sick, initial := target("a", elbtypes.TargetHealthStateEnumHealthy), target("b", elbtypes.TargetHealthStateEnumUnhealthy), target("c", elbtypes.TargetHealthStateEnumInitial)
	for want, targets := range map[string][]elbtypes.TargetHealthDescription{
		"targets: 1 of 3 are healthy: b is unhealthy (Target.Timeout)": {healthy, sick, initial},
		"targets: none of 1 is healthy yet":                            {initial},
		"":                                                             {healthy, initial, target("d", elbtypes.TargetHealthStateEnumDraining)},
	} {
		f := verify.About("targets")
		judgeTargets(f, targets)
		said(t, f.Err(), want)
	}
	f := verify.About("targets")
	judgeTargets(f, nil)
	assert.NoError(t, f.Err(), "how many are wanted the layer of services knows")
}

func TestARecordIsComparedInFull(t *testing.T) {
	for want, spoil := range map[string]func(*dnstypes.ResourceRecordSet){
		"": func(*dnstypes.ResourceRecordSet) {},
		"record blue of pay.cutover.example: health check is other, expected check":   func(r *dnstypes.ResourceRecordSet) { r.HealthCheckId = aws.String("other") },
		"weight is 256, expected 0 to 255":                                            func(r *dnstypes.ResourceRecordSet) { r.Weight = aws.Int64(256) },
		"weight is 0, expected 0 to 255":                                              func(r *dnstypes.ResourceRecordSet) { r.Weight = nil },
		"is no alias, expected one to the balancer":                                   func(r *dnstypes.ResourceRecordSet) { r.AliasTarget = nil },
		"target is green.elb.example, expected blue.elb.example":                      func(r *dnstypes.ResourceRecordSet) { r.AliasTarget.DNSName = aws.String("green.elb.example.") },
		"evaluates the health of all target groups, expected the payment paths alone": func(r *dnstypes.ResourceRecordSet) { r.AliasTarget.EvaluateTargetHealth = true },
	} {
		record := dnstypes.ResourceRecordSet{
			Weight: aws.Int64(0), HealthCheckId: aws.String("check"),
			AliasTarget: &dnstypes.AliasTarget{DNSName: aws.String("dualstack.blue.elb.example.")},
		}
		spoil(&record)
		said(t, blueVerifier(t).judgeRecord(record), want)
	}
}

func TestACertificateIsStrongCoversTheNamesAndLasts(t *testing.T) {
	for want, spoil := range map[string]func(*acmtypes.CertificateDetail){
		"": func(*acmtypes.CertificateDetail) {},
		"certificate: status is PENDING_VALIDATION, expected ISSUED": func(c *acmtypes.CertificateDetail) { c.Status = acmtypes.CertificateStatusPendingValidation },
		"has a key RSA_1024, expected one of [RSA_2048":              func(c *acmtypes.CertificateDetail) { c.KeyAlgorithm = "RSA-1024" },
		"has a key , expected one of":                                func(c *acmtypes.CertificateDetail) { c.KeyAlgorithm = "" },
		"ends on 2026-06-30, expected more than 30 days from now": func(c *acmtypes.CertificateDetail) {
			c.NotAfter = aws.Time(time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC))
		},
		"ends on 0001-01-01": func(c *acmtypes.CertificateDetail) { c.NotAfter = nil },
		"covers [pay.cutover.example], expected green.pay.cutover.example too": func(c *acmtypes.CertificateDetail) {
			c.SubjectAlternativeNames = c.SubjectAlternativeNames[:1]
		},
	} {
		v := blueVerifier(t).verifier
		v.now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
		certificate := acmtypes.CertificateDetail{
			Status: acmtypes.CertificateStatusIssued, KeyAlgorithm: "RSA-2048", Type: acmtypes.CertificateTypeImported,
			NotAfter: aws.Time(v.now.AddDate(1, 0, 0)), SubjectAlternativeNames: []string{"pay.cutover.example", "*.pay.cutover.example"},
		}
		spoil(&certificate)
		f := verify.About("certificate")
		v.judgeCertificate(f, &certificate)
		said(t, f.Err(), want)
	}
}

func TestRulesAreThoseOfTheCatalogueAndNoOthers(t *testing.T) {
	for want, spoil := range map[string]func([]routing.Rule) []routing.Rule{
		"": func(rules []routing.Rule) []routing.Rule { return rules },
		"has none of priority 300, expected that of reporting": func(rules []routing.Rule) []routing.Rule { return rules[:2] },
		"priority 7 takes [/x], expected no such rule": func(rules []routing.Rule) []routing.Rule {
			return append(rules, routing.Rule{Priority: 7, Patterns: []string{"/x"}})
		},
		"priority 100 takes [/payments], expected [/payments /payments/*] of payment-api":    func(rules []routing.Rule) []routing.Rule { rules[0].Patterns = rules[0].Patterns[:1]; return rules },
		`priority 200 leads to "arn:reporting", expected the group of transaction-processor`: func(rules []routing.Rule) []routing.Rule { rules[1].TargetGroupARN = "arn:reporting"; return rules },
	} {
		c := blueVerifier(t)
		var rules []routing.Rule
		for _, service := range c.services.Services {
			rules = append(rules, routing.Rule{Priority: service.Priority, Patterns: slices.Clone(service.Paths), TargetGroupARN: "arn:" + service.Name})
		}
		said(t, c.judgeRules(routing.Table{Rules: spoil(rules)}, c.Texts("blueTargetGroupArns")), want)
	}
}

// asAWSAnswers are the firewall's rules as the API gives them back.
func asAWSAnswers(want []firewallRule) []waftypes.Rule {
	var rules []waftypes.Rule
	for i, rule := range want {
		answer := waftypes.Rule{
			Name: aws.String(rule.name), Priority: int32(i), Statement: &waftypes.Statement{},
			VisibilityConfig: &waftypes.VisibilityConfig{CloudWatchMetricsEnabled: true},
		}
		switch {
		case rule.isGroup():
			group := &waftypes.ManagedRuleGroupStatement{Name: aws.String(rule.statement.group)}
			for _, name := range rule.statement.counted {
				group.RuleActionOverrides = append(group.RuleActionOverrides, waftypes.RuleActionOverride{
					Name: aws.String(name), ActionToUse: &waftypes.RuleAction{Count: &waftypes.CountAction{}},
				})
			}
			answer.Statement.ManagedRuleGroupStatement = group
			answer.OverrideAction = &waftypes.OverrideAction{None: &waftypes.NoneAction{}}
		default:
			answer.Action = &waftypes.RuleAction{Block: &waftypes.BlockAction{}}
		}
		if limit := rule.statement.limit; limit.Limit > 0 {
			answer.Statement.RateBasedStatement = &waftypes.RateBasedStatement{Limit: aws.Int64(int64(limit.Limit)), EvaluationWindowSec: int64(limit.Window)}
		}
		rules = append(rules, answer)
	}
	return rules
}

func TestFirewallRulesAreComparedOneByOne(t *testing.T) {
	for want, spoil := range map[string]func([]waftypes.Rule){
		"":                                       func([]waftypes.Rule) {},
		"has the rules [ip-reputation deny rate": func(rules []waftypes.Rule) { rules[0].Priority = 1; rules[1].Priority = 0 },
		"rule sqli is to count, expected to do as its group says": func(rules []waftypes.Rule) {
			rules[6].OverrideAction = &waftypes.OverrideAction{Count: &waftypes.CountAction{}}
		},
		"rule deny is to do something else, expected to block": func(rules []waftypes.Rule) { rules[0].Action = &waftypes.RuleAction{Allow: &waftypes.AllowAction{}} },
		"group of rule common is AWSManagedRulesAdminProtectionRuleSet": func(rules []waftypes.Rule) {
			rules[5].Statement.ManagedRuleGroupStatement.Name = aws.String("AWSManagedRulesAdminProtectionRuleSet")
		},
		"rule common counts [] of its group, expected [SizeRestrictions_BODY]":  func(rules []waftypes.Rule) { rules[5].Statement.ManagedRuleGroupStatement.RuleActionOverrides = nil },
		"rule rate lets 9000 requests in 300 s through, expected 2000 in 300 s": func(rules []waftypes.Rule) { rules[2].Statement.RateBasedStatement.Limit = aws.Int64(9000) },
		"rule body-size has no metrics":                                         func(rules []waftypes.Rule) { rules[7].VisibilityConfig = nil },
	} {
		c := blueVerifier(t)
		expected := ruleSet(c.cfg.Firewall, c.services, pulumi.String(""), pulumi.String(""))
		rules := asAWSAnswers(expected)
		spoil(rules)
		f := verify.About("firewall")
		judgeFirewall(f, rules, expected, nil)
		said(t, f.Err(), want)
	}
}

func TestListsOfNetworksAreThoseOfTheConfiguration(t *testing.T) {
	networks := []config.CIDR{{Prefix: netip.MustParsePrefix("192.0.2.0/24")}, {Prefix: netip.MustParsePrefix("198.51.100.7/32")}}
	require.NoError(t, judgeList("deny", []string{"198.51.100.7/32", "192.0.2.0/24"}, networks))
	require.NoError(t, judgeList("deny", nil, nil))
	said(t, judgeList("deny", []string{"192.0.2.0/24"}, networks), "list of networks deny: has [192.0.2.0/24], expected [192.0.2.0/24 198.51.100.7/32]")
	said(t, judgeList("allow", []string{"203.0.113.0/24"}, nil), "list of networks allow: has [203.0.113.0/24], expected []")
}

func TestACertificateMayNameAHostByAWildcardOneLabelAbove(t *testing.T) {
	for name, covers := range map[string]bool{
		"pay.cutover.example": true, "*.cutover.example": true, "*.example": false, "cutover.example": false, "*.pay.cutover.example": false,
	} {
		assert.Equal(t, covers, namesHost(name, "pay.cutover.example"), name)
	}
}
