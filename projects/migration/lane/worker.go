package lane

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/backfill"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/govern"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
	"github.com/cutover/cutover/projects/migration/lane/throttle"
)

// Worker loads single chunks of a lane's base, in processes of their own beside
// the lane's runner. Of any number of workers and runners one loads a chunk.
type Worker struct {
	Lane      string
	Endpoints Endpoints
	// Invocation names this process in the database; no two share a name.
	Invocation string
	Limits     Limits
	// Throttle are inputs that slow the load down besides those that every lane has.
	Throttle []throttle.Input
	// At is told each durable step; nil is no observer.
	At func(step string) error
}

// Planned lists the chunks that are still to be loaded. It is the truth about the
// work that is left, whatever a history of executions says.
func (w Worker) Planned(ctx context.Context) ([]backfill.Chunk, error) {
	target, err := pg.Connect(ctx, w.Endpoints.Apply, w.identity())
	if err != nil {
		return nil, err
	}
	defer pg.Close(target)
	return backfill.Planned(ctx, target, w.Lane)
}

// Left is what a load has done and has yet to do.
type Left struct {
	State checkpoint.State
	// Halt is the code of a lane that is halted.
	Halt checkpoint.HaltCode
	// Loaded is how many chunks are loaded.
	Loaded int64
	Chunks []backfill.Chunk
	// Over are the inputs that have slowed the load down within the last minute.
	Over []throttle.Reading
}

// Left reads the work that is left, for those who share it out.
func (w Worker) Left(ctx context.Context) (Left, error) {
	target, err := pg.Connect(ctx, w.Endpoints.Apply, w.identity())
	if err != nil {
		return Left{}, err
	}
	defer pg.Close(target)
	row, err := checkpoint.Load(ctx, target, w.Lane)
	if err != nil {
		return Left{}, err
	}
	left := Left{State: row.State, Halt: row.Halt}
	err = target.QueryRow(ctx, `SELECT count(*) FROM bgsync.chunk JOIN bgsync.table_state USING (lane, table_id, load_no)
		WHERE lane = $1 AND chunk.state = 'loaded'`, w.Lane).Scan(&left.Loaded)
	if err != nil {
		return Left{}, pg.Wrap(err, "count the loaded chunks of lane %s", w.Lane)
	}
	if left.Chunks, err = backfill.Planned(ctx, target, w.Lane); err != nil {
		return Left{}, err
	}
	left.Over, err = govern.Recent(ctx, target, w.Lane)
	return left, err
}

// ErrNotNow tells that the throttle let nothing begin for as long as a worker could
// wait.
var ErrNotNow = errors.New("the throttle let nothing begin in time")

// Crew is a worker under the throttle that all who load for the lane share.
type Crew struct {
	Worker
	governor *govern.Governor
	pace     pace
}

// Join begins to obey the throttle; Close ends it.
func (w Worker) Join(ctx context.Context) (*Crew, error) {
	if err := w.Limits.Validate(); err != nil {
		return nil, err
	}
	return &Crew{Worker: w, governor: govern.Start(ctx, govern.Settings{
		Lane: w.Lane, Work: govern.Loading, Invocation: w.Invocation, Source: w.Endpoints.Reader, Target: w.Endpoints.Apply,
		Most: w.Limits.LoadWorkers, Limits: w.Limits.Throttle(), Inputs: w.Throttle,
	})}, nil
}

// Close leaves the throttle.
func (c *Crew) Close() { c.governor.Close() }

