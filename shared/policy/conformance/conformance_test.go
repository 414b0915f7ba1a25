package conformance_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/conformance"
	"github.com/cutover/cutover/shared/policy/table"
)

var update = flag.Bool("update", false, "write the golden templates")

// template is a rendered pack, read back as AWS reads it.
type template struct {
	Parameters map[string]map[string]string `yaml:"Parameters"`
	Resources  map[string]struct {
		Type       string `yaml:"Type"`
		Properties struct {
			ConfigRuleName  string            `yaml:"ConfigRuleName"`
			Description     string            `yaml:"Description"`
			InputParameters map[string]any    `yaml:"InputParameters"`
			Source          map[string]string `yaml:"Source"`
		} `yaml:"Properties"`
	} `yaml:"Resources"`
}

func read(t *testing.T, pack table.Pack) (template, conformance.Template) {
	t.Helper()
	rendered, err := conformance.Render(pack)
	require.NoError(t, err)
	var parsed template
	require.NoError(t, yaml.Unmarshal([]byte(rendered.Body), &parsed))
	return parsed, rendered
}

func TestTemplatesAreTheGoldenOnes(t *testing.T) {
	for _, pack := range table.Packs() {
		rendered, err := conformance.Render(pack)
		require.NoError(t, err)
		golden := filepath.Join("testdata", string(pack)+".yaml")
		if *update {
			require.NoError(t, os.WriteFile(golden, []byte(rendered.Body), 0o600))
		}
		want, err := os.ReadFile(filepath.Clean(golden))
		require.NoError(t, err)
		assert.Equal(t, string(want), rendered.Body, "look at the difference, then run the test with -update")
	}
}

func TestTemplatesStayWithinTheLimitsOfTheService(t *testing.T) {
	for _, pack := range table.Packs() {
		parsed, rendered := read(t, pack)
		assert.Less(t, len(rendered.Body), 30_000, "%s: no pack needs more; AWS refuses 51,200", pack)
		assert.LessOrEqual(t, len(parsed.Resources), conformance.MaxRules, pack)
		for id, rule := range parsed.Resources {
			assert.Regexp(t, `^[A-Za-z][A-Za-z0-9]{0,254}$`, id)
			// A pack appends its own id of 31 characters to the name.
			assert.Regexp(t, `^[a-z0-9-]{1,97}$`, rule.Properties.ConfigRuleName)
			assert.LessOrEqual(t, len(rule.Properties.Description), 256)
		}
	}
}

func TestEveryRuleForPacksIsInItsPackWithItsParameters(t *testing.T) {
	in := make(map[string]table.Pack)
	for _, pack := range table.Packs() {
		parsed, _ := read(t, pack)
		for _, rule := range parsed.Resources {
			assert.Equal(t, "AWS::Config::ConfigRule", rule.Type)
			assert.Equal(t, "AWS", rule.Properties.Source["Owner"])
			in[rule.Properties.Source["SourceIdentifier"]] = pack
		}
	}
	for _, row := range table.Rows() {
		for _, rule := range row.Rules {
			if rule.Deployment != table.InPack {
				assert.NotContains(t, in, rule.Identifier)
				continue
			}
			assert.Equal(t, row.Pack(), in[rule.Identifier], rule.Identifier)
			delete(in, rule.Identifier)
		}
	}
	assert.Empty(t, in, "rules that no row names")
}

func TestValuesOfAnAccountAreParametersWithoutDefault(t *testing.T) {
	inputs := map[table.Pack][]string{
		table.Account:  nil,
		table.Storage:  {"AccessLogsBucket", "BucketKeyArns", "SecretKeyArns", "TableKeyArns"},
		table.Workload: {"EdgeVpcIds", "ImageKeyArns", "PublicRouteTableIds", "WorkloadVpcIds"},
	}
	for pack, want := range inputs {
		parsed, rendered := read(t, pack)
		assert.Equal(t, want, rendered.Inputs)
		for _, input := range want {
			assert.Equal(t, map[string]string{"Type": "String"}, parsed.Parameters[input])
		}
	}
	storage, _ := read(t, table.Storage)
	logging := storage.Resources["S3BucketLoggingEnabled"].Properties
	assert.Equal(t, map[string]any{"targetBucket": map[string]any{"Ref": "AccessLogsBucket"}}, logging.InputParameters)
	assert.Equal(t, "Control X-16, PCI DSS 10.2.1", logging.Description)
	retention := storage.Resources["CwLoggroupRetentionPeriodCheck"].Properties
	assert.Equal(t, map[string]any{"MinRetentionTime": "90"}, retention.InputParameters, "all values are texts")
}

func TestASingleRuleGetsItsParametersOrAnError(t *testing.T) {
	rules := conformance.Rules(table.Storage)
	at := slices.IndexFunc(rules, func(r conformance.Rule) bool { return r.Name() == "s3-bucket-logging-enabled" })
	require.GreaterOrEqual(t, at, 0)
	text, err := rules[at].Arguments(map[string]string{"AccessLogsBucket": "logs"})
	require.NoError(t, err)
	assert.JSONEq(t, `{"targetBucket": "logs"}`, text)
	for _, values := range []map[string]string{nil, {"AccessLogsBucket": ""}} {
		_, err = rules[at].Arguments(values)
		require.ErrorContains(t, err, "rule s3-bucket-logging-enabled of control X-16: parameter targetBucket has no value, expected one for input AccessLogsBucket")
	}
	for _, rule := range conformance.Rules(table.Account) {
		text, err := rule.Arguments(nil)
		require.NoError(t, err)
		assert.True(t, text == "" || json.Valid([]byte(text)), text)
	}
}

func TestSinglesAreTheLayersOwn(t *testing.T) {
	names := func(layer contract.Layer) (names []string) {
		for _, rule := range conformance.Singles(layer) {
			names = append(names, rule.Name())
		}
		return names
	}
	assert.Equal(t, []string{"s3-bucket-default-lock-enabled"}, names(contract.Security))
	assert.Equal(t, []string{"elb-logging-enabled", "alb-waf-enabled"}, names(contract.Edge))
	assert.Empty(t, names(contract.Data))
}

func TestAnotherValueLeavesTheTableAsItIs(t *testing.T) {
	rule := conformance.Singles(contract.Security)[0]
	text, err := rule.With("mode", "GOVERNANCE").Arguments(nil)
	require.NoError(t, err)
	assert.JSONEq(t, `{"mode": "GOVERNANCE"}`, text)
	text, err = conformance.Singles(contract.Security)[0].Arguments(nil)
	require.NoError(t, err)
	assert.JSONEq(t, `{"mode": "COMPLIANCE"}`, text)
}
