package verify

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Full compares all buckets. It goes on with a pass that an earlier call left,
// and shares the work with other processes that do the same; call it again until
// the report says Done.
func (v *Verifier) Full(ctx context.Context) (Report, error) { return v.Pass(ctx, Full, 0) }

// Incremental compares once what changed since it was found equal.
func (v *Verifier) Incremental(ctx context.Context) (Report, error) {
	return v.Pass(ctx, Incremental, 0)
}

// Continuous compares what was not looked at for longer than age.
func (v *Verifier) Continuous(ctx context.Context, age time.Duration) (Report, error) {
	return v.Pass(ctx, Continuous, age)
}

// Pass works at a pass until it has ended or the deadline of ctx is near. A halt
// is no error: it is written down and stands in the report. Age is for the
// continuous kind.
func (v *Verifier) Pass(ctx context.Context, kind Kind, age time.Duration) (Report, error) {
	began := time.Now()
	work, ending, cancel := v.budget(ctx)
	defer cancel()
	s, err := v.open(work)
	if err != nil {
		return Report{}, err
	}
	defer s.close()
	p, err := s.begin(work, kind, age)
	if err != nil {
		return Report{}, err
	}
	crew := &crew{session: s, pass: p, ending: ending, began: began}
	err = crew.halted(work, crew.run(work))
	report := crew.report()
	if err == nil && !ending() {
		report.Done, report.Clean, err = s.end(work, p)
	}
	report.Took = time.Since(began)
	return report.settle(err, work)
}

// settle turns a halt into a part of the report, and the end of the time into
// none. After a change of the tables the pass goes on with the next call.
func (r Report) settle(err error, work context.Context) (Report, error) {
	var halt *checkpoint.Halt
	if errors.As(err, &halt) {
		r.Halt, r.Done, r.Clean = halt, true, false
		return r, nil
	}
	if errors.Is(err, errChanged) {
		return r, nil
	}
	if err != nil && pg.Classify(err) == pg.Ended && errors.Is(work.Err(), context.DeadlineExceeded) {
		return r, nil
	}
	return r, err
}

// Units begins a pass, or goes on with one, and lists what is to be compared, for
// workers in other processes.
func (v *Verifier) Units(ctx context.Context, kind Kind, age time.Duration) ([]Unit, error) {
	s, err := v.open(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	p, err := s.begin(ctx, kind, age)
	if err != nil {
		return nil, err
	}
	return s.units(ctx, p)
}

// Work compares one unit. Done tells that each of its buckets has a result; a
// pass that is over has nothing to do.
func (v *Verifier) Work(ctx context.Context, unit Unit) (Report, error) {
	began := time.Now()
	work, ending, cancel := v.budget(ctx)
	defer cancel()
	s, err := v.open(work)
	if err != nil {
		return Report{}, err
	}
	defer s.close()
	p, err := s.readPass(work, `v.pass_id = $2`, unit.Pass)
	if errors.Is(err, pgx.ErrNoRows) {
		return Report{Lane: v.Lane, Pass: unit.Pass, Done: true}, nil
	}
	if err != nil {
		return Report{}, err
	}
	crew := &crew{session: s, pass: p, ending: ending, began: began}
	found, err := s.work(work, p, unit, ending)
	crew.total.add(found)
	report := crew.report()
	err = crew.halted(work, err)
	report.Done, report.Took = err == nil && !ending(), time.Since(began)
	return report.settle(err, work)
}

// Finish ends a pass whose units are all done; Done is false while some are not.
// Where none of the kind is running, it tells how the last one ended: who asks twice
// is told the same twice.
func (v *Verifier) Finish(ctx context.Context, kind Kind) (Report, error) {
	s, err := v.open(ctx)
	if err != nil {
		return Report{}, err
	}
	defer s.close()
	p, err := s.running(ctx, kind)
	if errors.Is(err, pgx.ErrNoRows) {
		return s.last(ctx, kind)
	}
	if err != nil {
		return Report{}, err
	}
	crew := &crew{session: s, pass: p, began: p.started}
	report := crew.report()
	report.Done, report.Clean, err = s.end(ctx, p)
	return report, err
}

// crew is the workers of one call.
type crew struct {
	session *session
	pass    pass
	ending  func() bool
	began   time.Time

	mutex    sync.Mutex
	total    tally
	progress Progress
	halt     *checkpoint.Halt
}

// halted puts the halt in place of the sight of it: while one worker halts the
// lane, or another process does, the others find it standing.
func (c *crew) halted(ctx context.Context, err error) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.halt != nil {
		return c.halt
	}
	if !errors.Is(err, ErrHalted) {
		return err
	}
	row, unread := checkpoint.Load(ctx, c.session.target, c.session.Lane)
	if unread != nil || row.State != checkpoint.Halted {
		return err
	}
	return checkpoint.NewHalt(row.Halt, "the lane was halted while it was compared: %s", row.Why())
}

func (c *crew) report() Report {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	t := c.total
	return Report{
		Lane: c.session.Lane, Kind: c.pass.kind, Pass: c.pass.id, Buckets: t.buckets, Equal: t.equal, Unstable: t.unstable,
		Mismatched: t.mismatched, Requested: t.requested, Rows: t.rows,
	}
}

// run takes unit after unit until none is left. Units that another process is at
// are looked at again when this one's are done.
func (c *crew) run(ctx context.Context) error {
	for !c.ending() {
		units, err := c.session.units(ctx, c.pass)
		if err != nil || len(units) == 0 {
			return err
		}
		c.mutex.Lock()
		c.progress.Units += len(units)
		before := c.progress.UnitsDone
		c.mutex.Unlock()
		if err := c.all(ctx, units); err != nil {
			return err
		}
		c.mutex.Lock()
		idle := c.progress.UnitsDone == before
		c.mutex.Unlock()
		if !idle {
			continue
		}
		if err := c.session.pause(ctx, 1); err != nil {
			return err
		}
	}
	return nil
}

// all shares units among workers.
func (c *crew) all(ctx context.Context, units []Unit) error {
	work := make(chan Unit)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(work)
		for _, unit := range units {
			if c.ending() {
				return nil
			}
			select {
			case work <- unit:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range min(c.session.Limits.Workers, len(units)) {
		group.Go(func() error { return c.worker(ctx, work) })
	}
	return group.Wait()
}

// worker is one of them, with two sessions of its own.
func (c *crew) worker(ctx context.Context, work <-chan Unit) error {
	var s *session
	for unit := range work {
		if s == nil {
			var err error
			if s, err = c.session.another(ctx); err != nil {
				return err
			}
			defer s.close()
		}
		if err := c.take(ctx, s, unit); err != nil {
			return err
		}
	}
	return nil
}

// take compares a unit that no other process is at.
func (c *crew) take(ctx context.Context, s *session, unit Unit) error {
	claimed, err := s.claim(ctx, unit)
	if err != nil || !claimed {
		return err
	}
	found, err := s.work(ctx, c.pass, unit, c.ending)
	c.mutex.Lock()
	c.total.add(found)
	errors.As(err, &c.halt)
	c.progress.UnitsDone++
	c.progress.Rows, c.progress.Took, c.progress.Workers = c.total.rows, time.Since(c.began), s.Limits.Workers
	progress := c.progress
	c.mutex.Unlock()
	if err != nil {
		return err
	}
	if s.Observe != nil {
		s.Observe(progress)
	}
	return s.release(ctx, unit)
}
