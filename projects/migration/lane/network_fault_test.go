//go:build integration

package lane_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/apply"
	"github.com/cutover/cutover/projects/migration/lane/backfill"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/verify"
)

// fault of a network, which lasts until its end.
type fault struct {
	begin func(n *network)
	end   func(n *network)
}

// struck is how long a fault lasts; no test depends on it.
const struck = 150 * time.Millisecond

// networkFaults are toxiproxy's, and the cuts around a COMMIT.
var networkFaults = map[string]fault{
	"the request of a COMMIT is lost": {func(n *network) { n.next.Store(losesRequest) }, func(n *network) { n.spare() }},
	"the reply to a COMMIT is lost":   {func(n *network) { n.next.Store(losesReply) }, func(n *network) { n.spare() }},
	"replies are lost":                {func(n *network) { n.mute.Store(true) }, func(n *network) { n.mute.Store(false) }},
	"connections are cut":             {func(n *network) { require.NoError(n.t, n.cut()) }, func(*network) {}},
	"connections are reset":           toxic("reset_peer", map[string]any{"timeout": 0}),
	"half open to the server":         {func(n *network) { n.toxic("timeout", "upstream", map[string]any{"timeout": 0}) }, func(n *network) { n.heal("timeout") }},
	"half open from the server":       {func(n *network) { n.toxic("timeout", "downstream", map[string]any{"timeout": 0}) }, func(n *network) { n.heal("timeout") }},
	"silent, then closed":             toxic("timeout", map[string]any{"timeout": 50}),
	"slow answers":                    toxic("latency", map[string]any{"latency": 20, "jitter": 15}),
	"little bandwidth":                toxic("bandwidth", map[string]any{"rate": 400}),
	"sliced into bytes":               toxic("slicer", map[string]any{"average_size": 48, "size_variation": 32, "delay": 5}),
}

// toxic is a fault of that kind in both directions.
func toxic(kind string, attributes map[string]any) fault {
	return fault{func(n *network) {
		n.toxic(kind, "upstream", attributes)
		n.toxic(kind, "downstream", attributes)
	}, func(n *network) { n.heal(kind) }}
}

// strike begins a fault and returns what ends it, which counts it if it has met a COMMIT,
// or for other faults anything that was on its way.
func (w *world) strike(name string, f fault, at *network) (end func()) {
	lost, crossed := at.lost.Load(), at.crossed.Load()
	f.begin(at)
	return func() {
		met := at.crossed.Load() > crossed
		if strings.Contains(name, "COMMIT") {
			met = at.lost.Load() > lost
		}
		f.end(at)
		if met {
			w.injected("network: " + name)
		}
	}
}

// ways are the networks to both servers of a lane.
type ways struct{ source, target *network }

// ways leads an invocation over networks of its own.
func (w *world) ways(r *lane.Runner) ways {
	w.t.Helper()
	n := ways{newNetwork(w.t, w.blue), newNetwork(w.t, w.green)}
	r.Endpoints.Reader, r.Endpoints.Apply, r.Endpoints.Builder = n.source.via(r.Endpoints.Reader), n.target.via(r.Endpoints.Apply), n.target.via(r.Endpoints.Builder)
	return n
}

// each calls for every fault on either side.
func (n ways) each(do func(name string, f fault, at *network)) {
	for name, f := range networkFaults {
		do(name+", source", f, n.source)
		do(name+", target", f, n.target)
	}
}

// lost is how many COMMITs were hit.
func (n ways) lost() int64 { return n.source.lost.Load() + n.target.lost.Load() }

// While a strict lane follows writers that never stop, either way to a server gets
// every fault. Each is over only when it has hit; no acknowledged write is lost or
// doubled: in strict mode a second INSERT would halt the lane.
func TestAFollowingLaneSurvivesFaultsOfTheNetwork(t *testing.T) {
	t.Parallel()
	w := steady(t)
	r := w.runner("follows")
	n := w.ways(&r)
	r.At = func(step string) error {
		if step == apply.BeforeCommit {
			n.target.committing()
		}
		return nil
	}
	bank := w.bankAt(w.blue, 2, 5*time.Millisecond)
	stop := w.background(r)
	w.drained(w.blue, w.green, "core.fwd")
	injected := 0
	n.each(func(name string, f fault, at *network) {
		before := n.lost()
		end := w.strike(name, f, at)
		if at == n.target && strings.Contains(name, "COMMIT") { // nothing commits on the source
			require.Eventually(t, func() bool { return n.lost() > before }, waiting, tick, name)
		}
		time.Sleep(struck)
		end()
		w.drained(w.blue, w.green, "core.fwd")
		injected++
	})
	bank.stop()
	w.drained(w.blue, w.green, "core.fwd")
	report, err := stop()
	require.NoError(t, err)
	require.Nil(t, report.Halt)
	require.Positive(t, report.Reconnects)
	require.EqualValues(t, 2, n.lost(), "COMMITs that were hit")
	w.equal()
	bank.complete(w.green)
	t.Logf("%d faults injected and survived, %d reconnections", injected, report.Reconnects)
}

