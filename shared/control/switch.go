package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/cutover/cutover/shared/naming"
)

// The fields of the switch item besides the revision, FieldEpoch, FieldAttempt
// and FieldProof.
const (
	FieldState      = "state"
	FieldFrom       = "from"
	FieldTo         = "to"
	FieldHeirs      = "heirs"
	FieldOwner      = "owner"
	FieldLeaseUntil = "lease_until"
	FieldStepTimes  = "step_times"
	FieldReason     = "reason"
	FieldLastError  = "last_error"
	FieldPromoting  = "promoting"
	FieldFenceLSN   = "fence_lsn"
	FieldReverseLSN = "reverse_lsn"
	FieldHeldFrom   = "held_from"
	FieldUntrusted  = "untrusted"
	FieldForced     = "forced"
	FieldIsolation  = "isolation"
	FieldOperators  = "operators"
	FieldPause      = "pause_ms"
	FieldPausedAt   = "paused_at"
	FieldShutAt     = "shut_at"
	FieldRebuild    = "rebuild"
	FieldRebuilt    = "rebuilt"
)

// switchFields lists all fields of the item.
var switchFields = []string{
	FieldState, FieldFrom, FieldTo, FieldEpoch, FieldAttempt, FieldHeirs, FieldOwner, FieldLeaseUntil, FieldStepTimes, FieldReason,
	FieldLastError, FieldPromoting, FieldFenceLSN, FieldReverseLSN, FieldProof, FieldHeldFrom, FieldUntrusted, FieldOperators,
	FieldPause, FieldPausedAt, FieldForced, FieldIsolation, FieldShutAt, FieldRebuild, FieldRebuilt,
}

// StepTime is when a state was entered, by the clock of who entered it: for
// people, never for decisions.
type StepTime struct {
	State State     `json:"state"`
	At    time.Time `json:"at"`
}

// Switch is the switch item: the change of authority that is under way, or the
// last one.
type Switch struct {
	// Rev is the revision that was read; 0 is an item that is not there yet.
	Rev   int64
	State State
	// From has the authority when the switch begins, To when it has succeeded. In
	// Steady both are empty before the first switch; afterwards they tell of the
	// last.
	From, To naming.Color
	// Epoch is that of From's term. A promotion makes it one higher.
	Epoch int64
	// Attempt is the try that is under way, or was last; only the process that
	// made it may promote or release it.
	Attempt string
	// Heirs are the ids under which the processes act that took over, all of this
	// attempt's: any of them may stand in the old side's row.
	Heirs []string
	// Owner is the process that wrote the item last, LeaseUntil until when others
	// need not look after it. Nothing may depend on a lease.
	Owner      string
	LeaseUntil time.Time
	// StepTimes has the states of this switch in the order in which they were
	// entered.
	StepTimes []StepTime
	// Reason is why the switch was started, in the words of who started it;
	// Operators who answers for it.
	Reason    string
	Operators []string
	// LastError is why the switch did not go on, without values of rows; while it is
	// arming, what it waits for, "" once all gates hold.
	LastError string
	// Promoting tells that PROMOTING was stored for Attempt: from then on From is
	// opened again only after To has been told to refuse Attempt.
	Promoting bool
	// FenceLSN is From's position when the fence was known, ReverseLSN To's before
	// the promotion: where the lane back begins.
	FenceLSN, ReverseLSN string
	// ProofID names the proof record.
	ProofID string
	// HeldFrom is the state from which HELD was entered.
	HeldFrom State
	// PausedAt is when the attempt told writers to wait, stored before its fence is
	// tried, by the clock of the process that made it; zero while they go on.
	PausedAt time.Time
	// Pause is how long the last attempt kept writers out: by the monotonic clock of the
	// process that made it, or, where another process ended it, from PausedAt by that
	// one's clock; whole milliseconds in the item, and at least one. After an attempt
	// that has moved the authority 0 is not known: whoever let writers go on was lost
	// before it was stored.
	Pause time.Duration
	// Untrusted is a side that a forced decision left behind; it must be rebuilt. ShutAt
	// is when it was first seen that its own row keeps writers out; zero while nothing but
	// its isolation is known to.
	Untrusted naming.Color
	ShutAt    time.Time
	// Forced is the side that a forced decision opens, from the decision on until it is
	// carried out; Isolation is what showed then that the other side takes no writes.
	Forced    naming.Color
	Isolation string
	// Rebuild is the identity of the new database in which Untrusted is made anew, from
	// when that has begun until the side is readmitted.
	Rebuild string
	// Rebuilt is the record of the forced decision whose side was made anew and is trusted
	// again.
	Rebuilt string
}

// Validate joins all that is wrong with the item.
func (s Switch) Validate() error {
	var problems []error
	problem := func(field, expected string, found any) {
		problems = append(problems, fmt.Errorf("%s %s is %q: expected %s", SwitchItem, field, fmt.Sprint(found), expected))
	}
	if _, found := transitions[s.State]; !found {
		problem(FieldState, fmt.Sprintf("one of %v", States()), s.State)
	}
	sides := fmt.Sprintf("one of %v, each once", naming.Colors())
	if s.State != Steady || s.From != "" || s.To != "" {
		if !slices.Contains(naming.Colors(), s.From) {
			problem(FieldFrom, sides, s.From)
		}
		if s.To != s.From.Other() {
			problem(FieldTo, sides, s.To)
		}
	}
	if s.Epoch < 1 {
		problem(FieldEpoch, "a whole number from 1", s.Epoch)
	}
	if s.State.Paused() && s.Attempt == "" && !s.HeldFrom.Unfenced() {
		problem(FieldAttempt, "an id in state "+string(s.State), s.Attempt)
	}
	if _, found := transitions[s.HeldFrom]; s.HeldFrom != "" && !found {
		problem(FieldHeldFrom, fmt.Sprintf("one of %v", States()), s.HeldFrom)
	}
	for field, side := range map[string]naming.Color{FieldUntrusted: s.Untrusted, FieldForced: s.Forced} {
		if side != "" && !slices.Contains(naming.Colors(), side) {
			problem(field, fmt.Sprintf("one of %v", naming.Colors()), side)
		}
	}
	return errors.Join(problems...)
}

