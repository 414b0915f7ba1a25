package ops_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/engine/enginetest"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/suite"
	"github.com/cutover/cutover/shared/ops/toolchain"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPreviewAllMakesAllStacksFirstAndChangesNothing(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.app(t).PreviewAll(t.Context()))

	calls := w.fake.Calls()
	for i, c := range calls {
		assert.Equal(t, i < 7, c.Op == "ensure", "call %d is %s", i, c.Op)
	}
	assert.Len(t, w.fake.Calls("preview"), 7)
	assert.Empty(t, w.ups())
	assert.Equal(t, 7, strings.Count(w.out.String(), "3 to create"))
}

func TestPreviewOfOneLayerMakesTheStacksItReadsFrom(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.app(t).Preview(t.Context(), contract.Migration))

	assert.Len(t, w.fake.Calls("ensure"), 4)
	assert.Len(t, w.fake.Calls("preview"), 1)
}

func TestCheckTurnsChangesIntoAnExitStatus(t *testing.T) {
	w := newWorld(t)
	err := w.app(t, "-check").PreviewAll(t.Context())
	assert.Equal(t, fault.Changes, fault.CodeOf(err))

	w.deployed()
	assert.NoError(t, w.app(t, "-check").PreviewAll(t.Context()))
}

func TestDriftIsAlwaysAnExitStatus(t *testing.T) {
	w := newWorld(t)
	w.deployed()
	require.NoError(t, w.app(t).DriftAll(t.Context()))
	w.fake.Edit(contract.Edge, func(s *enginetest.Stack) { s.Drifted = true })

	err := w.app(t).DriftAll(t.Context())

	assert.Equal(t, fault.Changes, fault.CodeOf(err))
	assert.ErrorContains(t, err, "edge")
}

func TestAFailedLookDoesNotHideTheOthers(t *testing.T) {
	w := newWorld(t)
	w.fake.Hook = func(_ context.Context, op string, l contract.Layer) error {
		if op == "preview" && (l == contract.Data || l == contract.Edge) {
			return fault.New(fault.Resource, "%s is broken", l)
		}
		return nil
	}
	err := w.app(t).PreviewAll(t.Context())

	assert.Equal(t, fault.Resource, fault.CodeOf(err))
	assert.ErrorContains(t, err, "data is broken")
	assert.ErrorContains(t, err, "edge is broken")
}

func TestDestroyAllGoesBackwardsAndKeepsTheStacks(t *testing.T) {
	w := newWorld(t)
	w.deployed()
	w.fake.Hook = func(_ context.Context, op string, l contract.Layer) error {
		for _, need := range l.Needs() {
			w.fake.Edit(need, func(s *enginetest.Stack) {
				if op == "destroy" && !s.Deployed {
					t.Errorf("%s was destroyed before %s", need, l)
				}
			})
		}
		return nil
	}
	require.NoError(t, w.app(t).DestroyAll(t.Context()))

	for _, l := range contract.Layers() {
		w.fake.Edit(l, func(s *enginetest.Stack) { assert.True(t, s.Exists && !s.Deployed, l) })
	}
}

func TestALayerIsNotTakenAwayFromUnderOthers(t *testing.T) {
	w := newWorld(t)
	w.deployed()
	err := w.app(t).Destroy(t.Context(), contract.Services)

	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	assert.ErrorContains(t, err, "[observability] still stand on [services]")
	assert.Contains(t, fault.HintOf(err), "destroy:all -only=services,observability")
	assert.Empty(t, w.fake.Calls("destroy"))
}

