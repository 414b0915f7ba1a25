package function

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/gauge"
	"github.com/cutover/cutover/shared/metrics"
)

// reading is one value of a metric of a lane.
type reading struct {
	metric metrics.Metric
	value  float64
}

// emit writes how the lane does as metrics: one line for the lane and one for
// each table that is loaded.
func (w *watch) emit(p Progress) error {
	s := p.Snapshot
	readings := []reading{
		{metrics.LaneStateMetric, metrics.LaneStates()[string(s.State)]},
		{metrics.LagBytes, float64(s.LagBytes)},
		{metrics.SlotRetainedBytes, float64(s.SlotRetainedBytes)},
		{metrics.SlotActive, number(s.SlotActive)},
		{metrics.AppliedTransactions, float64(s.Transactions - p.Emitted.Transactions)},
		{metrics.EchoSuppressed, float64(s.Echoes - p.Emitted.Echoes)},
		{metrics.Conflicts, float64(s.Conflicts)},
		{metrics.QuarantinedOpen, float64(s.Quarantine)},
		{metrics.RepairsOpen, float64(s.Repairs)},
		{metrics.LaneTorn, number(s.Torn)},
	}
	if s.Followed { // nothing is applied, and no canary arrives, while the base is loaded
		readings = append(readings, reading{metrics.LagSeconds, s.LagSeconds}, reading{metrics.CanarySeconds, s.CanarySeconds})
	}
	if v := s.Verification; v != nil {
		readings = append(readings, verification(*v)...)
	}
	if s.State == checkpoint.Loading {
		rate := p.Rate()
		readings = append(readings, reading{metrics.LoadEtaLowSeconds, rate.RemainingLow.Seconds()},
			reading{metrics.LoadEtaHighSeconds, rate.RemainingHigh.Seconds()})
	}
	if s.Throttle != nil {
		readings = append(readings, reading{metrics.Throttled, 100 * s.Throttle.Withheld})
	}
	err := w.line(append(readings, w.applied()...))
	if s.State == checkpoint.Loading {
		for _, table := range s.Tables {
			err = errors.Join(err, w.table(table))
		}
	}
	return err
}

// verification is what comparisons have shown. What was never compared has no age; a
// lane whose source is not the authority has one, and no counts.
func verification(v gauge.Verification) []reading {
	var readings []reading
	if v.AgeSeconds >= 0 {
		readings = append(readings, reading{metrics.VerifyAgeSeconds, v.AgeSeconds})
	}
	if v.Active {
		readings = append(readings, reading{metrics.BucketsDirty, float64(v.Dirty)}, reading{metrics.BucketsMismatched, float64(v.Mismatched)},
			reading{metrics.BucketsUnstable, float64(v.Unstable)}, reading{metrics.TailKeys, float64(v.TailKeys)})
	}
	return readings
}

