package backfill

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/djherbis/buffer"
	"github.com/djherbis/nio/v3"
	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

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
	// Flow returns when that many more bytes may be copied; nil is at once.
	Flow func(ctx context.Context, bytes int) error
	// Most is how many bytes one row may have on its way; 0 is as many as the library
	// lets.
	Most int

	ahead buffer.Buffer // read and not yet taken
}

// ErrEarly tells that a transaction of the source is still open that must have
// ended before the chunk is read.
var ErrEarly = errors.New("a transaction from before the table's load is still open on the source")

// errApplying tells that the lane applies changes since a moment ago.
var errApplying = errors.New("the lane applies changes")

// block is what is passed on at once, and ahead how far the source may be before the
// target, in bytes: a piece that crosses in a tenth of a second is read at once, while
// the target takes it as it can.
const (
	block = 64 << 10
	ahead = 8 << 20
)

// Loaded is what one chunk brought.
type Loaded struct {
	Rows, Bytes int64
	// Snapshot is what was visible, Until the source's position after the read.
	Snapshot string
	Until    pglogrepl.LSN
	// Crossing is how long the rows took, without the time for which they were held up.
	Crossing time.Duration
}

func (l *Loader) at(step string) error {
	if l.At == nil {
		return nil
	}
	return l.At(step)
}

// Load copies one chunk in one transaction on either side. After an error nothing
// of it is on the target, unless the connection broke while COMMIT was under way.
// While the lane loads and applies nothing the rows go straight into the table;
// beside a lane that applies they are merged in, and the stream wins.
func (l *Loader) Load(ctx context.Context, chunk Chunk) (Loaded, error) {
	table := l.Tables[chunk.TableID]
	if table == nil {
		return Loaded{}, fmt.Errorf("chunk of table %d: no such table in the plan", chunk.TableID)
	}
	loaded, err := l.once(ctx, chunk, table)
	if errors.Is(err, errApplying) { // the lane has begun to apply between two looks
		loaded, err = l.once(ctx, chunk, table)
	}
	if err != nil {
		return Loaded{}, pg.Wrap(err, "load chunk %d of table %s", chunk.Number, table.FullName())
	}
	return loaded, l.at(AfterCommit)
}

// once tries to load the chunk in the way that the lane's state demands.
func (l *Loader) once(ctx context.Context, chunk Chunk, table *relation.Table) (Loaded, error) {
	var loaded Loaded
	err := pgx.BeginFunc(ctx, l.Target, func(tx pgx.Tx) error {
		if err := l.claim(ctx, tx, chunk); err != nil {
			return err
		}
		if err := l.rows(ctx, tx, table, chunk, &loaded); err != nil {
			return err
		}
		return l.note(ctx, tx, chunk, loaded)
	})
	return loaded, err
}

// least is the id that the chunk's snapshot must be past: that of the TRUNCATE, or
// of the last transaction that was not published, before the load of the table.
func (l *Loader) least(ctx context.Context, tx pgx.Tx, chunk Chunk) (string, error) {
	var least string
	err := tx.QueryRow(ctx, `SELECT coalesce(min_xid::text, '0') FROM bgsync.table_state WHERE lane = $1 AND table_id = $2 AND load_no = $3`,
		l.Lane, chunk.TableID, chunk.Load).Scan(&least)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", ErrElsewhere // the table was truncated meanwhile and is loaded anew
	}
	return least, err
}

// claim makes the chunk this transaction's.
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
	return nil
}

// rows writes the chunk's rows: straight, if with the table's lock held the lane
// has applied nothing yet, and merged otherwise.
func (l *Loader) rows(ctx context.Context, tx pgx.Tx, table *relation.Table, chunk Chunk, loaded *Loaded) error {
	state, err := l.state(ctx, tx)
	if err != nil {
		return err
	}
	if state != checkpoint.Loading {
		return l.merge(ctx, tx, table, chunk, loaded)
	}
	if err := l.lock(ctx, tx, chunk.TableID); err != nil {
		return err
	}
	if state, err = l.state(ctx, tx); err != nil {
		return err
	}
	if state != checkpoint.Loading {
		return errApplying
	}
	return l.copy(ctx, tx, table, chunk, table.Ident(), loaded)
}

// lock keeps the applier away from the table until this transaction ends.
func (l *Loader) lock(ctx context.Context, tx pgx.Tx, table int32) error {
	if _, err := tx.Exec(ctx, `SET LOCAL lock_timeout = '60s'`); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `SELECT pg_catalog.pg_advisory_xact_lock_shared($1, $2)`, int32(checkpoint.LoadLock), table); err != nil {
		return fmt.Errorf("lock table: %w", err)
	}
	return nil
}

func (l *Loader) state(ctx context.Context, tx pgx.Tx) (state checkpoint.State, err error) {
	var code checkpoint.HaltCode
	var reason string
	err = tx.QueryRow(ctx, `SELECT state, coalesce(halt_code, ''), coalesce(halt_reason, '') FROM bgsync.lane WHERE lane = $1`, l.Lane).Scan(&state, &code, &reason)
	if err != nil {
		return "", fmt.Errorf("read state of the lane: %w", err)
	}
	switch state { // for a lane that stands still nothing more is read of its source
	case checkpoint.Halted:
		return "", checkpoint.NewHalt(code, "%s", reason)
	case checkpoint.Retired:
		return "", checkpoint.ErrOwnershipLost
	case checkpoint.Created, checkpoint.Loading, checkpoint.CatchingUp, checkpoint.Running:
	}
	return state, nil
}

