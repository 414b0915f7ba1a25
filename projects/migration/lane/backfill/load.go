package backfill

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// Chunk is a planned range of a table.
type Chunk struct {
	TableID, Load, Number int32
	Bounds
}

// Steps of loading one chunk, for observers.
const (
	BeforeRead   = "chunk.before_read"
	AfterRead    = "chunk.after_read"
	BeforeCopy   = "chunk.before_copy"
	AfterCopy    = "chunk.after_copy"
	BeforeCommit = "chunk.before_commit"
	AfterCommit  = "chunk.after_commit"
)

// ErrElsewhere tells that somebody else has loaded the chunk, or that the lane
// has left the state in which chunks are loaded.
var ErrElsewhere = errors.New("the chunk is loaded already, or the lane is past its load")

// Loader copies chunks of one lane. It has two sessions of its own.
type Loader struct {
	Source, Target *pgx.Conn
	Lane           string
	Invocation     string
	Tables         map[int32]*relation.Table
	// At is told each durable step; nil is no observer.
	At func(step string) error
}

// lockClass is the class of the advisory locks that keep loading and applying one
// table apart.
const lockClass = 0x6267

// relay is the size of the buffer between the two servers, in bytes.
const relay = 256 << 10

// Loaded is what one chunk brought.
type Loaded struct {
	Rows, Bytes int64
	// Snapshot is what was visible, Until the source's position after the read.
	Snapshot string
	Until    pglogrepl.LSN
}

func (l *Loader) at(step string) error {
	if l.At == nil {
		return nil
	}
	return l.At(step)
}

// Load copies one chunk in one transaction on either side. After an error nothing
// of it is on the target, unless the connection broke while COMMIT was under way.
func (l *Loader) Load(ctx context.Context, chunk Chunk) (Loaded, error) {
	table := l.Tables[chunk.TableID]
	if table == nil {
		return Loaded{}, fmt.Errorf("chunk of table %d: no such table in the plan", chunk.TableID)
	}
	var loaded Loaded
	err := pgx.BeginTxFunc(ctx, l.Source, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(read pgx.Tx) error {
		if err := read.QueryRow(ctx, `SELECT pg_catalog.pg_current_snapshot()::text`).Scan(&loaded.Snapshot); err != nil {
			return fmt.Errorf("take snapshot: %w", err)
		}
		if err := l.at(BeforeRead); err != nil {
			return err
		}
		return pgx.BeginFunc(ctx, l.Target, func(write pgx.Tx) error {
			if err := l.claim(ctx, write, chunk); err != nil {
				return err
			}
			if err := l.copy(ctx, table, chunk.Bounds, &loaded); err != nil {
				return err
			}
			return l.note(ctx, write, chunk, loaded)
		})
	})
	if err != nil {
		return Loaded{}, pg.Wrap(err, "load chunk %d of table %s", chunk.Number, table.FullName())
	}
	return loaded, l.at(AfterCommit)
}

