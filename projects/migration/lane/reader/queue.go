package reader

import (
	"context"

	"golang.org/x/sync/semaphore"

	"github.com/cutover/cutover/projects/migration/lane/change"
)

// Queue carries pieces from the reader to the applier. It is bounded by bytes,
// so that a slow target makes the source wait and not this process grow.
type Queue struct {
	pieces chan change.Piece
	room   *semaphore.Weighted
	size   int64
}

// slots bounds the number of pieces, of which the smallest count a few bytes: half a
// batch. A reader that has got that far ahead of the applier leaves what follows to
// the sockets, and a server that finds them full sends its small messages together.
// With room for several batches both sides were busy with single messages, and drained
// a backlog at two thirds of the rate.
const slots = 512

// NewQueue makes a queue for about that many bytes.
func NewQueue(bytes int64) *Queue {
	return &Queue{pieces: make(chan change.Piece, slots), room: semaphore.NewWeighted(bytes), size: bytes}
}

// weight is what a piece takes of the room. One that is larger than the queue
// takes all of it.
func (q *Queue) weight(piece change.Piece) int64 { return min(int64(piece.Bytes), q.size) }

// Put waits for room until ctx ends.
func (q *Queue) Put(ctx context.Context, piece change.Piece) error {
	if err := q.room.Acquire(ctx, q.weight(piece)); err != nil {
		return err
	}
	select {
	case q.pieces <- piece:
		return nil
	case <-ctx.Done():
		q.room.Release(q.weight(piece))
		return ctx.Err()
	}
}

// TryPut puts a piece if there is room.
func (q *Queue) TryPut(piece change.Piece) bool {
	if !q.room.TryAcquire(q.weight(piece)) {
		return false
	}
	select {
	case q.pieces <- piece:
		return true
	default:
		q.room.Release(q.weight(piece))
		return false
	}
}

// Get waits for the next piece until ctx ends. Done gives its room back.
func (q *Queue) Get(ctx context.Context) (change.Piece, error) {
	select {
	case piece := <-q.pieces:
		return piece, nil
	case <-ctx.Done():
		return change.Piece{}, ctx.Err()
	}
}

// TryGet takes the next piece if there is one.
func (q *Queue) TryGet() (change.Piece, bool) {
	select {
	case piece := <-q.pieces:
		return piece, true
	default:
		return change.Piece{}, false
	}
}

// Done gives the room of a piece back when its content is no longer held.
func (q *Queue) Done(piece change.Piece) { q.room.Release(q.weight(piece)) }
