package switching_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	store "github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// leftStore holds a switch item after blue was left by force.
func leftStore(t *testing.T, change func(*control.Switch)) *store.Memory {
	t.Helper()
	in := &store.Memory{}
	token := control.Token{Epoch: 2, Holder: naming.Green, Phase: control.PhaseOpen, ProofID: "forced"}
	require.NoError(t, in.Put(t.Context(), control.AuthorityItem, store.Item{Rev: 1, Fields: token.Fields()}))
	sw := control.Switch{
		State: control.Steady, From: naming.Blue, To: naming.Green, Epoch: 2, Attempt: "x", Reason: "lost", Operators: []string{"ann", "bob"}, ProofID: "forced",
		Untrusted: naming.Blue, ShutAt: time.UnixMilli(1_700_000_000_000).UTC(),
	}
	change(&sw)
	require.NoError(t, in.Put(t.Context(), control.SwitchItem, store.Item{Rev: 1, Fields: sw.Fields()}))
	return in
}

// The mark is taken off the side that was left, in the database in which it was made anew,
// while nothing is under way; for any other one nothing changes.
func TestOnlyTheSideThatIsMadeAnewIsReadmitted(t *testing.T) {
	for name, c := range map[string]struct {
		change   func(*control.Switch)
		side     naming.Color
		identity string
		want     error
	}{
		"another side":           {func(s *control.Switch) { s.Rebuild = "new" }, naming.Green, "new", switching.ErrRebuild},
		"another database":       {func(s *control.Switch) { s.Rebuild = "new" }, naming.Blue, "lost", switching.ErrRebuild},
		"none yet":               {func(*control.Switch) {}, naming.Blue, "", switching.ErrRebuild},
		"one to be opened first": {func(s *control.Switch) { s.Rebuild, s.Forced = "new", naming.Green }, naming.Blue, "new", switching.ErrRebuild},
		"a switch under way":     {func(s *control.Switch) { s.Rebuild, s.State = "new", control.Arming }, naming.Blue, "new", switching.ErrUnderway},
	} {
		in := leftStore(t, c.change)
		before, err := in.Get(t.Context(), control.SwitchItem)
		require.NoError(t, err)
		require.ErrorIs(t, switching.Readmit(t.Context(), in, c.side, c.identity), c.want, name)
		after, err := in.Get(t.Context(), control.SwitchItem)
		require.NoError(t, err)
		assert.Equal(t, before, after, name)
	}
	in := leftStore(t, func(*control.Switch) {})
	require.ErrorIs(t, switching.Rebuilding(t.Context(), in, naming.Green, "new"), switching.ErrRebuild)
	require.NoError(t, switching.Rebuilding(t.Context(), in, naming.Blue, "first"))
	require.NoError(t, switching.Rebuilding(t.Context(), in, naming.Blue, "new"), "the first one was lost as well")
	require.NoError(t, switching.Rebuilding(t.Context(), in, naming.Blue, "new"), "again")
	_, marked, err := switching.Status(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, naming.Blue, marked.Untrusted)
	assert.EqualValues(t, 3, marked.Rev, "what stands already is not written again")
	require.NoError(t, switching.Readmit(t.Context(), in, naming.Blue, "new"))
	_, sw, err := switching.Status(t.Context(), in)
	require.NoError(t, err)
	assert.Empty(t, sw.Untrusted)
	assert.Empty(t, sw.Rebuild)
	assert.Zero(t, sw.ShutAt)
	assert.Equal(t, "forced", sw.Rebuilt)
	assert.Equal(t, "lost", sw.Reason, "who decided, and why, stays")
}

// hasty is a store that others write beside, and that loses replies.
type hasty struct {
	*store.Memory
	beside, lost int
}

func (h *hasty) Put(ctx context.Context, key string, item store.Item) error {
	if h.beside > 0 {
		h.beside--
		other := store.Item{Rev: item.Rev, Fields: map[string]string{}}
		former, err := h.Get(ctx, key)
		if err != nil {
			return err
		}
		for name, value := range former.Fields {
			other.Fields[name] = value
		}
		other.Fields[control.FieldOwner] = "who shuts the side"
		if err := h.Memory.Put(ctx, key, other); err != nil {
			return err
		}
	}
	err := h.Memory.Put(ctx, key, item)
	if err == nil && h.lost > 0 {
		h.lost--
		return errors.New("the reply was lost")
	}
	return err
}

// Whoever notes that the side is shut writes the same item: the mark goes all the same, and
// a reply that was lost is looked up.
func TestTheMarkGoesOverOtherWriters(t *testing.T) {
	in := &hasty{Memory: leftStore(t, func(s *control.Switch) { s.Rebuild = "new" }), beside: 2, lost: 1}
	require.NoError(t, switching.Readmit(t.Context(), in, naming.Blue, "new"))
	_, sw, err := switching.Status(t.Context(), in)
	require.NoError(t, err)
	assert.Empty(t, sw.Untrusted)
	assert.Equal(t, "who shuts the side", sw.Owner, "what others have written stays")
	in = &hasty{Memory: leftStore(t, func(s *control.Switch) { s.Rebuild = "new" }), beside: 100}
	require.ErrorIs(t, switching.Readmit(t.Context(), in, naming.Blue, "new"), switching.ErrTakenOver)
}
