//go:build soak

package switching

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/model/explore"
)

// The same model with wider bounds than every run can afford.
func TestTheAuthorityMovesWithinWiderBounds(t *testing.T) {
	r, err := explore.Run(t.Context(), Model{Writers: 2, Starts: 2, Takes: 3, Crashes: 2}, 60_000_000)
	require.NoError(t, err)
	t.Logf("%d states, %d transitions, %d deep", r.States, r.Transitions, r.Depth)
	if r.Failure != nil {
		t.Fatal(r.Failure)
	}
}
