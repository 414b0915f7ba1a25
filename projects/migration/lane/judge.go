package lane

import (
	"context"
	"fmt"

	"github.com/cutover/cutover/projects/migration/lane/apply"
	"github.com/cutover/cutover/projects/migration/lane/change"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/schema"
)

// decided is what a transaction is after operators have had their say: one that
// nobody vouches for is carried or passed over. A change of the schema in it is not for
// them to wave through.
func (f *feed) decided(class change.Class) change.Class {
	switch {
	case class != change.Forged && class != change.Rogue || !f.decision.Covers(f.commit):
		return class
	case f.profile.Reshapes():
		return change.Schema
	case f.decision.Way == checkpoint.Carried:
		return change.Ordinary
	default:
		return change.Passed
	}
}

// drop forgets what is there of a transaction that turns out to be passed over.
func (f *feed) drop() {
	if f.large != nil {
		f.large.Rollback()
		f.large = nil
	}
	f.dropOpen()
}

// writable is what the source's authority row says at this point of its log.
func (f *feed) writable() bool {
	if f.pending.Advance.Authority != nil {
		return f.pending.Advance.Authority.Writable
	}
	row := f.applier.Row()
	return row.SourceWritable
}

// admit halts the lane before a transaction that it must not carry. What came
// before is applied first, so that the position stands right before it.
func (f *feed) admit(ctx context.Context, class change.Class, piece change.Piece) error {
	var code checkpoint.HaltCode
	switch class {
	case change.Forged:
		code = checkpoint.MarkerForged
	case change.Rogue:
		code = checkpoint.RogueWrite
	case change.Schema:
		if code = checkpoint.SchemaDrift; unpublished(entriesOf(piece)) {
			code = checkpoint.Gap
		}
	case change.Passed:
		if !f.applier.Row().Torn() {
			return nil
		}
		code = checkpoint.TornMismatch
	case change.Echo, change.Authorising, change.Bookkeeping, change.Canary, change.Ordinary, change.Empty:
		return nil
	}
	return f.stop(ctx, checkpoint.NewHalt(code, "transaction at %s is %s", piece.Transaction.Commit, class))
}

// stop applies what is before the transaction under way, and nothing of that.
func (f *feed) stop(ctx context.Context, halt *checkpoint.Halt) error {
	if f.large != nil {
		f.large.Rollback()
	} else if err := f.flush(ctx); err != nil {
		return err
	}
	return halt
}

// reshape applies what came before a change of the source's tables, then takes the
// lane past it, and makes the session start over with the tables as they are now.
func (f *feed) reshape(ctx context.Context, piece change.Piece) error {
	if err := f.flush(ctx); err != nil {
		return err
	}
	entries := entriesOf(piece)
	tx := piece.Transaction
	to := apply.Advance{Position: tx.End, Xid: tx.Xid, CommittedAt: tx.CommittedAt}
	if err := f.insist(ctx, func() error { return f.reshaped(ctx, entries, to) }); err != nil {
		return err
	}
	if err := f.committed(ctx); err != nil {
		return err
	}
	return errReshaped
}

// entriesOf are the entries of the source's log of DDL in a piece.
func entriesOf(piece change.Piece) (entries []schema.Entry) {
	for _, item := range piece.Items {
		if item.Schema != nil {
			entries = append(entries, schema.Entry(*item.Schema))
		}
	}
	return entries
}

// errReshaped ends a session in good order: the next one reads the tables anew.
var errReshaped = fmt.Errorf("the source's tables were changed as planned: %w", errAgain)