// Load loads one chunk, when there is room for one more among all loaders of the lane:
// where there is none before patience ends, that is ErrNotNow. A chunk that is loaded
// already, or belongs to a load that has ended, is no error and brings nothing. One that
// takes longer than it may is halved: both halves are planned, and this call brings
// nothing of them. While the load is throttled the chunk is loaded piece by piece; what
// is left of it when patience ends stays planned. After an error what was loaded before
// is told with it.
func (c *Crew) Load(ctx, patience context.Context, chunk backfill.Chunk) (all backfill.Loaded, err error) {
	var pieces pieces
	done := func() {}
	defer func() { done() }()
	for rest := &chunk; rest != nil; {
		leave, err := c.governor.Enter(patience)
		switch {
		case err != nil && all.Snapshot != "" && patience.Err() != nil:
			return all, nil
		case err != nil && patience.Err() != nil && ctx.Err() == nil:
			return all, ErrNotNow
		case err != nil:
			return all, err
		}
		if pieces.loader == nil {
			if pieces.loader, done, err = c.loader(ctx); err != nil {
				leave()
				done = func() {}
				return all, err
			}
			pieces.loader.Flow, pieces.governor, pieces.chunkBytes, pieces.pace = c.governor.Flow, c.governor, c.Limits.ChunkBytes, &c.pace
		}
		rest, err = c.next(ctx, pieces, *rest, &all)
		leave()
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// next loads the chunk or its beginning, adds it to all, and returns what is left.
func (c *Crew) next(ctx context.Context, pieces pieces, chunk backfill.Chunk, all *backfill.Loaded) (*backfill.Chunk, error) {
	limited, cancel := context.WithTimeout(ctx, c.Limits.ChunkTime)
	defer cancel()
	loaded, piece, rest, err := pieces.load(limited, chunk)
	switch {
	case errors.Is(err, backfill.ErrElsewhere):
		return nil, nil
	case err != nil && ctx.Err() == nil && errors.Is(limited.Err(), context.DeadlineExceeded):
		return nil, c.split(ctx, piece)
	case err != nil:
		return nil, err
	}
	loaded.Rows, loaded.Bytes = loaded.Rows+all.Rows, loaded.Bytes+all.Bytes
	*all = loaded
	return rest, nil
}

// Load is Join and one chunk, with patience until ctx ends.
func (w Worker) Load(ctx context.Context, chunk backfill.Chunk) (backfill.Loaded, error) {
	crew, err := w.Join(ctx)
	if err != nil {
		return backfill.Loaded{}, err
	}
	defer crew.Close()
	return crew.Load(ctx, ctx, chunk)
}

// split halves a chunk over sessions of its own: those of the load are broken.
func (w Worker) split(ctx context.Context, chunk backfill.Chunk) error {
	loader, done, err := w.loader(ctx)
	if err != nil {
		return err
	}
	defer done()
	err = backfill.Split(ctx, loader.Source, loader.Target, w.Lane, loader.Tables[chunk.TableID], chunk)
	if errors.Is(err, backfill.ErrElsewhere) {
		return nil
	}
	return err
}

// loader opens a loader's sessions and checks that the source is the lane's and
// its tables are those that the lane was made for.
func (w Worker) loader(ctx context.Context) (*backfill.Loader, func(), error) {
	source, err := pg.Connect(ctx, w.Endpoints.Reader, w.identity())
	if err != nil {
		return nil, nil, err
	}
	target, err := pg.Connect(ctx, w.Endpoints.Apply, w.identity())
	if err != nil {
		pg.Close(source)
		return nil, nil, err
	}
	done := func() { pg.Close(target); pg.Close(source) }
	tables, err := w.admitted(ctx, source, target)
	if err != nil {
		done()
		return nil, nil, err
	}
	index := make(map[int32]*relation.Table, len(tables))
	for _, table := range tables {
		index[table.ID] = table
	}
	return &backfill.Loader{Source: source, Target: target, Lane: w.Lane, Invocation: w.Invocation, Tables: index, At: w.At, Most: w.Limits.message()}, done, nil
}

// admitted reads the tables for a lane that still goes on from this source.
func (w Worker) admitted(ctx context.Context, source, target *pgx.Conn) ([]*relation.Table, error) {
	row, err := checkpoint.Load(ctx, target, w.Lane)
	if err != nil {
		return nil, err
	}
	var db string
	if err := source.QueryRow(ctx, `SELECT db_id::text FROM bgsync.identity`).Scan(&db); err != nil {
		return nil, pg.Wrap(err, "read identity")
	}
	if db != row.SourceDB {
		return nil, checkpoint.NewHalt(checkpoint.SourceIdentity, "the source is database %s, expected %s", db, row.SourceDB)
	}
	if row.State == checkpoint.Halted || row.State == checkpoint.Retired {
		return nil, checkpoint.NewHalt(row.Halt, "lane %s is %s", row.Lane, row.State)
	}
	return tablesOf(ctx, source, target, row)
}

func (w Worker) identity() pg.Identity {
	return pg.Identity{Role: pg.Loader, Lane: w.Lane, Invocation: w.Invocation}
}
