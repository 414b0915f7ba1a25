package switching

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	store "github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// Rebuilding stores that a side which a forced decision has left is made anew, in the
// database of that identity. The mark stays, and with it nothing switches there. It may
// be repeated, and names another database when that one is lost too.
func Rebuilding(ctx context.Context, in store.Store, side naming.Color, identity string) error {
	return amend(ctx, in, func(_ control.Token, sw *control.Switch) (done bool, err error) {
		if sw.Untrusted != side || sw.Forced != "" || identity == "" {
			return false, fmt.Errorf("%w: %s in database %q, expected the side that was left, which is %q", ErrRebuild, side, identity, sw.Untrusted)
		}
		done, sw.Rebuild = sw.Rebuild == identity, identity
		return done, nil
	})
}

// Readmit takes the mark off a side that was made anew in the database of that identity:
// it can be switched to again, and the migration can be ended. Who calls it has shown
// that both lanes run and that the sides are equal.
func Readmit(ctx context.Context, in store.Store, side naming.Color, identity string) error {
	return amend(ctx, in, func(token control.Token, sw *control.Switch) (done bool, err error) {
		if sw.Untrusted != side || sw.Forced != "" || sw.Rebuild != identity || identity == "" {
			return false, fmt.Errorf("%w: %s in database %q, expected side %q in database %q", ErrRebuild, side, identity, sw.Untrusted, sw.Rebuild)
		}
		sw.Untrusted, sw.ShutAt, sw.Rebuild, sw.Rebuilt = "", time.Time{}, "", token.ProofID
		return false, nil
	})
}

// ErrRebuild tells that the side is not the one that is made anew.
var ErrRebuild = errors.New("the side is not the one that is made anew")

// amendments is how often an item is written anew after another writer was faster: what
// notes that a side is shut writes it too.
const amendments = 5

// amend changes the switch item while no switch is under way. A write of which the reply
// was lost is looked up.
func amend(ctx context.Context, in store.Store, change func(control.Token, *control.Switch) (done bool, err error)) error {
	for range amendments {
		token, sw, err := Status(ctx, in)
		if err != nil {
			return err
		}
		if sw.State != control.Steady {
			return fmt.Errorf("%w: state %s, expected %s", ErrUnderway, sw.State, control.Steady)
		}
		if done, err := change(token, &sw); err != nil || done {
			return err
		}
		sw.Rev++
		err = in.Put(ctx, control.SwitchItem, store.Item{Rev: sw.Rev, Fields: sw.Fields()})
		if err == nil {
			return nil
		}
		found, lookErr := in.Get(ctx, control.SwitchItem)
		switch {
		case lookErr != nil:
			return fmt.Errorf("write item %s: %w", control.SwitchItem, errors.Join(err, lookErr))
		case found.Rev == sw.Rev && maps.Equal(found.Fields, sw.Fields()):
			return nil
		case !errors.Is(err, store.ErrConflict):
			return fmt.Errorf("write item %s: %w", control.SwitchItem, err)
		}
	}
	return fmt.Errorf("write item %s: %w", control.SwitchItem, ErrTakenOver)
}
