package lane

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pglogrepl"

	"github.com/cutover/cutover/projects/migration/lane/apply"
	"github.com/cutover/cutover/projects/migration/lane/change"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/reader"
	"github.com/cutover/cutover/projects/migration/lane/schema"
)

// feed takes pieces of source transactions, judges them, and applies them in
// batches of whole transactions. A transaction that is larger than a batch is
// written in parts: within one target transaction, or, when that did not fit into
// one invocation, each in one of its own (see tear).
type feed struct {
	limits  Limits
	applier *apply.Applier
	// committed is told the position when a commit is known.
	committed func(ctx context.Context) error
	// between is called while no transaction is open.
	between func(ctx context.Context) error
	// reshaped takes the lane past a change of the source's tables, or halts it.
	reshaped func(ctx context.Context, entries []schema.Entry, to apply.Advance) error

	// decision is what operators have said of transactions that nobody vouches for.
	decision checkpoint.Decision

	pending  apply.Batch
	bytes    int
	since    time.Time // of the first transaction in pending
	advanced time.Time // of the last commit

	open      []change.Change // of the transaction under way
	openBytes int
	profile   change.Profile
	authority *change.Authority
	large     *apply.Transaction
	commit    pglogrepl.LSN // of the transaction under way
	tearing   bool          // the transaction under way is written in parts, each committed
	retries   int64
}

// take adds one piece.
func (f *feed) take(ctx context.Context, piece change.Piece) error {
	if piece.TooLarge > 0 {
		return f.stop(ctx, checkpoint.NewHalt(checkpoint.Poison, "transaction at %s has a row of %d MiB, expected at most %d (row.max_bytes)",
			piece.Transaction.Commit, piece.TooLarge>>20, f.limits.RowBytes>>20))
	}
	if piece.First {
		f.profile, f.authority, f.large = piece.Skipped, nil, nil
		f.dropOpen()
		f.commit = piece.Transaction.Commit
		f.tearing = f.applier.Row().Torn()
	}
	for i := range piece.Items {
		f.profile.Add(piece.Items[i].Kind)
	}
	class := f.decided(f.profile.Class(f.writable()))
	if class == change.Schema && f.large == nil && piece.First && piece.Last && !f.profile.Mixed() {
		return f.reshape(ctx, piece)
	}
	if err := f.admit(ctx, class, piece); err != nil {
		return err
	}
	if class == change.Passed {
		f.drop()
	}
	f.keep(class, piece)
	if piece.Last {
		return f.finish(ctx, class, piece.Transaction)
	}
	if f.openBytes < f.limits.BatchBytes && len(f.open) < f.limits.BatchRows {
		return nil
	}
	return f.part(ctx, piece.Transaction)
}

// keep holds on to what is to be applied.
func (f *feed) keep(class change.Class, piece change.Piece) {
	if class == change.Echo || class == change.Bookkeeping || class == change.Empty {
		return
	}
	for i := range piece.Items {
		switch item := &piece.Items[i]; item.Kind {
		case change.DataRow, change.CanaryRow:
			if class == change.Passed {
				continue
			}
			f.open = append(f.open, item.Change)
			f.openBytes += item.Change.Bytes()
		case change.AuthorityRow:
			f.authority = item.Authority
		case change.Marker, change.LaneRow, change.ChunkRow, change.SchemaRow:
		}
	}
}

// part writes what is there of a transaction that is larger than a batch.
func (f *feed) part(ctx context.Context, tx change.Transaction) error {
	if f.large == nil {
		if err := f.flush(ctx); err != nil {
			return err
		}
		tear, err := f.tears(ctx, tx)
		if err != nil {
			return err
		}
		if tear {
			return f.tear(ctx, tx)
		}
		large, err := f.applier.Begin(ctx)
		if err != nil {
			return err
		}
		if err := large.Patient(ctx); err != nil {
			return err
		}
		f.large = large
	}
	defer f.dropOpen()
	return f.large.Write(ctx, f.open)
}

// dropOpen forgets what was kept of the transaction under way; the room stays.
func (f *feed) dropOpen() {
	clear(f.open)
	f.open, f.openBytes = f.open[:0], 0
}

// finish adds a complete transaction to the batch.
func (f *feed) finish(ctx context.Context, class change.Class, tx change.Transaction) error {
	to := apply.Advance{Position: tx.End, Xid: tx.Xid, CommittedAt: tx.CommittedAt, Authority: f.authority}
	switch class {
	case change.Echo:
		to.Echoes = 1
	case change.Ordinary, change.Canary:
		to.Txns = 1
	case change.Forged, change.Authorising, change.Bookkeeping, change.Schema, change.Rogue, change.Empty, change.Passed:
	}
	if f.large != nil {
		if err := f.part(ctx, tx); err != nil {
			return err
		}
		if err := f.large.Commit(ctx, to); err != nil {
			return err
		}
		f.large = nil
		return f.done(ctx)
	}
	f.add(to)
	if to.Authority != nil || f.tearing || f.full() {
		return f.flush(ctx)
	}
	return nil
}

