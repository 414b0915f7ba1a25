package ops_test

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/engine/enginetest"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/report"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestDeployAllRunsUnattendedOnLocal(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.app(t).DeployAll(t.Context()))

	assert.Len(t, w.ups(), 7)
	assert.Equal(t, []string{"up"}, w.amazon.calls, "the emulator was started")
	r := w.last(t, "local", "deploy:all")
	assert.True(t, r.Complete())
	assert.Zero(t, *r.ExitCode)
	for _, part := range []string{"deploy:all in local: account 123456789012", "commit 0123456789ab", "[data] succeeded", "done after"} {
		assert.Contains(t, w.out.String(), part)
	}
}

func TestASecondDeployChangesNothing(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.app(t).DeployAll(t.Context()))
	require.NoError(t, w.app(t).DeployAll(t.Context()))

	for layer, state := range states(w.last(t, "local", "deploy:all")) {
		assert.Equal(t, "unchanged", state, layer)
	}
	assert.Contains(t, w.out.String(), "0 resources changed")
}

func TestAFailureSkipsDependentsFinishesTheRestAndNamesCauseLogAndCommand(t *testing.T) {
	w := newWorld(t)
	w.fake.Hook = failing("up", contract.Data, fault.New(fault.Resource, "%w", errQuota))

	err := w.app(t).DeployAll(t.Context())

	assert.Equal(t, fault.Resource, fault.CodeOf(err))
	r := w.last(t, "local", "deploy:all")
	assert.Equal(t, map[string]string{
		"foundation": "succeeded", "security": "succeeded", "edge": "succeeded", "data": "failed",
		"services": "skipped (data failed)", "migration": "skipped (data failed)", "observability": "skipped (data failed)",
	}, states(r))
	for _, part := range []string{"skipped (data failed)", "quota exceeded", r.Find("data").Log, "go on with: go tool mage deploy:all -resume"} {
		assert.Contains(t, w.out.String(), part)
	}
}

func TestResumeDoesNotRepeatWhatSucceeded(t *testing.T) {
	w := newWorld(t)
	w.fake.Hook = failing("up", contract.Data, errQuota)
	require.Error(t, w.app(t).DeployAll(t.Context()))
	before := len(w.ups())
	w.fake.Hook = nil

	require.NoError(t, w.app(t, "-resume").DeployAll(t.Context()))

	again := w.ups()[before:]
	assert.ElementsMatch(t, []string{"data", "services", "migration", "observability"}, again)
	assert.Equal(t, "data", again[0])
	r := w.last(t, "local", "deploy:all")
	assert.NotEmpty(t, r.Resumes)
	assert.True(t, r.Complete())
	assert.Equal(t, "succeeded (earlier)", r.Outcome(*r.Find("foundation")))
}

func TestResumeKeepsTheSelectionOfTheRunItGoesOnWith(t *testing.T) {
	w := newWorld(t)
	w.deployed()
	w.fake.Hook = failing("up", contract.Data, errQuota)
	require.Error(t, w.app(t, "-only=data,edge", "-color=green").DeployAll(t.Context()))
	w.fake.Hook = nil

	require.NoError(t, w.app(t, "-resume").DeployAll(t.Context()))

	calls := w.fake.Calls("up")
	last := calls[len(calls)-1]
	assert.Equal(t, contract.Data, last.Layer)
	assert.Equal(t, []string{"**::*green*"}, last.Targets)
	assert.Len(t, w.last(t, "local", "deploy:all").Layers, 2)
}

func TestResumeGoesOnAfterAKillInTheMiddleOfALayer(t *testing.T) {
	w := newWorld(t)
	r := &report.Report{Version: report.Version, Command: "deploy:all", Environment: "local", Layers: []report.Layer{
		{Name: "foundation", State: "succeeded"}, {Name: "security", State: "unchanged"}, {Name: "data", State: "running"},
	}}
	require.NoError(t, w.store().Begin(r)) // and nothing after it
	w.deployed()

	require.NoError(t, w.app(t, "-resume").DeployAll(t.Context()))

	assert.Equal(t, []string{"data"}, w.ups())
}

func TestResumeWithoutARunIsAUsageError(t *testing.T) {
	w := newWorld(t)
	err := w.app(t, "-resume").DeployAll(t.Context())

	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	assert.ErrorContains(t, err, "no earlier run of deploy:all in local")
}

