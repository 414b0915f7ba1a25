// Package gauge reads how a lane does: how far behind its source it is, what its
// slot keeps, how much of its base is loaded, what waits for a decision. It only
// reads, with the rights of the lane's own roles, and it knows nothing of metrics
// or screens.
package gauge

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/govern"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/throttle"
)

// Snapshot is a lane at one moment. It holds no value of a row.
type Snapshot struct {
	Lane       string              `json:"lane"`
	At         time.Time           `json:"at"` // this process's clock
	State      checkpoint.State    `json:"state"`
	Halt       checkpoint.HaltCode `json:"halt,omitempty"`
	Reason     string              `json:"reason,omitempty"` // of the halt
	Generation int64               `json:"generation"`
	Epoch      int64               `json:"epoch"`
	Applied    string              `json:"applied"`
	Source     string              `json:"source"` // the source's position
	// LagBytes is the part of the source's log that is not applied. LagSeconds is
	// the age, by the source's clock, of the last applied commit; a running lane
	// has a commit every second, its own canary.
	LagBytes   int64   `json:"lagBytes"`
	LagSeconds float64 `json:"lagSeconds"`
	// CanarySeconds is the age, by the source's clock, of the newest canary that
	// has arrived: its way and, at most, the second until the next.
	CanarySeconds float64 `json:"canarySeconds"`
	// Followed is false until a commit of the source has arrived: without one there
	// is no age.
	Followed bool `json:"followed"`

	SlotActive        bool  `json:"slotActive"`
	SlotRetainedBytes int64 `json:"slotRetainedBytes"`

	// Cloned tells that the base came with a clone of the source; nothing was loaded.
	Cloned bool `json:"cloned,omitempty"`
	// Unplanned are the first tables of the source that no lane carries and the plan does
	// not exclude.
	Unplanned []string `json:"unplanned,omitempty"`
	// Load is the base, over all Tables.
	Load
	Tables []Table `json:"tables"`
	// Throttle is what slows the load, or a comparison, down at the moment; nil while
	// nobody measures.
	Throttle *Throttle `json:"throttle,omitempty"`

	// Waits are the sessions for which the builder waits at the moment.
	Waits []Wait `json:"waits,omitempty"`

	Conflicts  int64 `json:"conflicts"`
	Quarantine int64 `json:"quarantine"`
	Repairs    int64 `json:"repairs"`

	// Verification is what comparisons have shown; nil in a snapshot of an earlier
	// version.
	Verification *Verification `json:"verification,omitempty"`

	Transactions int64 `json:"transactions"`
	Echoes       int64 `json:"echoes"`
	Torn         bool  `json:"torn"`
}

// Load is how far a copy is: its chunks and what they brought.
type Load struct {
	ChunksPlanned int64 `json:"chunksPlanned"` // not loaded yet
	ChunksLoaded  int64 `json:"chunksLoaded"`
	Rows          int64 `json:"rows"`
	Bytes         int64 `json:"bytes"`
	// BytesLeft is what the planned chunks are expected to hold, however they are cut; 0
	// where that is not known.
	BytesLeft int64 `json:"bytesLeft,omitempty"`
}

// Throttle is a state of the throttle that is not old.
type Throttle struct {
	throttle.State
	// Withheld is the part of the full speed, from 0 to 1, that is withheld.
	Withheld float64 `json:"withheld"`
}

// Table is one table's part of the load.
type Table struct {
	Name string `json:"name"` // schema.table
	Load
}

// Read asks the target first and the source afterwards, so that the lag is never
// negative. source is a session of bgsync_reader, target one of bgsync_apply.
func Read(ctx context.Context, source, target *pgx.Conn, lane string) (Snapshot, error) {
	row, err := checkpoint.Load(ctx, target, lane)
	if err != nil {
		return Snapshot{}, err
	}
	s := Snapshot{
		Lane: lane, State: row.State, Halt: row.Halt, Reason: row.Reason, Generation: row.Generation, Epoch: row.Epoch,
		Applied: row.Applied.String(), Transactions: row.Txns, Echoes: row.Echoes,
	}
	if err := s.load(ctx, target); err != nil {
		return Snapshot{}, err
	}
	if err := s.open(ctx, target); err != nil {
		return Snapshot{}, err
	}
	if err := s.lag(ctx, source, target, row); err != nil {
		return Snapshot{}, err
	}
	if err := s.unplanned(ctx, source); err != nil {
		return Snapshot{}, err
	}
	if err := s.throttled(ctx, target); err != nil {
		return Snapshot{}, err
	}
	if err := s.waiting(ctx, target); err != nil {
		return Snapshot{}, err
	}
	if err := s.verified(ctx, source, target); err != nil {
		return Snapshot{}, err
	}
	s.At = time.Now().UTC()
	return s, nil
}

