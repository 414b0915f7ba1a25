package ops

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/ops/engine"
)

// partOf gives each type of resource the part of a release that it belongs to. A
// prefix of the type decides; what is not listed is "other".
var partOf = []struct{ prefix, part string }{
	{"aws:route53/", "names"},
	{"aws:lb/listener", "rules"},
	{"aws:lb/targetGroup", "rules"},
	{"aws:lb/", "balancers"},
	{"aws:wafv2/", "firewall"},
	{"aws:acm/", "certificate"},
}

// parts are digests of what a state's resources were to be, by part. What traffic
// is moved by is left out: it changes without a deployment.
func parts(state engine.State, carries func(kind, name string) bool) map[string]string {
	lines := map[string][]string{}
	for _, r := range state.Resources {
		if carries(r.Type, r.Name) {
			continue
		}
		text, err := json.Marshal(r.Inputs) // keys sorted
		if err != nil {
			text = []byte(err.Error()) // of what was read from JSON there is none
		}
		lines[part(r.Type)] = append(lines[part(r.Type)], r.URN+" "+string(text))
	}
	digests := map[string]string{}
	for name, list := range lines {
		slices.Sort(list)
		sum := sha256.Sum256([]byte(strings.Join(list, "\n")))
		digests[name] = hex.EncodeToString(sum[:8])
	}
	return digests
}

func part(kind string) string {
	for _, p := range partOf {
		if strings.HasPrefix(kind, p.prefix) {
			return p.part
		}
	}
	return "other"
}
