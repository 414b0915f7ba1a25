//go:build integration

package function_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/lag"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/traffic"
)

// keepsAnOpenGate has the gates of the lag and of the traffic closed by what closes them
// in production, each while all others hold, and open again by themselves: a target that
// cannot apply for a while, and a step of the traffic at which no data moves.
func (w *world) keepsAnOpenGate() {
	w.t.Helper()
	limits := unhurried()
	limits.ArmMax = time.Nanosecond // the gates are asked once
	most := function.Lenient()
	most.Window, most.Most = 20*time.Second, 2*time.Second
	once, err := function.SwitchLagging(w.t.Context(), w.variables(naming.Green), w.emitted, limits, most, nil)
	require.NoError(w.t, err)

	w.standsStill(4, most.Most)
	w.refusedBy(once, "lag-blue-green", fmt.Sprintf("expected p99 below %s", most.Most))
	require.Eventually(w.t, func() bool { // what was late has left the window
		told, _, err := function.ReadProgress(w.t.Context(), w.store, function.Lane(naming.Green))
		found := told.Lags.Judge(time.Now(), most)
		return err == nil && found.Known && found.P99 < most.Most
	}, 5*time.Minute, 100*time.Millisecond)

	w.leads(traffic.At(10))
	w.refusedBy(once, "traffic", "green 10 %, blue 90 % (weights 10 and 90); expected 0 or 25 % for green")
	w.leads(traffic.At(traffic.SwitchAfter))
}

// standsStill keeps the lane to green from applying for some canaries, one a second, until
// the lane has told one that was late by more.
func (w *world) standsStill(canaries int64, more time.Duration) {
	w.t.Helper()
	const newest = `SELECT seq FROM bgsync.canary WHERE name = 'core.fwd'`
	tx, err := w.admin(naming.Green).Begin(w.t.Context())
	require.NoError(w.t, err)
	_, err = tx.Exec(w.t.Context(), `SELECT FROM bgsync.lane WHERE lane = 'core.fwd' FOR UPDATE`)
	require.NoError(w.t, err)
	began, now := value[int64](w, naming.Blue, newest), int64(0)
	blue := w.admin(naming.Blue)
	require.Eventually(w.t, func() bool {
		return blue.QueryRow(w.t.Context(), newest).Scan(&now) == nil && now > began+canaries
	}, 5*time.Minute, 100*time.Millisecond)
	require.NoError(w.t, tx.Rollback(context.Background()))
	require.Eventually(w.t, func() bool {
		told, _, err := function.ReadProgress(w.t.Context(), w.store, function.Lane(naming.Green))
		return err == nil && slices.ContainsFunc(told.Lags, func(s lag.Sample) bool { return s.Took > more })
	}, 5*time.Minute, 100*time.Millisecond)
}

// leads writes the last decision about the traffic.
func (w *world) leads(to traffic.Split) {
	w.t.Helper()
	item, err := w.store.Get(w.t.Context(), items.TrafficItem)
	if err != nil {
		require.ErrorIs(w.t, err, control.ErrAbsent)
	}
	fields, err := traffic.Record{Action: traffic.ActionShift, Phase: traffic.Settled, From: traffic.At(0), To: to, Since: time.Now(), Who: "ann"}.Fields()
	require.NoError(w.t, err)
	require.NoError(w.t, w.store.Put(w.t.Context(), items.TrafficItem, control.Item{Rev: item.Rev + 1, Fields: fields}))
}

// refusedBy asks for a switch to green, which a gate keeps from being armed. What else is
// closed on a busy machine is no matter.
func (w *world) refusedBy(m mover, gate, says string) {
	w.t.Helper()
	answer := w.calls(m, w.asks(naming.Green, "closed by "+gate))
	require.Equal(w.t, function.GatesClosed, answer.Outcome, answer.Reason)
	w.holds(naming.Blue, 1)
	at := slices.IndexFunc(answer.Gates, func(g function.Condition) bool { return g.Name == gate })
	require.GreaterOrEqual(w.t, at, 0, "%+v", answer.Gates)
	assert.Equal(w.t, switching.Fail.String(), answer.Gates[at].Verdict, answer.Gates[at].Detail)
	assert.Contains(w.t, answer.Gates[at].Detail, says)
	assert.Contains(w.t, answer.Reason, gate+" fail: ")
}
