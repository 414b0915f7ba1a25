// Package apply writes one lane's target. Whatever it writes goes into one target
// transaction together with the checkpoint: marker, claim, changes, position. A
// process that lost the lane, was paused, or runs twice finds that its claim
// changes no row, and its transaction is undone. The package reads no stream.
package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cutover/cutover/projects/migration/lane/change"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/dirty"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// At is told each durable step before and after it is done, by name. An error
// ends the transaction there. Nil is no observer.
type At func(step string) error

// Steps of the apply transaction.
const (
	BeforeClaim  = "lane.before_claim"
	AfterClaim   = "lane.after_claim"
	BeforeData   = "lane.before_data"
	AfterData    = "lane.after_data"
	BeforeCommit = "lane.before_commit"
	AfterCommit  = "lane.after_commit"
)

// Applier writes the target of one lane.
type Applier struct {
	conn       *pgx.Conn
	invocation string
	canary     *relation.Table
	at         At
	// row is the lane's row as this process left it.
	row checkpoint.Row
	// track marks what is to be compared again.
	track *dirty.Tracker
	// repairing has the position until which a table stays tolerant.
	repairing map[int32]pglogrepl.LSN
	// repairKeys is how many keys one repair takes.
	repairKeys int
	// discarded are changes that operators have let the lane pass over.
	discarded map[position]bool
	// loading are the tables of which chunks are still to come.
	loading map[int32]bool
	// plan is the lane's plan of buckets as of which loading is known, -1 for none;
	// seen is the one that the claim has found.
	plan, seen int64
	// Fallbacks counts groups that were written row by row.
	Fallbacks int64
	// Tally is told what was committed; nil is nobody.
	Tally *Tally
}

// New makes an applier from the lane's row as it was read.
func New(conn *pgx.Conn, row checkpoint.Row, invocation string, canary *relation.Table, at At) *Applier {
	if at == nil {
		at = func(string) error { return nil }
	}
	return &Applier{conn: conn, row: row, invocation: invocation, canary: canary, at: at, track: dirty.New(row.Lane), repairing: map[int32]pglogrepl.LSN{}, repairKeys: maxRepair, plan: -1}
}

// Row is the lane's row after the last commit.
func (a *Applier) Row() checkpoint.Row { return a.row }

// Advance is where a transaction leaves the lane.
type Advance struct {
	Position    pglogrepl.LSN
	Xid         uint64
	CommittedAt time.Time
	// Txns and Echoes count source transactions applied and dropped.
	Txns, Echoes int64
	// Authority is set when the source's authority row changed.
	Authority *change.Authority
}

// Batch is a run of whole source transactions.
type Batch struct {
	Changes []change.Change
	Advance Advance
}

// Apply writes a batch in one transaction. An error leaves target and applier as
// they were, unless the connection broke while COMMIT was under way: then only
// the checkpoint tells.
func (a *Applier) Apply(ctx context.Context, batch Batch) error {
	tx, err := a.Begin(ctx)
	if err != nil {
		return err
	}
	if err := tx.Write(ctx, batch.Changes); err != nil {
		return err
	}
	return tx.Commit(ctx, batch.Advance)
}

// Transaction is one apply transaction. After an error of any method it is over.
type Transaction struct {
	applier *Applier
	// written tells that the savepoint has a group behind it.
	written bool
	began   time.Time
	done    Applied
}

// claimSQL makes the lane this transaction's, if it is as this process left it.
const claimSQL = `UPDATE bgsync.lane SET claim_no = claim_no + 1, claimed_by = $2 WHERE lane = $1 AND generation = $3
  AND epoch = $4 AND applied_lsn = $5::pg_lsn AND part_index = $6 AND state IN ('catching_up', 'running')
  RETURNING bucket_plan, tail_from IS NOT NULL, coalesce(consistent_after, '0/0'), state`

const markerSQL = `SELECT pg_catalog.pg_logical_emit_message(true, 'bgsync.echo', $1)`

// Begin opens a transaction and claims the lane. When the authority has changed
// hands meanwhile, and nothing else, the new epoch is taken over.
func (a *Applier) Begin(ctx context.Context) (*Transaction, error) {
	if err := a.at(BeforeClaim); err != nil {
		return nil, err
	}
	began := time.Now()
	for range 2 {
		claimed, err := a.claim(ctx)
		if err != nil {
			a.rollback()
			return nil, pg.Wrap(err, "claim lane %s at %s", a.row.Lane, a.row.Applied)
		}
		if claimed {
			if err := errors.Join(a.reloading(ctx), a.at(AfterClaim)); err != nil {
				a.rollback()
				return nil, err
			}
			return &Transaction{applier: a, began: began}, nil
		}
		a.rollback()
		adopted, err := a.adopt(ctx)
		if err != nil {
			return nil, err
		}
		if !adopted {
			break
		}
	}
	return nil, fmt.Errorf("claim lane %s at %s: %w", a.row.Lane, a.row.Applied, checkpoint.ErrOwnershipLost)
}

