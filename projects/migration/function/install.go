package function

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/lane/preflight"
)

// NewInstall makes the function at which an operator asks for what needs more rights
// than the engine's own: schema, logins and tables, the checks, the lane itself, and
// its way on after a halt. It is the only one that knows the administrators' logins.
// Every act can be asked for again: what is there is left as it is. What takes two
// operators it does when each of them has confirmed it, and takes nobody's word.
func NewInstall(ctx context.Context, lookup func(string) (string, bool), out io.Writer) (func(context.Context, desk.Request) (desk.Reply, error), error) {
	p, err := assemble(ctx, lookup, out)
	if err != nil {
		return nil, err
	}
	survey, err := p.readSurvey(lookup)
	role, roleErr := operatorRole(lookup)
	if err := errors.Join(err, roleErr); err != nil {
		return nil, err
	}
	d := &desk.Desk{Place: p.place, Store: p.store, Limits: p.shared.Lane(), Survey: survey, Pace: pace(), Sample: sample, Missing: p.confirmations(role).missing}
	if p.cloud.Region == "" {
		d.Pace, d.Sample = preflight.Paced(), 0
	}
	return func(ctx context.Context, r desk.Request) (desk.Reply, error) {
		if r.To != p.color {
			return desk.Reply{}, fmt.Errorf("to %q: this function works on the lane that ends at %s", r.To, p.color)
		}
		if least := d.Limits.Stop; ending(ctx, least) {
			return desk.Reply{}, fmt.Errorf("act %s: less than %s is left until the deadline; nothing was done", r.Act, least)
		}
		limited, cancel := within(ctx, d.Limits.Cancel)
		defer cancel()
		return d.Do(limited, r)
	}, nil
}
