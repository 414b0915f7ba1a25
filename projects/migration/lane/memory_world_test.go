//go:build integration

package lane_test

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/figures"
)

// peak is the most memory that a process has had resident, in bytes.
func peak(t testing.TB, pid int) int64 {
	t.Helper()
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var kib int64
		if _, err := fmt.Sscanf(lines.Text(), "VmHWM: %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	t.Fatal("the process tells no peak")
	return 0
}

// oneTransaction lets a process follow with the limits of production, and returns
// how long it took to drain what is there and the process's peak.
func (w *world) oneTransaction(name string) (time.Duration, int64) {
	w.t.Helper()
	began := time.Now()
	p := w.spawnWith(name, 0, lane.Defaults())
	position := value[string](w, w.blue, `SELECT pg_current_wal_insert_lsn()::text`)
	require.Eventually(w.t, func() bool {
		return value[bool](w, w.green, `SELECT applied_lsn >= $1::text::pg_lsn OR state = 'halted' FROM bgsync.lane`, position)
	}, 10*time.Minute, tick)
	took := time.Since(began)
	most := peak(w.t, p.Process.Pid)
	require.NoError(w.t, p.Process.Signal(syscall.SIGTERM))
	require.True(w.t, p.lines.Scan())
	require.True(w.t, strings.HasPrefix(p.lines.Text(), "ended halt=<nil> error=<nil>"), p.lines.Text())
	require.NoError(w.t, p.Wait())
	return took, most
}

// wide is a row of about 200 bytes.
const wide = `INSERT INTO public.entry (account, seq, amount, note) SELECT 1 + n %% 200, 1000000 + n, n / 100.0, md5(n::text) || md5((-n)::text) || md5((2 * n)::text) || md5((3 * n)::text) FROM generate_series(1, %d) n`

// maxResident is what a function of 512 MiB leaves to the engine.
const maxResident = 256 << 20

// sumSQL is all of the table that the transactions are about.
const sumSQL = `SELECT md5(string_agg(md5(e::text), '' ORDER BY account, seq)) FROM public.entry e`

// One transaction of many rows, inserted, then updated, then deleted, is drained by the lane
// within the memory that a function has, and by a subscription, in turns. The
// figures are void unless all sides are equal after each.
func TestOneLargeTransactionTakesLittleMemory(t *testing.T) {
	briefly(t)
	rows, more := size(*figuresRows, 1_000_000, 50_000), map[string]string{}
	if soak {
		more = measured
	}
	w := worldWith(t, more)
	w.exec(w.blue, someRows)
	w.register("core.fwd", w.blue, w.green)
	w.create()
	native := w.subscribe()
	stop := w.background(w.runner("base"))
	w.running()
	_, err := stop()
	require.NoError(t, err)
	times, most := map[string][2][]float64{}, int64(0)
	for pair := range size(*figuresPairs, 3, 1) {
		for _, c := range [][2]string{
			{"insert", fmt.Sprintf(wide, rows)}, {"update", `UPDATE public.entry SET amount = amount + 1 WHERE seq >= 1000000`}, {"delete", `DELETE FROM public.entry WHERE seq >= 1000000`},
		} {
			took, resident := w.inTurns(pair, c[0], c[1], native)
			times[c[0]] = [2][]float64{append(times[c[0]][0], took[0].Seconds()), append(times[c[0]][1], took[1].Seconds())}
			most = max(most, resident)
			t.Logf("%s of %d rows: lane %s, subscription %s; %d MiB resident at most", c[0], rows, took[0].Round(time.Millisecond), took[1].Round(time.Millisecond), resident>>20)
			assert.Less(t, resident, int64(maxResident))
		}
	}
	for _, name := range []string{"insert", "update", "delete"} {
		var ratios []float64
		for i, ours := range times[name][0] {
			ratios = append(ratios, times[name][1][i]/ours)
		}
		report(t, figures.Row{ID: "P5-" + name, What: fmt.Sprintf("one transaction, %s of %d rows", name, rows), Unit: "s", Against: "subscription", Ours: figures.Of(times[name][0]),
			Peer: figures.Of(times[name][1]), Ratio: figures.Of(ratios), Target: 0.8, Note: fmt.Sprintf("ratio of speeds; %d MiB resident at most, 256 allowed", most>>20)})
	}
}

// inTurns runs a statement on the source and has it drained by the lane and by the
// subscription, of which every other pair begins with the latter.
func (w *world) inTurns(pair int, name, statement string, native side) (took [2]time.Duration, resident int64) {
	w.t.Helper()
	w.exec(w.blue, statement)
	for turn := range 2 {
		if (pair+turn)%2 == 0 {
			took[0], resident = w.oneTransaction(fmt.Sprint(name, " ", pair))
			continue
		}
		began := time.Now()
		w.drainNative(native)
		took[1] = time.Since(began)
	}
	want := value[string](w, w.blue, sumSQL)
	require.Equal(w.t, want, value[string](w, w.green, sumSQL), "void")
	require.Equal(w.t, want, value[string](w, native, sumSQL), "void")
	return took, resident
}
