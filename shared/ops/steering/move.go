package steering

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/traffic"
)

const (
	// SyncPatience is how long a change may take to be there, syncPause how often is
	// looked. Route 53 reaches its servers within 60 seconds as a rule (Route 53 API
	// reference, ChangeResourceRecordSets).
	SyncPatience = 3 * time.Minute
	syncPause    = time.Second
	// askPatience bounds the one question that an interruption does not end.
	askPatience = 5 * time.Second
	// Settle is how long resolvers may keep an answer: that of an alias to a
	// balancer lives 60 seconds.
	Settle = 60 * time.Second
)

// Decision is a move that was agreed on.
type Decision struct {
	Action string
	To     traffic.Split
	Reason string
	// Hold is why no step up may follow without a word; "" lifts a hold.
	Hold    string
	Answers []traffic.Answer
}

// Outcome is what a move came to.
type Outcome struct {
	Before  traffic.Split `json:"before"`
	After   traffic.Split `json:"after"`
	Changed bool          `json:"changed"`
	// Took is from the first call that changes something to records and health
	// checks as decided.
	Took   time.Duration `json:"took"`
	Change string        `json:"change,omitempty"`
	// Unrecorded is where the decision could not be written to, and why.
	Unrecorded []string `json:"unrecorded,omitempty"`
}

// Step carries out a decision in the order of a step: record, change, wait until
// Route 53 answers it everywhere, record that. Of two operators one wins the
// record; the other's error carries fault.Locked and nothing was moved by it. When
// ctx ends only the wait does: the record says then which change was not confirmed,
// the error carries fault.Cancelled, and the same decision goes on with the wait.
func (c *Controller) Step(ctx context.Context, s Situation, d Decision) (Outcome, error) {
	whole := context.WithoutCancel(ctx)
	out := Outcome{Before: s.Real.Split(), After: d.To}
	if err := possible(s.Place, s.Real, d.To); err != nil {
		return out, err // before it is recorded as decided
	}
	record := c.record(s, d)
	record.Change = unconfirmed(s, d)
	if err := c.write(whole, s, record); err != nil {
		return out, c.beaten(whole, err)
	}
	if err := c.at("recorded"); err != nil {
		return out, err
	}
	var err error
	if out.Took, out.Change, err = c.converge(whole, s.Place, s.Real, d.To); err != nil {
		return out, err
	}
	out.Changed = !s.Real.Is(d.To)
	if err := c.at("moved"); err != nil {
		return out, err
	}
	record.Change = cmp.Or(out.Change, record.Change)
	waited := c.AwaitSync(ctx, record.Change)
	if waited == nil {
		record.Phase, record.Since = traffic.Settled, c.Now()
	}
	record.Rev++
	if err := c.write(whole, Situation{Record: &record}, record); err != nil {
		return out, errors.Join(waited, c.yield(whole, s.Place, err), c.beaten(whole, err))
	}
	return out, waited
}

// unconfirmed is the change that an interrupted wait for the same decision left; ""
// for none.
func unconfirmed(s Situation, d Decision) string {
	if r := s.Record; r != nil && r.Phase == traffic.Moving && r.To == d.To && s.Real.Is(d.To) {
		return r.Change
	}
	return ""
}

// yield restores what was decided by somebody else between this step's decision
// and its end: a rollback that came between them was undone by the step.
func (c *Controller) yield(ctx context.Context, place traffic.Place, err error) error {
	if !errors.Is(err, ErrConflict) {
		return nil
	}
	later, err := c.latest(ctx)
	if err != nil || later == nil {
		return err
	}
	real, err := c.DNS.Observe(ctx, place)
	if err != nil {
		return err
	}
	_, _, err = c.converge(ctx, place, real, later.To)
	return err
}