// TestRunsAndResumesKeepTheOrderAndEndComplete plays deployments in which random
// layers fail, each resumed, and a last one in which nothing fails.
func TestRunsAndResumesKeepTheOrderAndEndComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root, err := os.MkdirTemp("", "ops") //nolint:usetesting // for each case, not for the test
		require.NoError(t, err)
		defer os.RemoveAll(root)
		w := newWorldIn(root)
		var mu sync.Mutex
		var early []string
		fails := map[contract.Layer]bool{}
		w.fake.Hook = func(_ context.Context, op string, l contract.Layer) error {
			mu.Lock()
			defer mu.Unlock()
			if op != "up" {
				return nil
			}
			for _, need := range l.Needs() {
				deployed := false
				w.fake.Edit(need, func(s *enginetest.Stack) { deployed = s.Deployed })
				if !deployed {
					early = append(early, string(l)+" before "+string(need))
				}
			}
			if fails[l] {
				return errQuota
			}
			return nil
		}
		flags := []string{}
		for round := range 3 {
			for _, l := range contract.Layers() {
				fails[l] = round < 2 && rapid.Bool().Draw(t, "fails "+string(l))
			}
			err = w.app(t, flags...).DeployAll(context.Background())
			flags = []string{"-resume"}
		}
		if err != nil || len(early) > 0 {
			t.Fatalf("last run: %v, started early: %v", err, early)
		}
		for _, l := range contract.Layers() {
			w.fake.Edit(l, func(s *enginetest.Stack) {
				if len(s.Updates) != 1 {
					t.Fatalf("%s was updated %d times", l, len(s.Updates))
				}
			})
		}
	})
}

func TestConfigurationProblemsOfAllLayersComeTogetherBeforeAnythingStarts(t *testing.T) {
	w := newWorld(t)
	w.checks[contract.Data] = fault.New(fault.Failed, "Pulumi.local.yaml: data:size is 0: expected 1 to 9")
	w.checks[contract.Edge] = fault.New(fault.Failed, "Pulumi.local.yaml: edge:weight is 300: expected 0 to 255")

	err := w.app(t).DeployAll(t.Context())

	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	assert.ErrorContains(t, err, "data:size is 0")
	assert.ErrorContains(t, err, "edge:weight is 300")
	assert.Empty(t, w.fake.Calls())
	assert.Empty(t, w.amazon.calls)
}

func TestUnknownEnvironmentAndVariableEndWithUsage(t *testing.T) {
	w := newWorld(t)
	w.environ = []string{"CUTOVER_FORCE=1"}
	err := w.app(t, "-env=prd").DeployAll(t.Context())

	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	assert.ErrorContains(t, err, `flag -env is "prd": expected one of the environments local, staging, prod`)
	assert.ErrorContains(t, err, "CUTOVER_FORCE")
}

func TestCredentialsOfAnotherAccountAreRefused(t *testing.T) {
	w := newWorld(t)
	w.account = "999999999999"
	err := w.app(t).DeployAll(t.Context())

	assert.Equal(t, fault.Credentials, fault.CodeOf(err))
	assert.ErrorContains(t, err, "999999999999")
	assert.ErrorContains(t, err, "123456789012")
	assert.Empty(t, w.fake.Calls())
}

func TestOneLayerNamesExactlyWhichUpstreamStackIsMissing(t *testing.T) {
	w := newWorld(t)
	w.fake.Edit(contract.Security, func(s *enginetest.Stack) { s.Exists, s.Outputs = true, map[string]any{"a": 1} })
	w.fake.Edit(contract.Foundation, func(s *enginetest.Stack) { s.Exists = true })
	err := w.app(t).Deploy(t.Context(), contract.Edge)

	assert.Equal(t, fault.NoStack, fault.CodeOf(err))
	assert.ErrorContains(t, err, "layer edge needs layer foundation: its stack local has no outputs")
	assert.ErrorContains(t, err, "go tool mage deploy:foundation")
	assert.NotContains(t, err.Error(), "security")
	assert.Empty(t, w.ups())
}

func TestOneLayerDeploysAloneWhenItsUpstreamIsThere(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.app(t).Deploy(t.Context(), contract.Foundation))
	require.NoError(t, w.app(t).Deploy(t.Context(), contract.Security))
	require.NoError(t, w.app(t).Deploy(t.Context(), contract.Edge))

	assert.Equal(t, []string{"foundation", "security", "edge"}, w.ups(), "one command each")
}

func TestFromTakesALayerAndAllThatStandOnIt(t *testing.T) {
	w := newWorld(t)
	w.deployed()
	require.NoError(t, w.app(t, "-from=services").DeployAll(t.Context()))

	assert.Equal(t, []string{"services", "observability"}, w.ups())
}

