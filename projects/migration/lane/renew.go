package lane

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/dirty"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
	"github.com/cutover/cutover/projects/migration/lane/schema"
)

// Renewal is an operator's consent to go on without the log that is gone.
type Renewal struct {
	Lane      string
	Endpoints Endpoints
	Limits    Limits
	// Source is the connection string of a user who may change the engine's records on
	// the source: an administrator, or a member of bgsync_apply. It is used where the
	// source does not have the authority.
	Source string
	// Code is the halt that the operator has seen.
	Code checkpoint.HaltCode
	// By names the operators who consent.
	By []string
	// At is told each durable step; nil is no observer.
	At func(step string) error
}

// ErrNotRenewable tells that a lane is not in a state from which a new generation
// may start.
var ErrNotRenewable = errors.New("no new generation can start here")

// renewable are the halts after which the way between checkpoint and source is
// lost, while both sides still have most rows in common.
var renewable = []checkpoint.HaltCode{checkpoint.Gap, checkpoint.SourceRewound, checkpoint.TornMismatch}

// Renew starts a new generation of a halted lane: a new slot, and a position of
// its own. The lane follows from there and is tolerant; what was changed between
// is found by a full verification and repaired. Until a clean one has said from
// which position on the sides agree, the lane does not become strict. Every result
// of comparisons is taken back. Where the source does not have the authority nothing
// is compared, and nothing need be: see passive. A crash leaves at most a slot that no lane names,
// which the next attempt drops.
func Renew(ctx context.Context, with Renewal) error {
	if with.At == nil {
		with.At = func(string) error { return nil }
	}
	if err := errors.Join(with.Limits.Validate(), with.consent()); err != nil {
		return err
	}
	source, target, err := connectBoth(ctx, with.Endpoints, with.Lane, "renew")
	if err != nil {
		return err
	}
	defer pg.Close(source)
	defer pg.Close(target)
	r := &renewal{Renewal: with}
	r.creation = creation{
		Creation: Creation{Lane: with.Lane, Endpoints: with.Endpoints, Base: Equal, Limits: with.Limits, At: with.At}, source: source, target: target,
	}
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"look at the lane", r.look}, {"read the tables", r.read}, {"compare the tables", r.compare}, {"identify the source", r.identify},
		{"look at the authority", r.passive}, {"drop former slots", r.clear}, {"make the slot", r.slot}, {"settle", r.settle}, {"take results back", r.doubt}, {"write the lane", r.renew},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("renew lane %s: %s: %w", with.Lane, step.name, err)
		}
	}
	return nil
}

// consent checks that the halt may be answered so and that somebody does.
func (r Renewal) consent() error {
	if !slices.Contains(renewable, r.Code) {
		return fmt.Errorf("lane %s: %w: halt %q, expected one of %v", r.Lane, ErrNotRenewable, r.Code, renewable)
	}
	if len(r.By) == 0 || slices.ContainsFunc(r.By, func(name string) bool { return strings.TrimSpace(name) == "" }) {
		return fmt.Errorf("lane %s: %w: expected the names of the operators who consent", r.Lane, ErrNotRenewable)
	}
	return nil
}

// renewal is a Renewal under way.
type renewal struct {
	Renewal
	creation
	row *checkpoint.Row
	// strict lets the lane begin consistent.
	strict bool
}

// Renewable are the halts after which a new generation may start.
func Renewable() []checkpoint.HaltCode { return slices.Clone(renewable) }

// connectBoth opens a reader's session on the source and an applier's on the
// target.
func connectBoth(ctx context.Context, at Endpoints, lane, invocation string) (source, target *pgx.Conn, err error) {
	id := pg.Identity{Role: pg.Reader, Lane: lane, Invocation: invocation}
	if source, err = pg.Connect(ctx, at.Reader, id); err != nil {
		return nil, nil, fmt.Errorf("source: %w", err)
	}
	id.Role = pg.Applier
	if target, err = pg.Connect(ctx, at.Apply, id); err != nil {
		pg.Close(source)
		return nil, nil, fmt.Errorf("target: %w", err)
	}
	return source, target, nil
}

// look makes sure that the lane is halted as the operator has seen it, and that
// its base is complete: without that a new lane is the way.
func (r *renewal) look(ctx context.Context) error {
	row, err := checkpoint.LoadSettled(ctx, r.target, r.Renewal.Lane)
	if err != nil {
		return err
	}
	if row.State != checkpoint.Halted || row.Halt != r.Code {
		return fmt.Errorf("%w: the lane is %s with halt %q, expected halted with %q", ErrNotRenewable, row.State, row.Halt, r.Code)
	}
	var loading int
	if err := r.target.QueryRow(ctx, `SELECT count(*) FROM bgsync.table_state WHERE lane = $1 AND phase IN ('planned', 'loading')`, row.Lane).Scan(&loading); err != nil {
		return pg.Wrap(err, "read bgsync.table_state")
	}
	if loading > 0 {
		return fmt.Errorf("%w: the base of %d tables is not loaded, expected all: make a new lane", ErrNotRenewable, loading)
	}
	r.row, r.generation = row, row.Generation+1
	return nil
}

