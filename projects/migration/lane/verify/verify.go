// Package verify shows that the two sides of a lane hold the same rows while both
// are being written to. Tables are divided into buckets of keys; a bucket's hash
// is compared under two snapshots that show the same transactions, and what has
// changed since is known from the marks that the lane raises as it writes. Rows
// that differ become requests of repairs, which only the applier carries out, or
// halt the lane.
//
// The package writes results, requests and halts, and never a row of a replicated
// table. It proves equality, not that the application's data is right; it does not
// look at tables that are left out, grants, settings, sequences or indexes.
package verify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/dirty"
	"github.com/cutover/cutover/projects/migration/lane/govern"
)

// Limits bound a verification. None of them can make it call clean what differs.
type Limits struct {
	// BucketRows is how many rows a bucket is planned for; one that has grown to
	// four times as many is divided by the next full pass.
	BucketRows int64
	// UnitBuckets is how many buckets are compared by one statement.
	UnitBuckets int
	// Workers is how many units are compared at once; each takes a session on each
	// side.
	Workers int
	// Retry is how often a difference is looked at again before its rows are.
	Retry int
	// Unstable is how often a bucket may be found changing before it is left to
	// the check of the tail.
	Unstable int
	// RepairRows is how many rows one pass may ask to repair, on a generation
	// without a gap. More is a divergence.
	RepairRows int64
	// Wait bounds the wait for the lane to come past a snapshot.
	Wait time.Duration
	// Pause is the first pause before a bucket is looked at again; it doubles.
	Pause time.Duration
	// Stop and Cancel are how long before the deadline no new unit is begun, and
	// what runs is cancelled.
	Stop, Cancel time.Duration
}

// Defaults are the limits that the documentation names.
func Defaults() Limits {
	return Limits{
		BucketRows: 2_000, UnitBuckets: 128, Workers: 4, Retry: 3, Unstable: 5, RepairRows: 1_000,
		Wait: 90 * time.Second, Pause: 100 * time.Millisecond, Stop: 60 * time.Second, Cancel: 15 * time.Second,
	}
}

// maxWorkers is what both sides' connections are reckoned with.
const maxWorkers = 40

// Validate joins all that is wrong with the limits.
func (l Limits) Validate() error {
	var problems []error
	for _, limit := range []struct {
		name  string
		value int64
	}{
		{"verify.bucket_rows", l.BucketRows}, {"verify.unit_buckets", int64(l.UnitBuckets)}, {"verify.retry", int64(l.Retry)},
		{"verify.unstable", int64(l.Unstable)}, {"repair.max_rows", l.RepairRows}, {"verify.wait", int64(l.Wait)}, {"verify.pause", int64(l.Pause)},
	} {
		if limit.value <= 0 {
			problems = append(problems, fmt.Errorf("%s: is %d, expected more than 0", limit.name, limit.value))
		}
	}
	if l.Workers < 1 || l.Workers > maxWorkers {
		problems = append(problems, fmt.Errorf("verify.workers: is %d, expected 1 to %d", l.Workers, maxWorkers))
	}
	if l.Stop < l.Cancel || l.Cancel < 0 {
		problems = append(problems, fmt.Errorf("invocation.stop, cancel: are %s, %s, expected the first to be no shorter", l.Stop, l.Cancel))
	}
	return errors.Join(problems...)
}

// Verifier compares the two sides of one lane.
type Verifier struct {
	Lane string
	// Source and Target are connection strings of members of bgsync_verify.
	Source, Target string
	// Invocation names this process in the databases.
	Invocation string
	Limits     Limits
	// At is told each step; an error ends the work there. Nil is no observer.
	At func(step string) error
	// Inspect is given both transactions of a comparison before they end, with the
	// condition that its rows meet, for a check by other means; nil is none.
	Inspect func(ctx context.Context, seen Seen) error
	// Observe is told the progress after each unit; nil is no observer.
	Observe func(Progress)

	// governor is the throttle that is obeyed; nil is none.
	governor *govern.Governor
}

// Seen is the comparison of one bucket whose transactions are still open. Where
// is the condition that its rows meet, with t for the table.
type Seen struct {
	Source, Target pgx.Tx
	Table, Where   string
	// Equal and Unstable are the result; neither is a difference.
	Equal, Unstable bool
}

// Steps of a comparison, for observers.
const (
	AfterSnapshot = "verify.after_snapshot" // the source's is taken, the target's not
	AfterTarget   = "verify.after_target"   // both are taken
	BeforeRecord  = "verify.before_record"
	AfterRecord   = "verify.after_record"
	AfterRequest  = "verify.after_request"
)

// What a verification answers besides failures of its own.
var (
	// ErrPassive tells that the lane's source is not the authority: its target has
	// rows that the source does not have yet.
	ErrPassive = errors.New("the source of the lane is not the authority, so the lane is not compared")
	// ErrNotReady tells that the lane is loading its base.
	ErrNotReady = errors.New("the lane is not ready to be compared: expected it to follow its source")
	// ErrHalted tells that the lane stands still.
	ErrHalted = errors.New("the lane is halted")
	// ErrStalled tells that the lane did not come past a snapshot in time.
	ErrStalled = errors.New("the lane did not move past the snapshot in time: is an invocation of it running?")
	// ErrWrongSource tells that the source is not the lane's.
	ErrWrongSource = errors.New("the source is not the database that the lane was made from")
	// ErrDifferentTables tells that the tables of the two sides have different
	// columns or keys.
	ErrDifferentTables = errors.New("the table is not the same on both sides")
	// errChanged tells that the lane has come past a change of the tables since they
	// were read.
	errChanged = errors.New("the tables were changed meanwhile")
	// errStale tells that results were taken back while they were being found.
	errStale = errors.New("results were taken back meanwhile")
)

func (v *Verifier) at(step string) error {
	if v.At == nil {
		return nil
	}
	return v.At(step)
}

// budget cancels what runs before the deadline of ctx, and says when nothing new
// may be begun.
func (v *Verifier) budget(ctx context.Context) (context.Context, func() bool, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		work, cancel := context.WithCancel(ctx)
		return work, func() bool { return ctx.Err() != nil }, cancel
	}
	work, cancel := context.WithDeadline(ctx, deadline.Add(-v.Limits.Cancel))
	return work, func() bool { return ctx.Err() != nil || !time.Now().Before(deadline.Add(-v.Limits.Stop)) }, cancel
}

// Kinds of division, as they stand in bgsync.table_state.
const (
	ranges = dirty.Ranges
	hashed = dirty.Hashed
)