func TestProtectedDataIsDestroyedLocallyAndByNameElsewhere(t *testing.T) {
	for name, c := range map[string]struct {
		flags  []string
		answer string
		want   fault.Code
	}{
		"local":             {nil, "", fault.OK},
		"name typed":        {[]string{"-env=staging", "-yes"}, "observability-0\n", fault.OK},
		"name not typed":    {[]string{"-env=staging", "-yes"}, "yes\n", fault.Cancelled},
		"prod, no reason":   {[]string{"-env=prod", "-yes"}, "observability-0\n", fault.Usage},
		"prod, with reason": {[]string{"-env=prod", "-yes", "-reason=end"}, "observability-0\n", fault.OK},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.deployed()
			w.fake.Edit(contract.Observability, func(s *enginetest.Stack) { s.Protected = true })
			w.ports.Terminal, w.ports.In = c.answer != "", strings.NewReader(c.answer)

			err := w.app(t, c.flags...).Destroy(t.Context(), contract.Observability)

			assert.Equal(t, c.want, fault.CodeOf(err), "%v", err)
			assert.Equal(t, c.want == fault.OK, len(w.fake.Calls("unprotect")) == 1)
		})
	}
}

func TestUnlockShowsTheOwnerAndAsks(t *testing.T) {
	lock := engine.Lock{PID: 7, User: "bob", Host: "elsewhere", Since: time.Now().Add(-time.Hour)}
	for answer, want := range map[string]int{"y\n": 1, "\n": 0} {
		w := newWorld(t)
		w.fake.Edit(contract.Data, func(s *enginetest.Stack) { s.Exists, s.Locks = true, []engine.Lock{lock} })
		w.ports.Terminal, w.ports.In = true, strings.NewReader(answer)

		err := w.app(t, "-env=staging", "-reason=crash").Unlock(t.Context(), contract.Data)

		assert.Equal(t, want == 0, err != nil)
		assert.Len(t, w.fake.Calls("unlock"), want)
		assert.Contains(t, w.out.String(), "bob@elsewhere (process 7)")
	}
}

func TestUnlockOutsideLocalNeedsAReason(t *testing.T) {
	w := newWorld(t)
	err := w.app(t, "-env=prod").Unlock(t.Context(), contract.Data)

	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	assert.Contains(t, fault.HintOf(err), "-reason=")
}

func TestStatusTellsVersionAgeStaleUpstreamLocksAndInterruptedWork(t *testing.T) {
	w := newWorld(t)
	w.deployed()
	old, recent := time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	update := func(at time.Time, changes engine.Changes) engine.Update {
		return engine.Update{Kind: "update", Result: "succeeded", End: at, Commit: "0123456789abcdef", Dirty: true, Changes: changes}
	}
	for _, l := range contract.Layers() {
		w.fake.Edit(l, func(s *enginetest.Stack) { s.Updates = []engine.Update{update(old, engine.Changes{Create: 1})} })
	}
	w.fake.Edit(contract.Data, func(s *enginetest.Stack) {
		s.Updates = append([]engine.Update{update(recent, engine.Changes{Update: 1})}, s.Updates...)
		s.Pending = []engine.Pending{{}}
	})
	w.fake.Edit(contract.Security, func(s *enginetest.Stack) {
		s.Updates = append([]engine.Update{update(recent, engine.Changes{Same: 1})}, s.Updates...) // looked at, not changed
		s.Locks = []engine.Lock{{PID: 7, User: "bob", Host: "elsewhere", Since: old}}
	})
	require.NoError(t, w.app(t, "-output=json").Status(t.Context()))

	var page struct{ Layers []ops.LayerStatus }
	require.NoError(t, json.Unmarshal([]byte(w.out.String()), &page))
	stale := map[string][]string{}
	for _, l := range page.Layers {
		if len(l.Stale) > 0 {
			stale[l.Layer] = l.Stale
		}
		assert.Equal(t, "01234567+", l.Version)
	}
	assert.Equal(t, map[string][]string{"services": {"data"}, "migration": {"data"}, "observability": {"data"}}, stale)

	w.out.b.Reset()
	require.NoError(t, w.app(t).Status(t.Context()))
	for _, part := range []string{"stale: data changed since", "locked by bob@elsewhere", "1 interrupted operations", "2h00m"} {
		assert.Contains(t, w.out.String(), part)
	}
}

