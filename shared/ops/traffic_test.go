package ops_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/engine/enginetest"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/ops/steering/steeringtest"
	"github.com/cutover/cutover/shared/traffic"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// steered is a world whose edge layer splits traffic, all of it in memory.
type steered struct {
	*world
	dns   *steeringtest.DNS
	table *steering.Memory
	eyes  *steeringtest.Eyes
	gauge *steeringtest.Gauge
	now   time.Time
}

// newSteered makes one where green has some percent of the traffic and blue may
// write.
func newSteered(t *testing.T, percent int) *steered {
	t.Helper()
	s := &steered{
		world: newWorld(t), dns: steeringtest.NewDNS(traffic.At(percent)), table: &steering.Memory{}, eyes: &steeringtest.Eyes{},
		gauge: &steeringtest.Gauge{}, now: time.UnixMilli(1_700_000_000_000).UTC(),
	}
	s.deployed()
	s.ports.Now = func() time.Time { return s.now }
	s.ports.DNS = func(aws.Config) steering.DNS { return s.dns }
	s.ports.Table = func(_ aws.Config, name string) steering.Table {
		assert.Regexp(t, "^cutover-(local|staging|prod)-control$", name)
		return s.table
	}
	s.ports.Eyes = func(aws.Config) steering.Eyes { return s.eyes }
	s.ports.Gauge = func(aws.Config) steering.Gauge { return s.gauge }
	s.traffic = &ops.Steered{
		Site: func(string) (steering.Site, error) {
			return steering.Site{Domain: steeringtest.MemoryDomain, PublicName: steeringtest.Place().PublicName, Split: traffic.At(1)}, nil
		},
		Program: func(split *traffic.Split) pulumi.RunFunc {
			return func(*pulumi.Context) error { return nil }
		},
		Carries:  func(kind, _ string) bool { return kind == "record" || kind == "check" },
		Place:    func(map[string]any) (traffic.Place, error) { return steeringtest.Place(), nil },
		Variable: "EDGE_TRAFFIC",
	}
	s.place(t, steeringtest.Place())
	s.may(t, control.Token{Epoch: 1, Holder: naming.Blue, Phase: control.PhaseOpen})
	return s
}

// place puts the document of the last deployment beside the state.
func (s *steered) place(t *testing.T, place traffic.Place) {
	t.Helper()
	text, err := json.Marshal(place)
	require.NoError(t, err)
	for _, env := range []string{"local", "staging", "prod"} {
		vault := &steering.Folder{Path: filepath.Join(s.root, ".cutover", "state", "cutover", env, "edge")}
		require.NoError(t, vault.Write(t.Context(), "place.json", text))
	}
}

// may writes the token.
func (s *steered) may(t *testing.T, token control.Token) {
	t.Helper()
	former, err := s.table.Get(t.Context(), control.AuthorityItem)
	if !errors.Is(err, steering.ErrAbsent) {
		require.NoError(t, err)
	}
	require.NoError(t, s.table.Put(t.Context(), steering.Item{Key: control.AuthorityItem, Rev: former.Rev + 1, Fields: token.Fields()}))
}

// record is the last decision; nil for none.
func (s *steered) record(t *testing.T) *traffic.Record {
	t.Helper()
	item, err := s.table.Get(t.Context(), control.TrafficItem)
	if errors.Is(err, steering.ErrAbsent) {
		return nil
	}
	require.NoError(t, err)
	r, err := traffic.DecodeRecord(item.Rev, item.Fields)
	require.NoError(t, err)
	return &r
}

// later lets resolvers forget.
func (s *steered) later() { s.now = s.now.Add(2 * steering.Settle) }

// unmoved checks that nothing was moved and nothing recorded.
func (s *steered) unmoved(t *testing.T, percent int) {
	t.Helper()
	assert.Zero(t, s.dns.Applied(), "nothing was moved")
	assert.Equal(t, traffic.At(percent), s.dns.Real().Split())
	assert.Nil(t, s.record(t), "nothing was recorded")
	assert.Empty(t, s.fake.Calls("refresh", "up"), "Pulumi changed nothing")
}