// claim opens the transaction in one round trip. Its first statement is the
// marker and its second changes the lane's row: by these two the opposite lane
// knows an echo. What others have changed of the row meanwhile is taken over: a lane
// that was halted and resumed between two claims has to be made strict again.
func (a *Applier) claim(ctx context.Context) (bool, error) {
	batch := &pgx.Batch{}
	batch.Queue(`BEGIN`)
	batch.Queue(markerSQL, a.row.Lane)
	claimed := false
	batch.Queue(claimSQL, a.row.Lane, a.invocation, a.row.Generation, a.row.Epoch, a.row.Applied.String(), a.row.Part.Index).QueryRow(func(row pgx.Row) error {
		var plan int64
		var tail bool
		err := row.Scan(&plan, &tail, &a.row.ConsistentAfter, &a.row.State)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		claimed = err == nil
		a.track.Begin(plan, tail)
		a.seen = plan
		return err
	})
	batch.Queue(`SET CONSTRAINTS ALL DEFERRED`)
	batch.Queue(`SAVEPOINT b`)
	return claimed, a.conn.SendBatch(ctx, batch).Close()
}

// adopt takes a new epoch over when generation and position are still ours.
func (a *Applier) adopt(ctx context.Context) (bool, error) {
	now, err := checkpoint.Load(ctx, a.conn, a.row.Lane)
	if err != nil {
		return false, err
	}
	same := now.Generation == a.row.Generation && now.Applied == a.row.Applied && now.Part == a.row.Part &&
		(now.State == checkpoint.CatchingUp || now.State == checkpoint.Running)
	if !same || now.Epoch == a.row.Epoch {
		return false, nil
	}
	a.row.Epoch = now.Epoch
	return true, nil
}

// Write writes changes. Those that cannot be written as a set are written one by
// one, in the source's order.
func (t *Transaction) Write(ctx context.Context, changes []change.Change) error {
	a := t.applier
	if err := a.at(BeforeData); err != nil {
		a.rollback()
		return err
	}
	changes = a.kept(changes)
	t.done.count(changes)
	if err := a.exclude(ctx, changes); err != nil {
		a.rollback()
		return err
	}
	for _, group := range change.Groups(changes) {
		if err := t.group(ctx, group); err != nil {
			a.rollback()
			return a.explain(ctx, err)
		}
	}
	if err := a.track.Touch(ctx, a.conn, changes); err != nil {
		a.rollback()
		return err
	}
	if err := a.at(AfterData); err != nil {
		a.rollback()
		return err
	}
	return nil
}

// errCount tells that a statement did not meet the rows that it expects.
var errCount = errors.New("unexpected number of rows")

// group writes a group as a set. When the set meets an unexpected row count, or a
// unique value that is handed from row to row, the savepoint undoes it and the
// rows follow one by one: the source went through the same states.
func (t *Transaction) group(ctx context.Context, group change.Group) error {
	a := t.applier
	if err := t.secure(ctx); err != nil {
		return err
	}
	if group.Barrier {
		t.done.Written++
		return a.single(ctx, &group.Changes[0])
	}
	rows, err := a.set(ctx, group.Changes)
	if err == nil || !rowByRow(err) {
		t.done.Written += rows
		return err
	}
	if _, err := a.conn.Exec(ctx, `ROLLBACK TO SAVEPOINT b`); err != nil {
		return err
	}
	a.Fallbacks++
	t.done.Written += int64(len(group.Changes))
	for i := range group.Changes {
		if err := a.single(ctx, &group.Changes[i]); err != nil {
			return err
		}
	}
	return nil
}

// secure moves the savepoint behind the groups that are written, so that a group
// that is undone takes none of them with it.
func (t *Transaction) secure(ctx context.Context) error {
	if !t.written {
		t.written = true
		return nil // the claim has just set it
	}
	batch := &pgx.Batch{}
	batch.Queue(`RELEASE SAVEPOINT b`)
	batch.Queue(`SAVEPOINT b`)
	_, err := send(ctx, t.applier.conn, batch)
	return err
}

