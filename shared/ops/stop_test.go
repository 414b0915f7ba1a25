package ops_test

import (
	"context"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/engine/enginetest"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// interrupting sends this process a signal when the layer's update begins, waits
// until it is heard, and goes on as the update would: to its end, or, after a second
// press, until its context ends.
func (w *world) interrupting(t *testing.T, layer contract.Layer, twice bool) func(context.Context, string, contract.Layer) error {
	t.Helper()
	return func(ctx context.Context, op string, l contract.Layer) error {
		if op != "up" || l != layer {
			return nil
		}
		assert.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGINT))
		assert.Eventually(t, func() bool { return strings.Contains(w.out.String(), "finishing what is in flight") }, time.Minute, time.Millisecond)
		if twice {
			time.Sleep(400 * time.Millisecond) // two presses of one key are further apart than one press that arrives twice
			assert.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGINT))
			<-ctx.Done()
		}
		return nil
	}
}

func TestFirstCtrlCFinishesWhatIsInFlightAndStartsNothingNew(t *testing.T) {
	w := newWorld(t)
	w.ports.Signals = true
	w.fake.Hook = w.interrupting(t, contract.Data, false)

	err := w.app(t, "-parallel=1").DeployAll(t.Context())

	assert.Equal(t, fault.Cancelled, fault.CodeOf(err))
	assert.Equal(t, []string{"foundation", "security", "data"}, w.ups())
	r := w.last(t, "local", "deploy:all")
	assert.Equal(t, "succeeded", r.Find("data").State)
	assert.Equal(t, "not-started", r.Find("edge").State)
	assert.Equal(t, 8, *r.ExitCode)
	assert.Contains(t, w.out.String(), "Ctrl-C: finishing what is in flight (data), starting nothing new")
	assert.Contains(t, w.out.String(), "go on with: go tool mage deploy:all -resume")
}

func TestSecondCtrlCCancelsWhatIsInFlight(t *testing.T) {
	w := newWorld(t)
	w.ports.Signals = true
	w.fake.Hook = w.interrupting(t, contract.Data, true)

	err := w.app(t, "-parallel=1").DeployAll(t.Context())

	assert.Equal(t, fault.Cancelled, fault.CodeOf(err))
	assert.Equal(t, "cancelled", w.last(t, "local", "deploy:all").Find("data").State)
	assert.Contains(t, w.out.String(), "cancelling data")
}

func TestAnInterruptedRunResumesWithTheRest(t *testing.T) {
	w := newWorld(t)
	w.ports.Signals = true
	w.fake.Hook = w.interrupting(t, contract.Data, true)
	require.Error(t, w.app(t, "-parallel=1").DeployAll(t.Context()))
	w.fake.Hook = nil

	require.NoError(t, w.app(t, "-resume").DeployAll(t.Context()))

	assert.True(t, w.last(t, "local", "deploy:all").Complete())
	count := 0
	for _, l := range w.ups() {
		if l == "foundation" {
			count++
		}
	}
	assert.Equal(t, 1, count)
}

func TestCtrlCBeforeAnythingChangesEndsAtOnce(t *testing.T) {
	w := newWorld(t)
	w.ports.Signals = true
	var once sync.Once
	w.fake.Hook = func(ctx context.Context, op string, _ contract.Layer) error {
		if op == "ensure" {
			once.Do(func() { assert.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGINT)) })
			<-ctx.Done()
		}
		return nil
	}

	err := w.app(t).DeployAll(t.Context())

	assert.Equal(t, fault.Cancelled, fault.CodeOf(err))
	assert.Empty(t, w.ups())
}

// The clock is the test's own, and goes on only while the layer waits: however slow the
// machine is, the limit is reached in this layer.
func TestATimeLimitCancelsAndHasItsOwnStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.fake.Hook = func(ctx context.Context, op string, l contract.Layer) error {
			if op == "up" && l == contract.Security {
				<-ctx.Done()
			}
			return nil
		}

		err := w.app(t, "-timeout=300ms").DeployAll(t.Context())

		assert.Equal(t, fault.Timeout, fault.CodeOf(err))
		assert.Equal(t, "cancelled", w.last(t, "local", "deploy:all").Find("security").State)
	})
}

func TestAForeignLockIsShownWithOwnerAgeAndCommandAndNotBroken(t *testing.T) {
	for name, lock := range map[string]engine.Lock{
		"another machine": {PID: 7, User: "bob", Host: "elsewhere", Since: time.Now().Add(-90 * time.Minute)},
		"this machine":    liveLock(t),
		"a dead process":  deadLock(t),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.fake.Edit(contract.Data, func(s *enginetest.Stack) { s.Exists, s.Locks = true, []engine.Lock{lock} })

			err := w.app(t).DeployAll(t.Context())

			assert.Equal(t, fault.Locked, fault.CodeOf(err))
			data := w.last(t, "local", "deploy:all").Find("data")
			assert.Equal(t, "failed", data.State)
			for _, part := range []string{lock.User + "@" + lock.Host, " old"} {
				assert.Contains(t, data.Error, part)
			}
			if lock.Owner() == engine.Dead {
				assert.Contains(t, data.Error, "stale")
				assert.Contains(t, data.Error, "go tool mage deploy:all -resume")
			} else {
				assert.Contains(t, data.Error, "go tool mage unlock:data -reason=")
			}
			assert.Empty(t, w.fake.Calls("release", "unlock"))
		})
	}
}

