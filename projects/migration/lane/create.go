package lane

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/backfill"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// Endpoints are the connection strings of a lane, one for each role.
type Endpoints struct {
	// Reader is a member of bgsync_reader on the source.
	Reader string
	// Apply is a member of bgsync_apply on the target.
	Apply string
	// Builder is a member of bgsync_ddl on the target.
	Builder string
}

// ErrExists tells that there is a lane of that name.
var ErrExists = errors.New("the lane exists already")

// ErrNotEmpty tells that the base would be loaded over rows.
var ErrNotEmpty = errors.New("the table has rows, expected an empty one: TRUNCATE it, or name the right target")

// Base says what a lane starts from.
type Base string

// The bases.
const (
	// Chunks copies the tables, which must be empty on the target.
	Chunks Base = "chunks"
	// Equal copies nothing: the target is where the source has all its rows from,
	// as on the way back of a lane that is running.
	Equal Base = "equal"
)

// Creation describes a new lane.
type Creation struct {
	Lane      string
	Endpoints Endpoints
	Base      Base
	// Interleaved lets the lane apply changes from the start, while chunks are
	// loaded: the source keeps less log, and the load takes longer.
	Interleaved bool
	// Generation is the lane's first incarnation; 0 is 1. A side that is made anew gets a
	// higher one than its lost database had: nobody who has that in mind meets the slot.
	Generation int64
	// Instead lets the lane take the place of one that has ended, or that came from another
	// database than the source is now. What stands of it goes in the transaction that makes
	// this one, whose generation is the next.
	Instead bool
	Limits  Limits
	// At is told each durable step; nil is no observer.
	At func(step string) error
}

// Steps of creating a lane, for observers.
const (
	AfterSlot    = "create.after_slot"
	AfterSettle  = "create.after_settle"
	AfterLaneRow = "create.after_lane_row"
)

// creation is a Creation under way.
type creation struct {
	Creation
	source, target *pgx.Conn
	authority      authority
	tables         []*relation.Table
	origin         origin
	base           pglogrepl.LSN
	xid            uint64
	// generation is that of the slot that is made.
	generation int64
	// former is the lane that this one takes the place of; nil for none.
	former *checkpoint.Row
}

// authority is the source's row.
type authority struct {
	Epoch    int64
	Writable bool
	Attempt  string
}

// String is the row in words.
func (a authority) String() string {
	text := fmt.Sprintf("passive in epoch %d", a.Epoch)
	if a.Writable {
		text = fmt.Sprintf("writable in epoch %d", a.Epoch)
	}
	if a.Attempt != "" {
		text += " under attempt " + a.Attempt
	}
	return text
}

// origin is the identity of the source.
type origin struct {
	db, system string
	timeline   int32
}

// Create makes a lane: slot, settled source, lane row and plan of chunks. A crash
// at any point leaves at most a slot that no lane names, which the next attempt
// drops. It copies nothing; Run does.
func Create(ctx context.Context, with Creation) error {
	if with.At == nil {
		with.At = func(string) error { return nil }
	}
	if err := with.Limits.Validate(); err != nil {
		return err
	}
	id := pg.Identity{Role: pg.Reader, Lane: with.Lane, Invocation: "create"}
	source, err := pg.Connect(ctx, with.Endpoints.Reader, id)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	defer pg.Close(source)
	id.Role = pg.Applier
	target, err := pg.Connect(ctx, with.Endpoints.Apply, id)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	defer pg.Close(target)
	c := &creation{Creation: with, source: source, target: target, generation: max(with.Generation, 1)}
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"look at the servers", c.servers}, {"look for the lane", c.vacant}, {"read the tables", c.read}, {"identify the source", c.identify},
		{"clear slots that no lane names", c.clear}, {"make the slot", c.slot}, {"settle", c.settle}, {"write the lane", c.write},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("create lane %s: %s: %w", with.Lane, step.name, err)
		}
	}
	return nil
}

// serversSQL is what a server must be: its release, what its log is good for, and
// whether it has the publication.
const serversSQL = `SELECT pg_catalog.current_setting('server_version_num')::int / 10000, pg_catalog.current_setting('wal_level'),
  EXISTS (SELECT FROM pg_catalog.pg_publication WHERE pubname = $1)`

