package traffic

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/cutover/cutover/shared/control"
)

// Phase is how far a recorded decision was carried out.
type Phase string

// The phases. A decision is Moving from before the first call that changes
// records until Route 53 answers it everywhere.
const (
	Moving  Phase = "moving"
	Settled Phase = "settled"
)

// The actions that are recorded.
const (
	ActionShift    = "shift"
	ActionPromote  = "promote"
	ActionHold     = "hold"
	ActionRollback = "rollback"
)

// Record is the item control.TrafficItem, and each line of its history: what was
// decided, by whom, why, and how far it was carried out.
type Record struct {
	// Rev is the revision; the record replaces Rev-1.
	Rev    int64
	Action string
	Phase  Phase
	// From is the split before, To the one decided.
	From, To Split
	// Since is when the decision was recorded, or carried out once it is settled.
	Since       time.Time
	Who, Reason string
	// Change is the id of the Route 53 change, for GetChange.
	Change string
	// Hold, unless empty, is why no step up may be taken.
	Hold string
	// Gates is what the gates said, in short.
	Gates string
}

// Fields of the item. ladder and step are what readers outside of this package
// look at: the steps, and green's share in percent.
const (
	fieldLadder = "ladder"
	fieldStep   = "step"
	fieldSince  = "since"
	fieldGates  = "last_gate"
	fieldHold   = "hold_reason"
	fieldAction = "action"
	fieldPhase  = "state"
	fieldFrom   = "from"
	fieldTo     = "to"
	fieldWho    = "who"
	fieldReason = "reason"
	fieldChange = "change"
)

// Fields writes the record as an item's fields, without its revision.
func (r Record) Fields() (map[string]string, error) {
	from, fromErr := r.From.Encode()
	to, toErr := r.To.Encode()
	if err := errors.Join(fromErr, toErr, r.check()); err != nil {
		return nil, err
	}
	percent, _ := r.To.Percent()
	return map[string]string{
		fieldLadder: Steps().String(), fieldStep: strconv.Itoa(percent), fieldSince: r.Since.UTC().Format(time.RFC3339Nano),
		fieldGates: r.Gates, fieldHold: r.Hold, fieldAction: r.Action, fieldPhase: string(r.Phase),
		fieldFrom: from, fieldTo: to, fieldWho: r.Who, fieldReason: r.Reason, fieldChange: r.Change,
	}, nil
}

func (r Record) check() error {
	var problems []error
	if !slices.Contains([]Phase{Moving, Settled}, r.Phase) {
		problems = append(problems, fmt.Errorf("%s %s is %q: expected %s or %s", control.TrafficItem, fieldPhase, r.Phase, Moving, Settled))
	}
	if !slices.Contains([]string{ActionShift, ActionPromote, ActionHold, ActionRollback}, r.Action) {
		problems = append(problems, fmt.Errorf("%s %s is %q: expected an action", control.TrafficItem, fieldAction, r.Action))
	}
	return errors.Join(append(problems, r.To.Valid())...)
}

// DecodeRecord reads an item of that revision. What is no record is an error,
// never an absent one.
func DecodeRecord(rev int64, fields map[string]string) (Record, error) {
	from, fromErr := ParseSplit(fields[fieldFrom])
	to, toErr := ParseSplit(fields[fieldTo])
	since, timeErr := time.Parse(time.RFC3339Nano, fields[fieldSince])
	r := Record{
		Rev: rev, Action: fields[fieldAction], Phase: Phase(fields[fieldPhase]), From: from, To: to, Since: since,
		Who: fields[fieldWho], Reason: fields[fieldReason], Change: fields[fieldChange], Hold: fields[fieldHold], Gates: fields[fieldGates],
	}
	if err := errors.Join(fromErr, toErr, timeErr); err != nil {
		return Record{}, fmt.Errorf("item %s, revision %d: %w", control.TrafficItem, rev, err)
	}
	if err := r.check(); err != nil {
		return Record{}, fmt.Errorf("item %s, revision %d: %w", control.TrafficItem, rev, err)
	}
	return r, nil
}

// Explains tells whether the record accounts for what Route 53 answers: the split
// decided or, while it is being carried out, the one before.
func (r Record) Explains(real Split) bool {
	return r.To == real || r.Phase == Moving && r.From == real
}
