package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/dirty"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// HaltCode says why a lane stands still until an operator acts.
type HaltCode string

// The halt codes. The list is closed.
const (
	SourceIdentity    HaltCode = "source_identity"
	SourceRewound     HaltCode = "source_rewound"
	CheckpointInvalid HaltCode = "checkpoint_invalid"
	Gap               HaltCode = "gap"
	MarkerForged      HaltCode = "marker_forged"
	RogueWrite        HaltCode = "rogue_write"
	SchemaDrift       HaltCode = "schema_drift"
	Divergence        HaltCode = "divergence"
	Poison            HaltCode = "poison"
	TornMismatch      HaltCode = "torn_mismatch"
	Permission        HaltCode = "permission"
	Unexpected        HaltCode = "unexpected"
	ByOperator        HaltCode = "operator"
)

// HaltCodes lists all of them.
func HaltCodes() []HaltCode {
	return []HaltCode{
		SourceIdentity, SourceRewound, CheckpointInvalid, Gap, MarkerForged, RogueWrite, SchemaDrift,
		Divergence, Poison, TornMismatch, Permission, Unexpected, ByOperator,
	}
}

// Halt is the error that stops a lane. Reason is for people: tables, columns,
// constraints, positions and SQLSTATEs, and never a value of a row.
type Halt struct {
	Code   HaltCode
	Reason string
}

// Error names code and reason.
func (h *Halt) Error() string { return fmt.Sprintf("halt %s: %s", h.Code, h.Reason) }

// NewHalt makes a halt. Of errors of a server among args no more is told than a
// pg.ServerError has: its own texts carry values of rows.
func NewHalt(code HaltCode, format string, args ...any) *Halt {
	args = slices.Clone(args)
	for i, arg := range args {
		if err, failed := arg.(error); failed {
			args[i] = pg.Reduce(err)
		}
	}
	return &Halt{Code: code, Reason: short(fmt.Sprintf(format, args...))}
}

// longestReason is how many bytes of a reason are kept.
const longestReason = 1000

// short cuts a text to what the lane's row takes, at the end of a character.
func short(text string) string {
	text = strings.ToValidUTF8(text, "?")
	for len(text) > longestReason {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return text
}

// ErrOwnershipLost tells that another process, or an operator, has moved the
// lane on. What this process knows is of no use any more.
var ErrOwnershipLost = errors.New("another process owns the lane now")

// Stop writes a halt down, durably, unless the lane is halted already, belongs to
// another generation, or has moved on: a process that knows an old position has
// no say. What comparisons have shown counts no more.
func Stop(ctx context.Context, conn *pgx.Conn, row *Row, halt *Halt) error {
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE bgsync.lane SET state = 'halted', halt_code = $3, halt_reason = $5, halted_at = pg_catalog.clock_timestamp()
			WHERE lane = $1 AND generation = $2 AND applied_lsn = $4::pg_lsn AND state NOT IN ('halted', 'retired')`,
			row.Lane, row.Generation, string(halt.Code), row.Applied.String(), short(halt.Reason))
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrOwnershipLost
		}
		return dirty.Forget(ctx, tx, row.Lane)
	})
	return pg.Wrap(err, "halt lane %s", row.Lane)
}

// Order halts a lane by the word of an operator, wherever it stands, and tells whether it
// did: a lane that is halted already, retired or not whole stays as it is. A batch or a
// chunk that is under way may end before; whoever runs the lane finds the halt with the
// next one. What comparisons have shown counts no more, as after any halt.
func Order(ctx context.Context, conn *pgx.Conn, lane, reason string) (halted bool, err error) {
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE bgsync.lane SET state = 'halted', halt_code = $2, halt_reason = $3, halted_at = pg_catalog.clock_timestamp()
			WHERE lane = $1 AND state IN ('loading', 'catching_up', 'running')`, lane, string(ByOperator), short(reason))
		if halted = err == nil && tag.RowsAffected() > 0; !halted {
			return err
		}
		return dirty.Forget(ctx, tx, lane)
	})
	return halted, pg.Wrap(err, "halt lane %s", lane)
}

// resumable are the codes after which a lane may go on from where it stands, once
// an operator has removed the cause. The others need a decision, a new generation or a
// new lane.
var resumable = []HaltCode{SchemaDrift, Divergence, Poison, Permission, Unexpected, ByOperator, SourceIdentity}

