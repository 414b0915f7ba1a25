// Package checkpoint reads and changes the lane's row on its target, which is the
// truth about how far the lane is. Every change names what it expects to find, so
// that of two processes one fails. The package moves no position: that belongs to
// the transaction that writes the data.
package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// State is where a lane is in its life.
type State string

// The states of a lane.
const (
	Created    State = "created"
	Loading    State = "loading"
	CatchingUp State = "catching_up"
	Running    State = "running"
	Halted     State = "halted"
	Retired    State = "retired"
)

// Row is the lane's row.
type Row struct {
	Lane       string
	State      State
	Generation int64
	Epoch      int64

	SourceDB       string
	SourceSystem   string
	SourceTimeline int32
	Slot           string

	Base       pglogrepl.LSN
	Applied    pglogrepl.LSN
	AppliedXid uint64
	// AppliedAt is the source's time of the last applied commit, zero for none.
	AppliedAt time.Time
	// Part is what is committed of a source transaction that did not fit into one
	// invocation; the zero value when there is none.
	Part Part
	// Long is the commit record of a source transaction that an invocation could
	// not finish in its time; 0 for none.
	Long pglogrepl.LSN
	// ConsistentAfter is 0 while it is not known.
	ConsistentAfter pglogrepl.LSN

	SourceWritable bool
	SourceEpoch    int64
	SourceAttempt  string

	Fingerprint []byte
	Claim       int64
	ClaimedBy   string
	Txns        int64
	Echoes      int64
	Halt        HaltCode
	// Reason is why it was halted, "" for a halt of a version that kept none.
	Reason string
}

// Part is the committed part of a source transaction.
type Part struct {
	// Commit is the transaction's commit record.
	Commit pglogrepl.LSN
	// Index is how many of its row messages are done.
	Index int64
	// Change is where the last of them stands in the log.
	Change pglogrepl.LSN
}

// Torn tells whether the target has a part of a source transaction. It then equals
// no state of the source.
func (r Row) Torn() bool { return r.Part.Index > 0 }

// Why is the reason of the halt, in words that say so where there is none.
func (r Row) Why() string {
	if r.Reason == "" {
		return "the reason was not kept"
	}
	return r.Reason
}

// Tolerant tells whether rows may still be there, or be missing, against
// expectation.
func (r Row) Tolerant() bool {
	return r.ConsistentAfter == 0 || r.Applied < r.ConsistentAfter
}

// What Load answers besides failures of its own: absent and unreadable are not
// the same.
var (
	// ErrAbsent tells that there is no such lane.
	ErrAbsent = errors.New("no such lane")
	// ErrUnreadable tells that the schema is missing or of another version.
	ErrUnreadable = errors.New("the schema bgsync is missing or of another version")
)

// LoadLock is the class of the advisory locks that keep loading and applying one
// table apart; the second number of a lock is the table's.
const LoadLock = 0x6267

// CutLock is the class of the advisory locks under which the chunks of one table are
// cut; the object is the table's number. Each cut takes the next chunk number.
const CutLock = 0x6268

// Slot is the name of a lane's slot in a generation.
func Slot(lane string, generation int64) string {
	return fmt.Sprintf("bgsync_%s_g%d", strings.ReplaceAll(lane, ".", "_"), generation)
}

const rowSQL = `
SELECT lane, state, generation, epoch, src_db_id::text, src_sysid, src_timeline, slot_name,
       base_lsn, applied_lsn, applied_xid::text::numeric::int8, coalesce(applied_at_src, 'epoch'::timestamptz),
       coalesce(part_lsn, '0/0'), part_index, coalesce(part_change_lsn, '0/0'), coalesce(long_lsn, '0/0'), coalesce(consistent_after, '0/0'), src_writable, src_epoch, coalesce(src_attempt::text, ''),
       schema_fp, claim_no, coalesce(claimed_by, ''), txns, echoes, coalesce(halt_code, ''), coalesce(halt_reason, '')
FROM bgsync.lane WHERE lane = $1`

// Load reads the row. It sees every commit that was acknowledged before.
func Load(ctx context.Context, conn *pgx.Conn, lane string) (*Row, error) {
	return load(ctx, conn, rowSQL, lane)
}

// LoadSettled reads the row after the transaction that may still hold it has
// ended, whether by commit or not: after a COMMIT of which the reply was lost it
// tells what became of it.
func LoadSettled(ctx context.Context, conn *pgx.Conn, lane string) (*Row, error) {
	var row *Row
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL lock_timeout = '30s'`); err != nil {
			return err
		}
		var err error
		row, err = load(ctx, tx, rowSQL+` FOR UPDATE`, lane)
		return err
	})
	return row, pg.Wrap(err, "settle checkpoint of lane %s", lane)
}

func load(ctx context.Context, conn interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}, sql, lane string,
) (*Row, error) {
	var version int
	err := conn.QueryRow(ctx, `SELECT schema_version FROM bgsync.identity`).Scan(&version)
	if err == nil && version != bgsync.SchemaVersion {
		return nil, fmt.Errorf("%w: version %d, expected %d", ErrUnreadable, version, bgsync.SchemaVersion)
	}
	if errors.Is(err, pgx.ErrNoRows) || err != nil && pg.Classify(err) == pg.Schema {
		return nil, ErrUnreadable
	}
	if err != nil {
		return nil, pg.Wrap(err, "read identity")
	}
	r := &Row{}
	err = conn.QueryRow(ctx, sql, lane).Scan(&r.Lane, &r.State, &r.Generation, &r.Epoch, &r.SourceDB, &r.SourceSystem,
		&r.SourceTimeline, &r.Slot, &r.Base, &r.Applied, &r.AppliedXid, &r.AppliedAt, &r.Part.Commit, &r.Part.Index, &r.Part.Change, &r.Long, &r.ConsistentAfter,
		&r.SourceWritable, &r.SourceEpoch, &r.SourceAttempt, &r.Fingerprint, &r.Claim, &r.ClaimedBy, &r.Txns, &r.Echoes, &r.Halt, &r.Reason)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("lane %s: %w", lane, ErrAbsent)
	}
	if err != nil {
		return nil, pg.Wrap(err, "read checkpoint of lane %s", lane)
	}
	return r, nil
}
