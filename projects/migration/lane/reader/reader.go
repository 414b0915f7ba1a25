// Package reader decodes one lane's source: it streams pgoutput messages from the
// lane's slot and turns them into pieces of transactions. It tells the server how
// far the target is, never more, and it decides nothing about what it reads. A message
// that is larger than it may be is not read: the piece that stands for it is the last.
package reader

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/change"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// statusInterval is how often the server hears from the reader. The server ends a
// connection that is silent for wal_sender_timeout, which is five times as long.
const statusInterval = 2 * time.Second

// Reader streams one slot.
type Reader struct {
	conn    *pgconn.PgConn
	slot    string
	decoder *Decoder
	queue   *Queue
	// Most is how many bytes one message may have; 0 is as many as the library lets.
	Most int

	// flushed is the position that is known to be committed on the target.
	flushed  atomic.Uint64
	received pglogrepl.LSN
	reported time.Time
	// due is the deadline that the connection has for reading.
	due time.Time
	// Duplicates counts transactions that were before the start.
	Duplicates atomic.Int64
	// skipped is what passing over the part of a transaction took, in nanoseconds.
	skipped atomic.Int64
	// Caught is the last position of the source that the server told.
	caught atomic.Uint64
}

// New makes a reader of a slot over a replication connection.
func New(conn *pgconn.PgConn, slot string, decoder *Decoder, queue *Queue) *Reader {
	return &Reader{conn: conn, slot: slot, decoder: decoder, queue: queue}
}

// Flushed tells that everything before a position is committed on the target. The
// source may then forget it.
func (r *Reader) Flushed(position pglogrepl.LSN) { r.flushed.Store(uint64(position)) }

// SourcePosition is how far the source was when it last said so.
func (r *Reader) SourcePosition() pglogrepl.LSN { return pglogrepl.LSN(r.caught.Load()) }

// Skipped is how long it took to come to where the target is in a transaction of
// which it has a part; 0 when it has none, or the reader is not there yet.
func (r *Reader) Skipped() time.Duration { return time.Duration(r.skipped.Load()) }

// Run streams from a position until ctx ends or the connection does. What the
// target has of the first transaction is passed over. Run returns after the server
// has ended the stream, so that the slot is free. Behind a transaction that has
// entries of the log of DDL it ends by itself: what follows is to be read with the
// tables as they are then.
func (r *Reader) Run(ctx context.Context, from pglogrepl.LSN, part checkpoint.Part) error {
	r.Flushed(from)
	r.received, r.decoder.from = from, from
	if r.Most > 0 {
		r.conn.Frontend().SetMaxBodyLen(r.Most)
	}
	r.decoder.skip = skip{part: part, began: time.Now()}
	err := pglogrepl.StartReplication(ctx, r.conn, r.slot, from, pglogrepl.StartReplicationOptions{
		Mode:       pglogrepl.LogicalReplication,
		PluginArgs: []string{"proto_version '1'", "publication_names '" + bgsync.Publication + "'", "messages 'true'"},
	})
	if err != nil {
		return pg.Wrap(err, "start replication of slot %s at %s", r.slot, from)
	}
	err = r.stream(ctx)
	r.end()
	if errors.Is(err, errReshaped) || errors.Is(err, errTooLarge) {
		return nil
	}
	return err
}

// interrupt makes a receive that waits return when ctx ends. The returned function
// ends that and lets the connection wait again.
func (r *Reader) interrupt(ctx context.Context) (release func() error) {
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = r.conn.Conn().SetReadDeadline(past) // a connection that is gone does not wait
		close(interrupted)
	})
	return func() error {
		if !stop() {
			<-interrupted
		}
		r.due = time.Time{}
		return r.conn.Conn().SetReadDeadline(time.Time{})
	}
}

// past is a deadline that is over.
var past = time.Unix(1, 0)

// stream receives until ctx ends.
func (r *Reader) stream(ctx context.Context) (err error) {
	release := r.interrupt(ctx)
	defer func() {
		if failed := release(); err == nil && failed != nil {
			err = pg.Wrap(failed, "let slot %s wait again", r.slot)
		}
	}()
	for {
		if err := r.report(ctx, false); err != nil {
			return err
		}
		message, err := r.receive(ctx)
		if err != nil {
			return err
		}
		if message == nil {
			continue
		}
		if err := r.handle(ctx, message); err != nil {
			return err
		}
	}
}

