// Package lane runs one direction of the incremental sync between two PostgreSQL
// databases: it makes a lane, loads its base, follows its source's log and applies
// it to the target, one invocation at a time. Everything that must survive is on
// the target, in the transaction that writes the data; an invocation may die at
// any instruction and the next goes on from there.
//
// The package is free of AWS: the same code runs in a function and in a test
// against two servers. It does not verify equality, and it never moves the
// authority from one side to the other.
package lane

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/apply"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/deferred"
	"github.com/cutover/cutover/projects/migration/lane/lag"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/reader"
	"github.com/cutover/cutover/projects/migration/lane/throttle"
)

// Runner is one invocation of a lane.
type Runner struct {
	Lane      string
	Endpoints Endpoints
	// Invocation names this process in the database; no two share a name.
	Invocation string
	Limits     Limits
	// Renew reads the logins anew when a server has refused one: its password was
	// changed since. Where they are as they were, the lane halts. Nil changes none.
	Renew func(ctx context.Context) (Endpoints, error)
	// Leases keeps a second invocation from starting; nil is none.
	Leases *control.Leases
	// Throttle are inputs that slow the load down besides those that every lane
	// has: free storage, an operator's switch.
	Throttle []throttle.Input
	// At is told each durable step; nil is no observer.
	At func(step string) error
	// Observe is told the lane's row after each commit; nil is no observer.
	Observe func(checkpoint.Row)
	// Tally adds up what is applied, over connections; nil is nobody.
	Tally *apply.Tally
	// Lag is told when canaries are written and when commits are applied, over
	// connections; nil is nobody.
	Lag *lag.Meter
}

// Report is what an invocation did.
type Report struct {
	// Idle is set when another invocation has the lane's lease.
	Idle bool
	// Halt is set when the lane stands still until an operator acts.
	Halt *checkpoint.Halt
	// Row is the lane's row as the invocation last knew it.
	Row checkpoint.Row

	LoadedRows, LoadedBytes                    int64
	Duplicates, Fallbacks, Retries, Reconnects int64
	RepairedRows                               int64

	// Throttled is the part of the load's time, from 0 to 1, in which less was loaded
	// at once than could be; Over are the inputs that were over their limit when last
	// read.
	Throttled float64
	Over      []string

	// Torn tells that the target has a part of a source transaction.
	Torn bool
	// TornSkip is what it took to come to where the target is in that transaction,
	// TornSkipSlow that it was more than a third of the invocation's time: the
	// transaction needs a runner that lives longer.
	TornSkip     time.Duration
	TornSkipSlow bool
}

// counters are shared by an invocation's goroutines.
type counters struct {
	loadedRows, loadedBytes, duplicates, fallbacks, retries, repaired atomic.Int64
}

// errDeadline tells that the invocation's time is over.
var errDeadline = errors.New("the invocation's time is over")

// maxReconnects in a row, without a batch or a chunk between them, end an
// invocation; the next one tries afresh.
const maxReconnects = 20

// Run follows the lane until ctx ends, its deadline is near, or the lane halts. A
// halt is no error: it is written down and stands in the report. ErrBusy and
// checkpoint.ErrOwnershipLost tell that another process has the lane.
func (r Runner) Run(ctx context.Context) (Report, error) {
	if err := r.Limits.Validate(); err != nil {
		return Report{}, err
	}
	if r.At == nil {
		r.At = func(string) error { return nil }
	}
	return r.leased(ctx, r.follow)
}

// follow is Run under the lease.
func (r Runner) follow(ctx context.Context) (Report, error) {
	work, stop, cancel := r.budget(ctx)
	defer cancel()
	run := &run{Runner: r, stop: stop}
	err := run.loop(work)
	report := run.report()
	if halt := (*checkpoint.Halt)(nil); errors.As(err, &halt) {
		report.Halt = halt
		return report, nil
	}
	if err != nil && (errors.Is(err, errDeadline) || pg.Classify(err) == pg.Ended && work.Err() != nil) {
		return report, nil
	}
	return report, err
}

// budget cancels what runs before the deadline of ctx, and says when nothing new
// may be begun.
func (r Runner) budget(ctx context.Context) (context.Context, time.Time, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		work, cancel := context.WithCancel(ctx)
		return work, time.Time{}, cancel
	}
	work, cancel := context.WithDeadline(ctx, deadline.Add(-r.Limits.Cancel))
	return work, deadline.Add(-r.Limits.Stop), cancel
}

