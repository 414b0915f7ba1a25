package lane

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Progress is how far the load of a base is.
type Progress struct {
	// Chunks are all of the load, Remaining those still planned.
	Chunks, Remaining int
	Rows              int64
	// LoadedBytes are relayed, RemainingBytes are what the planned chunks are expected
	// to hold, by the rows of the table that are loaded.
	LoadedBytes, RemainingBytes int64
	// Rate is bytes per second over the last five minutes, 0 when nothing was loaded
	// in them.
	Rate float64
	// Low and High are how long the rest takes at the best and at the worst minute's
	// rate; both 0 when nothing remains, and High is negative when it cannot be told.
	Low, High time.Duration
}

// window is what the rate is taken over, in minutes.
const window = 5

// A planned chunk has its expected rows, each of which is as large as those that are
// loaded of its table, or else as on the source.
const progressSQL = `SELECT c.state = 'loaded', coalesce(c.rows, 0), coalesce(CASE WHEN c.state = 'loaded' THEN c.bytes ELSE coalesce(c.rows * (
      sum(c.bytes) FILTER (WHERE c.state = 'loaded') OVER same / nullif(sum(c.rows) FILTER (WHERE c.state = 'loaded') OVER same, 0)), c.bytes) END, 0)::bigint,
    coalesce(extract(epoch FROM pg_catalog.clock_timestamp() - c.loaded_at), 0)::float8
  FROM bgsync.chunk c JOIN bgsync.table_state t USING (lane, table_id, load_no) WHERE c.lane = $1 WINDOW same AS (PARTITION BY c.table_id)`

// LoadProgress reads how far a lane's load is from its target: the table of chunks
// is the truth. Ages are taken from the target's clock.
func LoadProgress(ctx context.Context, target *pgx.Conn, lane string) (Progress, error) {
	rows, err := target.Query(ctx, progressSQL, lane)
	if err != nil {
		return Progress{}, pg.Wrap(err, "read the progress of lane %s", lane)
	}
	chunks, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Piece, error) {
		var c Piece
		var age float64
		err := row.Scan(&c.Loaded, &c.Rows, &c.Bytes, &age)
		c.Age = time.Duration(age * float64(time.Second))
		return c, err
	})
	if err != nil {
		return Progress{}, pg.Wrap(err, "read the progress of lane %s", lane)
	}
	return Estimate(chunks), nil
}

// Piece is a chunk as its progress counts it.
type Piece struct {
	Loaded bool
	// Rows and Bytes are expected until it is loaded; no bytes are not known, and taken
	// for the mean of those that are loaded.
	Rows, Bytes int64
	// Age is how long ago it was loaded.
	Age time.Duration
}

// Estimate sums chunks up and says how long the rest takes.
func Estimate(chunks []Piece) Progress {
	var p Progress
	var minutes [window]int64
	var oldest time.Duration
	var unknown int64
	for _, c := range chunks {
		p.Chunks++
		if !c.Loaded {
			p.Remaining++
			p.RemainingBytes += c.Bytes
			if c.Bytes == 0 {
				unknown++
			}
			continue
		}
		p.Rows, p.LoadedBytes = p.Rows+c.Rows, p.LoadedBytes+c.Bytes
		if at := int((c.Age - 1) / time.Minute); at < window {
			minutes[at] += c.Bytes
			oldest = max(oldest, c.Age)
		}
	}
	if loaded := p.Chunks - p.Remaining; loaded > 0 {
		p.RemainingBytes += p.LoadedBytes / int64(loaded) * unknown
	}
	if oldest <= 0 {
		p.High = -time.Second
	} else {
		p.rate(minutes, oldest)
	}
	if p.Remaining == 0 {
		p.Low, p.High = 0, 0
	}
	return p
}

// rate takes the rate over the minutes in which something may have been loaded; the
// oldest of them counts as far as it goes.
func (p *Progress) rate(minutes [window]int64, oldest time.Duration) {
	var total int64
	var rates []float64
	for at, bytes := range minutes {
		from := time.Duration(at) * time.Minute
		if from >= oldest {
			break
		}
		total += bytes
		rates = append(rates, float64(bytes)/min(oldest-from, time.Minute).Seconds())
	}
	p.Rate = float64(total) / oldest.Seconds()
	p.Low = lasts(p.RemainingBytes, slices.Max(rates))
	p.High = lasts(p.RemainingBytes, slices.Min(rates))
}

// lasts is how long bytes take at a rate, negative when it cannot be told.
func lasts(bytes int64, rate float64) time.Duration {
	if seconds := float64(bytes) / rate; rate > 0 && seconds < math.MaxInt64/float64(time.Second) {
		return time.Duration(seconds * float64(time.Second))
	}
	return -time.Second
}
