package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/dirty"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
	"github.com/cutover/cutover/projects/migration/lane/schema"
)

// session is a pair of sessions, one on each side, with what is known of the
// lane.
type session struct {
	*Verifier
	source, target *pgx.Conn
	tables         []*relation.Table
	digest         digest
	nudges         *nudger
	// fingerprint is the lane's as its tables were read.
	fingerprint []byte
	// shared tells that the nudger is another session's.
	shared bool
}

// open connects to both sides and makes sure that they are the lane's.
func (v *Verifier) open(ctx context.Context) (*session, error) {
	if err := v.Limits.Validate(); err != nil {
		return nil, err
	}
	s, err := v.connect(ctx)
	if err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{s.identify, s.load, s.probe} {
		if err := step(ctx); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// another opens two more sessions for a worker.
func (s *session) another(ctx context.Context) (*session, error) {
	other, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	other.fingerprint = s.fingerprint
	other.tables, other.digest, other.nudges, other.shared = s.tables, s.digest, s.nudges, true
	return other, nil
}

func (v *Verifier) connect(ctx context.Context) (*session, error) {
	id := pg.Identity{Role: pg.Verifier, Lane: v.Lane, Invocation: v.Invocation}
	source, err := pg.Connect(ctx, v.Source, id)
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	target, err := pg.Connect(ctx, v.Target, id)
	if err != nil {
		pg.Close(source)
		return nil, fmt.Errorf("target: %w", err)
	}
	return &session{Verifier: v, source: source, target: target, nudges: &nudger{}}, nil
}

func (s *session) close() {
	pg.Close(s.source)
	pg.Close(s.target)
	if !s.shared {
		s.nudges.close()
	}
}

// identify makes sure that the source is the lane's.
func (s *session) identify(ctx context.Context) error {
	row, err := checkpoint.Load(ctx, s.target, s.Lane)
	if err != nil {
		return err
	}
	var db string
	if err := s.source.QueryRow(ctx, `SELECT db_id::text FROM bgsync.identity`).Scan(&db); err != nil {
		return pg.Wrap(err, "read the source's identity")
	}
	if db != row.SourceDB {
		return fmt.Errorf("lane %s: %w", s.Lane, ErrWrongSource)
	}
	_, err = s.target.Exec(ctx, `INSERT INTO bgsync.verify_state (lane, epoch, engine) VALUES ($1, 1, $2) ON CONFLICT DO NOTHING`, s.Lane, dirty.Engine)
	return pg.Wrap(err, "open the verification of lane %s", s.Lane)
}

// load reads the tables that hold rows from both catalogs, as they are at the
// lane's position: columns of a planned change that the lane has not come to are no
// part of a comparison.
func (s *session) load(ctx context.Context) error {
	row, err := checkpoint.Load(ctx, s.target, s.Lane)
	if err != nil {
		return err
	}
	sources, targets, err := s.catalogs(ctx)
	if err != nil {
		return err
	}
	history, err := schema.Load(ctx, s.target) // after the catalogs: what they show is in it
	if err != nil {
		return err
	}
	known, found := history.AsOf(sources, row.Fingerprint)
	if !found {
		return fmt.Errorf("lane %s: %w: the source's are not those of the lane", s.Lane, ErrDifferentTables)
	}
	s.fingerprint = row.Fingerprint
	for i, table := range known {
		if err := history.Explain(table, targets[i], row.SourceWritable); err != nil {
			return fmt.Errorf("%w: %w", ErrDifferentTables, err)
		}
		if table.Kind == "r" {
			s.tables = append(s.tables, table)
		}
	}
	return nil
}

// catalogs reads the registered tables of both sides.
func (s *session) catalogs(ctx context.Context) (sources, targets []*relation.Table, err error) {
	rows, err := s.target.Query(ctx, `SELECT table_id, schema, name FROM bgsync.table_map ORDER BY table_id`)
	if err != nil {
		return nil, nil, pg.Wrap(err, "read bgsync.table_map")
	}
	listed, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*relation.Table, error) {
		var t relation.Table
		err := row.Scan(&t.ID, &t.Schema, &t.Name)
		return &t, err
	})
	if err != nil {
		return nil, nil, pg.Wrap(err, "read bgsync.table_map")
	}
	if sources, err = catalog(ctx, s.source, listed); err != nil {
		return nil, nil, fmt.Errorf("source: %w", err)
	}
	if targets, err = catalog(ctx, s.target, listed); err != nil {
		return nil, nil, fmt.Errorf("target: %w", err)
	}
	return sources, targets, nil
}

