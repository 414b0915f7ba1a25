package foundation_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/foundation/foundation"
)

func TestBadConfigurationNamesFileKeyValueAndExpectation(t *testing.T) {
	valid, err := os.ReadFile("../Pulumi.local.yaml")
	require.NoError(t, err)
	for name, tc := range map[string]struct{ from, to, want string }{
		"unknown key":         {"foundation:zones", "foundation:zoness", "foundation:zoness"},
		"malformed CIDR":      {"10.10.0.0/16", "10.10.0.0/99", `foundation:blue.cidr is "10.10.0.0/99": expected an IPv4 network`},
		"overlapping CIDRs":   {"10.20.0.0/16", "10.10.0.0/16", `foundation:green.cidr is "10.10.0.0/16": expected a network that does not overlap blue.cidr (10.10.0.0/16)`},
		"isolated overlaps":   {"10.30.0.0/16", "10.10.64.0/18", `foundation:isolatedFrom[0] is "10.10.64.0/18": expected a network that does not overlap blue.cidr`},
		"two zones":           {"[us-east-1a, us-east-1b, us-east-1c]", "[us-east-1a, us-east-1b]", `foundation:zones is "us-east-1a, us-east-1b": expected exactly 3 availability zones`},
		"zone twice":          {"us-east-1b, us-east-1c", "us-east-1b, us-east-1b", "foundation:zones[2]"},
		"zone elsewhere":      {"us-east-1c", "eu-west-1c", `foundation:zones[2] is "eu-west-1c": expected a zone of us-east-1`},
		"network of 20 bits":  {"10.10.0.0/16", "10.10.0.0/20", "expected a private /16 network"},
		"public network":      {"10.10.0.0/16", "8.8.0.0/16", "expected a private /16 network"},
		"public ASN":          {"64512", "1299", `foundation:transitGatewayAsn is "1299"`},
		"no day":              {`"2027-06-30"`, `"soon"`, `foundation:syncWindow.until is "soon": expected a day such as`},
		"window is over":      {`"2027-06-30"`, `"2020-01-01"`, `foundation:syncWindow.until is "2020-01-01": expected a day that is not over`},
		"wrong account":       {`"123456789012"`, `"1234"`, "foundation:environment.accountId"},
		"datacenter nowhere":  {"foundation:zones", "foundation:onPremises: {cidrs: []}\n  foundation:zones", "foundation:onPremises"},
		"datacenter overlaps": {"foundation:zones", "foundation:onPremises: {cidrs: [10.20.0.0/24], customerGatewayId: cgw-1}\n  foundation:zones", "foundation:onPremises.cidrs[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, string(valid), tc.from)
			dir := filepath.Join(t.TempDir(), "projects", "foundation")
			require.NoError(t, os.MkdirAll(dir, 0o750))
			path := filepath.Join(dir, "Pulumi.local.yaml")
			require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(valid), tc.from, tc.to, 1)), 0o600))
			err := foundation.CheckConfig(path)
			assert.ErrorContains(t, err, "projects/foundation/Pulumi.local.yaml: ")
			assert.ErrorContains(t, err, tc.want)
		})
	}
}

func TestEveryCommittedStackFileIsValid(t *testing.T) {
	for _, stack := range []string{"local", "staging", "prod"} {
		assert.NoError(t, foundation.CheckConfig("../Pulumi."+stack+".yaml"), stack)
	}
}
