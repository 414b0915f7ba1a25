package lane

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/dirty"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// Decision is an operator's word on the transactions of a lane's source that nobody
// vouches for: a write where nobody may write, a marker that is not the engine's.
type Decision struct {
	Lane string
	// Source and Target are connection strings of users who may change the engine's
	// records there: an administrator, or a member of bgsync_apply.
	Source, Target string
	Limits         Limits
	// Code is the halt that the operator has seen.
	Code checkpoint.HaltCode
	// By is who decides, Reason why.
	By, Reason string
	// At is told each durable step; nil is no observer.
	At func(step string) error
}

// Steps of a decision, for observers; the first is also one of renewing a lane.
const (
	AfterDoubt    = "lane.after_doubt"
	AfterDecision = "decide.after_decision"
)

// ErrUndecidable tells that a lane's transactions cannot be decided on now.
var ErrUndecidable = errors.New("nothing can be decided here now")

// Decide says what becomes of the rogue and forged transactions that the lane's source
// has committed by now, and lets the lane go on. There is one truth, the side that may
// be written to: where that is the source they are carried like any other; where it is
// the target they are passed over, and all that the lanes into the source were found to
// have in common with it is taken back first, so that a full verification finds what
// they have changed, and repairs it. No switch begins before every bucket was compared
// again. Who decided, why, and until which position stands in bgsync.decision.
//
// A decision that dies leaves at most results that are taken back; it is made again.
func Decide(ctx context.Context, with Decision) (checkpoint.Decision, error) {
	if with.At == nil {
		with.At = func(string) error { return nil }
	}
	decision := checkpoint.Decision{Code: with.Code, By: with.By, Reason: with.Reason}
	if err := errors.Join(with.Limits.Validate(), decision.Validate()); err != nil {
		return decision, fmt.Errorf("decide for lane %s: %w", with.Lane, err)
	}
	id := pg.Identity{Role: pg.Operator, Lane: with.Lane, Invocation: "decide"}
	d := &deciding{Decision: with, decision: decision}
	var err error
	if d.source, err = pg.Connect(ctx, with.Source, id); err != nil {
		return decision, fmt.Errorf("source: %w", err)
	}
	defer pg.Close(d.source)
	if d.target, err = pg.Connect(ctx, with.Target, id); err != nil {
		return decision, fmt.Errorf("target: %w", err)
	}
	defer pg.Close(d.target)
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{{"look at the lane", d.look}, {"ask who may be written to", d.judge}, {"take results back", d.doubt}, {"let the lane go on", d.decide}} {
		if err := step.do(ctx); err != nil {
			return d.decision, fmt.Errorf("decide for lane %s: %s: %w", with.Lane, step.name, err)
		}
	}
	return d.decision, nil
}

// deciding is a Decision under way.
type deciding struct {
	Decision
	source, target *pgx.Conn
	row            *checkpoint.Row
	decision       checkpoint.Decision
}

// look makes sure that the lane is halted as the operator has seen it, and that this is
// its source.
func (d *deciding) look(ctx context.Context) error {
	row, err := checkpoint.LoadSettled(ctx, d.target, d.Lane)
	if err != nil {
		return err
	}
	if row.State != checkpoint.Halted || row.Halt != d.Code {
		return fmt.Errorf("%w: the lane is %s with halt %q, expected halted with %q", ErrUndecidable, row.State, row.Halt, d.Code)
	}
	var db string
	if err := d.source.QueryRow(ctx, `SELECT db_id::text FROM bgsync.identity`).Scan(&db); err != nil {
		return pg.Wrap(err, "read identity")
	}
	if db != row.SourceDB {
		return fmt.Errorf("%w: the source is database %s, expected %s", ErrUndecidable, db, row.SourceDB)
	}
	d.row = row
	return nil
}

// judge asks both sides who may be written to, and notes how far the source is. What
// has committed before that is visible to every comparison that begins later.
func (d *deciding) judge(ctx context.Context) error {
	passive, err := passive(ctx, d.source, d.target)
	if err != nil {
		return err
	}
	d.decision.Way = checkpoint.Carried
	if passive {
		d.decision.Way = checkpoint.Passed
	}
	if passive && d.row.Torn() {
		return fmt.Errorf("%w: the target has a part of the transaction, which cannot be passed over", ErrUndecidable)
	}
	if err := d.source.QueryRow(ctx, `SELECT pg_catalog.pg_current_wal_insert_lsn()`).Scan(&d.decision.Until); err != nil {
		return pg.Wrap(err, "ask the source for its position")
	}
	return settle(ctx, d.source, d.Limits.SettleCreation)
}

// passive tells whether the source of a lane may not be written to, while its target
// may. While neither may, or a switch is under way, nobody knows.
func passive(ctx context.Context, source, target relation.Querier) (bool, error) {
	var sides [2]authority
	for i, on := range []relation.Querier{source, target} {
		var err error
		if sides[i], err = authorityOf(ctx, on); err != nil {
			return false, err
		}
	}
	if s, t := sides[0], sides[1]; s.Epoch != t.Epoch || s.Attempt != "" || t.Attempt != "" || s.Writable == t.Writable {
		return false, fmt.Errorf("%w: source and target are %s and %s, expected one of them writable and no switch under way: bring the switch to rest first",
			ErrUndecidable, s, t)
	}
	return !sides[0].Writable, nil
}

// doubt takes back what lanes into the source have found equal.
func (d *deciding) doubt(ctx context.Context) error {
	if d.decision.Way != checkpoint.Passed {
		return nil
	}
	if err := doubtInto(ctx, d.source, d.target); err != nil {
		return err
	}
	return d.At(AfterDoubt)
}

// doubtInto takes back what the lanes from truth into a passive side have found equal,
// so that what differs there is found and repaired. There must be one.
func doubtInto(ctx context.Context, passive, truth *pgx.Conn) error {
	var db string
	if err := truth.QueryRow(ctx, `SELECT db_id::text FROM bgsync.identity`).Scan(&db); err != nil {
		return pg.Wrap(err, "read identity")
	}
	err := pgx.BeginFunc(ctx, passive, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT lane FROM bgsync.lane WHERE src_db_id = $1::uuid AND state <> 'retired' ORDER BY lane`, db)
		if err != nil {
			return err
		}
		lanes, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err == nil && len(lanes) == 0 {
			err = fmt.Errorf("%w: no lane ends at the passive side, so nothing would compare it", ErrUndecidable)
		}
		for i := 0; i < len(lanes) && err == nil; i++ {
			err = dirty.Doubt(ctx, tx, lanes[i])
		}
		return err
	})
	return pg.Wrap(err, "take back what was found equal")
}

// decide writes the decision and lets the lane go on.
func (d *deciding) decide(ctx context.Context) error {
	d.decision.Until = max(d.decision.Until, d.row.Applied)
	if err := checkpoint.Decide(ctx, d.target, d.row, d.decision); err != nil {
		return err
	}
	return d.At(AfterDecision)
}
