package report_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cutover/cutover/shared/ops/dag"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/report"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var noon = time.Date(2025, 3, 4, 12, 0, 0, 0, time.UTC)

func sample() *report.Report {
	ended, code, began := noon.Add(90*time.Second), 4, noon.Add(time.Second)
	return &report.Report{
		Version: report.Version, Command: "deploy:all", Environment: "prod", Account: "123456789012", Region: "eu-west-1",
		User: "ada", Host: "ops1", PID: 42, Commit: "0123abcd", Dirty: true, Tools: map[string]string{"pulumi": "3.230.0"},
		Color: "green", Reason: "drill", Resumes: "x", Started: noon, Ended: &ended, ExitCode: &code, Error: "data failed",
		Resume: "go tool mage deploy:all -env=prod -resume",
		Layers: []report.Layer{
			{Name: "foundation", State: "succeeded", Earlier: true},
			{
				Name: "data", State: "failed", Started: &began, Ended: &ended, Log: "data.log", Error: "cluster: quota",
				Changes: engine.Changes{Create: 2},
				List: []engine.Change{{
					Op: "replace", URN: "urn:pulumi:prod::data::aws:kms/key:Key::main", Type: "aws:kms/key:Key", Name: "main",
					Causes: []string{"keyUsage"}, Protect: true,
				}},
			},
			{Name: "services", State: "skipped", Cause: "data"},
			{Name: "edge", State: "not-started"},
		},
	}
}

func validate(t *testing.T, document []byte) error {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("report.schema.json")
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(document)))
	require.NoError(t, err)
	return schema.Validate(value)
}

func TestSavedReportMatchesItsSchemaAndReadsBack(t *testing.T) {
	store := report.Store{Dir: t.TempDir()}
	want := sample()
	require.NoError(t, store.Begin(want))

	text, err := os.ReadFile(filepath.Join(store.RunDir(want.ID), "report.json"))
	require.NoError(t, err)
	require.NoError(t, validate(t, text))
	got, err := store.Load(want.ID)
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestARunningReportMatchesTheSchemaToo(t *testing.T) {
	r := &report.Report{Version: 1, Command: "destroy:data", Environment: "local", PID: 1, Started: noon}
	for _, s := range []dag.State{
		dag.Waiting, dag.Running, dag.Succeeded, dag.Unchanged, dag.Failed, dag.Cancelled, dag.Skipped, dag.NotStarted,
	} {
		r.Layers = append(r.Layers, report.Layer{Name: "x", State: string(s)})
	}
	store := report.Store{Dir: t.TempDir()}
	require.NoError(t, store.Begin(r))

	text, err := os.ReadFile(filepath.Join(store.RunDir(r.ID), "report.json"))
	require.NoError(t, err)
	assert.NoError(t, validate(t, text))
}

func TestSchemaRefusesWhatReportsDoNotHold(t *testing.T) {
	for name, spoil := range map[string]func(map[string]any){
		"an unknown key":     func(r map[string]any) { r["colour"] = "green" },
		"an unknown state":   func(r map[string]any) { r["layers"].([]any)[0].(map[string]any)["state"] = "done" },
		"a missing key":      func(r map[string]any) { delete(r, "account") },
		"an impossible code": func(r map[string]any) { r["exitCode"] = 14 },
	} {
		t.Run(name, func(t *testing.T) {
			r := sample()
			r.ID = "20250304T120000Z-prod-deploy-all"
			text, err := json.Marshal(r)
			require.NoError(t, err)
			var value map[string]any
			require.NoError(t, json.Unmarshal(text, &value))
			spoil(value)
			text, err = json.Marshal(value)
			require.NoError(t, err)
			assert.Error(t, validate(t, text))
		})
	}
}

func TestMarkdownNamesCauseLogAndTheCommandThatGoesOn(t *testing.T) {
	text := sample().Markdown()

	for _, part := range []string{
		"# deploy:all in prod", "skipped (data failed)", "succeeded (earlier)", "cluster: quota", "`data.log`",
		"`go tool mage deploy:all -env=prod -resume`", "exit code 4", "| replace | main | aws:kms/key:Key | keyUsage |",
		"0123abcd with local changes",
	} {
		assert.Contains(t, text, part)
	}
}

func TestLastFindsTheLatestRunOfTheCommandInTheEnvironment(t *testing.T) {
	store := report.Store{Dir: t.TempDir()}
	begin := func(command, environment string, at time.Time) string {
		r := &report.Report{Version: 1, Command: command, Environment: environment, Started: at}
		require.NoError(t, store.Begin(r))
		return r.ID
	}
	begin("deploy:all", "prod", noon)
	want := begin("deploy:all", "prod", noon) // within the same second
	begin("deploy:all", "staging", noon.Add(time.Hour))
	begin("destroy:all", "prod", noon.Add(time.Hour))
	require.NoError(t, os.Mkdir(store.RunDir("20990101T000000Z-prod-deploy-all"), 0o750)) // killed before its first report

	last, err := store.Last("prod", "deploy:all")
	require.NoError(t, err)
	assert.Equal(t, want, last.ID)
	none, err := store.Last("local", "deploy:all")
	require.NoError(t, err)
	assert.Nil(t, none)
}

func TestLoadTellsAnotherVersionFromAnUnreadableReport(t *testing.T) {
	store := report.Store{Dir: t.TempDir()}
	require.NoError(t, os.MkdirAll(store.RunDir("a"), 0o750))
	path := filepath.Join(store.RunDir("a"), "report.json")

	require.NoError(t, os.WriteFile(path, []byte(`{"version": 9}`), 0o600))
	_, err := store.Load("a")
	assert.ErrorContains(t, err, "has version 9: expected 1")

	require.NoError(t, os.WriteFile(path, []byte(`{`), 0o600))
	_, err = store.Load("a")
	assert.ErrorContains(t, err, path)
}

func TestAuditLinesOfConcurrentWritersStayWhole(t *testing.T) {
	store := report.Store{Dir: filepath.Join(t.TempDir(), "fresh")}
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 50 {
				err := store.Append(report.Entry{Environment: "local", Action: "deploy:data", Detail: strings.Repeat("x", 500)})
				assert.NoError(t, err)
			}
		})
	}
	writers.Wait()

	entries, err := store.Entries("local")
	require.NoError(t, err)
	assert.Len(t, entries, 400)
	others, err := store.Entries("prod")
	require.NoError(t, err)
	assert.Empty(t, others)
}