// What a page names as a command is that of its environment, in whatever form it is asked for.
func TestTheCommandsOfAPageAreThoseOfItsEnvironment(t *testing.T) {
	const hinted, complete = "on with: go tool mage migrate:start -halt=poison", "on with: go tool mage migrate:start -env=staging -halt=poison"
	w := newWorld(t)
	w.deployed()
	w.sections = []ops.Section{{Name: "migration", Read: func(context.Context, *ops.Workplace) (any, string) {
		return map[string]any{"lanes": []string{hinted}}, hinted
	}}}
	for form, show := range map[string]func(*ops.App) error{
		"status": func(a *ops.App) error { return a.Status(t.Context()) },
		"work": func(a *ops.App) error {
			return a.Work(t.Context(), "migrate:status", false, func(_ context.Context, w *ops.Workplace) error {
				return w.Print(hinted, map[string]any{"lanes": []string{hinted}})
			})
		},
	} {
		for _, output := range []string{"json", "table"} {
			w.out.b.Reset()
			require.NoError(t, show(w.app(t, "-env=staging", "-output="+output)), form)
			assert.Contains(t, w.out.String(), complete, "%s as %s", form, output)
			assert.NotContains(t, w.out.String(), hinted, "%s as %s", form, output)
		}
	}
}

// Whoever may read no stack's state, as operators, gets the rest of the page.
func TestStatusWithoutTheRightToAStateTellsTheRest(t *testing.T) {
	w := newWorld(t)
	w.deployed()
	for _, l := range contract.Layers() {
		w.fake.Edit(l, func(s *enginetest.Stack) { s.Denied = true })
	}
	require.NoError(t, w.app(t, "-output=json").Status(t.Context()))
	var page struct{ Layers []ops.LayerStatus }
	require.NoError(t, json.Unmarshal([]byte(w.out.String()), &page))
	require.Len(t, page.Layers, len(contract.Layers()))
	for _, l := range page.Layers {
		assert.Equal(t, "hidden", l.State)
	}
}

func TestOutputsShowEveryLayerAndNameAMissingOne(t *testing.T) {
	w := newWorld(t)
	w.fake.Edit(contract.Edge, func(s *enginetest.Stack) {
		s.Exists, s.Outputs = true, map[string]any{"blueEndpoint": "blue.example", "ids": []any{"a", 1.0}}
	})
	require.NoError(t, w.app(t).OutputsAll(t.Context()))
	assert.Contains(t, w.out.String(), "[edge] blueEndpoint = blue.example\n[edge] ids = [\"a\",1]\n")
	assert.Contains(t, w.out.String(), "[data] no stack")

	err := w.app(t).Outputs(t.Context(), contract.Data)
	assert.Equal(t, fault.NoStack, fault.CodeOf(err))
}

func TestVerifyTellsEveryLayerAndItsOwnStatus(t *testing.T) {
	w := newWorld(t)
	w.deployed()
	w.verify[contract.Data] = func(_ context.Context, v ops.Verification) error {
		assert.Equal(t, "data", v.Outputs["name"])
		return nil
	}
	w.verify[contract.Edge] = func(context.Context, ops.Verification) error { return errQuota }

	err := w.app(t).VerifyAll(t.Context())

	assert.Equal(t, fault.Verification, fault.CodeOf(err))
	assert.ErrorContains(t, err, "edge")
	for _, part := range []string{"[data] ok", "[edge] failed", "[services] has no check"} {
		assert.Contains(t, w.out.String(), part)
	}
}

func TestEnvIsReadyForAShell(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.app(t).Env(t.Context()))

	for _, part := range []string{
		"export PULUMI_BACKEND_URL='file://" + filepath.Join(w.root, ".cutover", "state") + "'\n",
		"export PULUMI_CONFIG_PASSPHRASE='test'\n", "export AWS_PROFILE=''\n", "export AWS_ENDPOINT_URL=",
	} {
		assert.Contains(t, w.out.String(), part)
	}
}