// beaten explains a record that somebody else wrote.
func (c *Controller) beaten(ctx context.Context, err error) error {
	if !errors.Is(err, ErrConflict) {
		return fmt.Errorf("record the decision in the control table: %w", err)
	}
	other := "somebody else"
	if record, lookErr := c.latest(ctx); lookErr == nil && record != nil {
		other = fmt.Sprintf("%s (%s to %s, %s)", record.Who, record.Action, record.To, record.Since.Local().Format("15:04:05"))
	}
	return fault.New(fault.Locked, "%s moves the traffic at this moment", other).WithHint("go tool mage traffic:status")
}

// record makes the next record of a decision.
func (c *Controller) record(s Situation, d Decision) traffic.Record {
	r := traffic.Record{
		Rev: s.Behind + 1, Action: d.Action, Phase: traffic.Moving, From: s.Real.Split(), To: d.To, Since: c.Now(),
		Who: c.Who, Reason: d.Reason, Hold: d.Hold, Gates: brief(d.Answers),
	}
	if r.From.Valid() != nil { // no record answers
		r.From = d.To
	}
	return r
}

// brief writes the answers of gates on one line.
func brief(answers []traffic.Answer) string {
	text := ""
	for _, a := range answers {
		if text != "" {
			text += "; "
		}
		text += a.Gate + " " + a.Verdict.String() + " (" + a.Value + ")"
	}
	return text
}

// converge makes Route 53 answer the split and judges by what it answers then,
// not by what its calls returned: a call may succeed and return an error.
func (c *Controller) converge(ctx context.Context, place traffic.Place, real Reality, split traffic.Split) (time.Duration, string, error) {
	if real.Is(split) {
		return 0, "", nil
	}
	if err := possible(place, real, split); err != nil {
		return 0, "", err
	}
	begun := c.Now()
	change, applyErr := c.DNS.Apply(ctx, place, real, split)
	found, err := c.DNS.Observe(ctx, place)
	if err != nil {
		return c.Now().Sub(begun), change, fault.New(fault.Resource, "the traffic was moved to %s, or was not: Route 53 does not answer: %w", split, errors.Join(applyErr, err))
	}
	if !found.Is(split) {
		return c.Now().Sub(begun), change, fault.New(fault.Resource, "Route 53 has %s instead of %s: %w", found, split, applyErr)
	}
	return c.Now().Sub(begun), change, nil
}

// possible refuses a split that Route 53 would not answer as meant, and to give
// traffic to a colour of which nobody knows where it is.
func possible(place traffic.Place, real Reality, split traffic.Split) error {
	if err := split.Valid(); err != nil {
		return fault.Wrap(fault.Usage, err)
	}
	for _, color := range naming.Colors() {
		if split.Shut(color) || real.Of(color).Exists {
			continue
		}
		if e := place.Of(color); e.Endpoint == "" || e.HealthCheck == "" || !e.Ready {
			return fault.New(fault.Usage, "%s has no record under %s: it is not ready for traffic", color, place.PublicName).
				WithHint("edge:%s.ready: true in the stack file, then go tool mage deploy:edge", color)
		}
	}
	return nil
}

// AwaitSync waits until all of Route 53's servers answer a change. An ended ctx
// ends the wait with fault.Cancelled, unless the first question finds it over.
func (c *Controller) AwaitSync(ctx context.Context, change string) error {
	if change == "" {
		return nil
	}
	first, cancel := context.WithTimeout(context.WithoutCancel(ctx), askPatience)
	defer cancel()
	done, err := c.DNS.InSync(first, change)
	for deadline := c.Now().Add(SyncPatience); err != nil || !done; done, err = c.DNS.InSync(ctx, change) {
		if !c.Now().Before(deadline) {
			return fault.New(fault.Timeout, "Route 53 has the change %s and does not answer it everywhere after %s: %w", change, SyncPatience, err)
		}
		if err := c.Sleep(ctx, syncPause); err != nil {
			return fault.New(fault.Cancelled, "the weights are changed: Route 53 has them as change %s, and has not said yet that all of its servers answer them; stopped waiting: %w", change, err)
		}
	}
	return nil
}
