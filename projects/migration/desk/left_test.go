package desk

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/control"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// leftBy is a desk without any database, after a switch item.
func leftBy(t *testing.T, holder naming.Color, sw items.Switch) *Desk {
	t.Helper()
	store := &control.Memory{}
	sw.State, sw.From, sw.To, sw.Epoch, sw.Attempt = items.Steady, naming.Blue, naming.Green, 2, "x"
	require.NoError(t, store.Put(t.Context(), items.AuthorityItem, control.Item{Rev: 1, Fields: items.Token{Epoch: 2, Holder: holder, Phase: items.PhaseOpen}.Fields()}))
	require.NoError(t, store.Put(t.Context(), items.SwitchItem, control.Item{Rev: 1, Fields: sw.Fields()}))
	return &Desk{Store: store}
}

// Where a side is to be left by force no side is prepared and no lane is made; where one was,
// only that side, and by the lane that leads to it, from no clone. Nothing is asked of any
// database before.
func TestNothingIsMadeWithASideThatWasLeft(t *testing.T) {
	refused := func(act Act, to naming.Color, sw items.Switch, says string) {
		reply, err := leftBy(t, naming.Green, sw).Do(t.Context(), Request{Act: act, To: to})
		require.NoError(t, err)
		assert.Contains(t, reply.Refused, says, "%s to %s", act, to)
		assert.Equal(t, NotNow, reply.RefusedAs)
	}
	for _, act := range []Act{Prepare, Create, Return, Renew, Reserve, Adopt} {
		for _, to := range naming.Colors() {
			refused(act, to, items.Switch{Untrusted: naming.Blue, Forced: naming.Green}, "two operators have decided to open green by force")
		}
	}
	left, says := items.Switch{Untrusted: naming.Blue}, "blue was left by a forced decision"
	refused(Return, naming.Blue, left, says)
	refused(Create, naming.Green, left, says)
	for _, to := range naming.Colors() {
		refused(Reserve, to, left, says)
		refused(Adopt, to, left, says)
	}
	for _, act := range []Act{Rebuild, Readmit} {
		refused(act, naming.Green, left, "green is not made anew")
		refused(act, naming.Blue, items.Switch{Untrusted: naming.Blue, Forced: naming.Green}, "blue is not made anew")
	}
}

// Slots go only on the side that a forced decision has opened, and once it is open: on any
// other they hold what a lane still needs.
func TestSlotsStayWhereNoSideWasLeft(t *testing.T) {
	for name, c := range map[string]struct {
		holder naming.Color
		sw     items.Switch
		to     naming.Color
	}{
		"nobody was left":            {naming.Green, items.Switch{}, naming.Green},
		"the side that was left":     {naming.Green, items.Switch{Untrusted: naming.Blue}, naming.Blue},
		"a decision that is to come": {naming.Blue, items.Switch{Untrusted: naming.Blue, Forced: naming.Green}, naming.Green},
		"a side that is not open":    {naming.Blue, items.Switch{Untrusted: naming.Blue}, naming.Green},
	} {
		reply, err := leftBy(t, c.holder, c.sw).Do(t.Context(), Request{Act: DropSlots, To: c.to})
		require.NoError(t, err, name)
		assert.Contains(t, reply.Refused, "expected that it was opened by force", name)
	}
}