// loadSQL sums up the chunks by table. A planned one has its expected rows, each of
// which is as large as those that are loaded of the table, or else as on the source.
const loadSQL = `
SELECT name, planned, loaded, rows, bytes, CASE WHEN known THEN coalesce(rows_left * bytes / nullif(rows, 0), bytes_left, 0)::bigint ELSE 0 END FROM (
  SELECT m.schema || '.' || m.name AS name, count(*) FILTER (WHERE c.state = 'planned') AS planned,
    count(*) FILTER (WHERE c.state = 'loaded') AS loaded,
    coalesce(sum(c.rows) FILTER (WHERE c.state = 'loaded'), 0)::bigint AS rows, coalesce(sum(c.bytes) FILTER (WHERE c.state = 'loaded'), 0)::bigint AS bytes,
    sum(c.rows) FILTER (WHERE c.state = 'planned') AS rows_left, sum(c.bytes) FILTER (WHERE c.state = 'planned') AS bytes_left,
    pg_catalog.bool_and(c.rows IS NOT NULL) AS known
  FROM bgsync.chunk c JOIN bgsync.table_state t USING (lane, table_id, load_no) JOIN bgsync.table_map m USING (table_id)
  WHERE c.lane = $1 GROUP BY 1) s ORDER BY 1`

// load counts the chunks by table.
func (s *Snapshot) load(ctx context.Context, target *pgx.Conn) error {
	rows, err := target.Query(ctx, loadSQL, s.Lane)
	if err != nil {
		return pg.Wrap(err, "count chunks of lane %s", s.Lane)
	}
	s.Tables, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Table, error) {
		var t Table
		err := row.Scan(&t.Name, &t.ChunksPlanned, &t.ChunksLoaded, &t.Rows, &t.Bytes, &t.BytesLeft)
		return t, err
	})
	for _, t := range s.Tables {
		s.ChunksPlanned += t.ChunksPlanned
		s.ChunksLoaded += t.ChunksLoaded
		s.Rows += t.Rows
		s.Bytes += t.Bytes
		s.BytesLeft += t.BytesLeft
	}
	return pg.Wrap(err, "count chunks of lane %s", s.Lane)
}

// throttled reads what all who load or compare obey.
func (s *Snapshot) throttled(ctx context.Context, target *pgx.Conn) error {
	shared, err := govern.Read(ctx, target, s.Lane)
	if errors.Is(err, govern.ErrNone) || err == nil && shared.Stale {
		return nil
	}
	s.Throttle = &Throttle{State: shared.State, Withheld: shared.State.Withheld()}
	return err
}

// open counts what waits for the engine or for a person.
func (s *Snapshot) open(ctx context.Context, target *pgx.Conn) error {
	err := target.QueryRow(ctx, `SELECT (SELECT count(*) FROM bgsync.conflict WHERE lane = $1 AND state = 'open'),
		  (SELECT count(*) FROM bgsync.quarantine WHERE lane = $1 AND state = 'open'),
		  (SELECT count(*) FROM bgsync.repair WHERE lane = $1),
		  (SELECT part_lsn IS NOT NULL FROM bgsync.lane WHERE lane = $1),
		  (SELECT i.cloned_from = l.src_db_id FROM bgsync.identity i, bgsync.lane l WHERE l.lane = $1) IS TRUE`, s.Lane).
		Scan(&s.Conflicts, &s.Quarantine, &s.Repairs, &s.Torn, &s.Cloned)
	return pg.Wrap(err, "count open decisions of lane %s", s.Lane)
}

// unplanned asks for tables that somebody has made beside the plan.
func (s *Snapshot) unplanned(ctx context.Context, source *pgx.Conn) error {
	const most = 20 // of the names: an item of the control store has room for no more than some
	err := source.QueryRow(ctx, `SELECT coalesce(pg_catalog.array_agg(name), '{}') FROM (SELECT name FROM bgsync.unplanned() AS name LIMIT $1) u`, most).Scan(&s.Unplanned)
	return pg.Wrap(err, "look for tables of the source beside lane %s", s.Lane)
}

// lag compares the checkpoint with the source.
func (s *Snapshot) lag(ctx context.Context, source, target *pgx.Conn, row *checkpoint.Row) error {
	var position, restart pglogrepl.LSN
	var now time.Time
	err := source.QueryRow(ctx, `SELECT pg_catalog.pg_current_wal_insert_lsn(), pg_catalog.clock_timestamp(),
		  coalesce((SELECT active FROM pg_catalog.pg_replication_slots WHERE slot_name = $1), false),
		  coalesce((SELECT restart_lsn FROM pg_catalog.pg_replication_slots WHERE slot_name = $1), '0/0')`, row.Slot).
		Scan(&position, &now, &s.SlotActive, &restart)
	if err != nil {
		return pg.Wrap(err, "read the position of the source of lane %s", s.Lane)
	}
	if err := s.canary(ctx, target, now); err != nil {
		return err
	}
	s.Source = position.String()
	s.LagBytes = distance(row.Applied, position)
	if restart != 0 {
		s.SlotRetainedBytes = distance(restart, position)
	}
	if row.AppliedAt.Unix() > 0 {
		s.LagSeconds, s.Followed = math.Max(0, now.Sub(row.AppliedAt).Seconds()), true
	}
	return nil
}