// claim makes the chunk this transaction's and checks, with the table's lock
// held, that no change was applied to the lane yet.
func (l *Loader) claim(ctx context.Context, tx pgx.Tx, chunk Chunk) error {
	if _, err := tx.Exec(ctx, `SELECT pg_catalog.pg_logical_emit_message(true, 'bgsync.echo', $1)`, l.Lane); err != nil {
		return fmt.Errorf("marker: %w", err)
	}
	tag, err := tx.Exec(ctx, `UPDATE bgsync.chunk SET claim_no = claim_no + 1, claimed_by = $5
		WHERE lane = $1 AND table_id = $2 AND load_no = $3 AND chunk_no = $4 AND state = 'planned'
		  AND lo IS NOT DISTINCT FROM $6::text[] AND hi IS NOT DISTINCT FROM $7::text[]`,
		l.Lane, chunk.TableID, chunk.Load, chunk.Number, l.Invocation, chunk.Lo, chunk.Hi)
	if err != nil {
		return fmt.Errorf("claim: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrElsewhere
	}
	if _, err := tx.Exec(ctx, `SELECT pg_catalog.pg_advisory_xact_lock_shared($1, $2)`, int32(lockClass), chunk.TableID); err != nil {
		return fmt.Errorf("lock table: %w", err)
	}
	var state checkpoint.State
	if err := tx.QueryRow(ctx, `SELECT state FROM bgsync.lane WHERE lane = $1`, l.Lane).Scan(&state); err != nil {
		return fmt.Errorf("read state of the lane: %w", err)
	}
	if state != checkpoint.Loading {
		return ErrElsewhere
	}
	return nil
}

// copy relays the rows unparsed and takes the source's position when all are
// read.
func (l *Loader) copy(ctx context.Context, table *relation.Table, bounds Bounds, loaded *Loaded) error {
	condition, err := table.Range(bounds.Lo, bounds.Hi)
	if err != nil {
		return err
	}
	format := "text"
	if table.BinaryOK() {
		format = "binary"
	}
	out := fmt.Sprintf("COPY (SELECT %s FROM ONLY %s WHERE %s) TO STDOUT (FORMAT %s)", table.Selection(), table.Ident(), condition, format)
	in := fmt.Sprintf("COPY %s (%s) FROM STDIN (FORMAT %s)", table.Ident(), table.Selection(), format)
	if err := l.at(BeforeCopy); err != nil {
		return err
	}
	if err := l.relay(ctx, out, in, loaded); err != nil {
		return err
	}
	if err := l.at(AfterRead); err != nil {
		return err
	}
	if err := l.Source.QueryRow(ctx, `SELECT pg_catalog.pg_current_wal_insert_lsn()`).Scan(&loaded.Until); err != nil {
		return fmt.Errorf("read the source's position: %w", err)
	}
	return l.at(AfterCopy)
}

// relay runs both COPYs at once. A failure of either ends the other.
func (l *Loader) relay(ctx context.Context, out, in string, loaded *Loaded) error {
	reader, writer := io.Pipe()
	read := make(chan error, 1)
	go func() {
		counted := &counter{to: writer}
		buffered := bufio.NewWriterSize(counted, relay)
		_, err := l.Source.PgConn().CopyTo(ctx, buffered, out)
		err = errors.Join(err, buffered.Flush())
		loaded.Bytes = counted.bytes
		read <- err
		_ = writer.CloseWithError(err) // never fails
	}()
	tag, err := l.Target.PgConn().CopyFrom(ctx, reader, in)
	_ = reader.CloseWithError(io.ErrClosedPipe) // never fails
	if failed := <-read; failed != nil && !errors.Is(failed, io.ErrClosedPipe) {
		return fmt.Errorf("read: %w", failed)
	}
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	loaded.Rows = tag.RowsAffected()
	return nil
}

// counter counts what passes.
type counter struct {
	to    io.Writer
	bytes int64
}

// Write passes on.
func (c *counter) Write(data []byte) (int, error) {
	n, err := c.to.Write(data)
	c.bytes += int64(n)
	return n, err
}

// note writes down that the chunk is loaded.
func (l *Loader) note(ctx context.Context, tx pgx.Tx, chunk Chunk, loaded Loaded) error {
	_, err := tx.Exec(ctx, `UPDATE bgsync.chunk SET state = 'loaded', src_snapshot = $5::text::pg_snapshot, src_lsn = $6::pg_lsn,
		  rows = $7, bytes = $8, loaded_at = pg_catalog.clock_timestamp()
		WHERE lane = $1 AND table_id = $2 AND load_no = $3 AND chunk_no = $4`,
		l.Lane, chunk.TableID, chunk.Load, chunk.Number, loaded.Snapshot, loaded.Until.String(), loaded.Rows, loaded.Bytes)
	if err != nil {
		return fmt.Errorf("note: %w", err)
	}
	return l.at(BeforeCommit)
}

// Planned lists the chunks that are still to be loaded. The table of chunks is
// the truth; no other record of the work is asked.
func Planned(ctx context.Context, target *pgx.Conn, lane string) ([]Chunk, error) {
	rows, err := target.Query(ctx, `SELECT c.table_id, c.load_no, c.chunk_no, c.lo, c.hi
		FROM bgsync.chunk c JOIN bgsync.table_state t USING (lane, table_id, load_no)
		WHERE c.lane = $1 AND c.state = 'planned' ORDER BY 1, 2, 3`, lane)
	if err != nil {
		return nil, pg.Wrap(err, "list chunks of lane %s", lane)
	}
	chunks, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Chunk, error) {
		var c Chunk
		err := row.Scan(&c.TableID, &c.Load, &c.Number, &c.Lo, &c.Hi)
		return c, err
	})
	return chunks, pg.Wrap(err, "list chunks of lane %s", lane)
}

// Split replaces a planned chunk by two halves, for a loader that would not
// finish it in time. A chunk of one key stays as it is.
func Split(ctx context.Context, source, target *pgx.Conn, lane string, table *relation.Table, chunk Chunk) error {
	middle, err := median(ctx, source, table, chunk.Bounds)
	if err != nil || middle == nil {
		return err
	}
	err = pgx.BeginFunc(ctx, target, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE bgsync.chunk SET hi = $5 WHERE lane = $1 AND table_id = $2 AND load_no = $3 AND chunk_no = $4
			AND state = 'planned' AND lo IS NOT DISTINCT FROM $6::text[] AND hi IS NOT DISTINCT FROM $7::text[]`,
			lane, chunk.TableID, chunk.Load, chunk.Number, middle, chunk.Lo, chunk.Hi)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrElsewhere
		}
		_, err = tx.Exec(ctx, `INSERT INTO bgsync.chunk (lane, table_id, load_no, chunk_no, lo, hi, state)
			SELECT $1, $2, $3, max(chunk_no) + 1, $4::text[], $5::text[], 'planned' FROM bgsync.chunk WHERE lane = $1 AND table_id = $2 AND load_no = $3`,
			lane, chunk.TableID, chunk.Load, middle, chunk.Hi)
		return err
	})
	return pg.Wrap(err, "split chunk %d of table %s", chunk.Number, table.FullName())
}

// splitTimeout bounds the search for the middle of a chunk.
const splitTimeout = 30 * time.Second
