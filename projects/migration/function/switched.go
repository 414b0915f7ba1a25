package function

import (
	"context"
	"errors"

	"github.com/cutover/cutover/projects/migration/lane/switching"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/metrics"
)

// measure emits what a step has come to, by what stands in the control store.
func (s *switcher) measure(ctx context.Context, o switching.Outcome, failure error) error {
	token, sw, err := switching.Status(context.WithoutCancel(ctx), s.store)
	if err != nil {
		return err
	}
	readings := append(standing(token, sw), reading{metrics.BackOuts, number(errors.Is(failure, switching.ErrBackedOut))})
	if o.Pause > 0 {
		readings = append(readings, reading{metrics.WritePauseMilliseconds, float64(o.Pause.Milliseconds())})
	}
	if o.Pause > 0 && o.Tries > 0 { // the parts are known to the process alone that has made them
		readings = append(readings, reading{metrics.FenceLockMilliseconds, float64(o.Lock.Milliseconds())},
			reading{metrics.DrainMilliseconds, float64(o.Drain.Milliseconds())}, reading{metrics.CheckMilliseconds, float64(o.Check.Milliseconds())},
			reading{metrics.PromoteMilliseconds, float64(o.Promote.Milliseconds())})
	}
	if sw.State == items.Steady && sw.ProofID != "" && token.Holder == sw.To {
		_, absent := s.proofs.store.Get(ctx, sw.ProofID)
		readings = append(readings, reading{metrics.ProofStored, number(absent == nil)})
	}
	return s.platformLine(readings)
}
