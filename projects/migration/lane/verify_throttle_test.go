//go:build integration

package lane_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/govern"
	"github.com/cutover/cutover/projects/migration/lane/throttle"
	"github.com/cutover/cutover/projects/migration/lane/verify"
)

// servers are limits of a throttle that looks often.
func servers() govern.Limits {
	limits := lane.Defaults().Throttle()
	limits.Interval = 50 * time.Millisecond
	return limits
}

// While the throttle lets nothing begin nothing is compared, and whoever looks is told
// by what; afterwards the pass goes on.
func TestAVerificationGivesWay(t *testing.T) {
	t.Parallel()
	w := following(t)
	v := w.verifier("pass")
	v.Limits.UnitBuckets = 1
	var held atomic.Bool
	held.Store(true)
	var asked atomic.Int64
	l := life{Context: t.Context(), over: make(chan struct{})}
	leave := v.Obey(t.Context(), servers(), throttle.Input{Name: "held", Limit: 1, Read: func(context.Context) (float64, error) {
		if asked.Add(1) == 20 {
			close(l.over)
		}
		if held.Load() {
			return 11, nil
		}
		return 0, nil
	}})
	report, err := v.Full(l)
	require.NoError(t, err)
	assert.Zero(t, report.Buckets)
	assert.False(t, report.Done)
	assert.GreaterOrEqual(t, asked.Load(), int64(20))
	assert.True(t, value[bool](w, w.green, `SELECT since IS NOT NULL AND share = 0 AND withheld = 1 FROM bgsync.throttle WHERE lane = 'core.fwd'`))
	slowed, err := v.Slowed(t.Context())
	require.NoError(t, err)
	var inputs []string
	for _, reading := range slowed {
		inputs = append(inputs, reading.Name)
	}
	assert.Contains(t, inputs, "held")
	held.Store(false)
	require.True(t, w.full(v).Clean)
	leave()
}

// Comparisons in several processes share the seats: of two with one seat, no two
// comparisons are under way at once.
func TestComparisonsOfAllProcessesShareTheSeats(t *testing.T) {
	t.Parallel()
	w := following(t)
	watching := w.connect(w.green.AdminDSN(database), "operator")
	// asks counts how often the other process has asked for a seat, by the times of its
	// last question.
	asks := func(times map[string]bool) int {
		var at string
		err := watching.QueryRow(t.Context(), `SELECT coalesce(max(query_start)::text, '') FROM pg_stat_activity
			WHERE application_name = 'bgsync/throttle/core.fwd/other' AND query LIKE '%generate_series%'`).Scan(&at)
		if err == nil && at != "" {
			times[at] = true
		}
		return len(times)
	}
	var inside, both atomic.Int64
	began := make(chan struct{})
	one, other := w.verifier("one"), w.verifier("other")
	for _, v := range []*verify.Verifier{one, other} {
		v.Limits.Workers, v.Limits.UnitBuckets = 1, 1
		first := v == one
		v.At = func(step string) error {
			if step != verify.AfterSnapshot {
				return nil
			}
			if inside.Add(1) > 1 {
				both.Add(1)
			}
			for times := map[string]bool{}; first && both.Load() == 0 && asks(times) < 4; { // the other wants a seat and has none
				select {
				case <-began:
				default:
					close(began)
				}
				time.Sleep(time.Millisecond)
			}
			first = false
			return nil
		}
		v.Inspect = func(context.Context, verify.Seen) error { inside.Add(-1); return nil }
	}
	var group errgroup.Group
	run := func(v *verify.Verifier) {
		group.Go(func() error {
			defer v.Obey(t.Context(), servers())()
			report, err := v.Full(t.Context())
			if err == nil && report.Halt != nil {
				err = errors.New("halted")
			}
			return err
		})
	}
	run(one)
	<-began
	run(other)
	require.NoError(t, group.Wait())
	assert.Zero(t, both.Load())
}
