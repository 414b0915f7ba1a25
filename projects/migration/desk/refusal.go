package desk

import (
	"errors"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/authority"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/finalise"
	"github.com/cutover/cutover/projects/migration/lane/schema"
	"github.com/cutover/cutover/projects/migration/lane/switching"
)

// Refusal is the kind of a refusal: what the operator has to change.
type Refusal string

// The kinds.
const (
	// Wrong is an act that can never be done as it was asked for.
	Wrong Refusal = "usage"
	// NotNow is one whose conditions do not hold.
	NotNow Refusal = "gate"
	// Busy is one that somebody else's work is in the way of.
	Busy Refusal = "locked"
)

// refusals are the errors that were foreseen.
var refusals = []struct {
	err  error
	kind Refusal
}{
	{schema.ErrNotAdditive, Wrong}, {schema.ErrUnknown, Wrong}, {schema.ErrOpen, NotNow}, {schema.ErrDifferent, NotNow}, {schema.ErrNotNow, NotNow},
	{lane.ErrNotReloadable, NotNow}, {lane.ErrNotRenewable, NotNow}, {lane.ErrUndecidable, NotNow}, {errUnderway, NotNow}, {checkpoint.ErrAbsent, NotNow},
	{checkpoint.ErrDecision, NotNow}, {errOrder, Wrong}, {authority.ErrUnrecordable, NotNow}, {authority.ErrStale, NotNow}, {switching.ErrRebuild, NotNow}, {switching.ErrUnderway, NotNow},
	{finalise.ErrOrder, Wrong}, {finalise.ErrNotYet, NotNow}, {finalise.ErrStreaming, Busy},
}

// foreseen makes of an error that was foreseen a reply: whoever called a function gets
// no retry for it, and the operator an exit status.
func (r Reply) foreseen(err error) (Reply, error) {
	for _, each := range refusals {
		if errors.Is(err, each.err) {
			r.Refused, r.RefusedAs = err.Error(), each.kind
			return r, nil
		}
	}
	return r, err
}
