package edge

import (
	"errors"
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
		"weight over the limit":      {"weight: 99", "weight: 300", `edge:blue.weight is "300": expected a number from 0 to 255`},
		"negative weight":            {"weight: 99", "weight: -1", `edge:blue.weight is "-1": expected a number from 0 to 255`},
		"weight 0 of a ready colour": {"weight: 1\n", "weight: 0\n", `edge:green.weight is "0": expected a number from 1 to 255 while green.ready is true`},
		"weight of a colour that is not ready": {
			"weight: 1\n    ready: true", "weight: 1\n    ready: false", `edge:green.weight is "1": expected 0 while green.ready is false`,
		},
		"weight in words":       {"weight: 99", "weight: most", `edge:blue.weight is "most": expected a whole number`},
		"unknown key":           {"ready: true\n  edge:green", "ready: true\n    wait: 3\n  edge:green", `edge:blue.wait is "3": expected no such key; known are ready, weight`},
		"missing weight":        {"    weight: 99\n", "", `edge:blue.weight is missing: expected a value`},
		"name outside the zone": {"publicName: pay.local.cutover.example", "publicName: pay.other.example", `edge:publicName is "pay.other.example": expected the domain "local.cutover.example" or a name below it`},
		"name in capitals":      {"publicName: pay.local.cutover.example", "publicName: Pay.local.cutover.example", `edge:publicName is "Pay.local.cutover.example": expected a host name in lower case`},
		"certificate elsewhere": {"  edge:domain", "  edge:certificateArn: arn:aws:acm:eu-west-1:123456789012:certificate/abc\n  edge:domain", `edge:certificateArn is "arn:aws:acm:eu-west-1:123456789012:certificate/abc": expected the ARN of an ACM certificate in us-east-1`},
		"zone by name":          {"  edge:domain", "  edge:zoneId: cutover.example\n  edge:domain", `edge:zoneId is "cutover.example": expected the id of a hosted zone`},
	} {
		t.Run(name, func(t *testing.T) {
			err := check(t, each.replace, each.by)
			var invalid *config.Invalid
			require.True(t, errors.As(err, &invalid), "%v", err)
			require.ErrorContains(t, err, at+each.want)
		})
	}
}

func TestAtLeastOneColourHasToBeReady(t *testing.T) {
	opts := options(t, "prod")
	opts.Config = map[string]string{"edge:blue": `{"weight":0,"ready":false}`}
	_, err := pulumitest.Run(t, opts, Program)
	require.ErrorContains(t, err, `edge:blue.ready is "false": expected true for at least one colour`)
}

// The program itself refuses, too: a stack can be updated without the runner.
func TestProgramRefusesAWeightOverTheLimit(t *testing.T) {
	opts := options(t, "local")
	opts.Config = map[string]string{"edge:green": `{"weight":300,"ready":true}`}
	recording, err := pulumitest.Run(t, opts, Program)
	require.ErrorContains(t, err, `projects/edge/Pulumi.local.yaml: edge:green.weight is "300": expected a number from 0 to 255`)
	require.Empty(t, recording.Resources)
}
