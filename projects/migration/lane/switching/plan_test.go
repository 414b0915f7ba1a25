package switching_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// told is a plan's steps by their act.
func told(t *testing.T, m *switching.Machine, to naming.Color) (switching.Plan, map[string]switching.Step) {
	t.Helper()
	plan, err := m.Plan(t.Context(), toward(to))
	require.NoError(t, err)
	steps := map[string]switching.Step{}
	for _, step := range plan.Steps {
		require.NotContains(t, steps, step.Act)
		steps[step.Act] = step
	}
	return plan, steps
}

// A plan says of each step in words what it does, where, and what takes it back, with
// the limits of the machine that made it; it waits for nothing and changes nothing.
func TestAPlanTellsEachStepInWords(t *testing.T) {
	for _, to := range []naming.Color{naming.Green, naming.Blue} {
		t.Run(string(to), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, p := bench(t, to.Other())
				m.Limits.Tries = 7
				began := time.Now()
				before, _, err := switching.Status(t.Context(), m.Store)
				require.NoError(t, err)
				plan, steps := told(t, m, to)
				assert.Less(t, time.Since(began), time.Second)
				for _, step := range plan.Steps {
					assert.NotEqual(t, step.Act, step.Does, "it is told in words")
					assert.NotEmpty(t, step.Where, step.Act)
					assert.NotEmpty(t, step.Undo, step.Act)
				}
				assert.Equal(t, "switch.1.ARMING", plan.Steps[0].Act)
				assert.Equal(t, "switch.19.STEADY", plan.Steps[len(plan.Steps)-1].Act)
				assert.Contains(t, steps["switch.5.fence"].Limit, "500ms for the locks, 7 tries, 5s between them")
				assert.Equal(t, string(to.Other()), steps["switch.5.fence"].Where)
				assert.Equal(t, string(to), steps["switch.12.promote"].Where)
				assert.Contains(t, steps["switch.12.promote"].Does, "epoch 2")
				assert.Contains(t, steps["switch.12.promote"].Undo, "the way back is another switch")
				hold := map[naming.Color]string{naming.Green: "for 1m0s", naming.Blue: "for 5s"}
				assert.Contains(t, steps["switch.2.ARMED"].Limit, hold[to])
				after, sw, err := switching.Status(t.Context(), m.Store)
				require.NoError(t, err)
				assert.Equal(t, before, after)
				assert.Equal(t, control.Steady, sw.State)
				assert.Zero(t, p.disarms)
				assert.Equal(t, to == naming.Green, p.rows[naming.Blue].Writable)
			})
		})
	}
}

// A gate that is closed is told beside the steps. A switch that is under way is told as
// what keeps another from beginning, and the gates with it.
func TestAPlanTellsWhatKeepsASwitchFromBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := bench(t, naming.Blue)
		p.closed = func(time.Duration) bool { return true }
		plan, steps := told(t, m, naming.Green)
		require.Len(t, plan.Gates, 1)
		assert.Equal(t, switching.Fail, plan.Gates[0].Verdict)
		assert.Contains(t, steps, "switch.12.promote")

		p.closed = nil
		_, err := m.Start(t.Context(), toward(naming.Green))
		require.NoError(t, err)
		plan, err = m.Plan(t.Context(), toward(naming.Green))
		require.ErrorIs(t, err, switching.ErrUnderway)
		assert.Len(t, plan.Gates, 1)
		assert.Empty(t, plan.Steps)
	})
}

// A plan asks what a switch asks: the gates besides those of the databases, and on the
// way back none on how well the platform serves.
func TestAPlanAsksTheGatesOfItsSwitch(t *testing.T) {
	for to, names := range map[naming.Color]string{naming.Green: "scripted served", naming.Blue: "scripted"} {
		synctest.Test(t, func(t *testing.T) {
			m, _ := bench(t, to.Other())
			m.Gates = []switching.Gates{service{}}
			plan, _ := told(t, m, to)
			var asked []string
			for _, gate := range plan.Gates {
				asked = append(asked, gate.Name)
			}
			assert.Equal(t, names, strings.Join(asked, " "))
		})
	}
}

// service is a gate on how well the platform serves.
type service struct{}

func (service) Evaluate(context.Context, switching.Try) []switching.Gate {
	return []switching.Gate{{Name: "served", Verdict: switching.Pass, Service: true}}
}
