package lane

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/cutover/cutover/projects/migration/lane/backfill"
	"github.com/cutover/cutover/projects/migration/lane/govern"
)

// pieces loads chunks for one worker, and while the load is throttled piece by piece:
// each is small enough to be read in the time for which data may flow on end. A source
// keeps all versions of rows that a snapshot could see, and its clients wade through
// those of rows that they write often: a snapshot that is held while data is held up
// costs them more than the reading.
type pieces struct {
	loader     *backfill.Loader
	governor   *govern.Governor
	chunkBytes int64
	pace       *pace
}

// load loads the chunk, or its beginning; rest is what stays planned.
func (p pieces) load(ctx context.Context, chunk backfill.Chunk) (loaded backfill.Loaded, piece backfill.Chunk, rest *backfill.Chunk, err error) {
	if piece, rest, err = p.next(ctx, chunk); err == nil {
		if loaded, err = p.loader.Load(ctx, piece); err == nil {
			p.pace.saw(piece.TableID, loaded)
		}
	}
	return loaded, piece, rest, err
}

// next cuts off what may be loaded at once.
func (p pieces) next(ctx context.Context, chunk backfill.Chunk) (backfill.Chunk, *backfill.Chunk, error) {
	table := p.loader.Tables[chunk.TableID]
	window, err := p.governor.Window(ctx)
	if err != nil || table == nil {
		return chunk, nil, err
	}
	most := int64(math.MaxInt64)
	if size := p.governor.Size(); size < 1 {
		most = backfill.Rows(table, size*float64(p.chunkBytes))
	}
	if window > 0 {
		most = min(most, p.pace.rows(table.ID, window, backfill.Rows(table, firstPiece)))
	}
	if most == math.MaxInt64 {
		return chunk, nil, nil
	}
	return backfill.Trim(ctx, p.loader.Source, p.loader.Target, p.loader.Lane, table, chunk, most)
}

// firstPiece is the size in bytes of a table's first piece, by which its pace is found.
const firstPiece = 512 << 10

// pace is how many rows of each table a second have crossed lately.
type pace struct {
	mutex  sync.Mutex
	second map[int32]float64
}

// saw learns from a piece.
func (p *pace) saw(table int32, loaded backfill.Loaded) {
	if loaded.Rows == 0 || loaded.Crossing <= 0 {
		return
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	now := float64(loaded.Rows) / loaded.Crossing.Seconds()
	if before := p.second[table]; before > 0 {
		now = (before + now) / 2
	}
	if p.second == nil {
		p.second = map[int32]float64{}
	}
	p.second[table] = now
}

// rows is how many rows of a table cross within a time, at least one, as many as given
// while nothing of it is known. What a piece takes beside its rows is left out of the
// time by a part of it.
func (p *pace) rows(table int32, within time.Duration, unknown int64) int64 {
	const used = 0.7
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.second[table] == 0 {
		return max(1, unknown)
	}
	return max(1, int64(used*p.second[table]*within.Seconds()))
}
