package switching

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cutover/cutover/projects/migration/lane/authority"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/sequence"
	"github.com/cutover/cutover/shared/naming"
)

// Try is one try at a switch as the participants see it.
type Try struct {
	// ID is the attempt, or the heir's id where a recoverer acts.
	ID       string
	From, To naming.Color
	// Epoch is that of From's term.
	Epoch int64
	// By names the process.
	By string
	// Alone is the side that a forced decision opens, "" without one. The other one is given
	// up: Promote and Release end the lanes from there, with the side that they open, and
	// Disarm leaves it out.
	Alone naming.Color
	// Do runs one durable act by name: observers are told before and after. Every
	// change that outlives the process goes through it.
	Do func(act string, do func() error) error
}

// Rollback tells whether the switch leads back to where production started.
func (t Try) Rollback() bool { return t.To == naming.Blue }

// Evidence is what a participant has shown before the promotion.
type Evidence struct {
	// Reverse is where the lane back begins: the new side's position before the
	// promotion. The primary must give it.
	Reverse   string
	Lanes     []proof.Lane
	Tables    []proof.Table
	Sequences []sequence.State
	Tail      proof.Tail
	Discarded []string
}

// Participant is one store's part in a switch. Each step is done by all of them
// before the next begins. All acts are idempotent and conditional: one that was
// done already succeeds, one whose attempt is stale fails without effect.
type Participant interface {
	Name() string
	// Arm makes ready what can be made ready while writers write; Disarm undoes it,
	// whoever did it, and also when only part of it was done.
	Arm(ctx context.Context, t Try) error
	Disarm(ctx context.Context, t Try) error
	// Prepare opens what the steps until Promote need, right before them, so that no
	// time is lost to it while writers wait.
	Prepare(ctx context.Context, t Try) error
	Register(ctx context.Context, t Try) error
	// Fence keeps writers out of From and returns From's position. A *BlockedError
	// tells that writers held what it locks, and that nothing was changed.
	Fence(ctx context.Context, t Try) (position string, err error)
	// Drain returns when To has all that From has.
	Drain(ctx context.Context, t Try) error
	// Check shows that To equals From. ErrMismatch tells that it does not.
	Check(ctx context.Context, t Try) (Evidence, error)
	// Promote opens To. Of participants that are no Primary it is called after the
	// token has moved, which is what opens them.
	Promote(ctx context.Context, t Try) error
	// Release opens From again, under t.ID, and Cancel takes attempts off To; both
	// only concern stores that hold an authority of their own.
	Release(ctx context.Context, t Try) error
	// Close ends From's term after the switch.
	Close(ctx context.Context, t Try) error
	// Confirm checks after the switch what must hold.
	Confirm(ctx context.Context, t Try) []Gate
}

// Primary is the participant whose authority rows are the truth: PostgreSQL.
type Primary interface {
	Participant
	Gates
	// Truth reads the authority row of a side under its lock, after whatever acts on
	// it has ended.
	Truth(ctx context.Context, side naming.Color) (authority.Row, error)
	// Cancel takes the attempt off a side; on From that is not writable the heir
	// takes its place.
	Cancel(ctx context.Context, t Try, side naming.Color, attempt, heir string, writable bool) error
	// Supersede keeps writers out of a side whose row says that it can be written to,
	// since the other has had the authority since epoch. A *BlockedError tells that
	// nothing was changed.
	Supersede(ctx context.Context, side naming.Color, row authority.Row, epoch int64, by string) error
	// Position is where a side writes.
	Position(ctx context.Context, side naming.Color) (string, error)
	// Applied is how far a side has its source's log, and of what time that is, for
	// the record of a forced decision.
	Applied(ctx context.Context, side naming.Color) string
	// Armed is how long ago From was armed, by From's own clock; 0 when it is not.
	Armed(ctx context.Context, t Try) (time.Duration, error)
}

// What participants answer besides failures of their stores.
var (
	// ErrMismatch tells that the sides were seen to differ.
	ErrMismatch = errors.New("the sides differ")
	// ErrStale tells that an act's condition does not hold: nothing was changed.
	ErrStale = authority.ErrStale
)

// BlockedError tells who stood in the way of the fence.
type BlockedError struct{ Blockers []authority.Blocker }

// Error names them without any text of a statement.
func (e *BlockedError) Error() string {
	text := "the fence's locks were not to be had in time"
	for _, b := range e.Blockers {
		text += fmt.Sprintf("; pid %d (%s, %s for %s) holds %s", b.PID, b.Application, b.State, b.Age, b.Relation)
	}
	return text
}

// Isolation proves, for a forced decision, that no application can write to a
// side, by means outside of its database. It returns what the proof is.
type Isolation interface {
	Prove(ctx context.Context, side naming.Color) (evidence string, err error)
}