// catalog reads tables under one snapshot, so that a change of several is seen
// whole or not at all.
func catalog(ctx context.Context, conn *pgx.Conn, listed []*relation.Table) (tables []*relation.Table, err error) {
	err = pgx.BeginTxFunc(ctx, conn, reading, func(tx pgx.Tx) error {
		for _, entry := range listed {
			table, err := relation.Load(ctx, tx, entry.Schema, entry.Name)
			if err != nil {
				return err
			}
			table.ID = entry.ID
			tables = append(tables, table)
		}
		return nil
	})
	return tables, err
}

// probe chooses the digest that both servers have: MD5 is missing where only
// approved ones are allowed.
func (s *session) probe(ctx context.Context) error {
	s.digest = byMD5
	for _, conn := range []*pgx.Conn{s.source, s.target} {
		_, err := conn.Exec(ctx, `SELECT md5('')`)
		var server *pg.ServerError
		if err = pg.Reduce(err); errors.As(err, &server) {
			s.digest = bySHA256
		} else if err != nil {
			return pg.Wrap(err, "ask for a digest")
		}
	}
	return nil
}

// table finds a table by number.
func (s *session) table(id int32) (*relation.Table, error) {
	at := slices.IndexFunc(s.tables, func(t *relation.Table) bool { return t.ID == id })
	if at < 0 {
		return nil, fmt.Errorf("lane %s: a bucket of table %d, which is not in the plan", s.Lane, id)
	}
	return s.tables[at], nil
}

// state is what the lane says of itself, within one transaction or not.
type state struct {
	generation  int64
	state       checkpoint.State
	applied     pglogrepl.LSN
	appliedXid  uint64
	torn        bool
	consistent  pglogrepl.LSN
	writable    bool
	plan, epoch int64
	tail        pglogrepl.LSN // 0 when it is off
	loading     bool          // some table's base is being loaded
	fingerprint []byte
}

const stateSQL = `SELECT l.generation, l.state, l.applied_lsn, l.applied_xid::text::bigint, l.part_lsn IS NOT NULL, coalesce(l.consistent_after, '0/0'),
    l.src_writable, l.bucket_plan, v.epoch, coalesce(l.tail_from, '0/0'),
    EXISTS (SELECT FROM bgsync.table_state t WHERE t.lane = l.lane AND t.phase IN ('planned', 'loading')), l.schema_fp
  FROM bgsync.lane l JOIN bgsync.verify_state v USING (lane) WHERE l.lane = $1`

func (s *session) state(ctx context.Context, on relation.Querier) (state, error) {
	var st state
	err := on.QueryRow(ctx, stateSQL, s.Lane).Scan(&st.generation, &st.state, &st.applied, &st.appliedXid, &st.torn, &st.consistent,
		&st.writable, &st.plan, &st.epoch, &st.tail, &st.loading, &st.fingerprint)
	return st, pg.Wrap(err, "read lane %s", s.Lane)
}

// gap tells whether the lane is a generation that began without a base: its
// passes find what is to be repaired, and say when it is consistent.
func (st state) gap() bool { return st.state == checkpoint.CatchingUp && st.consistent == 0 }

// admit says whether the lane can be compared at all.
func (st state) admit(lane string) error {
	switch st.state {
	case checkpoint.CatchingUp, checkpoint.Running:
	case checkpoint.Halted, checkpoint.Retired:
		return fmt.Errorf("lane %s: %w", lane, ErrHalted)
	case checkpoint.Created, checkpoint.Loading:
		return fmt.Errorf("lane %s: %w", lane, ErrNotReady)
	}
	if st.loading {
		return fmt.Errorf("lane %s: %w", lane, ErrNotReady)
	}
	if !st.writable {
		return fmt.Errorf("lane %s: %w", lane, ErrPassive)
	}
	return nil
}
