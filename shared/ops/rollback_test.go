package ops_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/engine/enginetest"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/ops/steering/steeringtest"
	"github.com/cutover/cutover/shared/traffic"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// carrying puts the records and checks of a split into the state of edge.
func (s *steered) carrying(split traffic.Split) {
	s.fake.Edit(contract.Edge, func(st *enginetest.Stack) {
		st.Resources = nil
		for _, color := range naming.Colors() {
			name, shut := string(color), split.Shut(color)
			st.Resources = append(st.Resources,
				engine.Resource{URN: "urn:" + name + "-public", Type: "record", Name: name + "-public", Outputs: map[string]any{
					"setIdentifier": name, "weightedRoutingPolicies": []any{map[string]any{"weight": float64(split.Weight(color))}},
				}},
				engine.Resource{
					URN: "urn:" + name + "-admission", Type: "check", Name: name + "-admission", ID: steeringtest.Place().Of(color).HealthCheck,
					Outputs: map[string]any{"disabled": shut, "invertHealthcheck": shut},
				})
		}
	})
}

func TestARollbackMovesAllToBlueWithoutAsking(t *testing.T) {
	s := newSteered(t, 50)
	s.carrying(traffic.At(50))
	s.eyes.Err = errQuota // no gate is asked
	s.may(t, control.Token{Epoch: 2, Holder: naming.Green, Phase: control.PhaseHeld})
	require.NoError(t, s.app(t, "-env=prod", "-yes", "-reason=5xx").RollbackEdge(t.Context()))
	assert.True(t, s.dns.Real().Is(traffic.All(naming.Blue)))
	for _, part := range []string{"THE TRAFFIC IS MOVED: green 0 %, blue 100 %", "phase held, green may write", "Pulumi's state was brought in line"} {
		assert.Contains(t, s.out.String(), part)
	}
	refreshed := s.fake.Calls("refresh")
	require.Len(t, refreshed, 1)
	assert.ElementsMatch(t, []string{"urn:blue-public", "urn:green-public", "urn:blue-admission", "urn:green-admission"}, refreshed[0].Targets)
	assert.Equal(t, "rolled back: 5xx", s.record(t).Hold)

	s.carrying(traffic.All(naming.Blue))
	before := s.record(t)
	require.NoError(t, s.app(t, "-env=prod", "-yes", "-reason=5xx").RollbackEdge(t.Context()))
	assert.Contains(t, s.out.String(), "the traffic is there already")
	assert.Equal(t, 1, s.dns.Applied(), "the second changes nothing")
	assert.Equal(t, before, s.record(t))
	assert.Len(t, s.fake.Calls("refresh"), 1)
}

// Whatever is broken besides, the traffic goes back first, and the command tells
// what it could not do.
func TestARollbackDoesNotNeedWhatMayBeBroken(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*steered)
		code  fault.Code
		part  string
	}{
		"services locked": {func(s *steered) {
			s.fake.Edit(contract.Services, func(st *enginetest.Stack) { st.Locks = []engine.Lock{liveLock(t)} })
		}, fault.OK, "Pulumi's state was brought in line"},
		"edge locked": {func(s *steered) {
			s.fake.Edit(contract.Edge, func(st *enginetest.Stack) { st.Locks = []engine.Lock{liveLock(t)} })
		}, fault.Locked, "THE TRAFFIC IS MOVED"},
		"edge half deployed": {func(s *steered) {
			s.fake.Edit(contract.Edge, func(st *enginetest.Stack) { st.Pending = []engine.Pending{{}} })
		}, fault.OK, "Pulumi's state was brought in line"},
		"no control table":     {func(s *steered) { s.table.Err = errQuota }, fault.OK, "not recorded in the control table"},
		"state cannot be read": {func(s *steered) { s.fake.Hook = failing("refresh", contract.Edge, errQuota) }, fault.Failed, "THE TRAFFIC IS MOVED"},
		"state is not ours to read": {func(s *steered) {
			s.fake.Edit(contract.Edge, func(st *enginetest.Stack) { st.Denied = true })
		}, fault.OK, "the next deployment of edge brings it in line"},
		"no document beside it": {func(s *steered) { s.root = filepath.Join(s.root, "other") }, fault.OK, "THE TRAFFIC IS MOVED"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSteered(t, 50)
			s.carrying(traffic.At(50))
			c.spoil(s)
			err := s.app(t, "-reason=5xx").RollbackEdge(t.Context())
			assert.Equal(t, c.code, fault.CodeOf(err), "%v", err)
			assert.Contains(t, s.out.String(), c.part)
			assert.True(t, s.dns.Real().Is(traffic.All(naming.Blue)), "%s", s.dns.Real())
			if err != nil {
				assert.ErrorContains(t, err, "the traffic is where it should be; Pulumi's state of edge is not in line yet")
			}
		})
	}
}

func TestWrongRollbacksAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		flags []string
		parts []string
	}{
		"no reason in prod":      {[]string{"-env=prod", "-yes"}, []string{"rollback:edge in prod needs a reason"}},
		"unknown release":        {[]string{"-to=7"}, []string{"flag -to: there is no release 7"}},
		"no number":              {[]string{"-to=last"}, []string{`flag -to: release "last": expected a number that rollback:list shows`}},
		"nought":                 {[]string{"-to=0"}, []string{`release "0"`}},
		"no number nor a reason": {[]string{"-env=prod", "-yes", "-to=last"}, []string{`release "last"`, "needs a reason"}},
		"nobody to confirm":      {[]string{"-env=staging"}, []string{"nobody is there to confirm"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSteered(t, 50)
			err := s.app(t, c.flags...).RollbackEdge(t.Context())
			assert.Equal(t, fault.Usage, fault.CodeOf(err), "%v", err)
			for _, part := range c.parts {
				assert.ErrorContains(t, err, part)
			}
			s.unmoved(t, 50)
		})
	}
}

// deployEdge runs a deployment of edge that is handed what it should be.
func (s *steered) deployEdge(t *testing.T, flags ...string) (handed *traffic.Split, err error) {
	t.Helper()
	s.traffic.Program = func(split *traffic.Split) pulumi.RunFunc {
		handed = split
		return func(*pulumi.Context) error { return nil }
	}
	err = s.app(t, flags...).Deploy(t.Context(), contract.Edge)
	return handed, err
}

func TestReleasesAreListedAndGoneBackTo(t *testing.T) {
	s := newSteered(t, 5)
	s.fake.Edit(contract.Edge, func(st *enginetest.Stack) {
		st.Resources = []engine.Resource{{URN: "urn:rule", Type: "aws:lb/listenerRule:ListenerRule", Inputs: map[string]any{"priority": 10.0}}}
	})
	_, err := s.deployEdge(t, "-reason=first")
	require.NoError(t, err)
	s.later()
	require.NoError(t, s.app(t).TrafficShift(t.Context()))
	_, err = s.deployEdge(t)
	require.NoError(t, err)

	require.NoError(t, s.app(t).RollbackList(t.Context()))
	for _, part := range []string{"release  age", "1        2m00s", "green 5 %", "first", "2        0s", "green 10 %", "0123456789ab"} {
		assert.Contains(t, s.out.String(), part)
	}
	s.out.b.Reset()
	require.NoError(t, s.app(t, "-output=json").RollbackList(t.Context()))
	var list []traffic.Release
	require.NoError(t, json.Unmarshal([]byte(s.out.String()), &list))
	require.Len(t, list, 2)
	assert.EqualValues(t, 2, list[0].Number)
	assert.Equal(t, traffic.At(5), list[1].Split)

	require.NoError(t, s.app(t, "-to=1", "-reason=slow").RollbackEdge(t.Context()))
	assert.True(t, s.dns.Real().Is(traffic.At(5)))
	assert.Contains(t, s.out.String(), "the edge layer is as it was in release 1")

	s.fake.Edit(contract.Edge, func(st *enginetest.Stack) { st.Resources[0].Inputs = map[string]any{"priority": 20.0} })
	err = s.app(t, "-to=2", "-reason=slow").RollbackEdge(t.Context())
	assert.Equal(t, fault.Verification, fault.CodeOf(err))
	assert.ErrorContains(t, err, "the traffic is as in release 2; rules of the edge layer are not: a deployment restores them")
	assert.Equal(t, "git switch --detach 0123456789ab && go tool mage deploy:edge -reason='slow'", fault.HintOf(err))
	assert.True(t, s.dns.Real().Is(traffic.At(10)))
}

