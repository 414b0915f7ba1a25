package local

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// A lane whose process is gone is lost, with the last words of its log; one whose
// process holds its claim is not.
func TestALaneIsLostWithItsProcess(t *testing.T) {
	p, lane := left(t)
	lanes := Lanes{Profile: p}
	require.NoError(t, os.WriteFile(p.Log(lane), []byte("start\nno database\n"), 0o600))
	err := lanes.Lost(t.Context(), naming.Green)
	require.Equal(t, fault.Failed, fault.CodeOf(err))
	require.ErrorContains(t, err, "the process that was to run lane core.fwd has ended; log "+p.Log(lane)+" ends with: no database\n  mend it with: remove the cause, then go tool mage migrate:start, ")
	require.ErrorContains(t, lanes.Lost(t.Context(), naming.Blue), "go tool mage migrate:start -color=blue, ")

	opened(t, p, lane, unix.LOCK_EX)
	require.NoError(t, lanes.Lost(t.Context(), naming.Green))
}
