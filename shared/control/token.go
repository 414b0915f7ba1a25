package control

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/cutover/cutover/shared/naming"
)

// Nobody is the holder before any side was given the authority.
const Nobody naming.Color = "none"

// Phase is what readers of the token may do with its holder.
type Phase string

// The phases of the token.
const (
	PhaseOpen      Phase = "open"      // write to the holder
	PhaseFencing   Phase = "fencing"   // start no write; the holder is being fenced or drained
	PhasePromoting Phase = "promoting" // start no write; the other side is about to become the holder
	PhaseHeld      Phase = "held"      // start no write; a person has to decide
)

// Phases lists all of them.
func Phases() []Phase { return []Phase{PhaseOpen, PhaseFencing, PhasePromoting, PhaseHeld} }

// phases says which phase may follow which. Every phase may follow itself, when
// a process takes over.
var phases = map[Phase][]Phase{
	PhaseOpen:      {PhaseFencing, PhaseHeld},
	PhaseFencing:   {PhaseOpen, PhasePromoting, PhaseHeld},
	PhasePromoting: {PhaseOpen, PhaseHeld},
	PhaseHeld:      {PhaseOpen},
}

// May tells whether the phase next may follow p.
func (p Phase) May(next Phase) bool { return p == next || slices.Contains(phases[p], next) }

// The fields of the authority item besides the revision.
const (
	FieldEpoch   = "epoch"
	FieldHolder  = "holder"
	FieldPhase   = "phase"
	FieldAttempt = "attempt"
	FieldProof   = "proof_id"
)

// ErrForeign tells that an item does not have the form that this package writes.
// It is never to be read as an absent item.
var ErrForeign = errors.New("the item is not of the form expected")

// Token is the authority item: who may be written to. It is a hint for routing.
// What keeps a second writer out of a database is that database's own authority
// row and grants; a reader that cannot refresh a token within a second treats its
// phase as PhaseFencing.
type Token struct {
	// Rev is the revision that was read; 0 is an item that is not there yet.
	Rev int64
	// Epoch is the number of the holder's term, from 1.
	Epoch int64
	// Holder is the side that has the authority, or had it last while the phase is
	// not open.
	Holder naming.Color
	Phase  Phase
	// Attempt is the try at a switch that moved the token last; "" for none.
	Attempt string
	// ProofID names the proof record of the switch that made Holder the holder; ""
	// before the first.
	ProofID string
}

// Validate joins all that is wrong with the token.
func (t Token) Validate() error {
	var problems []error
	if t.Epoch < 1 {
		problems = append(problems, fmt.Errorf("%s %s is %d: expected a whole number from 1", AuthorityItem, FieldEpoch, t.Epoch))
	}
	if t.Holder != Nobody && !slices.Contains(naming.Colors(), t.Holder) {
		problems = append(problems, fmt.Errorf("%s %s is %q: expected one of %v or %s", AuthorityItem, FieldHolder, t.Holder, naming.Colors(), Nobody))
	}
	if !slices.Contains(Phases(), t.Phase) {
		problems = append(problems, fmt.Errorf("%s %s is %q: expected one of %v", AuthorityItem, FieldPhase, t.Phase, Phases()))
	}
	if t.Holder == Nobody && t.Phase == PhaseOpen {
		problems = append(problems, fmt.Errorf("%s %s is %s: expected a side while %s is %s", AuthorityItem, FieldHolder, Nobody, FieldPhase, PhaseOpen))
	}
	return errors.Join(problems...)
}

// Admits tells whether writes may be started on a side.
func (t Token) Admits(side naming.Color) bool { return t.Phase == PhaseOpen && t.Holder == side }

// Fields are the item's fields besides the revision.
func (t Token) Fields() map[string]string {
	return map[string]string{
		FieldEpoch: strconv.FormatInt(t.Epoch, 10), FieldHolder: string(t.Holder), FieldPhase: string(t.Phase),
		FieldAttempt: t.Attempt, FieldProof: t.ProofID,
	}
}

// DecodeToken reads an item of that revision. Fields that it does not know are an
// error too: they are a later version's, which may mean something by them.
func DecodeToken(rev int64, fields map[string]string) (Token, error) {
	if err := known(AuthorityItem, fields, FieldEpoch, FieldHolder, FieldPhase, FieldAttempt, FieldProof); err != nil {
		return Token{}, err
	}
	epoch, err := number(AuthorityItem, FieldEpoch, fields)
	t := Token{
		Rev: rev, Epoch: epoch, Holder: naming.Color(fields[FieldHolder]), Phase: Phase(fields[FieldPhase]),
		Attempt: fields[FieldAttempt], ProofID: fields[FieldProof],
	}
	if err == nil {
		err = t.Validate()
	}
	if err != nil {
		return Token{}, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	return t, nil
}

// known refuses fields that are not in the list.
func known(item string, fields map[string]string, names ...string) error {
	var problems []error
	for name := range fields {
		if !slices.Contains(names, name) {
			problems = append(problems, fmt.Errorf("%s has the field %q: expected only %v", item, name, names))
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("%w: %w", ErrForeign, errors.Join(problems...))
	}
	return nil
}

// number reads a field that counts.
func number(item, field string, fields map[string]string) (int64, error) {
	n, err := strconv.ParseInt(fields[field], 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s %s is no whole number from 0", item, field)
	}
	return n, nil
}