// run is an invocation under way.
type run struct {
	Runner
	stop       time.Time
	counters   counters
	row        checkpoint.Row
	reconnects int64

	// held counts how often a change at one position found its unique value held.
	held   int
	heldAt pglogrepl.LSN

	tornSkip     time.Duration
	tornSkipSlow bool
	throttled    float64
	over         []string
}

// loop runs sessions until one ends for good.
func (r *run) loop(ctx context.Context) error {
	failures := 0
	for {
		claim, loaded := r.row.Claim, r.counters.loadedRows.Load()
		err := r.session(ctx)
		if err == nil {
			return nil
		}
		if r.row.Claim != claim || r.counters.loadedRows.Load() != loaded {
			failures = 0
		}
		failures++
		again, err := r.answer(ctx, err)
		if !again || failures > maxReconnects {
			return err
		}
		r.reconnects++
		select {
		case <-time.After(pause(failures)):
		case <-ctx.Done():
			return ctx.Err()
		}
		if !r.stop.IsZero() && !time.Now().Before(r.stop) {
			return errDeadline
		}
	}
}

// answer decides what an error means: once more, a halt, or the end.
func (r *run) answer(ctx context.Context, err error) (again bool, _ error) {
	var halt *checkpoint.Halt
	var drift *reader.DriftError
	var torn *reader.TornError
	switch {
	case errors.Is(err, errHalted), errors.Is(err, errDeadline), errors.Is(err, ErrBusy):
		return false, err
	case errors.Is(err, checkpoint.ErrOwnershipLost):
		return false, r.overtaken(ctx, err)
	case errors.As(err, &halt):
		return false, r.halt(ctx, halt, err)
	case errors.As(err, &drift):
		halt = checkpoint.NewHalt(checkpoint.SchemaDrift, "%v", drift)
		return false, r.halt(ctx, halt, halt)
	case errors.As(err, &torn):
		halt = checkpoint.NewHalt(checkpoint.TornMismatch, "%v", torn)
		return false, r.halt(ctx, halt, halt)
	case errors.Is(err, deferred.ErrDifferent):
		halt = checkpoint.NewHalt(checkpoint.SchemaDrift, "%v", err)
		return false, r.halt(ctx, halt, halt)
	case errors.Is(err, checkpoint.ErrAbsent), errors.Is(err, checkpoint.ErrUnreadable):
		return false, checkpoint.NewHalt(checkpoint.CheckpointInvalid, "%v", err)
	}
	if errors.Is(err, apply.ErrHeld) {
		return r.makeRoom(ctx, err)
	}
	if pg.Refused(err) && r.renewed(ctx) {
		return true, err
	}
	switch pg.Classify(err) {
	case pg.Retry, pg.Reconnect, pg.Resources:
		return true, err
	case pg.Ended:
		return false, err
	case pg.Permission:
		halt = checkpoint.NewHalt(checkpoint.Permission, "%v", err)
	case pg.Schema:
		halt = checkpoint.NewHalt(checkpoint.SchemaDrift, "%v", err)
	case pg.Unexpected, pg.Unique, pg.Data:
		var server *pg.ServerError
		if !errors.As(err, &server) {
			return false, err // a defect of this process, or an observer's: no statement about the lane
		}
		halt = checkpoint.NewHalt(checkpoint.Unexpected, "%v", err)
		if server.Function != "" {
			halt = checkpoint.NewHalt(checkpoint.Unexpected, "%v, which a table calls and which does not find what it calls itself: ALTER FUNCTION … SET search_path on both sides", err)
		}
	}
	return false, r.halt(ctx, halt, halt)
}

// renewed reads the logins anew and tells whether any is another one. Secrets that
// cannot be read are as good as unchanged ones: the halt names the refused login.
func (r *run) renewed(ctx context.Context) bool {
	if r.Renew == nil {
		return false
	}
	fresh, err := r.Renew(ctx)
	if err != nil || fresh == r.Endpoints {
		return false
	}
	r.Endpoints = fresh
	return true
}

// maxHeld is how often the rows that hold what a change needs are repaired.
const maxHeld = 3

