package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// ClosingPrefix is the beginning of the keys of confirmations.
const ClosingPrefix = "closing#"

// ClosingItem is the key of the confirmation of one principal. user is its id as
// IAM's variable aws:userid has it: for a session of a role "<id of the role>:<name of
// the session>" (IAM user guide, "IAM policy elements: Variables and tags"). A policy
// lets each principal write the item of its own id alone, so who has confirmed is
// AWS's word and stands in the key; nothing in the item says it.
func ClosingItem(user string) string { return ClosingPrefix + user }

// SessionOf is the id of a session of a role.
func SessionOf(roleID, name string) string { return roleID + ":" + name }

// sessionName is what STS takes (AWS STS API reference, AssumeRole), but the comma,
// which stands between two names.
var sessionName = regexp.MustCompile(`^[\w+=.@-]{2,64}$`)

// NamesSession tells whether a role's session can have the name.
func NamesSession(name string) bool { return sessionName.MatchString(name) }

// The fields of a confirmation besides FieldReason, FieldOperators and FieldProof.
const (
	FieldRevision = "switch_rev"
	FieldAt       = "at"
)

// Confirmation is what one operator has confirmed: that the migration may end after
// this switch, with these operators, for this reason; or, with words in the place of the
// switch's id that no id has, something else that takes two.
type Confirmation struct {
	// Switch is the id of the record of the switch that made the holder, Revision that
	// of the switch item when the operator looked: after any other change of it the
	// confirmation holds no more.
	Switch   string
	Revision int64
	// Operators are both, sorted.
	Operators []string
	Reason    string
	// At is when, by the operator's clock.
	At time.Time
}

// Fields are the item's fields besides the revision.
func (c Confirmation) Fields() map[string]string {
	return map[string]string{
		FieldProof: c.Switch, FieldRevision: fmt.Sprint(c.Revision), FieldOperators: list(c.sorted()), FieldReason: c.Reason,
		FieldAt: c.At.UTC().Format(time.RFC3339Nano),
	}
}

func (c Confirmation) sorted() []string { return slices.Sorted(slices.Values(c.Operators)) }

// Same tells whether both confirm the same.
func (c Confirmation) Same(other Confirmation) bool {
	return c.Switch == other.Switch && c.Revision == other.Revision && slices.Equal(c.sorted(), other.sorted()) && c.Reason == other.Reason
}

// DecodeConfirmation reads an item. Fields that it does not know are an error too.
func DecodeConfirmation(fields map[string]string) (Confirmation, error) {
	if err := known("closing", fields, FieldProof, FieldRevision, FieldOperators, FieldReason, FieldAt); err != nil {
		return Confirmation{}, err
	}
	c := Confirmation{Switch: fields[FieldProof], Reason: fields[FieldReason]}
	var revErr, timeErr, operatorsErr error
	c.Revision, revErr = number("closing", FieldRevision, fields)
	c.At, timeErr = time.Parse(time.RFC3339Nano, fields[FieldAt])
	if err := json.Unmarshal([]byte(fields[FieldOperators]), &c.Operators); err != nil {
		operatorsErr = fmt.Errorf("closing %s is not in the form that this package writes", FieldOperators)
	}
	if timeErr != nil {
		timeErr = fmt.Errorf("closing %s is no time of RFC 3339", FieldAt)
	}
	if err := errors.Join(revErr, timeErr, operatorsErr); err != nil {
		return Confirmation{}, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	if strings.TrimSpace(c.Switch) == "" {
		return Confirmation{}, fmt.Errorf("%w: closing %s is empty: expected the id of a switch", ErrForeign, FieldProof)
	}
	return c, nil
}