func TestADeploymentIsHandedWhatTheTrafficHas(t *testing.T) {
	s := newSteered(t, 1)
	require.NoError(t, s.app(t).TrafficShift(t.Context()))
	handed, err := s.deployEdge(t)
	require.NoError(t, err)
	assert.Equal(t, traffic.At(5), *handed)

	s.dns.Edit(func(r *steering.Reality) { r.Blue.Weight, r.Green.Weight = 70, 30 })
	_, err = s.deployEdge(t)
	assert.Equal(t, fault.Changes, fault.CodeOf(err))
	assert.ErrorContains(t, err, "somebody moved the traffic behind us")
	assert.Len(t, s.fake.Calls("up"), 1, "nothing was deployed over it")
}

// A deployment of edge that was handed 5 per cent runs while somebody moves the
// traffic, and writes its own weights last. What was decided stands afterwards.
func TestADeploymentNeverSetsBackWhatWasDecidedMeanwhile(t *testing.T) {
	for name, c := range map[string]struct {
		move func(*steered) error
		want traffic.Split
	}{
		"shift":    {func(s *steered) error { return s.app(t).TrafficShift(t.Context()) }, traffic.At(10)},
		"rollback": {func(s *steered) error { return s.app(t, "-reason=5xx").RollbackEdge(t.Context()) }, traffic.All(naming.Blue)},
		"hold":     {func(s *steered) error { return s.app(t, "-reason=odd").TrafficHold(t.Context()) }, traffic.At(5)},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSteered(t, 5)
			s.carrying(traffic.At(5))
			s.fake.Hook = func(_ context.Context, op string, l contract.Layer) error {
				if op != "up" {
					return nil
				}
				s.fake.Edit(contract.Edge, func(st *enginetest.Stack) { st.Locks = []engine.Lock{liveLock(t)} })
				if err := c.move(s); c.want != traffic.At(5) { // the state of edge is the deployment's
					assert.Equal(t, fault.Locked, fault.CodeOf(err), "%v", err)
					assert.ErrorContains(t, err, "the traffic is where it should be")
				} else {
					assert.NoError(t, err)
				}
				assert.True(t, s.dns.Real().Is(c.want))
				s.fake.Edit(contract.Edge, func(st *enginetest.Stack) { st.Locks = nil })
				s.overrun(traffic.At(5))
				return nil
			}
			handed, err := s.deployEdge(t)
			require.NoError(t, err)
			assert.Equal(t, traffic.At(5), *handed)
			assert.True(t, s.dns.Real().Is(c.want), "%s", s.dns.Real())
			assert.Equal(t, c.want, s.record(t).To)
			assert.Equal(t, traffic.Settled, s.record(t).Phase)
		})
	}
}

// overrun writes weights and checks as a deployment does.
func (s *steered) overrun(split traffic.Split) {
	was := steeringtest.NewDNS(split).Real()
	s.dns.Edit(func(r *steering.Reality) { *r = was })
}

// A deployment writes its weights after the move's last look at Route 53 and ends
// before the move is recorded as done: then it is the move that looks again.
func TestAMoveThatADeploymentOverranMovesAgain(t *testing.T) {
	for name, c := range map[string]struct {
		call string
		move func(*steered) error
		want traffic.Split
	}{
		"shift":    {"sync", func(s *steered) error { return s.app(t).TrafficShift(t.Context()) }, traffic.At(10)},
		"rollback": {"sync", func(s *steered) error { return s.app(t, "-reason=5xx").RollbackEdge(t.Context()) }, traffic.All(naming.Blue)},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSteered(t, 5)
			overrun := false
			s.dns.Hook = func(call string, after bool) error {
				if call == c.call && after && !overrun {
					overrun = true
					s.overrun(traffic.At(5))
				}
				return nil
			}
			require.NoError(t, c.move(s))
			assert.True(t, overrun)
			assert.True(t, s.dns.Real().Is(c.want), "%s", s.dns.Real())
			assert.Equal(t, c.want, s.record(t).To)
			assert.Contains(t, s.out.String(), "which undid it: moving it again")
		})
	}
}