// Enter returns the item in another state, with the time noted; an error tells
// that no rule leads there.
func (s Switch) Enter(next State, at time.Time) (Switch, error) {
	if !s.State.May(next) {
		return Switch{}, fmt.Errorf("%s: no rule leads from %s to %s", SwitchItem, s.State, next)
	}
	if next != s.State {
		s.StepTimes = append(slices.Clone(s.StepTimes), StepTime{State: next, At: at.UTC()})
	}
	s.State = next
	return s, nil
}

// Fields are the item's fields besides the revision.
func (s Switch) Fields() map[string]string {
	times, err := json.Marshal(s.StepTimes)
	if err != nil { // a time after the year 9999
		times = []byte("null")
	}
	return map[string]string{
		FieldState: string(s.State), FieldFrom: string(s.From), FieldTo: string(s.To), FieldEpoch: strconv.FormatInt(s.Epoch, 10),
		FieldAttempt: s.Attempt, FieldHeirs: list(s.Heirs), FieldOwner: s.Owner, FieldLeaseUntil: moment(s.LeaseUntil), FieldStepTimes: string(times),
		FieldReason: s.Reason, FieldOperators: list(s.Operators), FieldLastError: s.LastError,
		FieldPromoting: strconv.FormatBool(s.Promoting), FieldFenceLSN: s.FenceLSN, FieldReverseLSN: s.ReverseLSN,
		FieldProof: s.ProofID, FieldHeldFrom: string(s.HeldFrom), FieldUntrusted: string(s.Untrusted),
		FieldForced: string(s.Forced), FieldIsolation: s.Isolation,
		FieldPause: strconv.FormatInt(s.Pause.Milliseconds(), 10), FieldPausedAt: moment(s.PausedAt), FieldShutAt: moment(s.ShutAt),
		FieldRebuild: s.Rebuild, FieldRebuilt: s.Rebuilt,
	}
}

// moment is a time in a field, in milliseconds; "" is none.
func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return strconv.FormatInt(at.UnixMilli(), 10)
}

// list is a list of texts in one field.
func list(texts []string) string {
	encoded, err := json.Marshal(texts)
	if err != nil { // texts can always be encoded
		return "null"
	}
	return string(encoded)
}

// DecodeSwitch reads an item of that revision. Fields that it does not know are
// an error too.
func DecodeSwitch(rev int64, fields map[string]string) (Switch, error) {
	if err := known(SwitchItem, fields, switchFields...); err != nil {
		return Switch{}, err
	}
	s := Switch{
		Rev: rev, State: State(fields[FieldState]), From: naming.Color(fields[FieldFrom]), To: naming.Color(fields[FieldTo]),
		Attempt: fields[FieldAttempt], Owner: fields[FieldOwner], Reason: fields[FieldReason],
		LastError: fields[FieldLastError], FenceLSN: fields[FieldFenceLSN], ReverseLSN: fields[FieldReverseLSN],
		ProofID: fields[FieldProof], HeldFrom: State(fields[FieldHeldFrom]), Untrusted: naming.Color(fields[FieldUntrusted]),
		Forced: naming.Color(fields[FieldForced]), Isolation: fields[FieldIsolation],
		Rebuild: fields[FieldRebuild], Rebuilt: fields[FieldRebuilt],
	}
	if err := errors.Join(s.decode(fields), s.Validate()); err != nil {
		return Switch{}, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	return s, nil
}

// decode reads the fields that are no plain text.
func (s *Switch) decode(fields map[string]string) error {
	var problems []error
	var err error
	if s.Epoch, err = number(SwitchItem, FieldEpoch, fields); err != nil {
		problems = append(problems, err)
	}
	pause, err := number(SwitchItem, FieldPause, fields)
	if err != nil {
		problems = append(problems, err)
	}
	s.Pause = time.Duration(pause) * time.Millisecond
	for field, into := range map[string]*time.Time{FieldLeaseUntil: &s.LeaseUntil, FieldPausedAt: &s.PausedAt, FieldShutAt: &s.ShutAt} {
		if fields[field] == "" { // an item that a former version has written lacks PausedAt or ShutAt
			continue
		}
		at, err := number(SwitchItem, field, fields)
		if err != nil {
			problems = append(problems, err)
		}
		*into = time.UnixMilli(at).UTC()
	}
	for field, into := range map[string]any{
		FieldStepTimes: &s.StepTimes, FieldOperators: &s.Operators, FieldHeirs: &s.Heirs, FieldPromoting: &s.Promoting,
	} {
		if err := json.Unmarshal([]byte(fields[field]), into); err != nil {
			problems = append(problems, fmt.Errorf("%s %s is not in the form that this package writes", SwitchItem, field))
		}
	}
	return errors.Join(problems...)
}