// applied is what was applied since it was asked for last. Nothing is no reading of
// how long it took, or of how much was folded.
func (w *watch) applied() []reading {
	sum := w.tally.Take()
	readings := []reading{{metrics.AppliedRows, float64(sum.Rows)}, {metrics.AppliedBytes, float64(sum.Bytes)}}
	if sum.Transactions > 0 {
		readings = append(readings, reading{metrics.BatchMilliseconds, sum.P99.Seconds() * 1000})
	}
	if ratio, told := sum.Ratio(); told {
		readings = append(readings, reading{metrics.CollapseRatio, ratio})
	}
	return readings
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// at is the lane as the catalogue knows it.
func (p *parts) at() (metrics.Lane, error) {
	for _, known := range metrics.Lanes() {
		if known.Name == p.lane() {
			return known, nil
		}
	}
	return metrics.Lane{}, fmt.Errorf("lane %s: is not in the catalogue of metrics", p.lane())
}

// line emits values of the lane.
func (p *parts) line(readings []reading) error {
	at, err := p.at()
	if err != nil {
		return err
	}
	samples := make([]metrics.Sample, len(readings))
	for i, r := range readings {
		series, err := at.Series(r.metric, p.platform)
		if err != nil {
			return fmt.Errorf("metrics of lane %s: %w", p.lane(), err)
		}
		samples[i] = metrics.Sample{Series: series, Value: r.value}
	}
	return p.send(samples)
}

// platformLine emits values of the whole platform.
func (p *parts) platformLine(readings []reading) error {
	samples := make([]metrics.Sample, len(readings))
	for i, r := range readings {
		series, err := r.metric.At(p.platform)
		if err != nil {
			return fmt.Errorf("metrics of %s: %w", p.platform, err)
		}
		samples[i] = metrics.Sample{Series: series, Value: r.value}
	}
	return p.send(samples)
}

// table emits the progress of one table's load.
func (w *watch) table(t gauge.Table) error {
	at, err := w.at()
	if err != nil {
		return err
	}
	var samples []metrics.Sample
	for _, r := range []reading{
		{metrics.LoadRows, float64(t.Rows)}, {metrics.LoadBytes, float64(t.Bytes)}, {metrics.ChunksRemaining, float64(t.ChunksPlanned)},
	} {
		series, err := r.metric.At(w.platform, string(at.Store), at.Name, string(at.Direction), t.Name)
		if err != nil {
			return fmt.Errorf("metrics of table %s: %w", t.Name, err)
		}
		samples = append(samples, metrics.Sample{Series: series, Value: r.value})
	}
	return w.send(samples)
}

func (p *parts) send(samples []metrics.Sample) error {
	text, err := metrics.Line(p.now(), samples...)
	if err != nil {
		return fmt.Errorf("metrics of lane %s: %w", p.lane(), err)
	}
	if _, err := p.out.Write(text); err != nil {
		return fmt.Errorf("emit metrics of lane %s: %w", p.lane(), err)
	}
	return nil
}

// finish measures once more and emits what only the end of an invocation tells.
func (w *watch) finish(ctx context.Context, report lane.Report, failure error, started time.Time) {
	former, absent, err := ReadProgress(ctx, w.store, w.lane())
	w.note(err)
	unread := w.sample(ctx, true)
	w.note(unread)
	readings := []reading{
		{metrics.DuplicatesSkipped, float64(report.Duplicates)}, {metrics.UniqueFallbacks, float64(report.Fallbacks)},
		{metrics.Reconnects, float64(report.Reconnects)}, {metrics.RepairedRows, float64(report.RepairedRows)},
		{metrics.ClaimLost, number(errors.Is(failure, checkpoint.ErrOwnershipLost))},
		{metrics.SlotBusy, number(errors.Is(failure, lane.ErrBusy))},
		{metrics.RogueTransactions, number(report.Halt != nil && report.Halt.Code == checkpoint.RogueWrite)},
		{metrics.ResidentBytes, resident()}, {metrics.TornSkipSeconds, report.TornSkip.Seconds()},
	}
	if unread != nil && (report.LoadedRows > 0 || report.Throttled > 0) { // and has emitted nothing of what was loaded
		readings = append(readings, reading{metrics.Throttled, 100 * report.Throttled})
	}
	if unread != nil { // and has emitted nothing
		readings = append(readings, w.applied()...)
	}
	ended := w.now()
	if !absent && err == nil && !former.Ended.IsZero() && started.After(former.Ended) {
		readings = append(readings,
			reading{metrics.HandoverMilliseconds, float64(started.Sub(former.Ended).Milliseconds())},
			reading{metrics.DutyCycle, 100 * ended.Sub(started).Seconds() / ended.Sub(former.Ended).Seconds()})
	}
	w.note(w.line(readings))
	if last, absent, err := ReadProgress(ctx, w.store, w.lane()); err == nil && !absent {
		last.Ended = ended
		w.note(w.write(ctx, last))
	}
}

// resident is the most memory that this process has had, in bytes; Linux counts in
// units of 1,024 (getrusage(2)).
func resident() float64 {
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return float64(usage.Maxrss) * 1024
}
