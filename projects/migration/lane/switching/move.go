package switching

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/cutover/cutover/projects/migration/lane/authority"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// move is what happens after the word: rows 4 to 13. It ends in SWITCHED, or it
// backs out.
func (t *turn) move(ctx context.Context) error {
	if err := t.watch(ctx); err != nil {
		return err
	}
	stale, err := t.rows(ctx)
	if err != nil {
		return err
	}
	attempt := uuid.NewString()
	for _, p := range t.participants() {
		if err := p.Prepare(ctx, t.try(attempt)); err != nil {
			return fmt.Errorf("prepare %s: %w", p.Name(), err)
		}
	}
	err = t.enter(ctx, 4, control.Registered, t.lease(), func(s *control.Switch) {
		s.Attempt, s.Heirs, s.Promoting, s.FenceLSN, s.ReverseLSN, s.ProofID, s.LastError, s.Pause, s.PausedAt = attempt, nil, false, "", "", "", "", 0, time.Time{}
	})
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return t.register(ctx, stale) }, t.fence, t.drain, t.check, t.promote,
	} {
		if err := step(ctx); err != nil {
			if over(err) {
				return err
			}
			return t.retreat(ctx, err)
		}
	}
	return nil
}

// lease is how long others wait while this process moves the authority: little
// longer than a pause may be.
func (t *turn) lease() time.Duration { return t.Limits.Total + 2*time.Second }

// rows reads both authority rows before an attempt is made, and checks that they
// are as the token says.
func (t *turn) rows(ctx context.Context) (map[naming.Color]authority.Row, error) {
	rows := map[naming.Color]authority.Row{}
	for _, side := range []naming.Color{t.sw.From, t.sw.To} {
		row, err := t.Primary.Truth(ctx, side)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", side, err)
		}
		if row.Side != side || row.Epoch != t.sw.Epoch || row.Writable != (side == t.sw.From) {
			return nil, fmt.Errorf("%s: the authority row says side %s, epoch %d, writable %t; expected %s, %d, %t",
				side, row.Side, row.Epoch, row.Writable, side, t.sw.Epoch, side == t.sw.From)
		}
		rows[side] = row
	}
	return rows, nil
}

// register is the rest of row 4: attempts that were left behind are taken off, as
// they were read before this attempt was stored, and no others.
func (t *turn) register(ctx context.Context, stale map[naming.Color]authority.Row) error {
	try := t.try(t.sw.Attempt)
	for _, side := range []naming.Color{t.sw.From, t.sw.To} {
		if left := stale[side].Attempt; left != "" {
			err := t.do("switch.4.cancel_"+string(side), func() error {
				return t.Primary.Cancel(ctx, try, side, left, "", side == t.sw.From)
			})
			if err != nil {
				return err
			}
		}
	}
	return t.each(ctx, func(ctx context.Context, p Participant) error { return p.Register(ctx, try) })
}

// each lets all participants do a step at once.
func (t *turn) each(ctx context.Context, do func(context.Context, Participant) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range t.participants() {
		group.Go(func() error {
			if err := do(ctx, p); err != nil {
				return fmt.Errorf("%s: %w", p.Name(), err)
			}
			return nil
		})
	}
	return group.Wait()
}

