package lane

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Facts are what the source says before a stream is started.
type Facts struct {
	InRecovery bool
	DB         string // bgsync.identity
	System     string // IDENTIFY_SYSTEM
	Timeline   int32
	Insert     pglogrepl.LSN

	// Unpublished is what keeps changes out of the stream, "" for nothing.
	Unpublished string

	SlotExists    bool
	SlotPlugin    string
	SlotHere      bool   // the slot belongs to this database
	SlotStatus    string // wal_status
	SlotConfirmed pglogrepl.LSN
	SlotActive    bool
}

// ErrBusy tells that somebody else streams the lane's slot.
var ErrBusy = errors.New("the slot is in use")

// errStandby tells that the endpoint leads to a server that takes no writes.
var errStandby = &pg.ServerError{SQLState: "25006"}

// Judge decides by the facts and the checkpoint whether the stream may start.
// The order is that of the protocol; the first condition that holds decides.
func Judge(facts Facts, row *checkpoint.Row) error {
	switch {
	case facts.InRecovery:
		return fmt.Errorf("source: %w", errStandby)
	case facts.DB != row.SourceDB:
		return checkpoint.NewHalt(checkpoint.SourceIdentity, "the source is database %s, expected %s", facts.DB, row.SourceDB)
	case facts.System != row.SourceSystem || facts.Timeline != row.SourceTimeline:
		return checkpoint.NewHalt(checkpoint.SourceIdentity, "the source is system %s on timeline %d, expected %s on %d",
			facts.System, facts.Timeline, row.SourceSystem, row.SourceTimeline)
	case facts.Insert < row.Applied:
		return checkpoint.NewHalt(checkpoint.SourceRewound, "the source writes at %s, the target has applied %s", facts.Insert, row.Applied)
	case facts.Unpublished != "":
		return checkpoint.NewHalt(checkpoint.Gap, "publication %s %s: changes of the source may be in no stream", bgsync.Publication, facts.Unpublished)
	case row.Slot != checkpoint.Slot(row.Lane, row.Generation):
		return checkpoint.NewHalt(checkpoint.Gap, "slot %s is not that of generation %d", row.Slot, row.Generation)
	case !facts.SlotExists:
		return checkpoint.NewHalt(checkpoint.Gap, "slot %s does not exist", row.Slot)
	case facts.SlotPlugin != "pgoutput" || !facts.SlotHere:
		return checkpoint.NewHalt(checkpoint.Gap, "slot %s is of another plugin or database", row.Slot)
	case facts.SlotStatus == "lost":
		return checkpoint.NewHalt(checkpoint.Gap, "slot %s has lost log that it needs", row.Slot)
	case facts.SlotConfirmed > row.Applied:
		return checkpoint.NewHalt(checkpoint.Gap, "slot %s is at %s, past the checkpoint %s", row.Slot, facts.SlotConfirmed, row.Applied)
	case facts.SlotActive:
		return ErrBusy
	default:
		return nil
	}
}

const factsSQL = `
SELECT pg_catalog.pg_is_in_recovery(), coalesce((SELECT db_id::text FROM bgsync.identity), ''),
       s.slot_name IS NOT NULL, coalesce(s.plugin, ''), coalesce(s.database = pg_catalog.current_database(), false),
       coalesce(s.wal_status, ''), coalesce(s.confirmed_flush_lsn, '0/0'), coalesce(s.active, false)
FROM (SELECT) one LEFT JOIN pg_catalog.pg_replication_slots s ON s.slot_name = $1`

const insertSQL = `SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN '0/0' ELSE pg_catalog.pg_current_wal_insert_lsn() END`

// slot asks the source for its identity and for the lane's slot.
func (f *Facts) slot(ctx context.Context, source *pgx.Conn, name string) error {
	err := source.QueryRow(ctx, factsSQL, name).Scan(&f.InRecovery, &f.DB, &f.SlotExists, &f.SlotPlugin,
		&f.SlotHere, &f.SlotStatus, &f.SlotConfirmed, &f.SlotActive)
	return pg.Wrap(err, "ask the source for its state")
}

// sourceSchemaSQL is the version of the source's schema bgsync.
const sourceSchemaSQL = `SELECT coalesce((SELECT schema_version FROM bgsync.identity), 0)`

// unpublishedSQL joins what the publication leaves out.
const unpublishedSQL = `SELECT coalesce(pg_catalog.string_agg(fault, ', '), '') FROM bgsync.unpublished() AS fault`