// A command that runs over its time in the middle of a move carries the move out,
// and says that the rest is left; repeated it does the rest.
func TestAnOverrunMoveIsCarriedOutAndRepeatedDoesTheRest(t *testing.T) {
	for name, c := range map[string]struct {
		move  func(*steered, ...string) error
		want  traffic.Split
		again []string
	}{
		"shift":    {func(s *steered, flags ...string) error { return s.app(t, flags...).TrafficShift(t.Context()) }, traffic.At(10), []string{"-to=10"}},
		"rollback": {func(s *steered, flags ...string) error { return s.app(t, flags...).RollbackEdge(t.Context()) }, traffic.All(naming.Blue), nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // the clock goes on in the move alone
				const limit = 2 * time.Second
				s := newSteered(t, 5)
				s.carrying(traffic.At(5))
				s.dns.Hook = func(call string, after bool) error {
					if call == "apply" && !after {
						time.Sleep(limit + limit/4)
					}
					return nil
				}
				err := c.move(s, "-timeout="+limit.String())
				assert.Equal(t, fault.Timeout, fault.CodeOf(err), "%v", err)
				assert.ErrorContains(t, err, "traffic")
				assert.True(t, s.dns.Real().Is(c.want), "%s", s.dns.Real())
				require.NotNil(t, s.record(t))
				assert.Equal(t, traffic.Settled, s.record(t).Phase)
				assert.Empty(t, s.fake.Calls("refresh"))

				s.dns.Hook = nil
				require.NoError(t, c.move(s, c.again...))
				assert.Len(t, s.fake.Calls("refresh"), 1)
				assert.Equal(t, 1, s.dns.Applied())
			})
		})
	}
}

// Ctrl-C while Route 53 reaches its servers: the weights are changed, so the command
// says so, by which change, and where to look again. The next one does the rest.
func TestCtrlCEndsTheWaitForRoute53sServers(t *testing.T) {
	for name, c := range map[string]struct {
		move  func(*steered, ...string) error
		want  traffic.Split
		phase traffic.Phase
	}{
		"shift":    {func(s *steered, flags ...string) error { return s.app(t, flags...).TrafficShift(t.Context()) }, traffic.At(10), traffic.Moving},
		"rollback": {func(s *steered, flags ...string) error { return s.app(t, flags...).RollbackEdge(t.Context()) }, traffic.All(naming.Blue), traffic.Settled},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSteered(t, 5)
			s.carrying(traffic.At(5))
			s.ports.Signals = true
			s.dns.Pending = true // until somebody presses Ctrl-C, and after that
			var once sync.Once
			s.dns.Hook = func(call string, after bool) error {
				if call == "sync" && after {
					once.Do(func() { assert.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGINT)) })
				}
				return nil
			}
			err := c.move(s)
			assert.Equal(t, fault.Cancelled, fault.CodeOf(err), "%v", err)
			require.ErrorContains(t, err, "the weights are changed: Route 53 has them as change C1")
			assert.Contains(t, fault.HintOf(err), "go tool mage traffic:status")
			assert.True(t, s.dns.Real().Is(c.want), "%s", s.dns.Real())
			assert.Equal(t, c.phase, s.record(t).Phase)
			assert.Empty(t, s.fake.Calls("refresh"))

			require.NoError(t, s.app(t).TrafficStatus(t.Context()))
			assert.Contains(t, s.out.String(), "change C1: not all of Route 53's servers answer it yet")

			s.dns.Pending, s.ports.Signals = false, false
			require.NoError(t, c.move(s))
			assert.Equal(t, 1, s.dns.Applied(), "nothing is moved twice")
			assert.Equal(t, traffic.Settled, s.record(t).Phase)
			assert.Len(t, s.fake.Calls("refresh"), 1)
			said := len(s.out.String())
			require.NoError(t, s.app(t).TrafficStatus(t.Context()))
			assert.Contains(t, s.out.String()[said:], "change C1: all of Route 53's servers answer it")
			assert.NotContains(t, s.out.String()[said:], "!!")
		})
	}
}