// Resume lets a halted lane go on. The operator names the code, so that nobody
// waves through a halt that he has not seen. Rows that wait for a decision are tried
// again. A lane that was strict is strict again at once. After a divergence the rows
// that were met against expectation are fetched from the source before anything else is
// applied, and what comparisons find next is repaired.
func Resume(ctx context.Context, conn *pgx.Conn, lane string, code HaltCode) error {
	if !slices.Contains(resumable, code) {
		return fmt.Errorf("lane %s: a halt %q cannot be resumed, expected one of %v", lane, code, resumable)
	}
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := resume(ctx, tx, lane, code); err != nil {
			return err
		}
		if code == Divergence {
			return fetch(ctx, tx, lane)
		}
		return nil
	})
	return pg.Wrap(err, "resume lane %s", lane)
}

// resume lets the lane go on, in the caller's transaction.
func resume(ctx context.Context, tx pgx.Tx, lane string, code HaltCode) error {
	tag, err := tx.Exec(ctx, resumeSQL, lane, string(code), Discarded)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("lane %s is not halted with code %q", lane, code)
	}
	_, err = tx.Exec(ctx, `UPDATE bgsync.quarantine SET state = 'retried' WHERE lane = $1 AND state = 'open'`, lane)
	if err == nil && code != Divergence {
		err = retried(ctx, tx, lane)
	}
	return err
}

// Reasons of requests for repairs, besides those of comparisons.
const (
	// Discarded tells that the lane has passed over a change of the row: until it is
	// repaired, changes may meet it against expectation.
	Discarded = "change discarded"
	// Refused tells that a strict lane has met the row against expectation: it is
	// repaired before the change is tried again.
	Refused = "change refused"
)

// fetch asks for the rows that were met against expectation. A table that is being
// loaded has them from there.
func fetch(ctx context.Context, tx pgx.Tx, lane string) error {
	_, err := tx.Exec(ctx, `INSERT INTO bgsync.repair AS r (lane, table_id, bucket_no, key, reason)
		SELECT DISTINCT c.lane, c.table_id, -1, c.key, $2::text FROM bgsync.conflict c JOIN bgsync.lane l USING (lane, generation)
		  JOIN bgsync.table_state t USING (lane, table_id) WHERE c.lane = $1 AND c.state = 'open' AND t.phase NOT IN ('planned', 'loading')
		ON CONFLICT (lane, table_id, bucket_no, key) DO UPDATE SET reason = excluded.reason, state = 'open'`, lane, Refused)
	if err == nil {
		err = retried(ctx, tx, lane)
	}
	if err == nil {
		err = dirty.Doubt(ctx, tx, lane)
	}
	return err
}

func retried(ctx context.Context, tx pgx.Tx, lane string) error {
	_, err := tx.Exec(ctx, `UPDATE bgsync.conflict SET state = 'retried' WHERE lane = $1 AND state = 'open'`, lane)
	return err
}

// resumeSQL lets a lane load on only if it has applied nothing yet: once it has,
// what is still to be loaded is loaded beside the stream. A lane that was strict in its
// generation is so again, unless it has passed over a change: tables that are being
// loaded or repaired stay tolerant by themselves.
const resumeSQL = `UPDATE bgsync.lane l SET halt_code = NULL, halt_reason = NULL, halted_at = NULL,
    state = CASE WHEN l.applied_lsn = l.base_lsn AND l.part_lsn IS NULL AND EXISTS (
                   SELECT FROM bgsync.chunk c JOIN bgsync.table_state t USING (lane, table_id, load_no) WHERE c.lane = l.lane AND c.state = 'planned')
                 THEN 'loading'
               WHEN l.applied_lsn >= l.consistent_after AND l.part_lsn IS NULL
                 AND EXISTS (SELECT FROM bgsync.table_state t WHERE t.lane = l.lane AND t.phase = 'ready')
                 AND NOT EXISTS (SELECT FROM bgsync.repair r WHERE r.lane = l.lane AND r.reason = $3)
                 THEN 'running' ELSE 'catching_up' END
  WHERE lane = $1 AND state = 'halted' AND halt_code = $2`