// While a base is loaded, before or beside the stream, every fault strikes a chunk
// under way.
func TestALoadSurvivesFaultsOfTheNetwork(t *testing.T) {
	t.Parallel()
	for name, interleaved := range map[string]bool{"before the stream": false, "beside the stream": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.exec(w.blue, someRows)
			limits := quick()
			limits.ChunkBytes = 2 << 10 // a chunk for each fault
			require.NoError(t, lane.Create(w.ctx(), lane.Creation{Lane: "core.fwd", Endpoints: endpoints(w.blue, w.green), Base: lane.Chunks, Interleaved: interleaved, Limits: limits}))
			r := w.runner("loads")
			r.Limits.LoadWorkers = 2
			n := w.ways(&r)
			type strike struct {
				name string
				fault
				at *network
			}
			var strikes []strike
			n.each(func(name string, f fault, at *network) { strikes = append(strikes, strike{name, f, at}) })
			var injected atomic.Int64
			var over sync.WaitGroup
			var quiet atomic.Bool // a chunk was loaded since the last fault
			quiet.Store(true)
			r.At = func(step string) error {
				if step == backfill.AfterCommit {
					quiet.Store(true)
				}
				if step != backfill.BeforeCommit && step != backfill.AfterRead || !quiet.CompareAndSwap(true, false) {
					return nil
				}
				if i := injected.Load(); i < int64(len(strikes)) {
					s := strikes[i]
					end := w.strike(s.name, s.fault, s.at)
					s.at.committing()
					injected.Add(1)
					over.Add(1)
					time.AfterFunc(struck, func() { end(); over.Done() })
				}
				return nil
			}
			bank := w.bankAt(w.blue, 2, 10*time.Millisecond)
			stop := w.background(r)
			w.running()
			bank.stop()
			w.drained(w.blue, w.green, "core.fwd")
			report, err := stop()
			require.NoError(t, err)
			require.Nil(t, report.Halt)
			require.EqualValues(t, len(strikes), injected.Load())
			over.Wait()
			w.equal()
			bank.complete(w.green)
			t.Logf("%d faults injected and survived, %d COMMITs hit, %d reconnections", injected.Load(), n.lost(), report.Reconnects)
		})
	}
}

// A comparison over faulty networks may fail, and never has a false result: under
// writers that never stop nothing differs, and in the end a pass is clean.
func TestAVerificationSurvivesFaultsOfTheNetwork(t *testing.T) {
	t.Parallel()
	w := following(t)
	v := w.verifier("over the network")
	n := ways{newNetwork(t, w.blue), newNetwork(t, w.green)}
	v.Source, v.Target = n.source.via(v.Source), n.target.via(v.Target)
	v.Limits.Workers = 1
	bank := w.bankAt(w.blue, 2, 10*time.Millisecond)
	injected, failed := 0, 0
	n.each(func(name string, f fault, at *network) {
		hit := false
		v.At = func(step string) error {
			if step == verify.AfterSnapshot && !hit {
				hit = true
				f.begin(at)
				at.committing()
				time.AfterFunc(struck, func() { f.end(at) })
			}
			return nil
		}
		report, err := v.Full(t.Context())
		if err != nil {
			failed++
			require.Contains(t, []pg.Class{pg.Reconnect, pg.Retry}, pg.Classify(err), "%s: %v", name, err)
		}
		require.Zero(t, report.Requested, name)
		require.Nil(t, report.Halt, name)
		require.True(t, hit, name)
		f.end(at)
		injected++
	})
	v.At = nil
	require.True(t, w.full(v).Clean)
	bank.stop()
	w.drained(w.blue, w.green, "core.fwd")
	w.same()
	bank.complete(w.green)
	t.Logf("%d faults injected, %d calls failed, no false result", injected, failed)
}

// A connection on which nothing comes any more does not outlive its invocation.
func TestAHalfOpenConnectionEndsWithTheInvocation(t *testing.T) {
	t.Parallel()
	w := steady(t)
	for _, from := range []string{"source", "target"} {
		r := w.runner("hangs at " + from)
		n := w.ways(&r)
		at := map[string]*network{"source": n.source, "target": n.target}[from]
		var once atomic.Bool
		r.At = func(step string) error {
			if step == apply.BeforeClaim && once.CompareAndSwap(false, true) {
				at.toxic("timeout", "downstream", map[string]any{"timeout": 0})
			}
			return nil
		}
		w.exec(w.blue, `UPDATE public.account SET balance = balance + 1 WHERE id = 1`)
		l := life{Context: w.ctx(), over: make(chan struct{})}
		ended := make(chan error, 1)
		go func() {
			report, err := r.Run(l)
			if report.Halt != nil {
				err = errors.Join(err, report.Halt)
			}
			ended <- err
		}()
		require.Eventually(t, once.Load, waiting, tick)
		close(l.over)
		select {
		case err := <-ended:
			require.NoError(t, err, from)
		case <-time.After(waiting):
			require.Fail(t, fmt.Sprintf("the invocation hangs at the %s", from))
		}
		at.heal("timeout")
	}
	w.follow(`UPDATE public.account SET balance = balance + 1`)
}