func TestPreparationsRunOnceAndTheirFailureFailsTheirLayerOnly(t *testing.T) {
	w := newWorld(t)
	prepared := 0
	w.prepare[contract.Foundation] = func(context.Context) error { prepared++; return nil }
	w.prepare[contract.Migration] = func(context.Context) error { return errQuota }
	err := w.app(t).DeployAll(t.Context())

	require.Error(t, err)
	assert.Equal(t, 1, prepared)
	r := w.last(t, "local", "deploy:all")
	assert.Equal(t, "failed", r.Find("migration").State)
	assert.Equal(t, "succeeded", r.Find("services").State)
	assert.Contains(t, r.Find("migration").Error, "prepare migration")
}

func TestAuditHasABeginningAndAnEndPerLayer(t *testing.T) {
	w := newWorld(t)
	w.fake.Hook = failing("up", contract.Observability, errQuota)
	require.Error(t, w.app(t, "-reason=drill").DeployAll(t.Context()))

	entries, err := w.store().Entries("local")
	require.NoError(t, err)
	results := map[string][]string{}
	for _, e := range entries {
		results[e.Action] = append(results[e.Action], e.Result)
		assert.Equal(t, "drill", e.Reason)
		assert.Equal(t, "ada", e.User)
	}
	assert.Len(t, results, 7)
	assert.Equal(t, []string{"started", "succeeded"}, results["deploy:foundation"])
	assert.Equal(t, []string{"started", "failed"}, results["deploy:observability"])
}

func TestJSONGoesToStandardOutputAloneAndProgressToStandardError(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.app(t, "-output=json").DeployAll(t.Context()))

	var r report.Report
	require.NoError(t, json.Unmarshal([]byte(w.out.String()), &r))
	assert.True(t, r.Complete())
	assert.Contains(t, w.err.String(), "[data] succeeded")
}

func TestOutsideLocalNobodyThereToConfirmEndsWithTheExactCommand(t *testing.T) {
	w := newWorld(t)
	err := w.app(t, "-env=staging", "-only=foundation").DeployAll(t.Context())

	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	assert.Contains(t, fault.HintOf(err), "go tool mage deploy:all -env=staging -only=foundation -yes")
	assert.Empty(t, w.ups())
	assert.Empty(t, w.amazon.calls, "no emulator outside local")
}

func TestOneAnswerConfirmsTheWholePlanAndTheDefaultIsNo(t *testing.T) {
	for answer, want := range map[string]int{"yes\n": 7, "\n": 0} {
		w := newWorld(t)
		w.ports.Terminal, w.ports.In = true, strings.NewReader(answer)
		err := w.app(t, "-env=staging").DeployAll(t.Context())

		assert.Len(t, w.ups(), want)
		assert.Equal(t, want == 0, err != nil, "%v", err)
		assert.Contains(t, w.out.String(), "3 to create")
	}
}

func TestPreciousChangesNeedTheirNameTypedAlsoWithYes(t *testing.T) {
	key := engine.Change{
		Op: "replace", URN: "urn:pulumi:prod::data::aws:kms/key:Key::blue-data", Type: "aws:kms/key:Key", Name: "blue-data",
		Causes: []string{"keyUsage"},
	}
	for answer, want := range map[string]fault.Code{"blue-data\n": fault.OK, "yes\n": fault.Cancelled} {
		w := newWorld(t)
		w.deployed()
		w.fake.Edit(contract.Data, func(s *enginetest.Stack) { s.Outdated, s.Changes = true, []engine.Change{key} })
		w.ports.Terminal, w.ports.In = true, strings.NewReader(answer)

		err := w.app(t, "-env=prod", "-yes").DeployAll(t.Context())

		assert.Equal(t, want, fault.CodeOf(err), "answer %q: %v", answer, err)
		assert.Contains(t, w.out.String(), "replace key blue-data")
		assert.Contains(t, w.out.String(), "because of keyUsage")
		assert.Equal(t, want == fault.OK, len(w.ups()) == 7)
	}
}

func TestDryRunShowsThePlanAndChangesNothing(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.app(t, "-dry-run").DeployAll(t.Context()))

	assert.Empty(t, w.ups())
	assert.Equal(t, 7, strings.Count(w.out.String(), "3 to create"))
	assert.False(t, slices.ContainsFunc(w.fake.Calls(), func(c enginetest.Call) bool { return c.Op == "destroy" }))
}
