// Package switching moves the authority to write from one side to the other, and
// back: the same machine with the sides exchanged. It is a chain of durable steps
// in the control store, each of which another process can go on from, and of acts
// in the stores, each of which is conditional on what that store itself says.
//
// Three rules carry it. Only the process that made an attempt may fence, promote
// or release under it. A process that takes over first writes the switch item, so
// that every later write of the former fails, and then takes the attempt off the
// databases, so that every later act of it fails. And once a promotion may have
// been sent, the old side is opened again only after the new side was told to
// refuse it.
//
// The package knows no SQL and no AWS: stores take part as Participants. It moves
// no traffic.
package switching

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cutover/cutover/projects/migration/lane/authority"
	store "github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// Machine is one process that moves the authority. Make a new one, with another
// Owner, for every invocation.
type Machine struct {
	Store   store.Store
	Primary Primary
	// Others are the stores without an authority of their own.
	Others []Participant
	// Gates are asked besides those of Primary.
	Gates  []Gates
	Signer proof.Signer
	Proofs proof.Store
	// Isolation is needed by forced decisions about a side that cannot be reached.
	Isolation Isolation
	Limits    Limits
	// Owner names this process; no two share a name.
	Owner string
	// Revision is that of the switch item for which the caller has decided what to do:
	// where another stands by now, ErrMoved is the answer and nothing is done. Nil is
	// any.
	Revision *int64
	// Now is the clock of leases and reports. No decision hangs on it.
	Now func() time.Time
	// At is told each durable act, before and after, by name; an error ends the
	// process there. Nil is no observer.
	At func(point string) error
	// Observe is told every state that is entered; nil is no observer.
	Observe func(control.Switch)
}

// Command is what Step is to do where there is a choice.
type Command int

// The commands.
const (
	// Continue does the next step that needs nobody's word.
	Continue Command = iota
	// Go moves the authority, when the switch is armed.
	Go
	// Cancel gives up a switch that is arming or armed.
	Cancel
	// Accept ends a switch although a check after it failed; the record says so.
	Accept
)

// validate refuses what is no command.
func (c Command) validate() error {
	if c < Continue || c > Accept {
		return fmt.Errorf("%w: command %d, expected %d (continue), %d (go), %d (cancel) or %d (accept)", ErrCommand, c, Continue, Go, Cancel, Accept)
	}
	return nil
}

// Request asks for a switch.
type Request struct {
	To        naming.Color
	Reason    string
	Operators []string
}

// Outcome is what a call has come to.
type Outcome struct {
	Switch control.Switch
	// Busy tells that another process is at work; call again.
	Busy bool
	// Pause is how long writers were kept out when this call let them go on, also where
	// another process had kept them out; 0 for not at all, or where it is not known.
	Pause time.Duration
	// Lock, Drain, Check and Promote are the parts of the pause.
	Lock, Drain, Check, Promote time.Duration
	// Tries is how often the fence was tried.
	Tries int
	// Blockers stood in the way of the fence when it was tried last.
	Blockers []authority.Blocker
	// Gates are the conditions as they were found last, Checks those after a switch.
	Gates, Checks []Gate
}

// What a call answers besides failures of the stores.
var (
	// ErrTooLate tells that too little time is left; nothing was done.
	ErrTooLate = errors.New("too little time is left until the deadline to begin a step")
	// ErrTakenOver tells that another process has taken the switch over; this one has
	// nothing to say any more.
	ErrTakenOver = errors.New("another process has taken the switch over")
	// ErrMoved tells that the switch is not where the caller had seen it.
	ErrMoved = errors.New("the switch has moved on since it was looked at")
	// ErrUnderway tells that a switch is under way.
	ErrUnderway = errors.New("a switch is under way")
	// ErrGates tells that conditions do not hold.
	ErrGates = errors.New("conditions of the switch do not hold")
	// ErrUnconfirmed tells that a check after the switch failed: the authority has
	// moved, and success is not reported.
	ErrUnconfirmed = errors.New("a check after the switch failed")
	// ErrHeld tells that nobody can write and no move is safe.
	ErrHeld = errors.New("the switch is held: nobody can write until a store can be reached again or operators decide")
	// ErrBackedOut tells that the authority stayed where it was.
	ErrBackedOut = errors.New("the switch backed out: the authority is where it was")
	// ErrCommand tells that a command does not fit the state.
	ErrCommand = errors.New("the command does not fit the state of the switch")
)