// fence is rows 5 to 8: it tries a few times, and between two tries lets writers
// go on.
func (t *turn) fence(ctx context.Context) error {
	for try := 1; ; try++ {
		t.outcome.Tries = try
		position, err := t.fenceOnce(ctx)
		var blocked *BlockedError
		switch {
		case err == nil:
			return t.enter(ctx, 6, control.Fenced, t.lease(), func(s *control.Switch) { s.FenceLSN = position })
		case !errors.As(err, &blocked):
			return err
		}
		t.outcome.Blockers = blocked.Blockers
		if err := t.tell(ctx, 7, func(token *control.Token) { token.Phase = control.PhaseOpen }); err != nil {
			return err
		}
		t.since = time.Time{}
		if try >= t.Limits.Tries {
			return fmt.Errorf("fence tried %d times: %w", try, err)
		}
		pause := time.Duration(float64(t.Limits.TryPause) * (0.8 + 0.4*rand.Float64())) //nolint:gosec // keeps tries apart, is no secret
		if err := t.enter(ctx, 7, control.Fencing, pause+t.lease(), func(s *control.Switch) {
			s.LastError, s.PausedAt = reason(err), time.Time{}
		}); err != nil {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// fenceOnce tells writers to wait and tries the fence. Since when they wait is stored
// before it is: another process that ends the pause has nothing else to tell its length
// by.
func (t *turn) fenceOnce(ctx context.Context) (position string, err error) {
	t.since = time.Now()
	at := time.UnixMilli(t.Now().UnixMilli()).UTC()
	ctx, cancel := context.WithDeadline(ctx, t.since.Add(t.Limits.Total))
	defer cancel()
	if err := t.tell(ctx, 5, func(token *control.Token) { token.Phase, token.Attempt = control.PhaseFencing, t.sw.Attempt }); err != nil {
		return "", err
	}
	if err := t.enter(ctx, 5, control.Fencing, t.lease(), func(s *control.Switch) { s.PausedAt = at }); err != nil {
		return "", err
	}
	begun := time.Now()
	err = t.each(ctx, func(ctx context.Context, p Participant) error {
		at, err := p.Fence(ctx, t.try(t.sw.Attempt))
		if err == nil && p == Participant(t.Primary) {
			position = at
		}
		return err
	})
	t.outcome.Lock = time.Since(begun)
	return position, err
}

// within bounds a step by its own limit and by that of the whole pause.
func (t *turn) within(ctx context.Context, limit, total time.Duration) (context.Context, context.CancelFunc) {
	until := t.since.Add(total)
	if own := time.Now().Add(limit); own.Before(until) {
		until = own
	}
	return context.WithDeadline(ctx, until)
}

// drain is row 9.
func (t *turn) drain(ctx context.Context) error {
	begun := time.Now()
	limited, cancel := t.within(ctx, t.Limits.Drain, t.Limits.Total)
	defer cancel()
	try := t.try(t.sw.Attempt)
	if err := t.each(limited, func(ctx context.Context, p Participant) error { return p.Drain(ctx, try) }); err != nil {
		return fmt.Errorf("drain within %s: %w", t.Limits.Drain, err)
	}
	t.outcome.Drain = time.Since(begun)
	limited, cancel = t.within(ctx, t.Limits.Total, t.Limits.Total)
	defer cancel()
	return t.enter(limited, 9, control.Drained, t.lease(), nil)
}

// check is row 10: equality is shown, the place where the lane back begins is
// known, and the draft of the proof is stored.
func (t *turn) check(ctx context.Context) error {
	begun := time.Now()
	limited, cancel := t.within(ctx, t.Limits.Check, t.Limits.Total)
	defer cancel()
	evidence, err := t.compare(limited)
	if err != nil {
		return fmt.Errorf("check within %s: %w", t.Limits.Check, err)
	}
	if evidence.Reverse == "" {
		return errors.New("check: nobody says where the lane back begins")
	}
	if err := t.do("switch.10.draft", func() error { return t.draft(limited, evidence) }); err != nil {
		return err
	}
	t.outcome.Check = time.Since(begun)
	limited, cancel = t.within(ctx, t.Limits.Total, t.Limits.Total)
	defer cancel()
	return t.enter(limited, 10, control.Checked, t.lease(), func(s *control.Switch) {
		s.ReverseLSN, s.ProofID = evidence.Reverse, t.sw.Attempt
	})
}

// compare asks all participants for their evidence and puts it together.
func (t *turn) compare(ctx context.Context) (Evidence, error) {
	participants := t.participants()
	found := make([]Evidence, len(participants))
	group, ctx := errgroup.WithContext(ctx)
	for i, p := range participants {
		group.Go(func() (err error) {
			if found[i], err = p.Check(ctx, t.try(t.sw.Attempt)); err != nil {
				return fmt.Errorf("%s: %w", p.Name(), err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return Evidence{}, err
	}
	whole := found[0]
	for _, e := range found[1:] {
		whole.Lanes, whole.Tables = append(whole.Lanes, e.Lanes...), append(whole.Tables, e.Tables...)
		whole.Discarded = append(whole.Discarded, e.Discarded...)
		whole.Tail.Keys, whole.Tail.Buckets = whole.Tail.Keys+e.Tail.Keys, whole.Tail.Buckets+e.Tail.Buckets
	}
	return whole, nil
}

// ErrLimit tells that a step came too late.
var ErrLimit = errors.New("the pause would last longer than it may")

// promote is rows 12 and 13. PROMOTING is stored before anything is sent: from
// then on only the new side can say what has become of the attempt.
func (t *turn) promote(ctx context.Context) error {
	if spent := time.Since(t.since); spent > t.Limits.Decide {
		return fmt.Errorf("%w: %s spent before the promotion, expected at most %s", ErrLimit, spent.Round(time.Millisecond), t.Limits.Decide)
	}
	limited, cancel := t.within(ctx, t.Limits.Total, t.Limits.Decide)
	defer cancel()
	if err := t.enter(limited, 12, control.Promoting, t.lease(), func(s *control.Switch) { s.Promoting = true }); err != nil {
		return err
	}
	if err := t.tell(limited, 12, func(token *control.Token) { token.Phase = control.PhasePromoting }); err != nil {
		return err
	}
	begun := time.Now()
	limited, cancel = t.within(ctx, t.Limits.Total, t.Limits.Total)
	defer cancel()
	t.sent = true
	if err := t.Primary.Promote(limited, t.try(t.sw.Attempt)); err != nil {
		return fmt.Errorf("promote %s: %w", t.sw.To, err)
	}
	t.outcome.Promote = time.Since(begun)
	return t.forward(ctx)
}

// forward is row 13: the new side has the authority, and now the token says so.
func (t *turn) forward(ctx context.Context) error {
	open := t.token.Phase == control.PhaseOpen
	err := t.insist(ctx, func(ctx context.Context) error {
		return t.flip(ctx, 13, func(token *control.Token) {
			token.Holder, token.Epoch, token.Phase, token.ProofID = t.sw.To, t.sw.Epoch+1, control.PhaseOpen, t.sw.ProofID
		})
	})
	if err != nil {
		return err
	}
	t.paused(open)
	for _, p := range t.Others {
		if err := t.insist(ctx, func(ctx context.Context) error { return p.Promote(ctx, t.try(t.sw.Attempt)) }); err != nil {
			return fmt.Errorf("promote %s: %w", p.Name(), err)
		}
	}
	return t.insist(ctx, func(ctx context.Context) error {
		return t.enter(ctx, 13, control.Switched, 0, t.keepPause)
	})
}

// paused notes, when they are let go on, how long writers were told to wait: by the
// monotonic clock in the process that told them, by the stored moment in another.
// open tells that they had been let go on before, and nobody knows when.
func (t *turn) paused(open bool) {
	switch {
	case !t.since.IsZero():
		t.outcome.Pause, t.since = time.Since(t.since), time.Time{}
	case !open && !t.sw.PausedAt.IsZero():
		t.outcome.Pause = max(0, t.Now().Sub(t.sw.PausedAt)) // a clock that is behind knows nothing
	}
}

// keepPause stores what paused has noted.
func (t *turn) keepPause(s *control.Switch) {
	if t.outcome.Pause > 0 {
		s.Pause = max(t.outcome.Pause, time.Millisecond)
	}
}

// flip writes the token over whatever revision stands there, as long as the
// switch is still this process's. A process that was left behind may have written
// the token between; it cannot after this.
func (t *turn) flip(ctx context.Context, row int, change func(*control.Token)) error {
	for try := 0; ; try++ {
		token, err := readToken(ctx, t.Store)
		if err != nil {
			return err
		}
		item, err := t.Store.Get(ctx, control.SwitchItem)
		if err != nil {
			return fmt.Errorf("read the switch: %w", err)
		}
		if item.Rev != t.sw.Rev {
			return fmt.Errorf("write the token: %w", ErrTakenOver)
		}
		t.token = token
		err = t.tell(ctx, row, change)
		if err == nil || !errors.Is(err, ErrTakenOver) || try == flips {
			return err
		}
	}
}

// flips is how often a token is written again over what another process wrote.
const flips = 5
