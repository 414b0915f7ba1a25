//go:build integration || soak

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

// oneTransaction writes rows in one transaction while a process follows with the
// limits of production, and returns how long it took to drain and the process's
// peak.
func (w *world) oneTransaction(name, statement string) (time.Duration, int64) {
	w.t.Helper()
	w.exec(w.blue, statement)
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

// memory bounds one transaction of many rows, inserted and then updated. The run
// is void unless both sides are equal afterwards.
func memory(t *testing.T, rows int) {
	t.Helper()
	w := worldWith(t, measured)
	w.exec(w.blue, someRows)
	w.register("core.fwd", w.blue, w.green)
	w.create()
	native := w.subscribe()
	stop := w.background(w.runner("base"))
	w.running()
	_, err := stop()
	require.NoError(t, err)
	for _, c := range [][2]string{{"insert", fmt.Sprintf(wide, rows)}, {"update", `UPDATE public.entry SET amount = amount + 1 WHERE seq >= 1000000`}} {
		took, most := w.oneTransaction(c[0], c[1])
		began := time.Now()
		w.drainNative(native)
		peer := time.Since(began)
		t.Logf("%s of %d rows: lane %s, subscription %s, ratio %.2f; %d MiB resident at most", c[0], rows,
			took.Round(time.Millisecond), peer.Round(time.Millisecond), peer.Seconds()/took.Seconds(), most>>20)
		assert.Less(t, most, int64(maxResident))
	}
	want := value[string](w, w.blue, sumSQL)
	require.Equal(t, want, value[string](w, w.green, sumSQL))
	require.Equal(t, want, value[string](w, native, sumSQL))
}
