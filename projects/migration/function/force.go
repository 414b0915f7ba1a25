package function

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/google/uuid"

	"github.com/cutover/cutover/projects/migration/isolation"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/variables"
)

// VariableClusters are the database clusters of both sides as the data layer has made
// them, as JSON: id and resource by side. They are what is asked about when a side is
// lost.
const VariableClusters = "CLUSTERS"

// Forcing is what two operators confirm when they open a side by force: the side stands
// in the place of a switch.
func Forcing(open naming.Color, revision int64, operators []string, reason string) items.Confirmation {
	return items.Confirmation{Switch: "force " + string(open), Revision: revision, Operators: operators, Reason: reason}
}

// readIsolation makes what proves that a lost side is shut off. Outside of AWS nothing
// does.
func (p *parts) readIsolation(lookup func(string) (string, bool)) (switching.Isolation, error) {
	if p.cloud.Region == "" {
		return nil, nil //nolint:nilnil // documented
	}
	from := &variables.Reader{Lookup: lookup}
	client := rds.NewFromConfig(p.cloud)
	a := &isolation.Aurora{RDS: client, Instances: client, EC2: ec2.NewFromConfig(p.cloud)}
	text := from.Text(VariableClusters, "the clusters of both sides, as JSON")
	if err := json.Unmarshal([]byte(text), &a.Clusters); err != nil && text != "" {
		from.Refuse(fmt.Errorf("variable %s: expected id and resource of a cluster by side, as JSON", VariableClusters))
	}
	for _, side := range naming.Colors() {
		if c := a.Clusters[side]; text != "" && (c.ID == "" || c.Resource == "") {
			from.Refuse(fmt.Errorf("variable %s: %s has cluster %q with resource %q, expected both", VariableClusters, side, c.ID, c.Resource))
		}
	}
	return a, from.Err()
}

// force opens this colour by the word of two operators, or tells what that would rest
// on. Once the decision is stored any call goes on with it.
func (s *switcher) force(ctx context.Context, e SwitchEvent) (SwitchAnswer, error) {
	answer := SwitchAnswer{Event: e}
	token, sw, err := switching.Status(ctx, s.store)
	switch {
	case errors.Is(err, control.ErrAbsent):
		answer.Outcome, answer.Reason = Refused, "nobody has the authority yet: nothing was lost that this could open"
		return answer, nil
	case err != nil:
		return answer, err
	case ending(ctx, s.limits.Least):
		answer.Outcome, answer.Reason = Again, fmt.Sprintf("less than %s was left until the deadline; nothing was done", s.limits.Least)
		return answer, nil
	}
	answer.show(token, sw)
	answer.Revision, answer.Decided = sw.Rev, sw.Forced != ""
	m, done, err := s.machine(ctx, RequestOf(sw.Owner), sw)
	if err != nil {
		return answer, err
	}
	defer done()
	if answer.Evidence, err = m.PlanForce(ctx, e.To); err != nil {
		return answer.forced(err)
	}
	if answer.Applied = m.Primary.Applied(ctx, e.To); e.Act == PlanForce {
		return answer.forced(nil)
	}
	if !answer.Decided {
		missing, err := s.confirmations(s.role).missing(ctx, Forcing(e.To, sw.Rev, e.Operators, e.Reason))
		if err != nil {
			return answer, err
		}
		if len(missing) > 0 {
			answer.Outcome, answer.Reason = Awaited, strings.Join(missing, "; ")
			return answer, nil
		}
	}
	outcome, err := m.Force(ctx, switching.Force{Open: e.To, Operators: e.Operators, Reason: e.Reason})
	measured := s.measure(ctx, outcome, err)
	token, sw, statusErr := switching.Status(context.WithoutCancel(ctx), s.store)
	if statusErr == nil {
		answer.show(token, sw)
	}
	answer, err = answer.forced(err)
	return answer, errors.Join(err, measured, statusErr)
}

// forced gives what a call ended with an outcome, and keeps what nobody foresaw.
func (a SwitchAnswer) forced(err error) (SwitchAnswer, error) {
	switch {
	case err == nil:
		a.Outcome = Done
		return a, nil
	case errors.Is(err, switching.ErrForce): // whole: it names what is missing, and the commands that bring it about
		a.Outcome, a.Reason = Refused, err.Error()
		return a, nil
	case errors.Is(err, switching.ErrMoved), errors.Is(err, switching.ErrTakenOver), errors.Is(err, switching.ErrTooLate):
		a.Outcome = Again
	default:
		return a, err
	}
	a.Reason = brief(err)
	return a, nil
}

// machine is a process of its own that acts in the name of a request.
func (s *switcher) machine(ctx context.Context, request string, sw items.Switch) (*switching.Machine, func(), error) {
	owner := request + ownerMark + invocation(ctx) + "." + uuid.NewString()[:8]
	primary, done, err := s.primary(ctx, owner)
	if err != nil {
		return nil, nil, err
	}
	return &switching.Machine{
		Store: s.store, Primary: primary, Signer: s.proofs.signer, Proofs: s.proofs.store, Isolation: s.isolation, Limits: s.limits, Owner: owner,
		Gates: s.gates, Revision: &sw.Rev, Now: s.now, At: s.at,
	}, done, nil
}

// shutLeft keeps writers out of a side that a forced decision has left behind, once it
// can be reached again.
func (s *switcher) shutLeft(ctx context.Context) error {
	_, sw, err := switching.Status(ctx, s.store)
	if errors.Is(err, control.ErrAbsent) || err == nil && (sw.Untrusted == "" || sw.Forced != "") {
		return nil
	}
	if err != nil {
		return err
	}
	m, done, err := s.machine(ctx, RequestOf(sw.Owner), sw)
	if err != nil {
		return err
	}
	defer done()
	m.Revision = nil // whatever has moved on since, Shut looks for itself
	left, err := m.Shut(ctx)
	s.sideLeft(left, err)
	return err
}

// sideLeft writes into the function's log how a side stands that a forced decision has
// left, as one structured line a minute.
func (s *switcher) sideLeft(left switching.Left, err error) {
	if left.Side == "" {
		return
	}
	state := "its own row keeps writers out"
	switch {
	case err != nil:
		state = "it can be written to, and could not be shut: " + brief(err)
	case left.Unreachable != nil:
		state = "it cannot be reached: " + brief(left.Unreachable)
	case left.Shut:
		state = "it could be written to, and is shut now"
	}
	slog.New(slog.NewJSONHandler(s.out, nil)).Warn("side left by force", "side", left.Side, "state", state)
}