// makeRoom lets the lane go on after repairs, unless they have not helped.
func (r *run) makeRoom(ctx context.Context, err error) (again bool, _ error) {
	if r.heldAt != r.row.Applied {
		r.held, r.heldAt = 0, r.row.Applied
	}
	if r.held++; r.held <= maxHeld {
		return true, err
	}
	halt := checkpoint.NewHalt(checkpoint.Divergence, "%v, after %d rounds: drop the target's unique indexes, let the lane finish, build them again", err, maxHeld)
	return false, r.halt(ctx, halt, halt)
}

// errHalted tells that the lane was halted before.
var errHalted = errors.New("the lane is halted")

// halt writes a halt down over a session of its own and returns cause.
func (r *run) halt(ctx context.Context, halt *checkpoint.Halt, cause error) error {
	if r.row.Generation == 0 {
		return cause
	}
	conn, err := pg.Connect(ctx, r.Endpoints.Apply, pg.Identity{Role: pg.Applier, Lane: r.Lane, Invocation: r.Invocation})
	if err != nil {
		return fmt.Errorf("%w; and it could not be written down: %w", errors.New(halt.Error()), err)
	}
	defer pg.Close(conn)
	if err := r.settle(ctx, conn); err != nil {
		return fmt.Errorf("%w; and it could not be written down: %w", errors.New(halt.Error()), err)
	}
	if err := checkpoint.Stop(ctx, conn, &r.row, halt); err != nil {
		return r.standing(ctx, conn, err)
	}
	r.row.State, r.row.Halt, r.row.Reason = checkpoint.Halted, halt.Code, halt.Reason
	return cause
}

// overtaken looks over a session of its own who has the lane now.
func (r *run) overtaken(ctx context.Context, lost error) error {
	conn, err := pg.Connect(ctx, r.Endpoints.Apply, pg.Identity{Role: pg.Applier, Lane: r.Lane, Invocation: r.Invocation})
	if err != nil {
		return lost
	}
	defer pg.Close(conn)
	return r.standing(ctx, conn, lost)
}

// standing tells whether it was a halt that has taken the lane from this invocation, by an
// operator or by another invocation: then that is what it ends with.
func (r *run) standing(ctx context.Context, conn *pgx.Conn, lost error) error {
	row, err := checkpoint.Load(ctx, conn, r.Lane)
	if err != nil || row.State != checkpoint.Halted || !errors.Is(lost, checkpoint.ErrOwnershipLost) {
		return lost
	}
	r.row = *row
	return fmt.Errorf("%w: %w", errHalted, checkpoint.NewHalt(row.Halt, "%s", row.Why()))
}

// settle takes over a commit of this invocation of which it was not told: what the
// reader finds cuts the applier off, whose COMMIT may be under way. A row that another
// invocation has moved on stays unknown here, so that this one has no say.
func (r *run) settle(ctx context.Context, conn *pgx.Conn) error {
	row, err := checkpoint.LoadSettled(ctx, conn, r.Lane)
	if err != nil {
		return err
	}
	if row.ClaimedBy == r.Invocation && row.Generation == r.row.Generation {
		r.row = *row
	}
	return nil
}

// report sums the invocation up.
func (r *run) report() Report {
	c := &r.counters
	return Report{
		Row: r.row, LoadedRows: c.loadedRows.Load(), LoadedBytes: c.loadedBytes.Load(), Duplicates: c.duplicates.Load(),
		Fallbacks: c.fallbacks.Load(), Retries: c.retries.Load(), Reconnects: r.reconnects, RepairedRows: c.repaired.Load(),
		Throttled: r.throttled, Over: r.over,
		Torn: r.row.Torn(), TornSkip: r.tornSkip, TornSkipSlow: r.tornSkipSlow,
	}
}

// session connects to both sides, checks that the stream may start, and follows
// it. All it holds is closed when it returns.
func (r *run) session(ctx context.Context) error {
	s := &session{
		run: r, limits: r.Limits, endpoints: r.Endpoints, invocation: r.Invocation, at: r.At, stop: r.stop, counters: &r.counters,
	}
	defer s.close()
	for _, step := range []func(context.Context) error{s.open, s.halted, s.read, s.base, s.start, s.follow} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// connect is pg.Connect for a session's role.
func (s *session) connect(ctx context.Context, dsn string, role pg.Role) (*pgx.Conn, error) {
	return pg.Connect(ctx, dsn, s.identity(role))
}
