package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/pulumitest"
)

type settings struct {
	Zones   []string     `config:"zones"`
	Network network      `config:"network"`
	Count   int          `config:"count"`
	Open    bool         `config:"open"`
	Extra   *extra       `config:"extra"`
	Listed  []network    `config:"listed"`
	Peer    *config.CIDR `config:"peer"`
}

type network struct {
	CIDR config.CIDR `config:"cidr"`
}

type extra struct {
	Name string `config:"name"`
}

func (s settings) Validate(p *config.Problems) {
	p.Check(s.Count < 100, "count", s.Count, "less than 100")
	p.Check(len(s.Zones) == 3, "zones", s.Zones, "three zones")
}

const valid = `
config:
  foundation:zones: [a, b, c]
  foundation:network: {cidr: 10.1.0.0/16}
  foundation:count: 3
  foundation:open: true
  foundation:listed: [{cidr: 10.2.0.0/16}]
`

func file(t *testing.T, text string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "projects", "foundation")
	require.NoError(t, os.MkdirAll(dir, 0o750))
	path := filepath.Join(dir, "Pulumi.local.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestFileAndProgramReadTheSameValues(t *testing.T) {
	path := file(t, valid)
	fromFile, err := config.ReadFile[settings](path)
	require.NoError(t, err)
	assert.Equal(t, 3, fromFile.Count)
	assert.True(t, fromFile.Open)
	assert.Nil(t, fromFile.Extra)
	assert.Equal(t, "10.2.0.0/16", fromFile.Listed[0].CIDR.String())

	var fromProgram settings
	pulumitest.MustRun(t, pulumitest.Options{Layer: contract.Foundation, Stack: "local", StackFile: path}, func(ctx *pulumi.Context) (err error) {
		fromProgram, err = config.Load[settings](ctx)
		return err
	})
	assert.Equal(t, fromFile, fromProgram)
}

func TestBadInputNamesFileKeyValueAndExpectation(t *testing.T) {
	for name, tc := range map[string]struct {
		from, to string
		key      string
		value    string
		want     string
	}{
		"unknown key":          {"  foundation:open: true", "  foundation:open: true\n  foundation:opne: true", "foundation:opne", "true", "known are"},
		"unknown nested key":   {"{cidr: 10.1.0.0/16}", "{cidr: 10.1.0.0/16, cird: x}", "foundation:network.cird", "x", "known are cidr"},
		"missing key":          {"  foundation:count: 3\n", "", "foundation:count", "", "a value"},
		"missing nested key":   {"{cidr: 10.1.0.0/16}", "{}", "foundation:network.cidr", "", "a value"},
		"missing in a list":    {"[{cidr: 10.2.0.0/16}]", "[{}]", "foundation:listed[0].cidr", "", "a value"},
		"malformed network":    {"10.1.0.0/16", "10.1.0.0/99", "foundation:network.cidr", "10.1.0.0/99", "IPv4 network in CIDR form"},
		"network with host":    {"10.1.0.0/16", "10.1.0.7/16", "foundation:network.cidr", "10.1.0.7/16", "without host bits"},
		"network of IPv6":      {"10.1.0.0/16", `"fd00::/16"`, "foundation:network.cidr", "fd00::/16", "IPv4"},
		"malformed in a list":  {"10.2.0.0/16", "10.2.0.0", "foundation:listed[0].cidr", "10.2.0.0", "CIDR"},
		"text for a number":    {"count: 3", "count: three", "foundation:count", "three", "whole number"},
		"fraction":             {"count: 3", "count: 3.5", "foundation:count", "3.5", "whole number"},
		"number for a boolean": {"open: true", "open: 1", "foundation:open", "1", "bool"},
		"word for a boolean":   {"open: true", `open: "yes"`, "foundation:open", "yes", "true or false"},
		"text for a list":      {"[a, b, c]", "abc", "foundation:zones", "abc", "array or slice"},
		"foreign namespace":    {"foundation:open: true", "foundation:open: true\n  fundation:open: true", "fundation:open", "true", "namespace"},
		"relation":             {"count: 3", "count: 300", "foundation:count", "300", "less than 100"},
		"not YAML":             {"config:", "config: [", "foundation:*", "", "valid YAML"},
	} {
		t.Run(name, func(t *testing.T) {
			text := replaceOnce(t, valid, tc.from, tc.to)
			_, err := config.ReadFile[settings](file(t, text))
			var invalid *config.Invalid
			require.ErrorAs(t, err, &invalid)
			require.Len(t, invalid.Problems, 1, err)
			problem := invalid.Problems[0]
			assert.Equal(t, "projects/foundation/Pulumi.local.yaml", problem.File)
			assert.Equal(t, tc.key, problem.Key)
			if tc.value != "" {
				assert.Equal(t, tc.value, problem.Value)
			}
			assert.Contains(t, problem.Want, tc.want)
		})
	}
}

func TestAllProblemsAreReportedTogether(t *testing.T) {
	text := replaceOnce(t, valid, "10.1.0.0/16", "nonsense")
	text = replaceOnce(t, text, "count: 3", "count: three")
	text = replaceOnce(t, text, "open: true", "opne: true")
	_, err := config.ReadFile[settings](file(t, text))
	var invalid *config.Invalid
	require.ErrorAs(t, err, &invalid)
	assert.Len(t, invalid.Problems, 4, "network, count, the unknown key and the missing one: %v", err)
}

func TestMissingFileIsNamed(t *testing.T) {
	_, err := config.ReadFile[settings](filepath.Join(t.TempDir(), "projects", "edge", "Pulumi.prod.yaml"))
	assert.ErrorContains(t, err, "projects/edge/Pulumi.prod.yaml")
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func replaceOnce(t *testing.T, text, from, to string) string {
	t.Helper()
	require.Contains(t, text, from)
	for i := range text {
		if len(text[i:]) >= len(from) && text[i:i+len(from)] == from {
			return text[:i] + to + text[i+len(from):]
		}
	}
	return text
}
