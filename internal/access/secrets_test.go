package access_test

import (
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/policy/access"
)

// secretRules: the master's secret is read by the rotation of its colour and by the
// functions that install, and written by RDS alone; a service's is read where the
// service starts and by its tasks, which connect again after a rotation; the
// engine's by the functions that need them; each is written by the rotation of its
// colour.
func (s scene) secretRules() []access.Rule {
	administrator := []access.Caller{access.Administrator}
	rules := []access.Rule{{
		Name: "a secret that no program made", Actions: []string{"secretsmanager:GetSecretValue"},
		On: []string{s.regional("secretsmanager", "secret:other/platform-AbCdEf")}, May: administrator,
	}}
	for _, color := range naming.Colors() {
		master := []string{s.masterSecret(color)}
		rules = append(rules,
			access.Rule{
				Name: "the master's secret is read by the rotation", Actions: []string{"secretsmanager:GetSecretValue"}, On: master,
				May: append(s.movers([]string{"finalise", "install"}, naming.Colors()...), access.Administrator, s.role(color, "rotation")),
			},
			access.Rule{
				Name: "the master's secret is written by RDS alone", On: master, May: administrator,
				Actions: []string{"secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage", "secretsmanager:UpdateSecret"},
				Callers: s.but("deploy"),
			})
		for _, secret := range s.g.OfType(secretType) {
			if !strings.HasPrefix(secret.Name, string(color)+"-") {
				continue
			}
			rules = append(rules, s.oneSecret(color, secret.Name, secret.Output("arn"))...)
		}
	}
	return rules
}

// masterSecret is the ARN of the secret that RDS makes for a cluster.
func (s scene) masterSecret(color naming.Color) string {
	s.t.Helper()
	cluster := s.g.Find("aws:rds/cluster:Cluster", string(color)+"-database")
	require.NotNil(s.t, cluster)
	secrets, ok := cluster.Computed["masterUserSecrets"].([]any)
	require.True(s.t, ok && len(secrets) == 1)
	arn, ok := secrets[0].(map[string]any)["secretArn"].(string)
	require.True(s.t, ok)
	return arn
}

// but lists everybody but one role of no colour.
func (s scene) but(purpose string) []access.Caller {
	left := slices.DeleteFunc(s.everyRole(), func(c access.Caller) bool { return c == s.role("", purpose) })
	return append(left, access.Administrator)
}

// engineReaders are the functions that log in as a role of the engine, or as the
// writers of payments: those that work towards the colour, and towards the other.
func (s scene) engineReaders(color naming.Color, name string) []access.Caller {
	other := color.Other()
	switches := s.movers([]string{"switch"}, color, other)
	for end, readers := range map[string][]access.Caller{
		"-bgsync-apply":    s.movers([]string{"sync", "install", "chunk"}, color),
		"-bgsync-ddl":      s.movers([]string{"sync", "install", "chunk"}, color),
		"-bgsync-fence":    switches,
		"-bgsync-operator": nil,
		"-bgsync-reader":   append(s.movers([]string{"sync", "install", "chunk"}, other), switches...),
		"-bgsync-verify":   append(s.movers([]string{"verify"}, color, other), switches...),
		"-payment-api":     switches,
	} {
		if strings.HasSuffix(name, end) {
			return readers
		}
	}
	return nil
}

func (s scene) oneSecret(color naming.Color, name, arn string) []access.Rule {
	rotation := s.role(color, "rotation")
	readers := []access.Caller{access.Administrator, rotation}
	for _, service := range s.services {
		if strings.Contains(name, service) {
			readers = append(readers, s.role(color, service+"-execution"), s.role(color, service+"-task"))
		}
	}
	readers = append(readers, s.engineReaders(color, name)...)
	on := []string{arn}
	return []access.Rule{
		{Name: "secret is read by its user and the rotation", Actions: []string{"secretsmanager:GetSecretValue"}, On: on, May: readers},
		{
			Name: "secret is written by the rotation", On: on, May: []access.Caller{access.Administrator, rotation},
			Actions: []string{"secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"},
		},
	}
}
