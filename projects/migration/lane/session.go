package lane

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"github.com/cutover/cutover/projects/migration/lane/apply"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/dirty"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/reader"
	"github.com/cutover/cutover/projects/migration/lane/relation"
	"github.com/cutover/cutover/projects/migration/lane/schema"
)

// Steps of following a source, for observers, besides those of apply and
// backfill.
const (
	BeforeFlush = "lane.before_flush"
	AfterFlush  = "lane.after_flush"
)

// session is one connection of an invocation to both sides, from the reading of
// the checkpoint to its end.
type session struct {
	run        *run
	limits     Limits
	endpoints  Endpoints
	invocation string
	at         func(string) error
	stop       time.Time
	counters   *counters

	source, target *pgx.Conn
	stream         *pgconn.PgConn
	row            *checkpoint.Row
	tables         []*relation.Table
	canary         *relation.Table
	next           atomic.Uint64 // the source's next transaction id
	tended         time.Time
	allLoaded      atomic.Bool
	looked         time.Time // at the log that the source keeps
	patience       time.Time // no repair is tried before
}

func (s *session) identity(role pg.Role) pg.Identity {
	return pg.Identity{Role: role, Lane: s.run.Lane, Invocation: s.invocation}
}

// open connects to the target and reads the checkpoint, after whatever still
// writes it.
func (s *session) open(ctx context.Context) error {
	var err error
	if s.target, err = s.connect(ctx, s.endpoints.Apply, pg.Applier); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	if err := replicaRole(ctx, s.target); err != nil {
		return err
	}
	if s.row, err = checkpoint.LoadSettled(ctx, s.target, s.run.Lane); err != nil {
		return err
	}
	s.run.row = *s.row
	return nil
}

// replicaRole makes sure that triggers and foreign keys do not act for the
// applier: what they did on the source is in the stream.
func replicaRole(ctx context.Context, target *pgx.Conn) error {
	var role, commit string
	err := target.QueryRow(ctx, `SELECT pg_catalog.current_setting('session_replication_role'), pg_catalog.current_setting('synchronous_commit')`).Scan(&role, &commit)
	if err != nil {
		return pg.Wrap(err, "read the applier's settings")
	}
	if role != "replica" {
		return checkpoint.NewHalt(checkpoint.Permission, "the applier's session_replication_role is %q, expected replica: enrol its login user", role)
	}
	if commit != "on" {
		return checkpoint.NewHalt(checkpoint.Permission, "the applier's synchronous_commit is %q, expected on", commit)
	}
	return nil
}

// halted ends the invocation when the lane may not move.
func (s *session) halted(context.Context) error {
	switch s.row.State {
	case checkpoint.Halted, checkpoint.Retired:
		return fmt.Errorf("%w: %w", errHalted, checkpoint.NewHalt(s.row.Halt, "lane %s is %s since an earlier invocation: %s", s.row.Lane, s.row.State, s.row.Why()))
	case checkpoint.Created:
		return fmt.Errorf("lane %s: %w", s.row.Lane, ErrUnfinished)
	case checkpoint.Loading, checkpoint.CatchingUp, checkpoint.Running:
	}
	return nil
}

// read connects to the source and reads the tables.
func (s *session) read(ctx context.Context) error {
	var err error
	if s.source, err = s.connect(ctx, s.endpoints.Reader, pg.Reader); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	if s.stream, err = pg.ConnectReplication(ctx, s.endpoints.Reader, s.identity(pg.Reader)); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	if s.tables, err = tablesOf(ctx, s.source, s.target, s.row); err != nil {
		return err
	}
	s.canary, err = relation.Load(ctx, s.target, "bgsync", "canary")
	return err
}

// base loads what is not loaded. The source must be the right one before a row of
// it is copied.
func (s *session) base(ctx context.Context) error {
	if s.row.State != checkpoint.Loading {
		return nil
	}
	if err := s.admit(ctx); err != nil {
		return err
	}
	if err := s.load(ctx); err != nil {
		return err
	}
	s.run.row = *s.row
	if s.row.State == checkpoint.Loading {
		return errAgain
	}
	return nil
}

// start asks the source whether the stream may start.
func (s *session) start(ctx context.Context) error {
	if err := s.admit(ctx); err != nil {
		return err
	}
	next, err := nextXid(ctx, s.source)
	s.next.Store(next)
	return err
}

// newReader makes the reader of the lane's slot, for the tables as they are now.
func (s *session) newReader(queue *reader.Queue) *reader.Reader {
	tables := map[string]*relation.Table{}
	for _, table := range s.tables {
		tables[table.FullName()] = table
	}
	stream := reader.New(s.stream, s.row.Slot, &reader.Decoder{
		Tables: tables, Canary: s.canary, Cut: s.limits.BatchBytes / 8,
		Widen: func(xid uint32) uint64 { return Widen(s.next.Load(), xid) },
	}, queue)
	stream.Most = s.limits.message()
	return stream
}