func TestResumeReleasesAProvablyDeadLockAndSaysSo(t *testing.T) {
	w := newWorld(t)
	w.fake.Hook = failing("up", contract.Data, errQuota)
	require.Error(t, w.app(t).DeployAll(t.Context()))
	w.fake.Hook = nil
	lock := deadLock(t)
	w.fake.Edit(contract.Data, func(s *enginetest.Stack) { s.Locks = []engine.Lock{lock} })

	require.NoError(t, w.app(t, "-resume").DeployAll(t.Context()))

	assert.Len(t, w.fake.Calls("release"), 1)
	assert.Contains(t, w.out.String(), "[data] released a stale lock: it was taken by "+lock.String())
	entries, err := w.store().Entries("local")
	require.NoError(t, err)
	released := false
	for _, e := range entries {
		released = released || e.Action == "release-stale-lock:data" && e.Detail == lock.String()
	}
	assert.True(t, released, "the release is in the audit trail")
}

func TestResumeBreaksNoLockOfAnotherMachine(t *testing.T) {
	w := newWorld(t)
	w.fake.Hook = failing("up", contract.Data, errQuota)
	require.Error(t, w.app(t).DeployAll(t.Context()))
	w.fake.Hook = nil
	w.fake.Edit(contract.Data, func(s *enginetest.Stack) {
		s.Locks = []engine.Lock{{PID: 7, User: "bob", Host: "elsewhere", Since: time.Now()}}
	})

	err := w.app(t, "-resume").DeployAll(t.Context())

	assert.Equal(t, fault.Locked, fault.CodeOf(err))
	assert.Empty(t, w.fake.Calls("release", "unlock"))
}

func TestResumeWaitsForAProcessThatStillFinishesItsWork(t *testing.T) {
	w := newWorld(t)
	w.fake.Hook = failing("up", contract.Data, errQuota)
	require.Error(t, w.app(t).DeployAll(t.Context()))
	w.fake.Hook = nil
	w.fake.Edit(contract.Data, func(s *enginetest.Stack) { s.Locks = []engine.Lock{liveLock(t)} })
	go func() {
		assert.Eventually(t, func() bool { return strings.Contains(w.out.String(), "[data] waiting for ada@") }, time.Minute, time.Millisecond)
		w.fake.Edit(contract.Data, func(s *enginetest.Stack) { s.Locks = nil })
	}()

	require.NoError(t, w.app(t, "-resume").DeployAll(t.Context()))

	assert.Contains(t, w.out.String(), "[data] waiting for ada@")
	assert.Empty(t, w.fake.Calls("release", "unlock"))
}

func interrupted(urn, kind, op string) engine.Pending {
	return engine.Pending{Resource: engine.Resource{URN: urn, Type: kind, Name: "x"}, Op: op, IDs: []string{"vpc-known"}}
}

func TestAnInterruptedCreationStopsALayerUntilSomebodyResumes(t *testing.T) {
	w := newWorld(t)
	w.fake.Edit(contract.Foundation, func(s *enginetest.Stack) {
		s.Exists, s.Pending = true, []engine.Pending{interrupted("urn:x", "aws:ec2/vpc:Vpc", "creating")}
	})
	err := w.app(t).Deploy(t.Context(), contract.Foundation)

	assert.Equal(t, fault.Resource, fault.CodeOf(err))
	assert.Contains(t, w.out.String(), "may exist without being in the state")
	assert.Empty(t, w.ups())

	w.found["urn:x"] = []string{"vpc-known", "vpc-orphan"}
	require.NoError(t, w.app(t, "-resume").Deploy(t.Context(), contract.Foundation))
	assert.Contains(t, w.out.String(), "was made as vpc-orphan: taking it over")
	assert.Len(t, w.fake.Calls("settle"), 1)
	assert.Equal(t, []string{"urn:x"}, w.fake.Calls("settle")[0].Targets)
}

func TestWhatCannotBeToldIsNotGuessed(t *testing.T) {
	for name, ids := range map[string][]string{"several": {"a", "b"}, "unknown": nil} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.fake.Hook = failing("up", contract.Foundation, errQuota)
			require.Error(t, w.app(t).Deploy(t.Context(), contract.Foundation))
			w.fake.Hook = nil
			w.fake.Edit(contract.Foundation, func(s *enginetest.Stack) {
				s.Pending = []engine.Pending{interrupted("urn:x", "aws:ec2/vpc:Vpc", "creating")}
			})
			if ids != nil {
				w.found["urn:x"] = ids
			}

			err := w.app(t, "-resume").Deploy(t.Context(), contract.Foundation)

			assert.Equal(t, fault.Resource, fault.CodeOf(err))
			assert.Contains(t, w.out.String(), "--import-pending-creates")
			assert.Empty(t, w.fake.Calls("settle"))
		})
	}
}

func TestTwoRunsFromOneCheckoutDoNotMeet(t *testing.T) {
	w := newWorld(t)
	inside := make(chan error, 1)
	var once sync.Once
	w.fake.Hook = func(context.Context, string, contract.Layer) error {
		once.Do(func() { inside <- w.app(t).DeployAll(context.Background()) })
		return nil
	}
	require.NoError(t, w.app(t).DeployAll(t.Context()))

	err := <-inside
	assert.Equal(t, fault.Locked, fault.CodeOf(err))
	assert.ErrorContains(t, err, "another run works on local from this checkout: deploy:all, process")
}