// published asks the source what its publication leaves out. A schema of another
// version cannot tell.
func (f *Facts) published(ctx context.Context, source *pgx.Conn) error {
	var version int
	if err := source.QueryRow(ctx, sourceSchemaSQL).Scan(&version); err != nil {
		return pg.Wrap(err, "read the source's identity")
	}
	if version != bgsync.SchemaVersion {
		return fmt.Errorf("source: %w: version %d of schema bgsync, expected %d", checkpoint.ErrUnreadable, version, bgsync.SchemaVersion)
	}
	err := source.QueryRow(ctx, unpublishedSQL).Scan(&f.Unpublished)
	return pg.Wrap(err, "ask the source for its publication")
}

// position asks the source where it writes, and which system it is.
func (f *Facts) position(ctx context.Context, source *pgx.Conn, stream *pgconn.PgConn) (err error) {
	if err := source.QueryRow(ctx, insertSQL).Scan(&f.Insert); err != nil {
		return pg.Wrap(err, "ask the source for its position")
	}
	f.System, f.Timeline, err = system(ctx, stream)
	return err
}

// gather asks the source, and the target between. The order matters, since
// another invocation may be at work: a slot is never past the checkpoint that is
// read after it, and a checkpoint never past the source that is asked after that.
func (s *session) gather(ctx context.Context) (f Facts, err error) {
	if err := errors.Join(f.slot(ctx, s.source, s.row.Slot), f.published(ctx, s.source)); err != nil {
		return f, err
	}
	if s.row, err = checkpoint.Load(ctx, s.target, s.run.Lane); err != nil {
		return f, err
	}
	s.run.row = *s.row
	if err := s.halted(ctx); err != nil {
		return f, err
	}
	return f, f.position(ctx, s.source, s.stream)
}

// Examine asks both sides whether the stream of a lane may start (preflight PF25): it
// answers what Judge answers, and nothing when the slot is in use by the lane itself.
// Source and target are sessions from pg.Connect, stream one from
// pg.ConnectReplication on the source. Errors that are no halt are those of asking.
func Examine(ctx context.Context, source, target *pgx.Conn, stream *pgconn.PgConn, name string) error {
	row, err := checkpoint.Load(ctx, target, name)
	if err != nil {
		return err
	}
	var facts Facts
	if err := errors.Join(facts.slot(ctx, source, row.Slot), facts.published(ctx, source)); err != nil {
		return err
	}
	if row, err = checkpoint.Load(ctx, target, name); err != nil {
		return err
	}
	if err := facts.position(ctx, source, stream); err != nil {
		return err
	}
	if err := Judge(facts, row); !errors.Is(err, ErrBusy) {
		return err
	}
	return nil
}

// system is the identity of the server as replication sees it.
func system(ctx context.Context, stream *pgconn.PgConn) (string, int32, error) {
	identity, err := pglogrepl.IdentifySystem(ctx, stream)
	return identity.SystemID, identity.Timeline, pg.Wrap(err, "identify the source's system")
}

// slotPoll is how often a busy slot is looked at.
const slotPoll = 200 * time.Millisecond

// admit waits until the stream may start, or says why it may not.
func (s *session) admit(ctx context.Context) error {
	for until := time.Now().Add(s.limits.SlotWait); ; {
		facts, err := s.gather(ctx)
		if err != nil {
			return err
		}
		err = Judge(facts, s.row)
		if !errors.Is(err, ErrBusy) || time.Now().After(until) {
			return err
		}
		select {
		case <-time.After(slotPoll):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Widen gives a 32-bit transaction id its upper half: of the 64-bit ids with
// those low bits it is the one nearest to the source's next id.
func Widen(next uint64, xid uint32) uint64 {
	const span, half = uint64(1) << 32, uint64(1) << 31
	candidate := next&^(span-1) | uint64(xid)
	switch {
	case candidate > next+half && candidate >= span:
		return candidate - span
	case candidate+half < next:
		return candidate + span
	default:
		return candidate
	}
}

// nextXid is the source's next transaction id.
func nextXid(ctx context.Context, source *pgx.Conn) (uint64, error) {
	var text string
	if err := source.QueryRow(ctx, `SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text`).Scan(&text); err != nil {
		return 0, pg.Wrap(err, "ask the source for its next transaction id")
	}
	next, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the source's next transaction id is no number: %w", err)
	}
	return next, nil
}
