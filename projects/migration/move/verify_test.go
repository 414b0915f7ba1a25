package move_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/verify"
	"github.com/cutover/cutover/projects/migration/move"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// failing is a comparison that cannot be made.
type failing struct{ err error }

func (f failing) Full(context.Context, func(verify.Progress)) (verify.Report, error) {
	return verify.Report{}, f.err
}

// A lane that loads takes time, and to start it again would change nothing.
func TestAComparisonThatComesTooEarlySaysWhetherToStartOrToWait(t *testing.T) {
	for name, c := range map[string]struct {
		wanted   *bool
		way, not string
	}{
		"the lane was never started": {nil, "go tool mage migrate:start", "wait"},
		"nobody wants the lane":      {new(false), "go tool mage migrate:start", "wait"},
		"the lane loads":             {new(true), "wait until all tables are loaded, which go tool mage migrate:status shows; then go tool mage migrate:verify", "migrate:start"},
	} {
		t.Run(name, func(t *testing.T) {
			store := &control.Memory{}
			lane := function.Lane(naming.Green)
			if c.wanted != nil {
				require.NoError(t, function.Want(t.Context(), store, lane, *c.wanted))
			}
			o := &move.Operator{Store: store}

			err := o.Verify(t.Context(), failing{fmt.Errorf("lane %s: %w", lane, verify.ErrNotReady)}, naming.Green)

			assert.Equal(t, fault.Gate, fault.CodeOf(err))
			require.ErrorIs(t, err, verify.ErrNotReady)
			var told *fault.Error
			require.ErrorAs(t, err, &told)
			assert.Contains(t, told.Hint, c.way)
			assert.NotContains(t, told.Hint, c.not)
		})
	}
}

// Each end of a comparison says which side is to be compared, and again.
func TestTheEndOfAComparisonNamesItsLane(t *testing.T) {
	for name, c := range map[string]struct {
		to    naming.Color
		ends  ending
		code  fault.Code
		wayOn string
	}{
		"the lane does not lead from the authority":      {naming.Green, ending{err: verify.ErrPassive}, fault.Usage, "go tool mage migrate:verify -color=blue"},
		"nor does the lane back":                         {naming.Blue, ending{err: verify.ErrPassive}, fault.Usage, "go tool mage migrate:verify"},
		"rows differ":                                    {naming.Green, ending{}, fault.Verification, "go tool mage migrate:verify"},
		"rows differ on the lane back":                   {naming.Blue, ending{}, fault.Verification, "go tool mage migrate:verify -color=blue"},
		"nobody watches the comparison of the lane back": {naming.Blue, ending{err: errors.New("cut")}, fault.Cancelled, "go tool mage migrate:verify -color=blue"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			if c.code == fault.Cancelled {
				stop()
			}
			err := (&move.Operator{Store: &control.Memory{}}).Verify(ctx, c.ends, c.to)
			assert.Equal(t, c.code, fault.CodeOf(err))
			assert.Equal(t, c.wayOn, fault.HintOf(err))
		})
	}
}

// ending ends with a report that is not clean, or with an error.
type ending struct{ err error }

func (c ending) Full(context.Context, func(verify.Progress)) (verify.Report, error) {
	return verify.Report{Done: true}, c.err
}
