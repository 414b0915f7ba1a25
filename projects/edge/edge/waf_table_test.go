package edge

import (
	"encoding/json"
	"testing"

	waftypes "github.com/aws/aws-sdk-go-v2/service/wafv2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/edge/firewalltest"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/pulumitest"
)

// asAWSTakes turns the rules as registered into those of the API, which has one
// statement within a negation where the provider has a list of one.
func asAWSTakes(t *testing.T, recording *pulumitest.Recording) []waftypes.Rule {
	t.Helper()
	text, err := json.Marshal(oneNegated(recording.Find(t, webACL, "firewall").Inputs["rules"]))
	require.NoError(t, err)
	var rules []waftypes.Rule
	require.NoError(t, json.Unmarshal(text, &rules))
	require.NotEmpty(t, rules)
	return rules
}

func oneNegated(value any) any {
	switch node := value.(type) {
	case []any:
		out := make([]any, len(node))
		for i, each := range node {
			out[i] = oneNegated(each)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(node))
		for key, each := range node {
			inner := oneNegated(each)
			if key == "notStatement" {
				inner = map[string]any{"statement": inner.(map[string]any)["statements"].([]any)[0]}
			}
			out[key] = inner
		}
		return out
	}
	return value
}

func TestWhatTheFirewallDoesWithRequests(t *testing.T) {
	for _, env := range config.Names() {
		rules := asAWSTakes(t, run(t, env, nil))
		for _, c := range firewalltest.Cases() {
			got, err := firewalltest.Decide(rules, c.Request)
			require.NoError(t, err, "%s: %s", env, c.Name)
			assert.Equal(t, c.Want, got, "%s: %s", env, c.Name)
		}
	}
}

// A rule that is rolled out counts what it would refuse, and the request goes on to the
// rules behind it.
func TestRulesThatCountLetThrough(t *testing.T) {
	for _, name := range firewallRules {
		set := map[string]string{"edge:firewall": `{"allow":[],"deny":[],"rate":{"limit":2000,"window":300},"paymentRate":{"limit":500,"window":300},` +
			`"uploads":["/reports/uploads","/reports/uploads/*"],"count":["` + name + `"]}`}
		rules := asAWSTakes(t, run(t, "local", set))
		asked := 0
		for _, c := range firewalltest.Cases() {
			if c.Want.Rule != name {
				continue
			}
			asked++
			got, err := firewalltest.Decide(rules, c.Request)
			require.NoError(t, err)
			assert.NotEqual(t, name, got.Rule, c.Name)
			assert.Contains(t, got.Counted, name, c.Name)
		}
		assert.Positive(t, asked, "a request that %s refuses", name)
	}
}