// copy relays the chunk's rows as one snapshot of the source shows them and takes
// the source's position when all are read. The source's transaction ends with the
// reading, whatever the target still has to take: it would keep a TRUNCATE there
// waiting, and all who wait behind it, and its snapshot all versions of rows that
// clients write meanwhile.
func (l *Loader) copy(ctx context.Context, tx pgx.Tx, table *relation.Table, chunk Chunk, into string, loaded *Loaded) error {
	condition, err := table.Range(chunk.Lo, chunk.Hi)
	if err != nil {
		return err
	}
	format := "text"
	if table.BinaryOK() {
		format = "binary"
	}
	out := fmt.Sprintf("COPY (SELECT %s FROM ONLY %s WHERE %s) TO STDOUT (FORMAT %s)", table.Selection(), table.Ident(), condition, format)
	in := fmt.Sprintf("COPY %s (%s) FROM STDIN (FORMAT %s)", into, table.Selection(), format)
	least, err := l.least(ctx, tx, chunk)
	if err != nil {
		return err
	}
	err = l.relay(ctx, in, loaded, func(to io.Writer) error { return l.read(ctx, out, least, to, loaded) })
	if err != nil {
		return err
	}
	return l.at(AfterCopy)
}

// read writes what one snapshot shows to a writer, in a transaction of its own.
func (l *Loader) read(ctx context.Context, out, least string, to io.Writer, loaded *Loaded) error {
	return pgx.BeginTxFunc(ctx, l.Source, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(read pgx.Tx) error {
		if err := l.snapshot(ctx, read, least, loaded); err != nil {
			return err
		}
		if err := l.at(BeforeCopy); err != nil {
			return err
		}
		if l.Most > 0 {
			l.Source.PgConn().Frontend().SetMaxBodyLen(l.Most)
		}
		buffered := bufio.NewWriterSize(to, block)
		_, err := l.Source.PgConn().CopyTo(ctx, buffered, out)
		if err := errors.Join(err, buffered.Flush()); err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if err := l.at(AfterRead); err != nil {
			return err
		}
		if err := read.QueryRow(ctx, `SELECT pg_catalog.pg_current_wal_insert_lsn()`).Scan(&loaded.Until); err != nil {
			return fmt.Errorf("read the source's position: %w", err)
		}
		return nil
	})
}

// snapshot takes the snapshot, which must be past an id.
func (l *Loader) snapshot(ctx context.Context, read pgx.Tx, least string, loaded *Loaded) error {
	var late bool
	if err := read.QueryRow(ctx, `SELECT s::text, pg_catalog.pg_snapshot_xmin(s) > $1::text::xid8 FROM pg_catalog.pg_current_snapshot() s`, least).
		Scan(&loaded.Snapshot, &late); err != nil {
		return fmt.Errorf("take snapshot: %w", err)
	}
	if !late {
		return ErrEarly
	}
	return l.at(BeforeRead)
}

// relay has the target take what is read, at once and as far behind as ahead lets. A
// failure of either side ends the other.
func (l *Loader) relay(ctx context.Context, in string, loaded *Loaded, read func(io.Writer) error) error {
	if l.ahead == nil {
		l.ahead = buffer.New(ahead)
	}
	l.ahead.Reset() // of what an attempt that failed has left
	reader, writer := nio.Pipe(l.ahead)
	began, taken := time.Now(), &counter{ctx: ctx, from: reader, flow: l.Flow}
	type result struct {
		rows int64
		err  error
	}
	target := make(chan result, 1)
	go func() {
		tag, err := l.Target.PgConn().CopyFrom(ctx, taken, in)
		_ = reader.CloseWithError(io.ErrClosedPipe) // never fails
		target <- result{tag.RowsAffected(), err}
	}()
	failed := read(writer)
	_ = writer.CloseWithError(failed) // never fails
	written := <-target
	loaded.Rows, loaded.Bytes, loaded.Crossing = written.rows, taken.bytes, time.Since(began)-taken.held
	var large *pgproto3.ExceededMaxBodyLenErr
	switch {
	case errors.As(failed, &large):
		return checkpoint.NewHalt(checkpoint.Poison, "a row has %d MiB, expected at most %d", large.ActualBodyLen>>20, l.Most>>20)
	case failed != nil && !errors.Is(failed, io.ErrClosedPipe):
		return failed
	case written.err != nil:
		return fmt.Errorf("write: %w", written.err)
	}
	return failed
}

// counter counts what passes, and lets it pass when it may. What is read meanwhile
// waits; when that is much, the source waits for somebody to take its rows.
type counter struct {
	ctx   context.Context // of the copy, which is what it belongs to
	from  io.Reader
	flow  func(ctx context.Context, bytes int) error
	bytes int64
	held  time.Duration
}

// Read passes on.
func (c *counter) Read(data []byte) (int, error) {
	n, err := c.from.Read(data)
	if c.flow != nil && n > 0 {
		began := time.Now()
		refused := c.flow(c.ctx, n)
		c.held += time.Since(began)
		if refused != nil {
			return 0, refused
		}
	}
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