// canary finds the newest one that has arrived. now is the source's clock, by
// which it was written.
func (s *Snapshot) canary(ctx context.Context, target *pgx.Conn, now time.Time) error {
	var age float64
	err := target.QueryRow(ctx, `SELECT coalesce(max(greatest(0, extract(epoch FROM $1::timestamptz - c.written_at))), 0)::float8
		FROM bgsync.canary c, bgsync.identity i WHERE c.name = $2 AND c.side <> i.side`, now, s.Lane).Scan(&age)
	s.CanarySeconds = age
	return pg.Wrap(err, "read the canary of lane %s", s.Lane)
}

// distance is the length of the log between two positions, 0 if they are swapped.
func distance(from, to pglogrepl.LSN) int64 {
	if to <= from {
		return 0
	}
	return int64(min(uint64(to-from), math.MaxInt64))
}

// Progress is how a load goes on between two snapshots.
type Progress struct {
	// BytesPerSecond and RowsPerSecond are 0 while nothing is known.
	BytesPerSecond, RowsPerSecond float64
	// Remaining is a range: what is left is an estimate.
	RemainingLow, RemainingHigh time.Duration
}

// spread is how far an estimate may be off, either way.
const spread = 0.25

// Since compares with an earlier snapshot of the same load.
func (s Snapshot) Since(former Snapshot) Progress {
	elapsed := s.At.Sub(former.At).Seconds()
	chunks := s.ChunksLoaded - former.ChunksLoaded
	if elapsed <= 0 || chunks <= 0 {
		return Progress{}
	}
	remaining := elapsed * float64(s.ChunksPlanned) / float64(chunks)
	if bytes := s.Bytes - former.Bytes; bytes > 0 && s.BytesLeft > 0 {
		// not by chunks: those that are cut are loaded in small pieces, and what is left
		// of each is one chunk all the same
		remaining = elapsed * float64(s.BytesLeft) / float64(bytes)
	}
	return Progress{
		BytesPerSecond: float64(s.Bytes-former.Bytes) / elapsed, RowsPerSecond: float64(s.Rows-former.Rows) / elapsed,
		RemainingLow:  time.Duration(remaining * (1 - spread) * float64(time.Second)),
		RemainingHigh: time.Duration(remaining * (1 + spread) * float64(time.Second)),
	}
}

// Chase is how a lane catches up between two snapshots.
type Chase struct {
	// AppliedPerSecond and WrittenPerSecond are bytes of the source's log: what the lane
	// has applied, and what the source has written meanwhile.
	AppliedPerSecond, WrittenPerSecond float64
	// Left is how long it takes until nothing is behind; negative while the source
	// writes as fast as the lane applies, or faster.
	Left time.Duration
}

// ChaseSince compares with an earlier snapshot of the same lane; ok is false where they
// do not tell.
func (s Snapshot) ChaseSince(former Snapshot) (c Chase, ok bool) {
	elapsed := s.At.Sub(former.At).Seconds()
	positions := [4]pglogrepl.LSN{}
	for i, text := range []string{former.Applied, s.Applied, former.Source, s.Source} {
		var err error
		if positions[i], err = pglogrepl.ParseLSN(text); err != nil {
			return Chase{}, false
		}
	}
	if elapsed <= 0 {
		return Chase{}, false
	}
	c.AppliedPerSecond = float64(distance(positions[0], positions[1])) / elapsed
	c.WrittenPerSecond = float64(distance(positions[2], positions[3])) / elapsed
	c.Left = -1
	if gained := c.AppliedPerSecond - c.WrittenPerSecond; gained > 0 {
		if seconds := float64(s.LagBytes) / gained; seconds < math.MaxInt64/float64(time.Second) {
			c.Left = time.Duration(seconds * float64(time.Second))
		}
	}
	return c, true
}

// String is the snapshot in a few words.
func (s Snapshot) String() string {
	text := fmt.Sprintf("lane %s: %s, %.1f s and %d bytes behind", s.Lane, s.State, s.LagSeconds, s.LagBytes)
	if s.Halt != "" {
		text += strings.TrimSuffix(", halt "+string(s.Halt)+": "+s.Reason, ": ")
	}
	return text
}
