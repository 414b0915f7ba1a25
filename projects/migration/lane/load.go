package lane

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/cutover/cutover/projects/migration/lane/backfill"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/govern"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// load copies all chunks that are still planned and then lets the lane catch up,
// unless the source keeps more log meanwhile than it should: then the lane begins
// to apply, and the rest is loaded beside.
func (s *session) load(ctx context.Context) error {
	for {
		chunks, err := backfill.Planned(ctx, s.target, s.row.Lane)
		if err != nil {
			return err
		}
		if len(chunks) == 0 {
			return s.loaded(ctx)
		}
		err = s.loadAll(ctx, chunks, s.interleaves)
		if errors.Is(err, errInterleave) {
			return s.interleave(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// loadAll loads chunks in order, as many at once as the throttle allows, over
// all processes that load for the lane; each
// worker has two sessions of its own. It ends early when leave says so.
func (s *session) loadAll(ctx context.Context, chunks []backfill.Chunk, leave func(context.Context) error) error {
	governor := s.govern(ctx)
	defer func() {
		s.run.throttled, s.run.over = governor.Withheld(), names(governor.State())
		governor.Close()
	}()
	work, known := make(chan backfill.Chunk), &pace{}
	group, ctx := errgroup.WithContext(ctx)
	for range min(s.limits.LoadWorkers, len(chunks)) {
		group.Go(func() error { return s.loadSome(ctx, governor, known, work) })
	}
	var left error
	group.Go(func() error {
		defer close(work)
		left = s.deal(ctx, chunks, work, leave)
		return nil
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return left
}

// deal hands chunks out until the invocation's end is near or leave says so. What
// is handed out is finished.
func (s *session) deal(ctx context.Context, chunks []backfill.Chunk, work chan<- backfill.Chunk, leave func(context.Context) error) error {
	for _, chunk := range chunks {
		if s.ending() {
			return errDeadline
		}
		if err := leave(ctx); err != nil {
			return err
		}
		select {
		case work <- chunk:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// loadSome is one worker.
func (s *session) loadSome(ctx context.Context, governor *govern.Governor, known *pace, work <-chan backfill.Chunk) error {
	source, target, done, err := s.loaders(ctx)
	if err != nil {
		return err
	}
	defer done()
	loader := &backfill.Loader{Source: source, Target: target, Lane: s.row.Lane, Invocation: s.invocation, Tables: s.byID(), At: s.at, Flow: governor.Flow, Most: s.limits.message()}
	pieces := pieces{loader: loader, governor: governor, chunkBytes: s.limits.ChunkBytes, pace: known}
	for chunk := range work {
		for rest := &chunk; rest != nil; {
			if rest, err = s.loadNext(ctx, pieces, *rest); err != nil {
				return err
			}
			if s.ending() { // what is left stays planned
				break
			}
		}
	}
	return nil
}

// loadNext loads a chunk or its beginning when there is room for one more, and returns
// what is left of it.
func (s *session) loadNext(ctx context.Context, pieces pieces, chunk backfill.Chunk) (rest *backfill.Chunk, err error) {
	leave, err := pieces.governor.Enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return s.loadOne(ctx, pieces, chunk)
}

// loaders opens a loader's session on each side; done closes both.
func (s *session) loaders(ctx context.Context) (source, target *pgx.Conn, done func(), err error) {
	id := s.identity(pg.Loader)
	if source, err = pg.Connect(ctx, s.endpoints.Reader, id); err != nil {
		return nil, nil, nil, err
	}
	if target, err = pg.Connect(ctx, s.endpoints.Apply, id); err != nil {
		pg.Close(source)
		return nil, nil, nil, err
	}
	return source, target, func() { pg.Close(target); pg.Close(source) }, nil
}

// loadOne loads a chunk, or splits it when it takes too long. While the load is
// throttled it loads the chunk's beginning only, and returns the rest, which is planned.
func (s *session) loadOne(ctx context.Context, pieces pieces, chunk backfill.Chunk) (*backfill.Chunk, error) {
	limited, cancel := context.WithTimeout(ctx, s.limits.ChunkTime)
	defer cancel()
	loaded, piece, rest, err := pieces.load(limited, chunk)
	switch {
	case errors.Is(err, backfill.ErrElsewhere):
		return nil, nil
	case errors.Is(err, backfill.ErrEarly): // it stays planned
		return nil, sleep(ctx, settlePoll)
	case err != nil && ctx.Err() == nil && errors.Is(limited.Err(), context.DeadlineExceeded):
		return nil, s.split(ctx, piece)
	case err != nil:
		return nil, err
	}
	s.counters.loadedRows.Add(loaded.Rows)
	s.counters.loadedBytes.Add(loaded.Bytes)
	return rest, nil
}

// split halves a chunk over sessions of its own: the loader's are broken by the
// time-out.
func (s *session) split(ctx context.Context, chunk backfill.Chunk) error {
	source, target, done, err := s.loaders(ctx)
	if err != nil {
		return err
	}
	defer done()
	if err := backfill.Split(ctx, source, target, s.row.Lane, s.byID()[chunk.TableID], chunk); err != nil {
		return err
	}
	return errAgain
}

// errAgain makes the session start over: its sessions are gone or its list of
// chunks is old.
var errAgain = &pg.ServerError{SQLState: "57P01"}

const loadedSQL = `UPDATE bgsync.lane l SET state = 'catching_up',
    consistent_after = greatest(l.base_lsn, (SELECT max(c.src_lsn) FROM bgsync.chunk c JOIN bgsync.table_state t USING (lane, table_id, load_no) WHERE c.lane = l.lane))
  WHERE l.lane = $1 AND l.generation = $2 AND l.state = 'loading' AND NOT EXISTS (
    SELECT FROM bgsync.chunk c JOIN bgsync.table_state t USING (lane, table_id, load_no) WHERE c.lane = l.lane AND c.state = 'planned')`

// loaded ends the load: consistent after the last position that any chunk was
// read at. It changes no replicated table, hence takes no marker.
func (s *session) loaded(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, s.target, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, loadedSQL, s.row.Lane, s.row.Generation)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return nil // somebody else was faster; the row is read again
		}
		_, err = tx.Exec(ctx, `UPDATE bgsync.table_state SET phase = 'loaded' WHERE lane = $1 AND phase = 'loading'`, s.row.Lane)
		return err
	})
	if err != nil {
		return pg.Wrap(err, "end the load of lane %s", s.row.Lane)
	}
	if err := s.analyse(ctx); err != nil {
		return err
	}
	s.row, err = checkpoint.Load(ctx, s.target, s.row.Lane)
	return err
}

// analyse gives the planner its statistics before the first change is applied. It
// takes the owner's rights, hence the builder's session.
func (s *session) analyse(ctx context.Context) error {
	builder, err := pg.Connect(ctx, s.endpoints.Builder, s.identity(pg.Builder))
	if err != nil {
		return err
	}
	defer pg.Close(builder)
	for _, table := range s.tables {
		if _, err := builder.Exec(ctx, `ANALYZE `+table.Ident()); err != nil {
			return pg.Wrap(err, "analyse table %s", table.FullName())
		}
	}
	return nil
}

func (s *session) byID() map[int32]*relation.Table {
	index := make(map[int32]*relation.Table, len(s.tables))
	for _, table := range s.tables {
		index[table.ID] = table
	}
	return index
}

// ending tells that nothing new may be begun before the deadline.
func (s *session) ending() bool {
	return !s.stop.IsZero() && !time.Now().Before(s.stop)
}
