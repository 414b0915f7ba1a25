package settings_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/settings"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var known = []string{"local", "staging", "prod"}

func load(t *testing.T, command string, environ ...string) (settings.Settings, error) {
	t.Helper()
	_, flags := settings.Split(append([]string{"mage"}, strings.Fields(command)...))
	return settings.Load(flags, environ, known)
}

func TestDefaultsAreLocalAndTable(t *testing.T) {
	s, err := load(t, "deploy:all", "HOME=/root", "CUTOVER=1")

	require.NoError(t, err)
	assert.Equal(t, settings.Settings{Env: "local", Output: settings.Table}, s)
}

func TestFlagsAndVariablesSetTheSameFields(t *testing.T) {
	want := settings.Settings{
		Env: "prod", Yes: true, DryRun: true, Parallel: 2, Only: []contract.Layer{contract.Data, contract.Edge},
		Check: true, Color: settings.Green, Output: settings.JSON, Timeout: 90 * time.Minute, To: "v12", Halt: "poison", Base: settings.BaseClone, Reason: "drill",
		Operators: []string{"ann", "bob"}, Table: "a.b", Columns: "c", Index: "d", Change: 7,
	}
	byFlag, err := load(t, "deploy:all -table=a.b -columns=c -index=d -change=7 -env=prod -yes -dry-run -parallel 2 -only=data,edge --check -color=green -output=json -timeout=1h30m -to=v12 -halt=poison -base=clone -reason=drill -operators=ann,bob")
	require.NoError(t, err)
	byVariable, err := load(t, "deploy:all", "CUTOVER_ENV=prod", "CUTOVER_YES=true", "CUTOVER_DRY_RUN=1", "CUTOVER_PARALLEL=2",
		"CUTOVER_ONLY=data, edge", "CUTOVER_CHECK=true", "CUTOVER_COLOR=green", "CUTOVER_OUTPUT=json", "CUTOVER_TIMEOUT=90m",
		"CUTOVER_TO=v12", "CUTOVER_HALT=poison", "CUTOVER_BASE=clone", "CUTOVER_REASON=drill", "CUTOVER_OPERATORS=ann, bob", "CUTOVER_TABLE=a.b", "CUTOVER_COLUMNS=c", "CUTOVER_INDEX=d", "CUTOVER_CHANGE=7")
	require.NoError(t, err)

	assert.Equal(t, want, byFlag)
	assert.Equal(t, want, byVariable)
}

func TestAFlagWinsOverItsVariable(t *testing.T) {
	s, err := load(t, "deploy:all -env=staging -yes=false", "CUTOVER_ENV=prod", "CUTOVER_YES=true")

	require.NoError(t, err)
	assert.Equal(t, "staging", s.Env)
	assert.False(t, s.Yes)
}

func TestBadSettingsNameWhereWhatAndExpectation(t *testing.T) {
	cases := map[string]struct {
		command string
		environ []string
		want    []string
	}{
		"unknown environment":  {"deploy:all -env=prd", nil, []string{"flag -env", `"prd"`, "local, staging, prod"}},
		"unknown variable":     {"deploy:all", []string{"CUTOVER_ENVIRONMENT=prod"}, []string{"CUTOVER_ENVIRONMENT", `"prod"`, "CUTOVER_ENV"}},
		"unknown flag":         {"deploy:all -force", nil, []string{"flag -force", "-yes"}},
		"malformed number":     {"deploy:all -parallel=two", nil, []string{"-parallel", `"two"`, "1 to 32"}},
		"number out of range":  {"deploy:all", []string{"CUTOVER_PARALLEL=0"}, []string{"CUTOVER_PARALLEL", `"0"`, "1 to 32"}},
		"malformed duration":   {"deploy:all -timeout=30", nil, []string{"-timeout", `"30"`, "45m"}},
		"negative duration":    {"deploy:all -timeout=-5m", nil, []string{"-timeout", "above zero"}},
		"malformed switch":     {"deploy:all", []string{"CUTOVER_YES=ja"}, []string{"CUTOVER_YES", `"ja"`, "true or false"}},
		"empty value":          {"deploy:all", []string{"CUTOVER_REASON="}, []string{"CUTOVER_REASON", "a sentence"}},
		"an operator twice":    {"migrate:finalise -operators=ann,ann", nil, []string{"-operators", `"ann,ann"`, "each once"}},
		"unknown layer":        {"deploy:all -only=data,dat", nil, []string{"-only", "data,dat", "foundation"}},
		"unknown first layer":  {"deploy:all -from=x", nil, []string{"-from", `"x"`, "observability"}},
		"unknown color":        {"deploy:all -color=red", nil, []string{"-color", `"red"`, "blue or green"}},
		"unknown format":       {"status -output=xml", nil, []string{"-output", `"xml"`, "table, json or md"}},
		"value missing at end": {"deploy:all -env", nil, []string{"flag -env has no value"}},
		"value missing":        {"deploy:all -env -yes", nil, []string{"flag -env has no value"}},
		"only and from":        {"deploy:all -only=data", []string{"CUTOVER_FROM=edge"}, []string{"-only", "CUTOVER_FROM", "only one of the two"}},
		"resume and only":      {"deploy:all -only=data -resume", nil, []string{"-resume", "-only"}},
		"twice":                {"deploy:all -env=prod -env=staging", nil, []string{"-env is given twice", "prod", "staging"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, c.command, c.environ...)

			require.Error(t, err)
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
			for _, part := range c.want {
				assert.ErrorContains(t, err, part)
			}
		})
	}
}