// add merges a transaction into the batch.
func (f *feed) add(to apply.Advance) {
	if f.since.IsZero() {
		f.since = time.Now()
	}
	f.pending.Changes = append(f.pending.Changes, f.open...)
	f.bytes += f.openBytes
	advance := &f.pending.Advance
	advance.Position, advance.CommittedAt = to.Position, to.CommittedAt
	advance.Xid = max(advance.Xid, to.Xid)
	advance.Txns += to.Txns
	advance.Echoes += to.Echoes
	if to.Authority != nil {
		advance.Authority = to.Authority
	}
	f.dropOpen()
}

// full tells whether the batch is closed.
func (f *feed) full() bool {
	return len(f.pending.Changes) >= f.limits.BatchRows || f.bytes >= f.limits.BatchBytes ||
		f.pending.Advance.Txns >= int64(f.limits.BatchTxns) || time.Since(f.since) >= f.limits.BatchWait && len(f.pending.Changes) > 0
}

// idle closes the batch when nothing more is there. A batch that brings nothing
// but a position waits, so that two lanes do not answer each other's checkpoints
// without end.
func (f *feed) idle(ctx context.Context) error {
	if len(f.pending.Changes) == 0 && f.pending.Advance.Authority == nil && time.Since(f.advanced) < f.limits.EmptyAdvance {
		return nil
	}
	return f.flush(ctx)
}

// maxRetries bounds how often one batch is tried on one connection.
const maxRetries = 10

// flush applies the batch. What another session of the target was in the way of
// is tried again; nothing of it was written.
func (f *feed) flush(ctx context.Context) error {
	if f.pending.Advance.Position == 0 {
		return nil
	}
	if err := f.insist(ctx, func() error { return f.applier.Apply(ctx, f.pending) }); err != nil {
		return err
	}
	clear(f.pending.Changes) // the room stays, what was in it goes
	f.pending = apply.Batch{Changes: f.pending.Changes[:0]}
	f.bytes, f.since, f.tearing = 0, time.Time{}, false
	return f.done(ctx)
}

// insist does one target transaction, and does it again when another session was
// in its way.
func (f *feed) insist(ctx context.Context, do func() error) error {
	for attempt := 1; ; attempt++ {
		err := do()
		var halt *checkpoint.Halt
		if err == nil || errors.As(err, &halt) || pg.Classify(err) != pg.Retry || attempt == maxRetries {
			return err
		}
		f.retries++
		select {
		case <-time.After(pause(attempt)):
		case <-ctx.Done():
			return fmt.Errorf("%w after %w", ctx.Err(), err)
		}
	}
}

// done notes a commit that is known.
func (f *feed) done(ctx context.Context) error {
	f.advanced = time.Now()
	if err := f.committed(ctx); err != nil {
		return err
	}
	return f.between(ctx)
}

// pause is how long to wait after an attempt: it doubles, up to a bound.
func pause(attempt int) time.Duration {
	const first, longest = 50 * time.Millisecond, 5 * time.Second
	if attempt > 7 {
		return longest
	}
	return min(longest, first<<(attempt-1))
}

// consume takes pieces from the queue until ctx ends or stop has come, and then
// leaves nothing half done.
func (f *feed) consume(ctx context.Context, queue *reader.Queue, ending func() bool) error {
	for !ending() {
		piece, err := f.next(ctx, queue)
		if err != nil {
			return err
		}
		if piece == nil {
			continue
		}
		queue.Done(*piece)
		if err := f.take(ctx, *piece); err != nil {
			return err
		}
	}
	if f.large != nil {
		f.large.Rollback()
		return nil
	}
	if f.applier.Row().Torn() {
		return nil
	}
	return f.flush(ctx)
}

// A batch of this many transactions has grown while the source sends a backlog: it
// waits so long for more, since the source is faster than small batches could be
// committed. Where writers come one by one batches stay below, and nothing waits.
const (
	manyTxns = 16
	linger   = 5 * time.Millisecond
)

// next takes the next piece, or does what is due and waits a moment for one; nil is
// none.
func (f *feed) next(ctx context.Context, queue *reader.Queue) (*change.Piece, error) {
	if piece, found := queue.TryGet(); found {
		return &piece, nil
	}
	if f.pending.Advance.Txns >= manyTxns {
		if piece, err := f.wait(ctx, queue, linger); piece != nil || err != nil {
			return piece, err
		}
	}
	if err := f.rest(ctx); err != nil {
		return nil, err
	}
	return f.wait(ctx, queue, f.limits.BatchWait)
}

// rest does what is due while nothing is there to be taken. In the midst of a
// transaction nothing is.
func (f *feed) rest(ctx context.Context) error {
	if f.large != nil || f.applier.Row().Torn() {
		return nil
	}
	if err := f.idle(ctx); err != nil {
		return err
	}
	return f.between(ctx)
}

// wait waits so long for the next piece.
func (f *feed) wait(ctx context.Context, queue *reader.Queue, most time.Duration) (*change.Piece, error) {
	limited, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	piece, err := queue.Get(limited)
	switch {
	case err == nil:
		return &piece, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	default:
		return nil, nil
	}
}
