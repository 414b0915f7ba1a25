package access_test

import (
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/policy/access"
)

// takers are the services that take roles, by the end of the role's name.
func takers() map[string]string {
	return map[string]string{
		"-task": "ecs-tasks", "-execution": "ecs-tasks", "-sync": "lambda", "-scheduler": "scheduler", "-rotation": "lambda",
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
	return append(rules, s.outsiderRules(everybody)...)
}

// outsiderRules: what a request from another account has to bring along.
func (s scene) outsiderRules(everybody []access.Caller) []access.Rule {
	env := s.g.Environment.Name
	person := func(minutes string) map[string][]string {
		return with(one("aws:MultiFactorAuthPresent", "true"), one("aws:MultiFactorAuthAge", minutes))
	}
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
		"operator": {account: "789012345678", proof: person("60"), wrong: []map[string][]string{
			{}, person("900"), one("aws:MultiFactorAuthPresent", "true"), with(person("60"), one("aws:MultiFactorAuthPresent", "false")),
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
			rules = append(rules, access.Rule{Name: "no fresh second factor for " + kind, Actions: assume, On: on, Callers: callers, With: with(external, wrong)})
		}
	}
	return rules
}