func TestASwitchThatIsOffContradictsNothing(t *testing.T) {
	_, err := load(t, "deploy:all -only=data -resume=false")

	assert.NoError(t, err)
}

func TestAllProblemsComeTogether(t *testing.T) {
	_, err := load(t, "deploy:all -env=x -parallel=y -foo", "CUTOVER_BAR=1")

	for _, part := range []string{"-env", "-parallel", "-foo", "CUTOVER_BAR"} {
		assert.ErrorContains(t, err, part)
	}
}

func TestSplitLeavesTargetsAndMagesOwnFlags(t *testing.T) {
	rest, flags := settings.Split([]string{"mage", "-v", "deploy:all", "-env", "prod", "status", "-yes"})

	assert.Equal(t, []string{"mage", "-v", "deploy:all", "status"}, rest)
	assert.Equal(t, []settings.Flag{{Name: "env", Value: "prod"}, {Name: "yes", Value: "true"}}, flags)
	rest, flags = settings.Split([]string{"mage"})
	assert.Equal(t, []string{"mage"}, rest)
	assert.Empty(t, flags)
}

func TestMagesOwnTimeLimitBecomesTheSetting(t *testing.T) {
	args := os.Args
	t.Cleanup(func() { os.Args = args })
	os.Args = []string{"mage", "deploy:all", "-yes"}
	t.Setenv("MAGEFILE_TIMEOUT", "5m0s")

	flags := settings.Take()

	assert.Equal(t, []settings.Flag{{Name: "yes", Value: "true"}, {Name: "timeout", Value: "5m0s"}}, flags)
	assert.Equal(t, []string{"mage", "deploy:all"}, os.Args)
	_, left := os.LookupEnv("MAGEFILE_TIMEOUT")
	assert.False(t, left, "mage would end the process in the middle of a change")
}

func TestCommandReadsBackAsTheSameSettings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := settings.Settings{
			Env:    rapid.SampledFrom(known).Draw(t, "env"),
			Yes:    rapid.Bool().Draw(t, "yes"),
			Color:  rapid.SampledFrom([]settings.Color{settings.Both, settings.Blue, settings.Green}).Draw(t, "color"),
			Output: settings.Table,
		}
		switch rapid.IntRange(0, 3).Draw(t, "selection") {
		case 1:
			want.Only = []contract.Layer{contract.Data, contract.Edge}
		case 2:
			want.From = contract.Services
		case 3:
			want.Resume = true
		}
		words := strings.Fields(want.Command("deploy:all"))
		_, flags := settings.Split(words[2:])
		got, err := settings.Load(flags, nil, known)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Only, want.Only) {
			t.Fatalf("only %v, expected %v", got.Only, want.Only)
		}
		got.Only, want.Only = nil, nil
		if got.Env != want.Env || got.Yes != want.Yes || got.Color != want.Color || got.From != want.From || got.Resume != want.Resume {
			t.Fatalf("%q read back as %+v, expected %+v", words, got, want)
		}
	})
}
