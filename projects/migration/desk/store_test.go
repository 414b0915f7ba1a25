package desk

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/preflight"
	items "github.com/cutover/cutover/shared/control"
)

// odd is a store with a fault.
type odd struct {
	control.Store
	put error
	get error
	// busy is for how many reads it is slow.
	busy int
}

func (o *odd) Get(ctx context.Context, key string) (control.Item, error) {
	if o.busy--; o.busy >= 0 {
		time.Sleep(2*promptly + 10*time.Millisecond)
	}
	if o.get != nil {
		return control.Item{}, o.get
	}
	return o.Store.Get(ctx, key)
}

func (o *odd) Put(context.Context, string, control.Item) error { return o.put }

func TestAControlStoreThatMustNotBeReliedOnIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		store odd
		found string
	}{
		"conditions are not obeyed": {odd{}, "took a write whose condition does not hold"},
		"it cannot be written":      {odd{put: errors.New("denied")}, "cannot be written: denied"},
		"it cannot be read":         {odd{get: errors.New("denied")}, "cannot be read: denied"},
		"it is slow":                {odd{put: control.ErrConflict, busy: tries}, "took 210ms for both, the best of 10 times"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.store.Store = &control.Memory{}
				result := (&Desk{Store: &c.store}).answers(t.Context(), "core.fwd")
				assert.Equal(t, preflight.Refuse, result.Status)
				require.Len(t, result.Findings, 1)
				assert.Contains(t, result.Findings[0].String(), c.found)
			})
		})
	}
}

func TestAControlStoreThatAnswersInTheEndIsReliedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good := &control.Memory{}
		for _, store := range []control.Store{good, &odd{Store: good, put: control.ErrConflict, busy: tries - 1}} {
			result := (&Desk{Store: store}).answers(t.Context(), "core.fwd")
			assert.Equal(t, preflight.OK, result.Status, result.Findings)
			_, err := good.Get(t.Context(), items.CheckItem("core.fwd"))
			require.ErrorIs(t, err, control.ErrAbsent, "the check leaves nothing behind")
		}
	})
}
