package access_test

import (
	"strings"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/policy/access"
)

// secretRules: the master's secret is RDS's alone; a service's is read where the
// service starts and by its tasks, which connect again after a rotation; a sync
// role's by the sync functions of both colours; each is written by the rotation of
// its colour.
func (s scene) secretRules() []access.Rule {
	administrator := []access.Caller{access.Administrator}
	rules := []access.Rule{{
		Name: "the master's secret", Actions: []string{"secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"},
		On: []string{s.regional("secretsmanager", "secret:rds!cluster-0a1b2c3d-AbCdEf")}, May: administrator,
	}, {
		Name: "a secret that no program made", Actions: []string{"secretsmanager:GetSecretValue"},
		On: []string{s.regional("secretsmanager", "secret:other/platform-AbCdEf")}, May: administrator,
	}}
	for _, color := range naming.Colors() {
		for _, secret := range s.g.OfType(secretType) {
			if !strings.HasPrefix(secret.Name, string(color)+"-") {
				continue
			}
			rules = append(rules, s.oneSecret(color, secret.Name, secret.Output("arn"))...)
		}
	}
	return rules
}

func (s scene) oneSecret(color naming.Color, name, arn string) []access.Rule {
	rotation := s.role(color, "rotation")
	readers := []access.Caller{access.Administrator, rotation}
	for _, service := range s.services {
		if strings.Contains(name, service) {
			readers = append(readers, s.role(color, service+"-execution"), s.role(color, service+"-task"))
		}
	}
	if strings.Contains(name, "-bgsync-") {
		readers = append(readers, s.role(color, "sync"), s.role(color.Other(), "sync"))
	}
	on := []string{arn}
	return []access.Rule{
		{Name: "secret is read by its user and the rotation", Actions: []string{"secretsmanager:GetSecretValue"}, On: on, May: readers},
		{
			Name: "secret is written by the rotation", On: on, May: []access.Caller{access.Administrator, rotation},
			Actions: []string{"secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"},
		},
	}
}
