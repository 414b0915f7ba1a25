//go:build integration

package function_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/verify"
	"github.com/cutover/cutover/shared/naming"
)

// The base is loaded by workers that get the same chunks at the same time, one that
// is killed in the middle, one that is called too late, and one that is called again;
// then verified by units that are given out twice. Every row is there once.
func TestWorkersShareALoadAndItsVerification(t *testing.T) {
	w := newWorld(t)
	chunk, err := function.NewChunk(t.Context(), w.variables(naming.Green), w.emitted)
	require.NoError(t, err)
	answer, err := chunk(t.Context(), function.ChunkEvent{Act: function.PlanChunks})
	require.NoError(t, err)
	assert.Equal(t, function.Idle, answer.Outcome, "nobody has started the lane")

	assert.Empty(t, w.ask(desk.Request{Act: desk.Look, To: naming.Green}).State)
	w.wanted(naming.Green)
	w.wanted(naming.Green) // again: what is there stays
	for _, result := range w.ask(desk.Request{Act: desk.Check, To: naming.Green}).Results {
		assert.Empty(t, result.Findings, result.ID)
	}
	plan, err := chunk(t.Context(), function.ChunkEvent{Act: function.PlanChunks})
	require.NoError(t, err)
	require.Equal(t, function.Work, plan.Outcome)
	require.Greater(t, len(plan.Items), 4)

	late, cancel := context.WithTimeout(t.Context(), 59*time.Second)
	defer cancel()
	answer, err = chunk(late, function.ChunkEvent{Act: function.LoadChunks, Items: plan.Items})
	require.NoError(t, err)
	assert.Equal(t, function.Some, answer.Outcome)
	assert.Zero(t, answer.Loaded)
	require.Len(t, answer.Failures, len(plan.Items))
	assert.Equal(t, function.NoTime, answer.Failures[0].Reason)
	again, err := chunk(t.Context(), function.ChunkEvent{Act: function.PlanChunks, Loaded: plan.Loaded, Left: plan.Left, Idle: 4})
	require.NoError(t, err)
	assert.Equal(t, function.Stuck, again.Outcome, "five rounds that brought nothing")

	var killed atomic.Bool
	dying, err := function.ChunkWith(t.Context(), w.variables(naming.Green), func(step string) error {
		if step == "chunk.before_commit" && !killed.Swap(true) {
			return errors.New("killed")
		}
		return nil
	})
	require.NoError(t, err)
	answer, err = dying(t.Context(), function.ChunkEvent{Act: function.LoadChunks, Items: plan.Items[:1]})
	require.NoError(t, err)
	assert.Equal(t, function.Some, answer.Outcome)
	require.Len(t, answer.Failures, 1)
	assert.Contains(t, answer.Failures[0].Reason, "killed")

	var rows, loaded atomic.Int64
	group, ctx := errgroup.WithContext(t.Context())
	for range 3 {
		group.Go(func() error {
			answer, err := chunk(ctx, function.ChunkEvent{Act: function.LoadChunks, Items: plan.Items})
			rows.Add(answer.Rows)
			loaded.Add(answer.Loaded)
			return err
		})
	}
	require.NoError(t, group.Wait())
	assert.EqualValues(t, 269000, rows.Load(), "no row is loaded twice")
	assert.EqualValues(t, len(plan.Items), loaded.Load())
	answer, err = chunk(t.Context(), function.ChunkEvent{Act: function.LoadChunks, Items: plan.Items})
	require.NoError(t, err)
	assert.Equal(t, function.Done, answer.Outcome)
	assert.EqualValues(t, len(plan.Items), answer.Elsewhere)
	answer, err = chunk(t.Context(), function.ChunkEvent{Act: function.PlanChunks, Loaded: plan.Loaded, Left: plan.Left})
	require.NoError(t, err)
	assert.Equal(t, function.Done, answer.Outcome)

	w.run(naming.Green)
	w.runs(naming.Green)
	w.verifyByUnits()
	w.rotated()
	w.halted(chunk)
	w.discards()
}

