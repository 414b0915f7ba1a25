package move

import (
	"context"
	"errors"
	"fmt"

	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/ops/fault"
)

// stands reads who has the authority and where the switch is. Where nobody has been
// given it the error is control.ErrAbsent; what stands there and means nothing to this
// version is another error, and never taken for a switch that is not there.
func (o *Operator) stands(ctx context.Context) (items.Token, items.Switch, error) {
	token, sw, err := switching.Status(ctx, o.Store)
	return token, sw, o.unreadable(err)
}

// unreadable gives an item that is not of the form expected its exit status, and says
// where it is. Other errors stay as they are.
func (o *Operator) unreadable(err error) error {
	if !errors.Is(err, items.ErrForeign) && !errors.Is(err, control.ErrUnreadable) {
		return err
	}
	return fault.New(fault.Verification, "%s: %w; nothing was changed", control.Describe(o.Store), err).
		WithHint("%sstatus names every item that cannot be read; work with the version that wrote it, or have whoever changed it put it right", target)
}

// unswitchable is the error of a command that needs the authority to be given, where
// that cannot be read.
func unswitchable(err error) error {
	if isAbsent(err) {
		return fault.New(fault.Gate, "nothing to switch: %w", err).WithHint("%sstart, then %sverify", target, target)
	}
	return fmt.Errorf("where the switch stands: %w", err)
}