func TestResetForgetsTheStateThatDescribedTheEmulator(t *testing.T) {
	for name, do := range map[string]func(*ops.App) error{
		"reset": func(a *ops.App) error { return a.LocalReset(context.Background()) },
		"down":  func(a *ops.App) error { return a.LocalDown(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			stacks := filepath.Join(w.root, ".cutover", "state", ".pulumi", "stacks")
			require.NoError(t, os.MkdirAll(stacks, 0o750))

			require.NoError(t, do(w.app(t)))

			assert.NoDirExists(t, stacks)
			assert.Equal(t, []string{name}, w.amazon.calls)
		})
	}
}

func TestAnEmulatorThatBeganAnewTakesTheStateWithIt(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.app(t).DeployAll(t.Context()))
	stacks := filepath.Join(w.root, ".cutover", "state", ".pulumi", "stacks")
	require.NoError(t, os.MkdirAll(stacks, 0o750))
	require.NoError(t, w.app(t).DeployAll(t.Context()))
	assert.DirExists(t, stacks, "the same life keeps its state")

	w.amazon.since = w.amazon.since.Add(time.Second)
	require.NoError(t, w.app(t).DeployAll(t.Context()))
	assert.DirExists(t, stacks, "the emulator and who started it note different times")

	w.amazon.since = time.Now()
	require.NoError(t, w.app(t).DeployAll(t.Context()))

	assert.NoDirExists(t, stacks)
	assert.Contains(t, w.out.String(), "forgetting the state of its former life")
}

func TestLocalTargetsRefuseOtherEnvironments(t *testing.T) {
	w := newWorld(t)
	err := w.app(t, "-env=prod").LocalReset(t.Context())

	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	assert.Empty(t, w.amazon.calls)
}

func TestDoctorHasALineForEverySymptomAndTheCommandThatMends(t *testing.T) {
	w := newWorld(t)
	w.fake.Edit(contract.Data, func(s *enginetest.Stack) { s.Exists, s.Locks = true, []engine.Lock{deadLock(t)} })
	w.checks[contract.Edge] = fault.New(fault.Failed, "edge:weight is 300: expected 0 to 255")

	err := w.app(t).Doctor(t.Context())

	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	for _, part := range []string{"ok    tools", "MEND  configuration", "edge:weight is 300", "MEND  locks", "deploy:all -resume", "ok    account"} {
		assert.Contains(t, w.out.String(), part)
	}
}

func TestHistoryShowsWhoDidWhatWhyAndHowItEnded(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.app(t).History(t.Context()))
	assert.Contains(t, w.out.String(), "no actions in local")
	require.NoError(t, w.app(t, "-reason=drill").Deploy(t.Context(), contract.Foundation))
	w.out.b.Reset()

	require.NoError(t, w.app(t).History(t.Context()))

	for _, part := range []string{"ada@ops1", "deploy:foundation", "started", "succeeded", "drill", "0123456789ab"} {
		assert.Contains(t, w.out.String(), part)
	}
}

// What a first run compiles for half an hour is made outside of the limit of any test that
// deploys, and so is what other parts of the checkout ask for.
func TestTestsThatDeployFindTheirToolsMade(t *testing.T) {
	w := newWorld(t)
	var asked []toolchain.Options
	w.ports.Toolchain = func(_ context.Context, o toolchain.Options) (toolchain.Toolchain, error) {
		asked = append(asked, o)
		return toolchain.Toolchain{}, nil
	}
	w.tools = []suite.Tool{{Name: "databases", Kinds: []suite.Kind{suite.Integration}}}
	o := w.app(t).SuiteOptions(suite.EndToEnd)
	var names []string
	for _, tool := range o.Tools {
		names = append(names, tool.Name)
		if slices.Contains(tool.Kinds, suite.EndToEnd) {
			require.NoError(t, tool.Make(t.Context()))
		}
	}

	assert.Equal(t, []string{"emulator", "linter of policies", "Pulumi 3.230.0 with plugin aws 6.83.2", "databases"}, names)
	require.Len(t, asked, 1)
	assert.Equal(t, w.root, asked[0].RepoRoot)
	assert.NotNil(t, asked[0].Progress)
}