// servers joins what makes a lane between these two impossible, whatever else they
// have. Preflight says it too; a lane is not made by those only who ask it.
func (c *creation) servers(ctx context.Context) error {
	var problems []error
	for _, side := range []struct {
		name string
		conn *pgx.Conn
	}{{"source", c.source}, {"target", c.target}} {
		if side.conn == nil { // a target that is yet to be copied
			continue
		}
		var release int
		var level string
		var published bool
		if err := side.conn.QueryRow(ctx, serversSQL, bgsync.Publication).Scan(&release, &level, &published); err != nil {
			return pg.Wrap(err, "ask the %s", side.name)
		}
		if release != majorRelease {
			problems = append(problems, fmt.Errorf("%s: is PostgreSQL %d, expected %d on both sides", side.name, release, majorRelease))
		}
		if side.name == "target" { // its own log is read by the lane back only
			continue
		}
		if level != "logical" {
			problems = append(problems, fmt.Errorf("source: setting wal_level is %q, expected %q (rds.logical_replication=1 on Aurora) and a restart", level, "logical"))
		}
		if !published {
			problems = append(problems, fmt.Errorf("source: publication %s does not exist, expected it with all tables of the plan: register the plan", bgsync.Publication))
		}
	}
	return errors.Join(problems...)
}

// majorRelease is the only one whose log and catalogs the engine has been shown with.
const majorRelease = 14

// read loads the tables of both sides and checks that they are equal and, for a
// copy, empty.
func (c *creation) read(ctx context.Context) error {
	tables, err := loadTables(ctx, c.source, c.target)
	if err != nil {
		return err
	}
	c.tables = tables
	if c.Base != Chunks {
		return nil
	}
	var problems []error
	for _, table := range tables {
		var filled bool
		if err := c.target.QueryRow(ctx, `SELECT EXISTS (SELECT FROM ONLY `+table.Ident()+`)`).Scan(&filled); err != nil {
			return pg.Wrap(err, "look into table %s", table.FullName())
		}
		if filled {
			problems = append(problems, fmt.Errorf("table %s: %w", table.FullName(), ErrNotEmpty))
		}
	}
	return errors.Join(problems...)
}

func (c *creation) identify(ctx context.Context) error {
	stream, err := pg.ConnectReplication(ctx, c.Endpoints.Reader, pg.Identity{Role: pg.Reader, Lane: c.Lane, Invocation: "create"})
	if err != nil {
		return err
	}
	defer pg.Close(stream)
	if c.origin.system, c.origin.timeline, err = system(ctx, stream); err != nil {
		return err
	}
	if c.origin.db, err = dbOf(ctx, c.source); err != nil {
		return err
	}
	c.authority, err = c.readAuthority(ctx)
	return err
}

func (c *creation) readAuthority(ctx context.Context) (authority, error) {
	return authorityOf(ctx, c.source)
}

// authorityOf reads a side's row.
func authorityOf(ctx context.Context, side relation.Querier) (authority, error) {
	var a authority
	err := side.QueryRow(ctx, `SELECT epoch, writable, coalesce(attempt::text, '') FROM bgsync.authority`).Scan(&a.Epoch, &a.Writable, &a.Attempt)
	return a, pg.Wrap(err, "read authority")
}

// clear drops what a creation that died has left: inactive slots of this lane's
// name. No lane names them, since there is none.
func (c *creation) clear(ctx context.Context) error {
	prefix := strings.TrimSuffix(checkpoint.Slot(c.Lane, 0), "0")
	_, err := c.source.Exec(ctx, `SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots
		WHERE NOT active AND database = pg_catalog.current_database()
		  AND pg_catalog.starts_with(slot_name, $1) AND pg_catalog.substr(slot_name, pg_catalog.length($1) + 1) ~ '^[0-9]+$'`, prefix)
	return pg.Wrap(err, "drop slots")
}

// slotTimeout bounds the making of a slot: it waits for open transactions.
const slotTimeout = 60 * time.Second

// slot makes the slot between two equal readings of the authority.
func (c *creation) slot(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, slotTimeout)
	defer cancel()
	err := c.source.QueryRow(limited, `SELECT lsn FROM pg_catalog.pg_create_logical_replication_slot($1, 'pgoutput')`,
		checkpoint.Slot(c.Lane, c.generation)).Scan(&c.base)
	if err != nil {
		return pg.Wrap(err, "slot %s", checkpoint.Slot(c.Lane, c.generation))
	}
	now, err := c.readAuthority(ctx)
	if err != nil {
		return err
	}
	if now != c.authority {
		return errors.New("the authority of the source changed meanwhile: try again when no switch is under way")
	}
	return c.At(AfterSlot)
}

