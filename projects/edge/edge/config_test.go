package edge

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/pulumitest"
)

// check writes the local stack file with one text replaced and checks it.
func check(t *testing.T, replace, by string) error {
	t.Helper()
	content, err := os.ReadFile(stackFile(t, "local"))
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(content), replace), "%q has to stand in the stack file once", replace)
	file := filepath.Join(t.TempDir(), "edge", "Pulumi.local.yaml")
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(content), replace, by, 1)), 0o600))
	return CheckConfig(file)
}

func TestBadConfigurationNamesFileKeyValueAndExpectation(t *testing.T) {
	at := filepath.Join("projects", "edge", "Pulumi.local.yaml") + ": "
	for name, each := range map[string]struct{ replace, by, want string }{
		"weight over the limit":       {"weight: 99", "weight: 300", `edge:blue.weight is "300": expected a number from 0 to 255`},
		"negative weight":             {"weight: 99", "weight: -1", `edge:blue.weight is "-1": expected a number from 0 to 255`},
		"share of an unknown colour":  {"  edge:green:", "  edge:red: {weight: 5, ready: true}\n  edge:green:", `edge:red is "map[ready:true weight:5]": expected no such key`},
		"share of an unknown service": {"    weight: 1\n", "    weight: {payment-api: 1, ledger: 2}\n", `edge:green.weight is "map[ledger:2 payment-api:1]": expected a value of type int`},
		"weight of a colour that is not ready": {
			"weight: 1\n    ready: true", "weight: 1\n    ready: false", `edge:green.weight is "1": expected 0 while green.ready is false`,
		},
		"weight in words":             {"weight: 99", "weight: most", `edge:blue.weight is "most": expected a whole number`},
		"unknown key":                 {"ready: true\n  edge:green", "ready: true\n    wait: 3\n  edge:green", `edge:blue.wait is "3": expected no such key; known are ready, weight`},
		"missing weight":              {"    weight: 99\n", "", `edge:blue.weight is missing: expected a value`},
		"name outside the zone":       {"publicName: pay.local.cutover.example", "publicName: pay.other.example", `edge:publicName is "pay.other.example": expected the domain "local.cutover.example" or a name below it`},
		"name in capitals":            {"publicName: pay.local.cutover.example", "publicName: Pay.local.cutover.example", `edge:publicName is "Pay.local.cutover.example": expected a host name in lower case`},
		"certificate elsewhere":       {"  edge:domain", "  edge:certificateArn: arn:aws:acm:eu-west-1:123456789012:certificate/abc\n  edge:domain", `edge:certificateArn is "arn:aws:acm:eu-west-1:123456789012:certificate/abc": expected the ARN of an ACM certificate in us-east-1`},
		"unknown rule to count":       {"count: []", "count: [xss]", `edge:firewall.count[0] is "xss": expected one of deny, ip-reputation, rate, payment-rate, known-bad-inputs, common, sqli, body-size`},
		"rule to count twice":         {"count: []", "count: [sqli, sqli]", `edge:firewall.count[1] is "sqli": expected each rule once`},
		"counted rule that is not":    {"uploads: [/reports/uploads, /reports/uploads/*]\n    count: []", "uploads: []\n    count: [body-size]", `edge:firewall.count[0] is "body-size": expected no such entry without firewall.uploads`},
		"rate below AWS's":            {"paymentRate: {limit: 500,", "paymentRate: {limit: 9,", `edge:firewall.paymentRate.limit is "9": expected a number from 10 to 2000000000`},
		"rate above AWS's":            {" rate: {limit: 2000,", " rate: {limit: 2000000001,", `edge:firewall.rate.limit is "2000000001": expected a number from 10 to 2000000000`},
		"window that AWS lacks":       {" rate: {limit: 2000, window: 300}", " rate: {limit: 2000, window: 90}", `edge:firewall.rate.window is "90": expected one of [60 120 300 600] seconds`},
		"payments limited no more":    {"paymentRate: {limit: 500, window: 300}", "paymentRate: {limit: 500, window: 60}", `edge:firewall.paymentRate.limit is "500": expected fewer requests per second than firewall.rate lets through (2000 in 300 s)`},
		"all addresses denied":        {"deny: []", "deny: [0.0.0.0/0]", `edge:firewall.deny[0] is "0.0.0.0/0": expected a network of at least one leading bit`},
		"network with host bits":      {"deny: []", "deny: [10.0.0.1/8]", `edge:firewall.deny[0] is "10.0.0.1/8": expected an IPv4 network in CIDR form without host bits`},
		"allowed and denied":          {"allow: []\n    deny: []", "allow: [192.0.2.0/24]\n    deny: [192.0.2.7/32]", `edge:firewall.deny[0] is "192.0.2.7/32": expected a network that does not overlap firewall.allow[0] (192.0.2.0/24)`},
		"upload on a payment path":    {"[/reports/uploads, ", "[/payments/uploads, ", `edge:firewall.uploads[0] is "/payments/uploads": expected a path pattern below one of a service without payments`},
		"upload that no rule routes":  {"[/reports/uploads, ", "[/files, ", `edge:firewall.uploads[0] is "/files": expected a path pattern below`},
		"upload on all paths":         {"[/reports/uploads, ", "[/*, ", `edge:firewall.uploads[0] is "/*": expected a path pattern below`},
		"unknown key of the firewall": {"    count: []", "    count: []\n    captcha: true", `edge:firewall.captcha is "true": expected no such key`},
		"zone by name":                {"  edge:domain", "  edge:zoneId: cutover.example\n  edge:domain", `edge:zoneId is "cutover.example": expected the id of a hosted zone`},
	} {
		t.Run(name, func(t *testing.T) {
			err := check(t, each.replace, each.by)
			var invalid *config.Invalid
			require.ErrorAs(t, err, &invalid)
			require.ErrorContains(t, err, at+each.want)
		})
	}
}

func TestWeightsAreNeverAllZero(t *testing.T) {
	for _, blue := range []string{`{"weight":0,"ready":false}`, `{"weight":0,"ready":true}`} {
		opts := options(t, "prod")
		opts.Config = map[string]string{"edge:blue": blue}
		_, err := pulumitest.Run(t, opts, Program)
		require.ErrorContains(t, err, `edge:blue.weight is "0": expected a weight above 0 of at least one colour that is ready`)
	}
}

func TestSeveralMistakesAreNamedAtOnce(t *testing.T) {
	opts := options(t, "prod")
	opts.Config = map[string]string{
		"edge:blue": `{"weight":256,"ready":true}`, "edge:green": `{"weight":7,"ready":false}`, "edge:publicName": "pay.other.example",
	}
	_, err := pulumitest.Run(t, opts, Program)
	for _, want := range []string{
		`edge:blue.weight is "256": expected a number from 0 to 255`, `edge:green.weight is "7": expected 0 while green.ready is false`,
		`edge:publicName is "pay.other.example": expected the domain`,
	} {
		require.ErrorContains(t, err, want)
	}
}

// The program itself refuses, too: a stack can be updated without the runner.
func TestProgramRefusesAWeightOverTheLimit(t *testing.T) {
	opts := options(t, "local")
	opts.Config = map[string]string{"edge:green": `{"weight":300,"ready":true}`}
	recording, err := pulumitest.Run(t, opts, Program)
	require.ErrorContains(t, err, `projects/edge/Pulumi.local.yaml: edge:green.weight is "300": expected a number from 0 to 255`)
	require.Empty(t, recording.Resources)
}