// newFeed makes the applier from where the lane stands, does the repairs that must come
// first, and returns what feeds it.
func (s *session) newFeed(ctx context.Context, stream *reader.Reader) (*feed, error) {
	applier := apply.New(s.target, *s.row, s.invocation, s.canary, s.at)
	applier.Tally = s.run.Tally
	if err := applier.Restore(ctx); err != nil {
		return nil, err
	}
	if err := dirty.Opened(ctx, s.target, s.run.Lane, s.invocation); err != nil {
		return nil, err
	}
	if err := s.room(ctx, applier); err != nil {
		return nil, err
	}
	decision, err := checkpoint.Decided(ctx, s.target, s.row)
	if err != nil {
		return nil, err
	}
	f := &feed{limits: s.limits, applier: applier, decision: decision}
	f.committed = func(context.Context) error { return s.committed(applier, stream) }
	f.between = func(ctx context.Context) error { return s.tend(ctx, applier) }
	f.reshaped = func(ctx context.Context, entries []schema.Entry, to apply.Advance) error {
		return s.reshape(ctx, applier, entries, to)
	}
	return f, nil
}

// follow runs reader, applier and canary until one of them ends.
func (s *session) follow(ctx context.Context) error {
	queue := reader.NewQueue(s.limits.QueueBytes)
	stream := s.newReader(queue)
	f, err := s.newFeed(ctx, stream)
	if err != nil {
		return err
	}
	applier := f.applier

	began, outer := time.Now(), ctx
	group, ctx := errgroup.WithContext(ctx)
	reading, end := context.WithCancel(ctx)
	group.Go(func() error {
		err := streamed(stream.Run(reading, s.row.Applied, s.row.Part))
		if errors.Is(err, context.Canceled) && ctx.Err() == nil {
			return nil // the applier has come to its end
		}
		return err
	})
	group.Go(func() error {
		err := s.beat(reading)
		if errors.Is(err, context.Canceled) && ctx.Err() == nil {
			return nil
		}
		return err
	})
	if applier.Loading() {
		group.Go(func() error { return s.beside(reading) })
	}
	group.Go(func() error {
		defer end()
		return f.consume(ctx, queue, s.ending)
	})
	err = group.Wait()
	s.counters.duplicates.Add(stream.Duplicates.Load())
	s.counters.fallbacks.Add(applier.Fallbacks)
	s.counters.retries.Add(f.retries)
	s.skipped(stream, began)
	if errors.Is(err, errReshaped) || errors.Is(err, apply.ErrReloading) {
		return errors.Join(dirty.HandedOver(outer, s.target, s.run.Lane, s.invocation), errAgain)
	}
	if err := errors.Join(err, s.giveUp(outer, f)); err != nil {
		return err
	}
	return dirty.HandedOver(context.WithoutCancel(ctx), s.target, s.run.Lane, s.invocation)
}

// committed notes a commit that is known: the source may forget what was before.
func (s *session) committed(applier *apply.Applier, stream *reader.Reader) error {
	s.run.row = applier.Row()
	s.run.Lag.Applied(s.run.row.AppliedAt, time.Now())
	if s.run.Observe != nil {
		s.run.Observe(s.run.row)
	}
	if err := s.at(BeforeFlush); err != nil {
		return err
	}
	stream.Flushed(s.run.row.Applied)
	return s.at(AfterFlush)
}

// beat writes the lane's canary on the source, so that an idle source has commits
// to advance over, and keeps the next transaction id fresh.
func (s *session) beat(ctx context.Context) error {
	ticker := time.NewTicker(s.limits.Canary)
	defer ticker.Stop()
	for {
		var at time.Time
		begun := time.Now()
		err := s.source.QueryRow(ctx, `INSERT INTO bgsync.canary AS c (side, name, seq, nonce, written_at)
			SELECT side, $1, 1, pg_catalog.gen_random_uuid(), pg_catalog.clock_timestamp() FROM bgsync.identity
			ON CONFLICT (side, name) DO UPDATE SET seq = c.seq + 1, nonce = excluded.nonce, written_at = excluded.written_at
			RETURNING written_at`, s.run.Lane).Scan(&at)
		if err != nil {
			return pg.Wrap(err, "write the canary of lane %s", s.run.Lane)
		}
		s.run.Lag.Wrote(at, begun)
		next, err := nextXid(ctx, s.source)
		if err != nil {
			return err
		}
		s.next.Store(next)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// close ends all connections: a function that is frozen and thaws must not find
// one alive.
func (s *session) close() {
	for _, conn := range []*pgx.Conn{s.source, s.target} {
		if conn != nil {
			pg.Close(conn)
		}
	}
	if s.stream != nil {
		pg.Close(s.stream)
	}
}