// passive lets a lane whose source does not have the authority begin consistent: such a
// lane is never compared, since its target has the newer rows, and would stay tolerant
// for ever. When it had applied the end of the source's last term, the engine alone has
// written there since, by the lane back, and the sides agree as far as that one has been
// verified. What somebody else wrote in between would have halted the lane: see doubt.
func (r *renewal) passive(context.Context) error {
	if r.authority.Writable {
		return nil
	}
	row := r.row
	if row.SourceWritable || row.SourceEpoch != r.authority.Epoch || row.Torn() || row.Tolerant() || r.Code == checkpoint.SourceRewound {
		return fmt.Errorf("%w: the source does not have the authority, and the lane had not followed it to the end of its last term in epoch %d: make a new lane",
			ErrNotRenewable, r.authority.Epoch)
	}
	r.strict = true
	return nil
}

// doubt takes back what the lanes into a source without the authority were found to
// have in common with it: a write of somebody else that the lane would have met, and
// that the gap has swallowed, is found by a new comparison alone. The source is settled,
// so that all that commits before the new slot begins is visible to each of these.
func (r *renewal) doubt(ctx context.Context) error {
	if !r.strict {
		return nil
	}
	source, err := pg.Connect(ctx, r.Source, pg.Identity{Role: pg.Operator, Lane: r.Renewal.Lane, Invocation: "renew"})
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	defer pg.Close(source)
	if err := doubtInto(ctx, source, r.target); err != nil {
		return err
	}
	return r.creation.At(AfterDoubt)
}

// compare checks that the tables are those of the lane, or became what they are by
// planned changes. The new generation starts behind these.
func (r *renewal) compare(ctx context.Context) error {
	history, err := schema.Load(ctx, r.target)
	if err != nil {
		return err
	}
	if _, found := history.AsOf(r.tables, r.row.Fingerprint); !found {
		return checkpoint.NewHalt(checkpoint.SchemaDrift, "the tables are not those that the lane was made for, and no planned change has made them so")
	}
	return nil
}

const renewSQL = `
UPDATE bgsync.lane SET generation = $3, state = 'catching_up', halt_code = NULL, halt_reason = NULL, halted_at = NULL, epoch = (SELECT epoch FROM bgsync.authority),
  src_db_id = $4::uuid, src_sysid = $5, src_timeline = $6, slot_name = $7, base_lsn = $8::pg_lsn, applied_lsn = $8::pg_lsn, applied_xid = $9::text::xid8,
  applied_at_src = NULL, part_lsn = NULL, part_index = 0, part_change_lsn = NULL, long_lsn = NULL, consistent_after = $16::pg_lsn,
  src_writable = $10, src_epoch = $11, src_attempt = nullif($12, '')::uuid, claim_no = claim_no + 1, claimed_by = $13, schema_fp = $15, txns = 0, echoes = 0
WHERE lane = $1 AND generation = $2 AND state = 'halted' AND halt_code = $14`

// renew writes the new generation in one transaction. Rows that waited for a
// decision are among those that the verification compares.
func (r *renewal) renew(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, r.target, func(tx pgx.Tx) error {
		a, o, fingerprint := r.authority, r.origin, relation.Combine(r.tables)
		var consistent *string
		if r.strict {
			position := r.base.String()
			consistent = &position
		}
		tag, err := tx.Exec(ctx, renewSQL, r.row.Lane, r.row.Generation, r.generation, o.db, o.system, o.timeline,
			checkpoint.Slot(r.row.Lane, r.generation), r.base.String(), fmt.Sprint(r.xid-1), a.Writable, a.Epoch, a.Attempt,
			"consent of "+strings.Join(r.By, ", "), string(r.Code), fingerprint[:], consistent)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return checkpoint.ErrOwnershipLost
		}
		for _, statement := range []string{
			`UPDATE bgsync.table_state SET phase = 'loaded', repair_until = NULL, min_xid = NULL WHERE lane = $1`,
			`UPDATE bgsync.quarantine SET state = 'retried' WHERE lane = $1 AND state = 'open'`,
			`UPDATE bgsync.conflict SET state = 'retried' WHERE lane = $1 AND state = 'open'`,
		} {
			if _, err := tx.Exec(ctx, statement, r.row.Lane); err != nil {
				return err
			}
		}
		return dirty.Restart(ctx, tx, r.row.Lane)
	})
	if err != nil {
		return pg.Reduce(err)
	}
	return r.creation.At(AfterLaneRow)
}
