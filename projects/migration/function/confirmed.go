package function

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cutover/cutover/projects/migration/lane/control"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/variables"
)

// VariableOperatorRole is the unique id of the role that operators take, such as
// AROA…: with the name of a session it is the id of a principal.
const VariableOperatorRole = "OPERATOR_ROLE_ID"

const (
	// confirmed is how long a confirmation holds.
	confirmed = 24 * time.Hour
	// ahead is how far a clock of an operator may be ahead of this one.
	ahead = 5 * time.Minute
)

// operatorRole is the unique id of the operators' role.
func operatorRole(lookup func(string) (string, bool)) (string, error) {
	from := &variables.Reader{Lookup: lookup}
	role := from.Text(VariableOperatorRole, "the unique id of the operators' role")
	return role, from.Err()
}

// confirmations are what operators have confirmed, each in an item that AWS lets that
// principal write and no other.
type confirmations struct {
	store control.Store
	// role is the unique id of the operators' role.
	role string
	now  func() time.Time
}

func (p *parts) confirmations(role string) confirmations {
	return confirmations{store: p.store, role: role, now: p.now}
}

// missing lists whose confirmation is not there, and why one that is there does not
// count.
func (c confirmations) missing(ctx context.Context, want items.Confirmation) ([]string, error) {
	var missing []string
	for _, name := range want.Operators {
		if !items.NamesSession(name) {
			missing = append(missing, fmt.Sprintf("%q: is no name of a session", name))
			continue
		}
		item, err := c.store.Get(ctx, items.ClosingItem(items.SessionOf(c.role, name)))
		if errors.Is(err, control.ErrAbsent) {
			missing = append(missing, name+": has not confirmed")
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the confirmation of %s: %w", name, err)
		}
		if why := c.unlike(item, want); why != "" {
			missing = append(missing, name+": "+why)
		}
	}
	return missing, nil
}

// unlike says why a confirmation does not count, "" where it does.
func (c confirmations) unlike(item control.Item, want items.Confirmation) string {
	found, err := items.DecodeConfirmation(item.Fields)
	age := c.now().Sub(found.At)
	switch {
	case err != nil:
		return "has confirmed in a form that this version does not know"
	case !found.Same(want):
		return "has confirmed another switch, other operators, or another reason"
	case age > confirmed:
		return fmt.Sprintf("has confirmed more than %s ago", confirmed)
	case age < -ahead:
		return fmt.Sprintf("has confirmed with a clock that is %s ahead", (-age).Round(time.Second))
	}
	return ""
}
