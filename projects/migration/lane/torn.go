package lane

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pglogrepl"

	"github.com/cutover/cutover/projects/migration/lane/change"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/reader"
)

// tears tells whether the transaction under way is committed in parts: when the
// target has a part of it already, or an invocation before this one could not
// finish it, and nobody may write on the target.
func (f *feed) tears(ctx context.Context, tx change.Transaction) (bool, error) {
	row := f.applier.Row()
	if f.tearing || row.Long != tx.Commit {
		return f.tearing, nil
	}
	may, err := f.applier.MayTear(ctx)
	f.tearing = may && err == nil
	return f.tearing, err
}

// tear writes what is there of a transaction and commits it together with how far
// it is. The source is not told: it must show all of the transaction again.
func (f *feed) tear(ctx context.Context, tx change.Transaction) error {
	if len(f.open) == 0 {
		return nil
	}
	last := &f.open[len(f.open)-1]
	part := checkpoint.Part{Commit: tx.Commit, Index: last.Ordinal + 1, Change: last.At}
	err := f.insist(ctx, func() error {
		parts, err := f.applier.Begin(ctx)
		if err != nil {
			return err
		}
		if err := parts.Write(ctx, f.open); err != nil {
			return err
		}
		return parts.CommitPart(ctx, part, tx.Xid)
	})
	if err != nil {
		return err
	}
	f.dropOpen()
	f.advanced = time.Now()
	return f.committed(ctx)
}

// unfinished is the transaction that is written and not committed; 0 for none.
func (f *feed) unfinished() pglogrepl.LSN {
	if f.large == nil {
		return 0
	}
	return f.commit
}

// giveUp notes the transaction for which the invocation's time was too short, over
// a session of its own: the applier's may be broken. A process that is killed notes
// nothing, and the next one tries the transaction as a whole again.
func (s *session) giveUp(ctx context.Context, f *feed) error {
	commit := f.unfinished()
	if commit == 0 || !s.ending() && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), max(s.limits.Cancel-s.limits.Return, s.limits.Return))
	defer cancel()
	conn, err := pg.Connect(ctx, s.endpoints.Apply, s.identity(pg.Applier))
	if err != nil {
		return err
	}
	defer pg.Close(conn)
	row := f.applier.Row()
	return checkpoint.Remember(ctx, conn, &row, commit)
}

// slow is the part of an invocation's time over which the passing over of what is
// applied already counts as slow.
const slow = 1.0 / 3

// skipped notes what it took to come to where the target is in a transaction.
func (s *session) skipped(stream *reader.Reader, began time.Time) {
	if !s.row.Torn() {
		return
	}
	took := stream.Skipped()
	if took == 0 {
		took = time.Since(began)
	}
	s.run.tornSkip = took
	s.run.tornSkipSlow = !s.stop.IsZero() && took.Seconds() > slow*s.stop.Sub(began).Seconds()
}
