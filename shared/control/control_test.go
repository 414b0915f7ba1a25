package control_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

func TestEachColorHasACanaryOfItsOwn(t *testing.T) {
	require.Equal(t, "canary#blue", control.CanaryItem(naming.Blue))
	require.NotEqual(t, control.CanaryItem(naming.Blue), control.CanaryItem(naming.Green))
}

// Policies let functions write every item whose key begins like a lane's: no
// other item may.
func TestNoOtherItemLooksLikeALane(t *testing.T) {
	require.Equal(t, "lane#core.fwd", control.LaneItem("core.fwd"))
	require.Equal(t, "load#core.fwd", control.LoadItem("core.fwd"))
	for _, item := range []string{control.AuthorityItem, control.SwitchItem, control.TrafficItem, control.CanaryItem(naming.Blue)} {
		assert.False(t, strings.HasPrefix(item, control.LanePrefix), item)
		assert.False(t, strings.HasPrefix(item, control.LoadPrefix), item)
	}
}
