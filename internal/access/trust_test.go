package access_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/policy/access"
)

// takers are the services that take roles, by the end of the role's name.
func takers() map[string]string {
	return map[string]string{
		"-task": "ecs-tasks", "-execution": "ecs-tasks", "-sync": "lambda", "-canary": "lambda", "-scheduler": "scheduler", "-rotation": "lambda",
		"-install": "lambda", "-finalise": "lambda", "-chunk": "lambda", "-verify": "lambda", "-switch": "lambda", "-states": "states",
		"-backup": "backup", "-replication": "s3", "-database-monitoring": "monitoring.rds",
	}
}

// trustRules: a role is taken by its service for this account, or by its
// outsiders; nobody else takes it, administrators and other roles neither.
func (s scene) trustRules() []access.Rule {
	var services []access.Caller
	for _, name := range takers() {
		if caller := service(name); !slices.Contains(services, caller) {
			services = append(services, caller)
		}
	}
	services = append(services, service("ec2"))
	everybody := append(slices.Clone(services), append(s.everyRole(), access.Administrator)...)
	var rules []access.Rule
	for _, color := range naming.Colors() {
		for _, role := range s.g.OfType(roleType) {
			end, ofColor := strings.CutPrefix(role.Name, string(color)+"-")
			if !ofColor {
				continue
			}
			taker := access.Caller{}
			for suffix, name := range takers() {
				if strings.HasSuffix("-"+end, suffix) {
					taker = service(name)
				}
			}
			on := []string{role.Output("arn")}
			rules = append(rules, access.Rule{
				Name: "a role is taken by its service", Actions: []string{"sts:AssumeRole"}, On: on,
				With: one("aws:SourceAccount", s.account()), Callers: everybody, May: []access.Caller{taker},
			})
			if _, without := iamdoc.WithoutSourceAccount(taker.Service); !without {
				rules = append(rules, access.Rule{
					Name: "a role is not taken for another account", Actions: []string{"sts:AssumeRole"}, On: on,
					With: one("aws:SourceAccount", "999999999999"), Callers: everybody,
				})
			}
		}
	}
	rules = append(rules, s.accountTrustRules(everybody)...)
	return append(rules, s.outsiderRules(everybody)...)
}

// accountTrustRules: the roles that watch the account, and the one for cases
// with AWS, which people of the account take.
func (s scene) accountTrustRules(everybody []access.Caller) []access.Rule {
	assume := []string{"sts:AssumeRole"}
	var rules []access.Rule
	for kind, taker := range map[string]string{
		"archive-delivery": "firehose", "archive-forwarding": "logs", "flow-logs": "vpc-flow-logs", "trail-delivery": "cloudtrail",
		"topic-reports": "sns",
	} {
		callers := append(slices.Clone(everybody), service("firehose"), service("logs"), service("vpc-flow-logs"), service("cloudtrail"), service("sns"))
		rules = append(rules, access.Rule{
			Name: "a role is taken by its service", Actions: assume, On: []string{s.arn(roleType, "account-"+kind)},
			With: with(one("aws:SourceAccount", s.account()), one("sts:ExternalId", s.account())), Callers: callers, May: []access.Caller{service(taker)},
		})
	}
	support := []string{s.arn(roleType, "account-support")}
	return append(rules,
		access.Rule{
			Name: "people take the role for cases with a second factor", Actions: assume, On: support, Callers: everybody,
			With: one("aws:MultiFactorAuthPresent", "true"), May: []access.Caller{access.Administrator},
		},
		access.Rule{Name: "and not without", Actions: assume, On: support, Callers: everybody})
}

// TestEveryRoleHasARuleForWhoTakesIt keeps a new role from standing beside the
// table.
func TestEveryRoleHasARuleForWhoTakesIt(t *testing.T) {
	s := newScene(t, "prod")
	tried := make(map[string]bool)
	for _, rule := range s.trustRules() {
		if len(rule.May) > 0 {
			tried[rule.On[0]] = true
		}
	}
	for _, role := range s.g.OfType(roleType) {
		assert.True(t, tried[role.Output("arn")], "%s: no rule says who takes it: add it to the trust rules", role)
	}
}

// outsiderRules: what a request from another account has to bring along.
func (s scene) outsiderRules(everybody []access.Caller) []access.Rule {
	env := s.g.Environment.Name
	person := func(minutes string) map[string][]string {
		return with(one("aws:MultiFactorAuthPresent", "true"), one("aws:MultiFactorAuthAge", minutes))
	}
	named := with(one("aws:username", "ann"), one("sts:RoleSessionName", "ann"))
	assume := []string{"sts:AssumeRole"}
	var rules []access.Rule
	for kind, want := range map[string]struct {
		account string
		proof   map[string][]string
		wrong   []map[string][]string
	}{
		"deploy": {account: "567890123456"},
		"audit": {account: "678901234567", proof: person("60"), wrong: []map[string][]string{
			{}, person("3600"), one("aws:MultiFactorAuthPresent", "true"), with(person("60"), one("aws:MultiFactorAuthPresent", "false")),
		}},
		"operator": {account: "789012345678", proof: with(named, person("60")), wrong: []map[string][]string{
			{}, with(named, person("900")), with(named, one("aws:MultiFactorAuthPresent", "true")),
			with(named, person("60"), one("aws:MultiFactorAuthPresent", "false")),
			// Somebody else's name, and a session of a role in the operators' account, which has no user.
			with(person("60"), one("aws:username", "ann"), one("sts:RoleSessionName", "bob")), with(person("60"), one("sts:RoleSessionName", "ann")),
		}},
	} {
		trusted := access.Caller{Stranger: "arn:aws:iam::" + want.account + ":user/someone"}
		other := access.Caller{Stranger: "arn:aws:iam::999999999999:user/someone"}
		callers := append([]access.Caller{trusted, other}, everybody...)
		on := []string{s.arn(roleType, "outsiders-"+kind)}
		external := one("sts:ExternalId", "cutover-"+env+"-"+kind)
		rules = append(rules,
			access.Rule{Name: "outsiders take " + kind, Actions: assume, On: on, Callers: callers, With: with(external, want.proof), May: []access.Caller{trusted}},
			access.Rule{Name: "no external id for " + kind, Actions: assume, On: on, Callers: callers, With: with(want.proof)},
			access.Rule{Name: "a wrong external id for " + kind, Actions: assume, On: on, Callers: callers, With: with(want.proof, one("sts:ExternalId", "another"))})
		for _, wrong := range want.wrong {
			rules = append(rules, access.Rule{Name: "no fresh second factor, or another's name, for " + kind, Actions: assume, On: on, Callers: callers, With: with(external, wrong)})
		}
	}
	return rules
}
