package switching

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	store "github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/shared/control"
)

// readToken reads the token, which must be there.
func readToken(ctx context.Context, from store.Store) (control.Token, error) {
	item, err := from.Get(ctx, control.AuthorityItem)
	if err != nil {
		return control.Token{}, fmt.Errorf("read the token: %w", err)
	}
	return control.DecodeToken(item.Rev, item.Fields)
}

// readSwitch reads the switch; before the first one there is none.
func readSwitch(ctx context.Context, from store.Store, token control.Token) (control.Switch, error) {
	item, err := from.Get(ctx, control.SwitchItem)
	if errors.Is(err, store.ErrAbsent) {
		return control.Switch{State: control.Steady, Epoch: token.Epoch}, nil
	}
	if err != nil {
		return control.Switch{}, fmt.Errorf("read the switch: %w", err)
	}
	return control.DecodeSwitch(item.Rev, item.Fields)
}

// turn is one call of a machine.
type turn struct {
	*Machine
	sw    control.Switch
	token control.Token
	// since is when writers were first told to wait, by the monotonic clock; zero
	// while they are not.
	since time.Time
	// sent tells that this process has sent a promotion, or may have.
	sent    bool
	outcome Outcome
}

// load begins a turn with what stands in the control store.
func (m *Machine) load(ctx context.Context) (*turn, error) {
	token, sw, err := Status(ctx, m.Store)
	if err != nil {
		return nil, err
	}
	if m.Revision != nil && *m.Revision != sw.Rev {
		return nil, fmt.Errorf("%w: revision %d, expected %d", ErrMoved, sw.Rev, *m.Revision)
	}
	return &turn{Machine: m, sw: sw, token: token}, nil
}

// leased tells whether another process says that it is at work.
func (t *turn) leased() bool {
	return t.sw.Owner != t.Owner && t.Now().Before(t.sw.LeaseUntil)
}

// try is the switch under way as participants see it, under an id.
func (t *turn) try(id string) Try {
	return Try{ID: id, From: t.sw.From, To: t.sw.To, Epoch: t.sw.Epoch, By: t.Owner, Do: t.do}
}

// stopped is an error of the observer: the process ends at this point and does
// nothing more.
type stopped struct{ cause error }

func (s *stopped) Error() string { return s.cause.Error() }
func (s *stopped) Unwrap() error { return s.cause }

// do runs one durable act between two words to the observer.
func (t *turn) do(act string, do func() error) error {
	if t.At != nil {
		if err := t.At(act + ".before"); err != nil {
			return &stopped{err}
		}
	}
	if err := do(); err != nil {
		return err
	}
	if t.At != nil {
		if err := t.At(act + ".after"); err != nil {
			return &stopped{err}
		}
	}
	return nil
}

// over tells whether this process has nothing to say any more.
func over(err error) bool {
	var s *stopped
	return errors.As(err, &s) || errors.Is(err, ErrTakenOver)
}

// lookTime bounds a look at what became of a write.
const lookTime = 500 * time.Millisecond

// put writes an item. Where the reply is lost, or an SDK has tried twice, it looks
// whether the item that stands there is the one that it wrote.
func (m *Machine) put(ctx context.Context, key string, rev int64, fields map[string]string) error {
	err := m.Store.Put(ctx, key, store.Item{Rev: rev, Fields: fields})
	if err == nil {
		return nil
	}
	look, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
	defer cancel()
	found, lookErr := m.Store.Get(look, key)
	switch {
	case lookErr != nil:
		return fmt.Errorf("write item %s: %w", key, errors.Join(err, lookErr))
	case found.Rev == rev && maps.Equal(found.Fields, fields):
		return nil
	case found.Rev >= rev:
		return fmt.Errorf("write item %s: %w", key, ErrTakenOver)
	default:
		return fmt.Errorf("write item %s: %w", key, err)
	}
}

// enter writes the switch in a state, with what change makes of it, as a durable
// act that the row of the table names.
func (t *turn) enter(ctx context.Context, row int, state control.State, lease time.Duration, change func(*control.Switch)) error {
	next, err := t.sw.Enter(state, t.Now())
	if err != nil {
		return err
	}
	if change != nil {
		change(&next)
	}
	next.Rev, next.Owner, next.LeaseUntil = t.sw.Rev+1, t.Owner, time.Time{}
	if lease > 0 {
		next.LeaseUntil = time.UnixMilli(t.Now().Add(lease).UnixMilli()).UTC()
	}
	err = t.do(fmt.Sprintf("switch.%d.%s", row, state), func() error {
		if err := t.put(ctx, control.SwitchItem, next.Rev, next.Fields()); err != nil {
			return err
		}
		t.sw = next
		return nil
	})
	if err == nil && t.Observe != nil {
		t.Observe(t.sw)
	}
	return err
}

// tell writes the token, as a durable act.
func (t *turn) tell(ctx context.Context, row int, change func(*control.Token)) error {
	next := t.token
	change(&next)
	if !t.token.Phase.May(next.Phase) {
		return fmt.Errorf("token: no rule leads from phase %s to %s", t.token.Phase, next.Phase)
	}
	next.Rev = t.token.Rev + 1
	return t.do(fmt.Sprintf("switch.%d.token_%s", row, next.Phase), func() error {
		if err := t.put(ctx, control.AuthorityItem, next.Rev, next.Fields()); err != nil {
			return err
		}
		t.token = next
		return nil
	})
}

// insist repeats what cannot be left undone, until it is done, is refused, or the
// store has been out of reach for too long.
func (t *turn) insist(ctx context.Context, do func(context.Context) error) error {
	for until := time.Now().Add(t.Limits.Reach); ; {
		limited, cancel := context.WithTimeout(ctx, t.Limits.Total)
		err := do(limited)
		cancel()
		if err == nil || over(err) || errors.Is(err, ErrStale) || ctx.Err() != nil || time.Now().After(until) {
			return err
		}
		select {
		case <-time.After(retryPause):
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}

// retryPause is the wait between two tries of what must be done.
const retryPause = 100 * time.Millisecond