func TestAShiftClimbsTheLadderStepByStep(t *testing.T) {
	s := newSteered(t, 0)
	for _, want := range traffic.Steps() {
		if want == 50 { // the data moves before more than a quarter of the traffic
			err := s.app(t).TrafficShift(t.Context())
			require.Equal(t, fault.Gate, fault.CodeOf(err))
			assert.ErrorContains(t, err, "holder green: the data moves before more than 25 %")
			s.may(t, control.Token{Epoch: 2, Holder: naming.Green, Phase: control.PhaseOpen})
		}
		require.NoError(t, s.app(t, "-reason=plan").TrafficShift(t.Context()))
		assert.Equal(t, traffic.At(want), s.dns.Real().Split())
		assert.Equal(t, traffic.Settled, s.record(t).Phase)
		assert.Equal(t, "plan", s.record(t).Reason)
		assert.Contains(t, s.record(t).Gates, "targets pass")
		s.later()
	}
	applied := s.dns.Applied()
	require.NoError(t, s.app(t).TrafficShift(t.Context()))
	assert.Equal(t, applied, s.dns.Applied(), "at the top nothing is left to do")
	assert.Contains(t, s.out.String(), "the traffic is there already")
	assert.Equal(t, len(traffic.Steps()), applied)
}

// Whatever gate is closed, the command says what it found and what it expected,
// and nothing was moved.
func TestAClosedGateMovesNothingAndSaysWhatItFound(t *testing.T) {
	type change func(*testing.T, *steered)
	alarm := naming.New("local").CustomerImpactAlarm()
	for name, c := range map[string]struct {
		spoil change
		parts []string
	}{
		"unhealthy targets": {
			func(_ *testing.T, s *steered) {
				s.eyes.Health = map[string]steering.Health{"green/payment-api": {Healthy: 2, Unhealthy: 1}}
			},
			[]string{"targets", "fail", "green payment-api 2/3 healthy", "no unhealthy one in every target group"},
		},
		"targets on their way": {
			func(_ *testing.T, s *steered) {
				s.eyes.Health = map[string]steering.Health{"green/payment-api": {Other: 3}}
			},
			[]string{"targets", "inconclusive", "0/3 healthy"},
		},
		"alarm raised": {
			func(_ *testing.T, s *steered) { s.eyes.States = map[string]string{alarm: "ALARM"} },
			[]string{"alarms", "fail", alarm + " ALARM", "OK"},
		},
		"alarm without data": {
			func(_ *testing.T, s *steered) { s.eyes.States = map[string]string{alarm: "INSUFFICIENT_DATA"} },
			[]string{"alarms", "inconclusive", alarm + " INSUFFICIENT_DATA"},
		},
		"alarm that nobody made": {
			func(_ *testing.T, s *steered) { s.eyes.States = map[string]string{alarm: ""} },
			[]string{"alarms", "inconclusive", alarm + " does not exist"},
		},
		"no answer": {
			func(_ *testing.T, s *steered) { s.eyes.Err = errors.New("ask for alarms: AccessDenied") },
			[]string{"alarms", "inconclusive", "AccessDenied", "targets"},
		},
		"writers are being moved": {
			func(t *testing.T, s *steered) {
				s.may(t, control.Token{Epoch: 1, Holder: naming.Blue, Phase: control.PhaseFencing})
			},
			[]string{"authority", "fail", "phase fencing, holder blue, epoch 1", "phase open"},
		},
		"a token that is none": {
			func(t *testing.T, s *steered) {
				require.NoError(t, s.table.Put(t.Context(), steering.Item{Key: control.AuthorityItem, Rev: 2, Fields: map[string]string{"holder": "blue"}}))
			},
			[]string{"authority", "inconclusive", "phase open"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSteered(t, 1)
			c.spoil(t, s)
			err := s.app(t).TrafficShift(t.Context())
			assert.Equal(t, fault.Gate, fault.CodeOf(err))
			assert.EqualValues(t, 13, fault.CodeOf(err))
			for _, part := range append(c.parts, "the traffic stays at green 1 %", "not every gate of the step to green 5 %") {
				assert.ErrorContains(t, err, part)
			}
			s.unmoved(t, 1)
			audit, readErr := os.ReadFile(filepath.Join(s.root, ".cutover", "audit.jsonl"))
			require.NoError(t, readErr)
			assert.Contains(t, string(audit), "gate closed")
		})
	}
}