// verifyByUnits verifies the forward lane by units, each given out twice.
func (w *world) verifyByUnits() {
	t := w.t
	handle, err := function.NewVerify(t.Context(), w.variables(naming.Green), w.emitted)
	require.NoError(t, err)
	plan, err := handle(t.Context(), function.VerifyEvent{Act: function.PlanPass, Kind: verify.Full})
	require.NoError(t, err)
	require.Equal(t, function.Work, plan.Outcome)
	early, err := handle(t.Context(), function.VerifyEvent{Act: function.FinishPass, Kind: verify.Full})
	require.NoError(t, err)
	assert.Equal(t, function.Again, early.Outcome, "units are left")
	assert.Equal(t, 1, early.Round)
	late, cancel := context.WithTimeout(t.Context(), 59*time.Second)
	defer cancel()
	answer, err := handle(late, function.VerifyEvent{Act: function.WorkUnits, Items: plan.Items[:1]})
	require.NoError(t, err)
	assert.Equal(t, function.Some, answer.Outcome)
	group, ctx := errgroup.WithContext(t.Context())
	for range 2 {
		group.Go(func() error {
			_, err := handle(ctx, function.VerifyEvent{Act: function.WorkUnits, Items: plan.Items})
			return err
		})
	}
	require.NoError(t, group.Wait())
	told, absent, err := function.ReadVerification(t.Context(), w.store, "core.fwd")
	require.NoError(t, err)
	require.False(t, absent)
	assert.Equal(t, len(plan.Items), told.Progress().UnitsDone)
	for range 2 { // the second is told the same
		end, err := handle(t.Context(), function.VerifyEvent{Act: function.FinishPass, Kind: verify.Full, Round: 1})
		require.NoError(t, err)
		assert.Equal(t, function.Clean, end.Outcome)
		assert.Equal(t, plan.Pass, end.Pass)
	}
	assert.Contains(t, w.emitted.String(), `"BucketsDirty"`)
	whole, err := handle(t.Context(), function.VerifyEvent{})
	require.NoError(t, err)
	assert.Equal(t, function.Clean, whole.Outcome)
}

// rotated changes the logins of the lane while it runs, as the rotation of secrets
// does by its two users, until the server refuses the former. The lane goes on.
func (w *world) rotated() {
	for side, group := range map[naming.Color]bgsync.Group{naming.Blue: bgsync.Reader, naming.Green: bgsync.Apply} {
		path := strings.TrimPrefix(w.sides[side].Logins[group], "file:")
		text, err := os.ReadFile(path)
		require.NoError(w.t, err)
		var login map[string]any
		require.NoError(w.t, json.Unmarshal(text, &login))
		former := string(group) + "_a"
		require.Equal(w.t, former, login["username"])
		login["username"], login["password"] = string(group)+"_b", "of the other user"
		text, err = json.Marshal(login)
		require.NoError(w.t, err)
		w.exec(side, `ALTER ROLE `+string(group)+`_b LOGIN PASSWORD 'of the other user'`)
		require.NoError(w.t, os.WriteFile(path, text, 0o600))
		w.exec(side, `ALTER ROLE `+former+` PASSWORD 'another by now'`,
			`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '`+former+`'`)
	}
	w.exec(naming.Blue, `INSERT INTO payments.account (owner, balance, currency) VALUES ('rotated', 1, 'EUR')`)
	conn := w.admin(naming.Green)
	require.Eventually(w.t, func() bool {
		var there bool
		err := conn.QueryRow(w.t.Context(), `SELECT EXISTS (SELECT FROM payments.account WHERE owner = 'rotated')
			OR EXISTS (SELECT FROM bgsync.lane WHERE state = 'halted')`).Scan(&there)
		return err == nil && there
	}, 5*time.Minute, 20*time.Millisecond)
	assert.Equal(w.t, "running", value[string](w, naming.Green, `SELECT state FROM bgsync.lane WHERE lane = 'core.fwd'`))
}

// halted requires the functions to say that the lane is halted, and that it goes on
// when the operator names the halt.
func (w *world) halted(chunk func(context.Context, function.ChunkEvent) (function.ChunkAnswer, error)) {
	w.exec(naming.Green, `UPDATE bgsync.lane SET state = 'halted', halt_code = 'operator', halt_reason = 'asked to', halted_at = now() WHERE lane = 'core.fwd'`)
	require.Eventually(w.t, func() bool {
		return strings.Contains(w.emitted.String(), `"lane":"core.fwd","halt_code":"operator","reason":"lane core.fwd is halted since an earlier invocation: asked to"`)
	}, 5*time.Minute, 10*time.Millisecond, "the lane's log has the reason")
	answer, err := chunk(w.t.Context(), function.ChunkEvent{Act: function.PlanChunks})
	require.NoError(w.t, err)
	assert.Equal(w.t, function.Halted, answer.Outcome)
	assert.Equal(w.t, checkpoint.ByOperator, answer.Halt)
	reply := w.ask(desk.Request{Act: desk.Resume, To: naming.Green, Halt: checkpoint.ByOperator})
	assert.Contains(w.t, strings.Join(reply.Done, " "), "resumed")
}
