package remote

import (
	"context"
	"errors"
	"fmt"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/verify"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/hint"
)

// Comparison compares all of a lane by the functions of its colour.
type Comparison struct {
	*Cloud
	To naming.Color
}

// Full starts a full pass, or follows the one that runs, until it has ended.
func (c Comparison) Full(ctx context.Context, observe func(verify.Progress)) (verify.Report, error) {
	machine := c.Machines[c.To][verificationMachine]
	execution, err := c.running(ctx, machine)
	if err != nil {
		return verify.Report{}, err
	}
	began := c.Now()
	if execution == "" {
		input := map[string]any{"kind": verify.Full, "ageSeconds": 0}
		if execution, err = c.start(ctx, machine, fmt.Sprintf("%s-%d", verificationMachine, began.Unix()), input); err != nil {
			return verify.Report{}, err
		}
	}
	lane := place.Lane(c.To)
	end, err := c.wait(ctx, execution, func(ctx context.Context) error {
		told, absent, err := function.ReadVerification(ctx, c.Store, lane)
		if err == nil && !absent && told.Kind == verify.Full {
			observe(told.Progress())
		}
		return err
	})
	if err != nil && ctx.Err() != nil {
		return verify.Report{}, fmt.Errorf("execution %s goes on by itself: %w", execution, err)
	}
	if err != nil {
		return verify.Report{}, err
	}
	var answer function.VerifyAnswer
	if err := c.answered(ctx, execution, &answer); err != nil {
		return verify.Report{}, errors.Join(end.err(execution), err)
	}
	return c.report(ctx, answer, end, execution)
}

// err is the failure of an execution, nil for none.
func (e *ended) err(execution string) error {
	if e.succeeded {
		return nil
	}
	return fmt.Errorf("execution %s: %s: %s", execution, e.failure, e.cause)
}

// report gives the last answer the form of the engine's own report.
func (c Comparison) report(ctx context.Context, a function.VerifyAnswer, end *ended, execution string) (verify.Report, error) {
	r := verify.Report{
		Lane: a.Lane, Kind: a.Kind, Pass: a.Pass, Done: true, Clean: a.Outcome == function.Clean, Buckets: a.Buckets, Rows: a.Rows,
		Mismatched: a.Mismatched, Unstable: a.Unstable, Requested: a.Requested,
	}
	if told, absent, err := function.ReadVerification(ctx, c.Store, a.Lane); err == nil && !absent && told.Pass == a.Pass {
		r.Rows, r.Took = told.Rows, told.At.Sub(told.Began)
	}
	switch a.Outcome {
	case function.Clean, function.Unclean:
		return r, nil
	case function.Halted:
		r.Halt = &checkpoint.Halt{Code: a.Halt, Reason: a.Reason}
		return r, nil
	case function.Passive:
		return r, verify.ErrPassive
	case function.NotReady, function.Idle:
		return r, verify.ErrNotReady
	case function.Stuck:
		return r, fault.New(fault.Verification, "%w", errors.Join(end.err(execution), errors.New("several rounds of the pass have brought nothing"))).
			WithHint("go tool mage migrate:status, which tells what holds it; then %s", hint.Again)
	default:
		return r, errors.Join(end.err(execution), fmt.Errorf("the pass ended with %q", a.Outcome))
	}
}