func TestATokenThatNobodyGaveIsNoOpenGate(t *testing.T) {
	s := newSteered(t, 1)
	s.table = &steering.Memory{}
	err := s.app(t).TrafficShift(t.Context())
	assert.Equal(t, fault.Gate, fault.CodeOf(err))
	assert.ErrorContains(t, err, "nobody was given the authority yet, migrate:start and migrate:verify do")
	s.unmoved(t, 1)
}

// The migration of an environment may keep the token elsewhere.
func TestTheTokenIsReadWhereTheMigrationKeepsIt(t *testing.T) {
	s := newSteered(t, 1)
	s.authority = func(env ops.Environment) func(context.Context) (steering.Item, error) {
		if !env.Local {
			return nil
		}
		return func(context.Context) (steering.Item, error) {
			return steering.Item{Key: control.AuthorityItem, Rev: 3, Fields: control.Token{Epoch: 7, Holder: naming.Blue, Phase: control.PhaseHeld}.Fields()}, nil
		}
	}
	err := s.app(t).TrafficShift(t.Context())
	assert.Equal(t, fault.Gate, fault.CodeOf(err))
	assert.ErrorContains(t, err, "phase held, holder blue, epoch 7")
	require.NoError(t, s.app(t, "-env=staging", "-yes").TrafficShift(t.Context()), "elsewhere it stands in the control table")
}

func TestASecondStepWaitsForResolversToForget(t *testing.T) {
	s := newSteered(t, 1)
	require.NoError(t, s.app(t).TrafficShift(t.Context()))
	s.now = s.now.Add(steering.Settle - time.Second)
	err := s.app(t).TrafficShift(t.Context())
	assert.Equal(t, fault.Gate, fault.CodeOf(err))
	assert.ErrorContains(t, err, "59s")
	assert.Equal(t, traffic.At(5), s.dns.Real().Split())
	s.now = s.now.Add(time.Second)
	require.NoError(t, s.app(t).TrafficShift(t.Context()))
}

// What is wrong with a command, before anything was asked or moved.
func TestWrongShiftsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		flags []string
		code  fault.Code
		parts []string
	}{
		"outside the ladder":        {[]string{"-to=7"}, fault.Usage, []string{`flag -to: step "7": expected one of 0, 1, 5, 10, 25, 50, 100`}},
		"no number":                 {[]string{"-to=half"}, fault.Usage, []string{`flag -to: step "half"`}},
		"above all":                 {[]string{"-to=101"}, fault.Usage, []string{`step "101"`}},
		"below all":                 {[]string{"-to=-1"}, fault.Usage, []string{`step "-1"`}},
		"skipping in prod":          {[]string{"-env=prod", "-yes", "-reason=plan", "-to=25"}, fault.Policy, []string{"-to=25 skips the steps 5, 10: in prod each is taken"}},
		"skipping without a reason": {[]string{"-to=25"}, fault.Usage, []string{"-to=25 skips the steps 5, 10: this needs a reason"}},
		"no reason in prod":         {[]string{"-env=prod", "-yes"}, fault.Usage, []string{"traffic:shift in prod needs a reason: it goes into the history"}},
		"no reason and no step":     {[]string{"-env=prod", "-yes", "-to=7"}, fault.Usage, []string{`step "7"`, "needs a reason"}},
		"nobody to confirm":         {[]string{"-env=prod", "-reason=plan"}, fault.Usage, []string{"nobody is there to confirm"}},
		"several at once":           {[]string{"-env=prd", "-to=5", "-to=10", "-bogus=1", "-timeout=soon"}, fault.Usage, []string{`flag -env is "prd"`, "flag -to is given twice", "flag -bogus is unknown", `flag -timeout is "soon"`}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSteered(t, 1)
			err := s.app(t, c.flags...).TrafficShift(t.Context())
			assert.Equal(t, c.code, fault.CodeOf(err), "%v", err)
			for _, part := range c.parts {
				assert.ErrorContains(t, err, part)
			}
			s.unmoved(t, 1)
		})
	}
}

