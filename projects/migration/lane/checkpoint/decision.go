package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/dirty"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Way is what becomes of transactions that nobody vouches for.
type Way string

// The ways.
const (
	// Carried are those of the side that may be written to: what stands there counts.
	Carried Way = "carried"
	// Passed are those of the passive side: the other one counts, and what they have
	// changed is found by comparisons and repaired.
	Passed Way = "passed"
)

// Decision is what operators have said of the rogue and forged transactions of a
// lane's source.
type Decision struct {
	Way Way
	// Code is the halt that they have seen.
	Code HaltCode
	// Until is the source's position at that time: what commits behind it is not
	// decided.
	Until pglogrepl.LSN
	// By is who has decided, Reason why.
	By, Reason string
}

// Covers tells whether the decision is about the transaction with that commit record.
func (d Decision) Covers(commit pglogrepl.LSN) bool { return commit < d.Until }

// Validate joins what is missing.
func (d Decision) Validate() error {
	var problems []error
	if d.Code != RogueWrite && d.Code != MarkerForged {
		problems = append(problems, fmt.Errorf("halt %q: expected %s or %s", d.Code, RogueWrite, MarkerForged))
	}
	if strings.TrimSpace(d.By) == "" {
		problems = append(problems, errors.New("expected the name of who decides"))
	}
	return errors.Join(problems...)
}

// Decide writes a decision down and lets the lane go on, in one transaction, if the lane
// is still as row says. What was found equal counts no more.
func Decide(ctx context.Context, conn *pgx.Conn, row *Row, d Decision) error {
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `INSERT INTO bgsync.decision (lane, generation, halt_code, way, from_lsn, until_lsn, decided_by, reason)
			SELECT lane, generation, halt_code, $4, applied_lsn, $5::pg_lsn, $6, $7 FROM bgsync.lane
			WHERE lane = $1 AND generation = $2 AND halt_code = $3 AND applied_lsn = $8::pg_lsn FOR UPDATE`,
			row.Lane, row.Generation, string(d.Code), string(d.Way), d.Until.String(), d.By, d.Reason, row.Applied.String())
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrOwnershipLost
		}
		if err := resume(ctx, tx, row.Lane, d.Code); err != nil {
			return err
		}
		return dirty.Forget(ctx, tx, row.Lane)
	})
	return pg.Wrap(err, "decide for lane %s", row.Lane)
}

// Decided reads the last decision about what a lane has yet to apply; the zero value
// covers nothing.
func Decided(ctx context.Context, conn *pgx.Conn, row *Row) (Decision, error) {
	var d Decision
	err := conn.QueryRow(ctx, `SELECT way, halt_code, until_lsn, decided_by, reason FROM bgsync.decision
		WHERE lane = $1 AND generation = $2 AND until_lsn > $3::pg_lsn ORDER BY id DESC LIMIT 1`,
		row.Lane, row.Generation, row.Applied.String()).Scan(&d.Way, &d.Code, &d.Until, &d.By, &d.Reason)
	if errors.Is(err, pgx.ErrNoRows) {
		return Decision{}, nil
	}
	return d, pg.Wrap(err, "read bgsync.decision")
}
