package function

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/verify"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/metrics"
)

// Verification is what the control store tells about a pass, for whoever watches.
// The truth is in the lane's own database: the count of units that several functions
// share may lack those whose note came too late.
type Verification struct {
	Pass int64       `json:"pass"`
	Kind verify.Kind `json:"kind"`
	// Units of the pass, as they were listed first, and those that are done.
	Units int       `json:"units"`
	Done  int       `json:"done"`
	Rows  int64     `json:"rows"`
	Began time.Time `json:"began"`
	At    time.Time `json:"at"`
}

// Progress is the pass as the engine tells of its own.
func (v Verification) Progress() verify.Progress {
	return verify.Progress{Units: v.Units, UnitsDone: min(v.Done, v.Units), Rows: v.Rows, Took: v.At.Sub(v.Began)}
}

const progressField = "progress"

// ReadVerification reads what was told last; absent tells that nothing was.
func ReadVerification(ctx context.Context, store control.Store, lane string) (v Verification, absent bool, err error) {
	item, err := store.Get(ctx, items.VerifyItem(lane))
	if errors.Is(err, control.ErrAbsent) {
		return v, true, nil
	}
	if err != nil {
		return v, false, fmt.Errorf("read the verification of lane %s: %w", lane, err)
	}
	if err := json.Unmarshal([]byte(item.Fields[progressField]), &v); err != nil {
		return v, false, fmt.Errorf("read the verification of lane %s: %w", lane, control.ErrUnreadable)
	}
	return v, false, nil
}

// told changes what stands in the control store. What cannot be read is written
// anew.
func (v *verifying) told(ctx context.Context, edit func(*Verification)) error {
	return change(ctx, v.store, items.VerifyItem(v.lane()), func(fields map[string]string) {
		var now Verification
		if json.Unmarshal([]byte(fields[progressField]), &now) != nil {
			now = Verification{}
		}
		edit(&now)
		now.At = v.now()
		text, _ := json.Marshal(now) // numbers, times and a word
		fields[progressField] = string(text)
	})
}

// begun notes a pass that was planned; a later round of it keeps what was done.
func (v *verifying) begun(ctx context.Context, kind verify.Kind, pass int64, left, round int) error {
	return v.told(ctx, func(now *Verification) {
		if now.Pass != pass || round == 0 {
			*now = Verification{Pass: pass, Kind: kind, Units: left, Began: v.now()}
		}
		now.Done = max(now.Done, now.Units-left)
	})
}

// advance notes units that are done. Several functions do so at once; a note that
// comes too late again and again is left out, the next plan counts what is left.
func (v *verifying) advance(ctx context.Context, done int, rows int64) error {
	err := v.told(ctx, func(now *Verification) { now.Done, now.Rows = now.Done+done, now.Rows+rows })
	if errors.Is(err, control.ErrConflict) {
		return nil
	}
	return err
}

// tellEvery is how often a pass that one function works at is told of.
const tellEvery = 5 * time.Second

// observe tells of a pass that one function works at. What cannot be told is left
// out: it must not stop a comparison.
func (v *verifying) observe(ctx context.Context, kind verify.Kind) func(verify.Progress) {
	var last time.Time
	return func(p verify.Progress) {
		now := v.now()
		if now.Sub(last) < tellEvery && p.UnitsDone < p.Units {
			return
		}
		last = now
		_ = v.told(ctx, func(told *Verification) {
			*told = Verification{Kind: kind, Units: p.Units, Done: p.UnitsDone, Rows: p.Rows, Began: now.Add(-p.Took)}
		})
	}
}

// measure emits what the verification has shown so far.
func (v *verifying) measure(ctx context.Context, verifier *verify.Verifier) error {
	status, err := verifier.Status(ctx)
	if err != nil {
		return err
	}
	readings := []reading{
		{metrics.BucketsDirty, float64(status.Dirty)}, {metrics.BucketsMismatched, float64(status.Mismatched)},
		{metrics.BucketsUnstable, float64(status.Unstable)}, {metrics.TailKeys, float64(status.TailKeys)},
	}
	if status.Age >= 0 { // what was never compared has no age
		readings = append(readings, reading{metrics.VerifyAgeSeconds, status.Age.Seconds()})
	}
	return v.line(readings)
}
