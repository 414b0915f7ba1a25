package observability

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// spoiledFile is production's configuration with one text replaced.
func spoiledFile(t *testing.T, from, to string) string {
	t.Helper()
	text, err := os.ReadFile(stackFile(t, "prod"))
	require.NoError(t, err)
	require.Contains(t, string(text), from)
	folder := filepath.Join(t.TempDir(), "observability")
	require.NoError(t, os.Mkdir(folder, 0o700))
	path := filepath.Join(folder, "Pulumi.prod.yaml")
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(text), from, to, 1)), 0o600))
	return path
}

func TestBadConfigurationIsNamed(t *testing.T) {
	const mail = "protocol: email\n        endpoint: oncall@payments.example"
	for name, each := range map[string]struct{ from, to, want string }{
		"no domain":           {mail, "protocol: email\n        endpoint: oncall@payments", `observability:subscribers.page[0].endpoint is "oncall@payments": expected an e-mail address`},
		"name with address":   {mail, "protocol: email\n        endpoint: On Call <oncall@payments.example>", `expected an e-mail address without a name`},
		"plain http":          {mail, "protocol: https\n        endpoint: http://alerts.example/hook", `is "http://alerts.example/hook": expected a URL that begins with https://`},
		"password in the URL": {mail, "protocol: https\n        endpoint: https://me:secret@alerts.example", "without a user"},
		"protocol http":       {mail, "protocol: http\n        endpoint: http://alerts.example", `observability:subscribers.page[0].protocol is "http": expected "email", "https" or "sqs"`},
		"queue of others":     {mail, "protocol: sqs\n        endpoint: arn:aws:sqs:us-east-1:999999999999:alerts", "expected the ARN of a queue in us-east-1 and account 345678901234"},
		"unknown severity":    {"    warn:", "    shout:", `observability:subscribers.shout is "shout": expected one of [page warn info]`},
		"nobody is paged":     {"    page:", "    info:", "observability:subscribers.page is missing: expected at least one subscriber"},
		"threshold too high":  {"errorPercent: 1", "errorPercent: 51", `observability:limits.errorPercent is "51": expected a number from 1 to 50`},
		"threshold too low":   {"latencyMs: 500", "latencyMs: 5", `observability:limits.latencyMs is "5": expected a number from 10 to 60000`},
		"no number":           {"queueAgeSeconds: 300", "queueAgeSeconds: soon", `observability:limits.queueAgeSeconds is "soon": expected a whole number`},
		"unknown phase":       {"migration: planned", "migration: soon", `observability:migration is "soon": expected one of [planned loading running finished]`},
		"unknown lane":        {"[core.fwd, core.rev]", "[core.fwd, core.back]", `observability:lanes[1] is "core.back": expected one of [core.fwd core.rev`},
		"lane named twice":    {"[core.fwd, core.rev]", "[core.fwd, core.fwd]", `observability:lanes[1] is "core.fwd": expected a lane that is not in the list twice`},
		"no lane":             {"[core.fwd, core.rev]", "[]", "observability:lanes is missing: expected at least one lane"},
		"unknown baseline":    {"accountBaseline: manage", "accountBaseline: both", `observability:accountBaseline is "both": expected "manage" or "assume"`},
		"unknown key":         {"reportMs:", "reportSeconds:", "observability:limits.reportSeconds"},
		"missing key":         {"    connections: 1500\n", "", "observability:limits.connections is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, CheckConfig(spoiledFile(t, each.from, each.to)), each.want)
		})
	}
}

func TestAnEndpointIsNotToldTwice(t *testing.T) {
	const mail = "      - protocol: email\n        endpoint: oncall@payments.example\n"
	require.ErrorContains(t, CheckConfig(spoiledFile(t, mail, mail+mail)), `observability:subscribers.page[1].endpoint is "oncall@payments.example": expected an endpoint that is not in the list twice`)
}