func (c *creation) settle(ctx context.Context) error {
	if err := settle(ctx, c.source, c.Limits.SettleCreation); err != nil {
		return err
	}
	var err error
	if c.xid, err = nextXid(ctx, c.source); err != nil {
		return err
	}
	if err := c.begin(ctx); err != nil {
		return err
	}
	return c.At(AfterSettle)
}

// begin lets a lane that copies nothing begin behind all that was open when its
// slot was made. Where the source has another slot, releases before 14.13 may make
// one that begins in the midst of open transactions: the stream shows their rest
// only. A lane that copies its base meets that rest in tolerant mode, with chunks
// that show all of it; one that is strict from the start would take it for a
// forgery.
func (c *creation) begin(ctx context.Context) error {
	if c.Base != Equal {
		return nil
	}
	err := c.source.QueryRow(ctx, `SELECT pg_catalog.pg_current_wal_insert_lsn()`).Scan(&c.base)
	return pg.Wrap(err, "read the source's position")
}

const laneSQL = `
INSERT INTO bgsync.lane (lane, state, generation, epoch, src_db_id, src_sysid, src_timeline, slot_name, base_lsn, applied_lsn,
  applied_xid, consistent_after, src_writable, src_epoch, src_attempt, schema_fp)
VALUES ($1, $2, $14, (SELECT epoch FROM bgsync.authority), $3::uuid, $4, $5, $6, $7::pg_lsn, $7::pg_lsn, $8::text::xid8, $9::pg_lsn, $10, $11, nullif($12, '')::uuid, $13)`

// write writes lane, tables and chunks in one transaction: with it the lane
// exists.
func (c *creation) write(ctx context.Context) error {
	plans := map[int32][]backfill.Bounds{}
	if c.Base == Chunks {
		for _, table := range c.tables {
			if table.Kind != "r" {
				continue
			}
			bounds, err := backfill.Plan(ctx, c.source, table, c.Limits.ChunkBytes)
			if err != nil {
				return err
			}
			plans[table.ID] = bounds
		}
	}
	err := pgx.BeginFunc(ctx, c.target, func(tx pgx.Tx) error {
		if err := c.supersede(ctx, tx); err != nil {
			return err
		}
		if err := c.writeLane(ctx, tx); err != nil {
			return err
		}
		return c.writeChunks(ctx, tx, plans)
	})
	if err != nil {
		return pg.Reduce(err)
	}
	return c.At(AfterLaneRow)
}

// writeLane writes the lane's row. A lane that copies nothing is consistent from
// its first position on and strict from the start.
func (c *creation) writeLane(ctx context.Context, tx pgx.Tx) error {
	state, consistent := checkpoint.Loading, (*string)(nil)
	if c.Interleaved {
		state = checkpoint.CatchingUp
	}
	if c.Base == Equal {
		position := c.base.String()
		state, consistent = checkpoint.Running, &position
	}
	fingerprint := relation.Combine(c.tables)
	_, err := tx.Exec(ctx, laneSQL, c.Lane, string(state), c.origin.db, c.origin.system, c.origin.timeline,
		checkpoint.Slot(c.Lane, c.generation), c.base.String(), fmt.Sprint(c.xid-1), consistent,
		c.authority.Writable, c.authority.Epoch, c.authority.Attempt, fingerprint[:], c.generation)
	return pg.Wrap(err, "lane row")
}

func (c *creation) writeChunks(ctx context.Context, tx pgx.Tx, plans map[int32][]backfill.Bounds) error {
	for _, table := range c.tables {
		phase := "ready"
		if plans[table.ID] != nil {
			phase = "loading"
		}
		if _, err := tx.Exec(ctx, `INSERT INTO bgsync.table_state (lane, table_id, load_no, phase) VALUES ($1, $2, 1, $3)`, c.Lane, table.ID, phase); err != nil {
			return pg.Wrap(err, "state of table %s", table.FullName())
		}
		for number, bounds := range plans[table.ID] {
			rows, bytes := backfill.Expect(table, len(plans[table.ID]))
			_, err := tx.Exec(ctx, `INSERT INTO bgsync.chunk (lane, table_id, load_no, chunk_no, lo, hi, state, rows, bytes) VALUES ($1, $2, 1, $3, $4, $5, 'planned', $6, $7)`,
				c.Lane, table.ID, number, bounds.Lo, bounds.Hi, rows, bytes)
			if err != nil {
				return pg.Wrap(err, "chunk %d of table %s", number, table.FullName())
			}
		}
	}
	return nil
}
