package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pglogrepl"

	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/lane/verify"
	"github.com/cutover/cutover/shared/naming"
)

var _ Comparison = (*Verified)(nil)

// Verified is the Comparison of the engine's own verification.
type Verified struct {
	Sides map[naming.Color]Side
	// Lanes names the lane that ends on each side.
	Lanes map[naming.Color]string
	// Invocation names this process in the databases.
	Invocation string
	Limits     verify.Limits
	// Key is the secret under which the proof's hashes are made, of 32 bytes or more.
	Key []byte
	// Age is how old the oldest comparison may be, AgeBack the same on the way back.
	Age, AgeBack time.Duration
	// Round is how long the last incremental round may take, Rounds how many are
	// tried.
	Round  time.Duration
	Rounds int
	// Pause is how long to wait after a short round that has left something open.
	Pause time.Duration
}

// Compared are the bounds that the documentation names.
func Compared() Verified {
	return Verified{Limits: verify.Defaults(), Age: 24 * time.Hour, AgeBack: 72 * time.Hour, Round: 2 * time.Second, Rounds: 20, Pause: 250 * time.Millisecond}
}

// of is the verifier of the lane that ends on a side.
func (v *Verified) of(on naming.Color) *verify.Verifier {
	return &verify.Verifier{
		Lane: v.Lanes[on], Source: v.Sides[on.Other()].Verify, Target: v.Sides[on].Verify, Invocation: v.Invocation, Limits: v.Limits,
	}
}

// ArmTail makes the buckets of the lane back, begins the tail, and compares what
// changed before it until one round is short and has left no bucket without a result:
// one that was changed whenever it was looked at would keep the gate closed, since
// nobody compares it afterwards. A tail that has ended meanwhile, with more keys than
// it may have, is begun again. What is left open in the end is for the gate to tell.
func (v *Verified) ArmTail(ctx context.Context, on naming.Color) error {
	if err := v.of(on.Other()).Prepare(ctx); err != nil {
		return fmt.Errorf("make the buckets of lane %s: %w", v.Lanes[on.Other()], err)
	}
	lane := v.of(on)
	short := false
	for range v.Rounds {
		if err := lane.ArmTail(ctx); err != nil && !errors.Is(err, verify.ErrTailArmed) {
			return err
		}
		round, err := lane.Incremental(ctx)
		if err != nil {
			return err
		}
		if round.Halt != nil {
			return round.Halt
		}
		if !round.Done || round.Took >= v.Round {
			continue
		}
		short = true
		left, err := lane.Status(ctx)
		if err != nil || left.Unverified == 0 && left.TailArmed || left.Mismatched > 0 {
			return err
		}
		select {
		case <-time.After(v.Pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if short {
		return nil
	}
	return fmt.Errorf("lane %s: %d incremental rounds, none shorter than %s", v.Lanes[on], v.Rounds, v.Round)
}

// DisarmTail ends the tail.
func (v *Verified) DisarmTail(ctx context.Context, on naming.Color) error {
	return v.of(on).DisarmTail(ctx)
}

// Evaluate asks whether every bucket was found equal and is in the tail since.
func (v *Verified) Evaluate(ctx context.Context, on naming.Color) []switching.Gate {
	const name = "verified"
	st, err := v.of(on).Status(ctx)
	if err != nil {
		return []switching.Gate{switching.Unanswered(name, err)}
	}
	age := v.Age
	if on == naming.Blue {
		age = v.AgeBack
	}
	return []switching.Gate{
		switching.Held(name, st.Buckets > 0 && st.Unverified == 0 && st.Mismatched == 0 && st.RepairsOpen == 0,
			"%d buckets, %d without a result, %d different, %d repairs; expected 1 or more, 0, 0, 0", st.Buckets, st.Unverified, st.Mismatched, st.RepairsOpen),
		aged(st, age),
		switching.Held("tail", st.TailArmed, "tail mode %t with %d keys, expected true", st.TailArmed, st.TailKeys),
	}
}

// aged asks how old the oldest comparison is. A bucket that was never compared has no
// age.
func aged(st verify.Status, most time.Duration) switching.Gate {
	const name = "verified-age"
	if st.Age < 0 {
		return switching.Held(name, false, "a bucket was never compared, expected all of them within %s", most)
	}
	return switching.Held(name, st.Age < most, "the oldest comparison is %s old, expected less than %s", st.Age.Round(time.Second), most)
}

// OpenTail connects to both sides.
func (v *Verified) OpenTail(ctx context.Context, on naming.Color) (Tail, error) {
	opened, err := v.of(on).OpenTail(ctx)
	if err != nil {
		return nil, err
	}
	base, err := v.of(on.Other()).OpenBase(ctx)
	if err != nil {
		opened.Close()
		return nil, err
	}
	return tail{opened, base}, nil
}

// tail is the check of the tail as a switch asks for it.
type tail struct {
	*verify.Tail
	base *verify.Base
}

// CleanBase says that both sides are equal at a position of the source of the lane
// back.
func (t tail) CleanBase(ctx context.Context, at string) error {
	position, err := pglogrepl.ParseLSN(at)
	if err != nil {
		return fmt.Errorf("position %q: not in the form X/X", at)
	}
	return t.base.Set(ctx, position)
}

// Close ends all sessions.
func (t tail) Close() {
	t.Tail.Close()
	t.base.Close()
}

// Check demands that all was compared and is equal.
func (t tail) Check(ctx context.Context, budget time.Duration) (proof.Tail, error) {
	result, err := t.Tail.Check(ctx, budget)
	found := proof.Tail{Keys: result.Keys, Buckets: result.Buckets, Took: result.Took}
	switch {
	case err != nil:
		return found, err
	case result.Outcome == verify.TailEqual:
		return found, nil
	case result.Outcome == verify.TailMismatch:
		return found, fmt.Errorf("check of the tail: %w", switching.ErrMismatch)
	default:
		return found, fmt.Errorf("check of the tail: not finished within %s", budget)
	}
}

// ClearBase takes CleanBase back.
func (v *Verified) ClearBase(ctx context.Context, on naming.Color) error {
	return v.of(on).ClearCleanBase(ctx)
}

// Diverged halts the lane.
func (v *Verified) Diverged(ctx context.Context, on naming.Color, why string) error {
	return v.of(on).Diverged(ctx, why)
}

// Summary sums up what was compared.
func (v *Verified) Summary(ctx context.Context, on naming.Color) ([]proof.Table, error) {
	found, err := v.of(on).Summary(ctx, v.Key)
	if err != nil {
		return nil, err
	}
	tables := make([]proof.Table, len(found))
	for i, f := range found {
		tables[i] = proof.Table{Name: f.Table, Rows: f.Rows, Buckets: f.Buckets, From: f.From, To: f.To, HMAC: f.HMAC}
	}
	return tables, nil
}
