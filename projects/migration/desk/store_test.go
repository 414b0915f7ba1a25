package desk

import (
	"context"
	"errors"
	"testing"
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
	put  error
	get  error
	slow time.Duration
}

func (o odd) Get(ctx context.Context, key string) (control.Item, error) {
	time.Sleep(o.slow)
	if o.get != nil {
		return control.Item{}, o.get
	}
	return o.Store.Get(ctx, key)
}

func (o odd) Put(context.Context, string, control.Item) error { return o.put }

func TestAControlStoreThatMustNotBeReliedOnIsRefused(t *testing.T) {
	good := &control.Memory{}
	result := (&Desk{Store: good}).answers(t.Context(), "core.fwd")
	assert.Equal(t, preflight.OK, result.Status, result.Findings)
	_, err := good.Get(t.Context(), items.CheckItem("core.fwd"))
	require.ErrorIs(t, err, control.ErrAbsent, "the check leaves nothing behind")
	for name, c := range map[string]struct {
		store odd
		found string
	}{
		"conditions are not obeyed": {odd{Store: good}, "took a write whose condition does not hold"},
		"it cannot be written":      {odd{Store: good, put: errors.New("denied")}, "cannot be written: denied"},
		"it cannot be read":         {odd{Store: good, get: errors.New("denied")}, "cannot be read: denied"},
		"it is slow":                {odd{Store: good, put: control.ErrConflict, slow: 2*promptly + 10*time.Millisecond}, "ms for both"},
	} {
		t.Run(name, func(t *testing.T) {
			result := (&Desk{Store: c.store}).answers(t.Context(), "core.fwd")
			assert.Equal(t, preflight.Refuse, result.Status)
			require.Len(t, result.Findings, 1)
			assert.Contains(t, result.Findings[0].String(), c.found)
		})
	}
}