func TestStepsMayBeSkippedWithAReasonWhereNothingIsPrecious(t *testing.T) {
	s := newSteered(t, 1)
	require.NoError(t, s.app(t, "-to=25", "-reason=load test").TrafficShift(t.Context()))
	assert.Equal(t, traffic.At(25), s.dns.Real().Split())
	require.NoError(t, s.app(t, "-to=5").TrafficShift(t.Context()), "down needs neither reason nor wait")
	assert.Equal(t, traffic.At(5), s.dns.Real().Split())
}

func TestAColourThatIsNotDeployedGetsNoTraffic(t *testing.T) {
	s := newSteered(t, 0)
	s.dns.Edit(func(r *steering.Reality) { r.Green = steering.Side{} })
	place := steeringtest.Place()
	place.Green.Ready = false
	s.place(t, place)
	err := s.app(t).TrafficShift(t.Context())
	assert.Equal(t, fault.Usage, fault.CodeOf(err), "%v", err)
	assert.ErrorContains(t, err, "green has no record under pay.example: it is not ready for traffic")
	assert.Contains(t, fault.HintOf(err), "edge:green.ready: true")
	s.unmoved(t, 0)
}

func TestAnEnvironmentThatIsNotDeployedIsSaidToBeNone(t *testing.T) {
	s := newSteered(t, 1)
	s.traffic.Site = func(string) (steering.Site, error) {
		return steering.Site{Domain: "elsewhere.example", PublicName: "pay.elsewhere.example"}, nil
	}
	for name, run := range map[string]func(*ops.App) error{
		"status":   func(a *ops.App) error { return a.TrafficStatus(t.Context()) },
		"shift":    func(a *ops.App) error { return a.TrafficShift(t.Context()) },
		"rollback": func(a *ops.App) error { return a.RollbackEdge(t.Context()) },
	} {
		err := run(s.app(t))
		assert.Equal(t, fault.NoStack, fault.CodeOf(err), name)
		assert.ErrorContains(t, err, "public zone of elsewhere.example: there is none", name)
	}
	s.unmoved(t, 1)
}

func TestAHoldStopsStepsUntilItIsLifted(t *testing.T) {
	s := newSteered(t, 5)
	err := s.app(t).TrafficHold(t.Context())
	require.Equal(t, fault.Usage, fault.CodeOf(err))
	assert.ErrorContains(t, err, "traffic:hold needs a reason")
	require.NoError(t, s.app(t, "-reason=odd latency").TrafficHold(t.Context()))
	s.later()

	err = s.app(t).TrafficShift(t.Context())
	assert.Equal(t, fault.Gate, fault.CodeOf(err))
	assert.ErrorContains(t, err, "the traffic is held: odd latency (hold by ada@ops1)")
	assert.Contains(t, fault.HintOf(err), "traffic:promote")
	assert.Equal(t, traffic.At(5), s.dns.Real().Split())

	require.NoError(t, s.app(t, "-to=1").TrafficShift(t.Context()), "the way down is open")
	s.later()
	require.NoError(t, s.app(t, "-reason=it was the probe").TrafficPromote(t.Context()))
	assert.Equal(t, traffic.At(5), s.dns.Real().Split())
	assert.Empty(t, s.record(t).Hold)
}

func TestAHoldKeepsWhatSomebodyElseMoved(t *testing.T) {
	s := newSteered(t, 1)
	require.NoError(t, s.app(t).TrafficShift(t.Context()))
	s.later()
	s.dns.Edit(func(r *steering.Reality) { r.Blue.Weight, r.Green.Weight = 70, 30 })
	err := s.app(t).TrafficShift(t.Context())
	assert.Equal(t, fault.Gate, fault.CodeOf(err))
	assert.ErrorContains(t, err, "unchanged")
	assert.ErrorContains(t, err, "green 30 %")
	require.NoError(t, s.app(t, "-reason=it is fine").TrafficHold(t.Context()))
	assert.Equal(t, traffic.Split{Blue: 70, Green: 30}, s.record(t).To)
}