// validate joins all that is missing.
func (m *Machine) validate() error {
	problems := []error{m.Limits.Validate()}
	for name, missing := range map[string]bool{
		"store": m.Store == nil, "primary": m.Primary == nil, "signer": m.Signer == nil, "proofs": m.Proofs == nil,
		"owner": m.Owner == "", "now": m.Now == nil,
	} {
		if missing {
			problems = append(problems, fmt.Errorf("switching machine: %s is missing", name))
		}
	}
	return errors.Join(problems...)
}

// participants are all of them, the primary first.
func (m *Machine) participants() []Participant {
	return append([]Participant{m.Primary}, m.Others...)
}

// enough makes sure that a step is not begun too late.
func (m *Machine) enough(ctx context.Context) error {
	deadline, limited := ctx.Deadline()
	if limited && time.Until(deadline) < m.Limits.Least {
		return fmt.Errorf("%w: %s, expected %s", ErrTooLate, time.Until(deadline).Round(time.Second), m.Limits.Least)
	}
	return nil
}

// Step does the next step. Where writers may be kept out by another process whose
// lease is over, it recovers. From the word to go until the authority has moved,
// or is back, it is one call.
func (m *Machine) Step(ctx context.Context, command Command) (Outcome, error) {
	if err := errors.Join(command.validate(), m.validate(), m.enough(ctx)); err != nil {
		return Outcome{}, err
	}
	t, err := m.load(ctx)
	if err != nil {
		return Outcome{}, err
	}
	if t.leased() {
		return Outcome{Switch: t.sw, Busy: true}, nil
	}
	err = t.step(ctx, command)
	t.outcome.Switch = t.sw
	return t.outcome, err
}

func (t *turn) step(ctx context.Context, command Command) error {
	unfit := fmt.Errorf("%w: state %s", ErrCommand, t.sw.State)
	switch t.sw.State {
	case control.Steady, control.Finalised:
		if command == Go || command == Accept {
			return unfit
		}
		return nil
	case control.Arming: // who armed is gone
		return t.disarm(ctx, 3, "arming was given up or did not come to its end")
	case control.Armed:
		switch command {
		case Go:
			return t.move(ctx)
		case Cancel:
			return t.disarm(ctx, 3, "cancelled")
		case Continue, Accept:
		}
		return t.watch(ctx)
	case control.Switched:
		return t.finish(ctx, command == Accept)
	case control.Registered, control.Fencing, control.Fenced, control.Drained, control.Checked, control.Promoting, control.BackingOut, control.Held:
		return t.recover(ctx)
	}
	return unfit
}

// Status reads token and switch.
func Status(ctx context.Context, from store.Store) (control.Token, control.Switch, error) {
	token, err := readToken(ctx, from)
	if err != nil {
		return control.Token{}, control.Switch{}, err
	}
	sw, err := readSwitch(ctx, from, token)
	return token, sw, err
}

// Open writes the first token, which says that holder has the authority of the
// first epoch. Where there is a token it changes nothing.
func Open(ctx context.Context, in store.Store, holder naming.Color) error {
	token := control.Token{Epoch: 1, Holder: holder, Phase: control.PhaseOpen}
	if err := token.Validate(); err != nil {
		return err
	}
	err := in.Put(ctx, control.AuthorityItem, store.Item{Rev: 1, Fields: token.Fields()})
	if errors.Is(err, store.ErrConflict) {
		_, err = readToken(ctx, in)
	}
	return err
}