// receive waits for the next message until the next status is due. The
// connection's own deadline bounds it: a context for each message takes longer than
// to decode it.
func (r *Reader) receive(ctx context.Context) (pgproto3.BackendMessage, error) {
	if due := r.reported.Add(statusInterval); !due.Equal(r.due) {
		if err := r.conn.Conn().SetReadDeadline(due); err != nil {
			return nil, fmt.Errorf("bound the wait for slot %s: %w", r.slot, err)
		}
		r.due = due
	}
	if err := ctx.Err(); err != nil { // it ended before the deadline was set anew
		return nil, err
	}
	message, err := r.conn.ReceiveMessage(context.Background())
	var large *pgproto3.ExceededMaxBodyLenErr
	switch {
	case err == nil:
		return message, nil
	case errors.As(err, &large):
		if err := r.queue.Put(ctx, r.decoder.tooLarge(large.ActualBodyLen)); err != nil { // the connection is gone
			return nil, err
		}
		return nil, errTooLarge
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case pgconn.Timeout(err):
		return nil, nil
	default:
		return nil, pg.Wrap(err, "receive from slot %s", r.slot)
	}
}

// handle takes one message of the server.
func (r *Reader) handle(ctx context.Context, message pgproto3.BackendMessage) error {
	switch m := message.(type) {
	case *pgproto3.CopyData:
		return r.copied(ctx, m.Data)
	case *pgproto3.ErrorResponse:
		return pg.Wrap(pgconn.ErrorResponseToPgError(m), "receive from slot %s", r.slot)
	case *pgproto3.CopyDone:
		return fmt.Errorf("slot %s: the server ended the stream: %w", r.slot, errEnded)
	default:
		return nil
	}
}

// errEnded makes the lane connect again: a server that shuts down ends its
// streams in good order.
var errEnded = &pg.ServerError{SQLState: "57P01"}

// copied takes a keep-alive or data of the log.
func (r *Reader) copied(ctx context.Context, data []byte) error {
	if len(data) == 0 {
		return errors.New("empty message in the stream")
	}
	switch data[0] {
	case pglogrepl.PrimaryKeepaliveMessageByteID:
		alive, err := pglogrepl.ParsePrimaryKeepaliveMessage(data[1:])
		if err != nil {
			return fmt.Errorf("parse keep-alive: %w", err)
		}
		r.caught.Store(uint64(alive.ServerWALEnd))
		return r.report(ctx, alive.ReplyRequested)
	case pglogrepl.XLogDataByteID:
		log, err := pglogrepl.ParseXLogData(data[1:])
		if err != nil {
			return fmt.Errorf("parse log data: %w", err)
		}
		r.caught.Store(max(r.caught.Load(), uint64(log.ServerWALEnd)))
		r.received = max(r.received, log.WALStart)
		return r.decode(ctx, log)
	default:
		return fmt.Errorf("message %q in the stream, expected a keep-alive or data", data[0])
	}
}

// decode puts what is complete into the queue.
func (r *Reader) decode(ctx context.Context, log pglogrepl.XLogData) error {
	piece, err := r.decoder.Decode(log)
	if err != nil {
		return err
	}
	r.skipped.Store(int64(r.decoder.skip.took))
	if piece == nil {
		return nil
	}
	if piece.Transaction.Commit < r.decoder.from {
		if piece.Last {
			r.Duplicates.Add(1)
		}
		return nil
	}
	if err := r.put(ctx, *piece); err != nil || !piece.Reshapes {
		return err
	}
	return errReshaped
}

// errReshaped ends a stream behind a change of the source's tables.
var errReshaped = errors.New("the source's tables were changed")

// errTooLarge ends a stream before a message that is larger than it may be.
var errTooLarge = errors.New("the source sent a message that is too large")

// put waits for room, and goes on reporting meanwhile: a silent reader would be
// cut off.
func (r *Reader) put(ctx context.Context, piece change.Piece) error {
	if r.queue.TryPut(piece) {
		return nil
	}
	for {
		due, cancel := context.WithTimeout(ctx, statusInterval)
		err := r.queue.Put(due, piece)
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
		if err := r.report(ctx, false); err != nil {
			return err
		}
	}
}

// report tells the server what was received and what is committed, when it is
// due or asked for.
func (r *Reader) report(ctx context.Context, asked bool) error {
	if !asked && time.Since(r.reported) < statusInterval {
		return nil
	}
	r.reported = time.Now()
	flushed := pglogrepl.LSN(r.flushed.Load())
	err := pglogrepl.SendStandbyStatusUpdate(ctx, r.conn, pglogrepl.StandbyStatusUpdate{
		WALWritePosition: max(r.received, flushed), WALFlushPosition: flushed, WALApplyPosition: flushed,
	})
	return pg.Wrap(err, "report to slot %s", r.slot)
}

// end closes the stream and waits for the server's end of it, within bounds; a
// connection that does not come to its end is cut by the caller.
func (r *Reader) end() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if r.report(ctx, true) != nil {
		return
	}
	r.conn.Frontend().Send(&pgproto3.CopyDone{})
	if r.conn.Frontend().Flush() != nil {
		return
	}
	for {
		message, err := r.conn.ReceiveMessage(ctx)
		if err != nil {
			return
		}
		if _, idle := message.(*pgproto3.ReadyForQuery); idle {
			return
		}
	}
}
