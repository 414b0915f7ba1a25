package checkpoint

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Position names a change of the source: the position of its transaction's commit, and
// its number among the transaction's changes, from 0 on.
type Position struct {
	Commit  pglogrepl.LSN
	Ordinal int64
}

// String is the position as operators write it: 0/1A2B3C:0.
func (p Position) String() string { return fmt.Sprintf("%s:%d", p.Commit, p.Ordinal) }

// ParsePosition reads what String writes.
func ParsePosition(text string) (Position, error) {
	commit, ordinal, both := strings.Cut(text, ":")
	at, err := pglogrepl.ParseLSN(commit)
	number, numberErr := strconv.ParseInt(ordinal, 10, 64)
	if !both || err != nil || at == 0 || numberErr != nil || number < 0 {
		return Position{}, fmt.Errorf("position %q: expected that of a commit and the number of a change, such as 0/1A2B3C:0", text)
	}
	return Position{Commit: at, Ordinal: number}, nil
}

// Quarantined is a change that the target did not take, without its values: these stay in
// bgsync.quarantine.
type Quarantined struct {
	Position
	// Table is schema.name, Op what the source did.
	Table, Op string
	// SQLState and Constraint are the target's answer; Constraint may be empty.
	SQLState, Constraint string
	// State is open, retried or discarded; DecidedBy are those who have discarded it.
	State     string
	DecidedBy []string
}

// Discarded tells that the decision is final.
func (r Quarantined) Discarded() bool { return r.State == "discarded" }

// String is the change in one line.
func (r Quarantined) String() string {
	text := fmt.Sprintf("%s: %s of table %s, SQLSTATE %s", r.Position, r.Op, r.Table, r.SQLState)
	if r.Constraint != "" {
		text += ", constraint " + r.Constraint
	}
	text += ", " + r.State
	if len(r.DecidedBy) > 0 {
		text += ", discarded by " + strings.Join(r.DecidedBy, ", ")
	}
	return text
}

// Quarantine lists the changes that the target did not take in the lane's generation,
// in the order of the source.
func Quarantine(ctx context.Context, conn *pgx.Conn, lane string) ([]Quarantined, error) {
	rows, err := conn.Query(ctx, `SELECT q.commit_lsn, q.ordinal, m.schema || '.' || m.name, q.op, q.sqlstate, coalesce(q.constraint_name, ''), q.state,
		  coalesce(q.decided_by, '{}') FROM bgsync.quarantine q JOIN bgsync.lane l USING (lane, generation) JOIN bgsync.table_map m USING (table_id)
		WHERE q.lane = $1 ORDER BY q.commit_lsn, q.ordinal`, lane)
	if err != nil {
		return nil, pg.Wrap(err, "read the quarantine of lane %s", lane)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Quarantined, error) {
		var r Quarantined
		err := row.Scan(&r.Commit, &r.Ordinal, &r.Table, &r.Op, &r.SQLState, &r.Constraint, &r.State, &r.DecidedBy)
		return r, err
	})
	return all, pg.Wrap(err, "read the quarantine of lane %s", lane)
}
