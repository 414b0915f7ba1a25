package lane

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/backfill"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// Worker loads single chunks of a lane's base, in processes of their own beside
// the lane's runner. Of any number of workers and runners one loads a chunk.
type Worker struct {
	Lane      string
	Endpoints Endpoints
	// Invocation names this process in the database; no two share a name.
	Invocation string
	Limits     Limits
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
	left.Chunks, err = backfill.Planned(ctx, target, w.Lane)
	return left, err
}

// Load loads one chunk. A chunk that is loaded already, or belongs to a load that
// has ended, is no error and brings nothing. One that takes longer than it may is
// halved: both halves are planned, and this call brings nothing.
func (w Worker) Load(ctx context.Context, chunk backfill.Chunk) (backfill.Loaded, error) {
	if err := w.Limits.Validate(); err != nil {
		return backfill.Loaded{}, err
	}
	loader, done, err := w.loader(ctx)
	if err != nil {
		return backfill.Loaded{}, err
	}
	limited, cancel := context.WithTimeout(ctx, w.Limits.ChunkTime)
	loaded, err := loader.Load(limited, chunk)
	late := ctx.Err() == nil && errors.Is(limited.Err(), context.DeadlineExceeded)
	cancel()
	done()
	switch {
	case errors.Is(err, backfill.ErrElsewhere):
		return backfill.Loaded{}, nil
	case err != nil && late:
		return backfill.Loaded{}, w.split(ctx, chunk)
	default:
		return loaded, err
	}
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
	return &backfill.Loader{Source: source, Target: target, Lane: w.Lane, Invocation: w.Invocation, Tables: index, At: w.At}, done, nil
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