// set writes changes folded, in one round trip, and returns how many rows they are.
func (a *Applier) set(ctx context.Context, changes []change.Change) (rows int64, err error) {
	folds, err := change.Collapse(changes, a.tolerant)
	if err != nil {
		return 0, err
	}
	statements := planner{lane: a.row.Lane, tolerant: a.tolerant, loading: a.loading, xid: changes[len(changes)-1].Xid}.plan(folds)
	if len(statements) == 0 {
		return 0, nil
	}
	batch := &pgx.Batch{}
	for _, s := range statements {
		batch.Queue(s.sql, s.args...)
	}
	tags, err := send(ctx, a.conn, batch)
	if err != nil {
		return 0, err
	}
	for i, s := range statements {
		if s.exact && tags[i].RowsAffected() != int64(s.rows) {
			return 0, fmt.Errorf("%s of table %s: %d of %d rows: %w", s.op, s.table.FullName(), tags[i].RowsAffected(), s.rows, errCount)
		}
	}
	return left(folds), nil
}

// tolerant tells whether rows of a table may be there, or be missing, against
// expectation. Canaries always may.
func (a *Applier) tolerant(table *relation.Table) bool {
	return a.row.State != checkpoint.Running || table == a.canary || a.loading[table.ID] || a.row.Applied < a.repairing[table.ID]
}

const advanceSQL = `UPDATE bgsync.lane SET applied_lsn = $2::pg_lsn, applied_xid = greatest(applied_xid, $3::text::xid8),
  applied_at_src = coalesce($4, applied_at_src), src_writable = $5, src_epoch = $6, src_attempt = nullif($7, '')::uuid,
  txns = txns + $8, echoes = echoes + $9, part_lsn = NULL, part_index = 0, part_change_lsn = NULL,
  long_lsn = CASE WHEN long_lsn >= $2::pg_lsn THEN long_lsn END WHERE lane = $1`

// Commit moves the checkpoint and commits.
func (t *Transaction) Commit(ctx context.Context, to Advance) error {
	a := t.applier
	next := a.row
	next.Applied, next.AppliedXid = to.Position, max(next.AppliedXid, to.Xid)
	next.Part = checkpoint.Part{}
	if next.Long < to.Position {
		next.Long = 0
	}
	next.Txns, next.Echoes, next.Claim, next.ClaimedBy = next.Txns+to.Txns, next.Echoes+to.Echoes, next.Claim+1, a.invocation
	if to.Authority != nil {
		next.SourceWritable, next.SourceEpoch, next.SourceAttempt = to.Authority.Writable, to.Authority.Epoch, to.Authority.Attempt
	}
	var at *time.Time
	if !to.CommittedAt.IsZero() {
		at, next.AppliedAt = &to.CommittedAt, to.CommittedAt
	}
	if err := a.at(BeforeCommit); err != nil {
		a.rollback()
		return err
	}
	batch := &pgx.Batch{}
	a.track.Queue(batch, to.Xid, to.Position)
	batch.Queue(advanceSQL, a.row.Lane, to.Position.String(), fmt.Sprint(to.Xid), at,
		next.SourceWritable, next.SourceEpoch, next.SourceAttempt, to.Txns, to.Echoes)
	if err := a.commit(ctx, batch, to.Position); err != nil {
		return err
	}
	a.Tally.Add(t.done, time.Since(t.began))
	a.row = next
	return a.at(AfterCommit)
}

// commit sends the last statements of a transaction and its COMMIT.
func (a *Applier) commit(ctx context.Context, batch *pgx.Batch, position pglogrepl.LSN) error {
	batch.Queue(`COMMIT`)
	tags, err := send(ctx, a.conn, batch)
	if err != nil {
		a.rollback()
		return pg.Wrap(err, "commit lane %s at %s", a.row.Lane, position)
	}
	if last := tags[len(tags)-1].String(); last != "COMMIT" {
		return fmt.Errorf("commit lane %s at %s: the server answered %s", a.row.Lane, position, last)
	}
	return nil
}

// rollback ends the open transaction. A connection that cannot do so has none.
func (a *Applier) rollback() {
	if a.conn.IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if _, err := a.conn.Exec(ctx, `ROLLBACK`); err != nil {
		pg.Close(a.conn)
	}
}

// send runs statements in one round trip and returns what each did.
func send(ctx context.Context, conn *pgx.Conn, batch *pgx.Batch) (tags []pgconn.CommandTag, err error) {
	results := conn.SendBatch(ctx, batch)
	defer func() { err = errors.Join(err, results.Close()) }()
	for range batch.Len() {
		tag, err := results.Exec()
		if err != nil {
			return nil, err
		}
		tags = append(tags, tag)
	}
	return tags, nil
}

// Patient lets a transaction wait for its source longer than a batch may: it is
// written while the source is still being read.
func (t *Transaction) Patient(ctx context.Context) error {
	if _, err := t.applier.conn.Exec(ctx, `SET LOCAL idle_in_transaction_session_timeout = '60s'`); err != nil {
		t.applier.rollback()
		return pg.Wrap(err, "open a long transaction")
	}
	return nil
}

// Rollback undoes the transaction.
func (t *Transaction) Rollback() { t.applier.rollback() }