func TestStatusTellsSharesGatesAndHistoryAndChangesNothing(t *testing.T) {
	s := newSteered(t, 1)
	require.NoError(t, s.app(t, "-reason=plan").TrafficShift(t.Context()))
	before := s.record(t)
	require.NoError(t, s.app(t, "-output=json").TrafficStatus(t.Context()))
	var page ops.TrafficPage
	text := s.out.String()
	require.NoError(t, json.Unmarshal([]byte(text[strings.Index(text, "\n{")+1:]), &page))
	assert.Equal(t, 10, page.Next)
	assert.Equal(t, traffic.At(5), page.Split)
	assert.Len(t, page.Gates, 6)
	require.Len(t, page.History, 2)
	assert.Equal(t, "plan", page.History[0].Reason)
	assert.Equal(t, before, s.record(t))

	require.NoError(t, s.app(t).TrafficStatus(t.Context()))
	for _, part := range []string{"now: green 5 %, blue 95 %", "next step: 10 %", "settled", "inconclusive", "shift", "1 % -> 5 %", "done"} {
		assert.Contains(t, s.out.String(), part)
	}
}

func TestTheAnswersOfGatesGrowOldWhileNobodyAnswers(t *testing.T) {
	s := newSteered(t, 1)
	s.ports.Terminal, s.ports.In = true, &slow{s: s, text: "y\n"}
	err := s.app(t, "-env=staging").TrafficShift(t.Context())
	assert.Equal(t, fault.Gate, fault.CodeOf(err), "%v", err)
	assert.ErrorContains(t, err, "ALARM")
	s.unmoved(t, 1)
}

// slow answers after a minute in which an alarm was raised.
type slow struct {
	s    *steered
	text string
}

func (r *slow) Read(into []byte) (int, error) {
	r.s.now = r.s.now.Add(time.Minute)
	r.s.eyes.States = map[string]string{naming.New("staging").CustomerImpactAlarm(): "ALARM"}
	n := copy(into, r.text)
	r.text = r.text[n:]
	return n, nil
}

func TestTheDashboardsAreToldOfEveryMoveAndOfClosedGates(t *testing.T) {
	s := newSteered(t, 1)
	told := func() string {
		last := s.gauge.Last()
		s.gauge.Forget()
		return strings.Join(last, "\n")
	}
	require.NoError(t, s.app(t).TrafficShift(t.Context()))
	first := told()
	for _, part := range []string{
		"Cutover/Sync LadderStep [local] 2", "Cutover/Sync WeightPercent [local] 5",
		"Cutover/Sync GateResult [local targets] 1", "Cutover/Sync GateResult [local settled] 1",
	} {
		assert.Contains(t, first, part)
	}
	s.eyes.States = map[string]string{naming.New("local").CustomerImpactAlarm(): "ALARM"}
	require.Error(t, s.app(t).TrafficShift(t.Context()))
	closed := told()
	for _, part := range []string{"WeightPercent [local] 5", "GateResult [local alarms] -1", "GateResult [local settled] 0", "GateResult [local targets] 1"} {
		assert.Contains(t, closed, part)
	}
	require.NoError(t, s.app(t, "-reason=odd").TrafficHold(t.Context()))
	assert.Contains(t, told(), "WeightPercent [local] 5")
	require.NoError(t, s.app(t).TrafficStatus(t.Context()))
	assert.Empty(t, told(), "who only looks tells nobody")

	s.gauge.Err = errors.New("AccessDenied")
	require.NoError(t, s.app(t, "-reason=5xx").RollbackEdge(t.Context()), "no reason to leave customers where they are")
	assert.Contains(t, s.out.String(), "the dashboards were not told: AccessDenied")
	s.gauge.Err = nil
	require.NoError(t, s.app(t, "-reason=5xx").RollbackEdge(t.Context()))
	back := told()
	assert.Contains(t, back, "LadderStep [local] 0")
	assert.Contains(t, back, "WeightPercent [local] 0")
}

func TestDriftOfEdgeIsAnExitStatusAndWritesNoState(t *testing.T) {
	s := newSteered(t, 1)
	require.NoError(t, s.app(t).Drift(t.Context(), contract.Edge))
	s.fake.Edit(contract.Edge, func(st *enginetest.Stack) { st.Drifted = true })
	err := s.app(t).Drift(t.Context(), contract.Edge)
	assert.Equal(t, fault.Changes, fault.CodeOf(err))
	assert.EqualValues(t, 7, fault.CodeOf(err))
	assert.Empty(t, s.fake.Calls("refresh", "up", "settle"))
}
