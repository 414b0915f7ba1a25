package lane

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/apply"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/deferred"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// tendInterval is how often a running lane looks for requests of repairs.
const tendInterval = time.Second

// tend does between two batches what is due: repairs that were asked for, and the
// step to strict once the lane is consistent. It is not called while the lane is
// torn: then the target equals no state of the source.
func (s *session) tend(ctx context.Context, applier *apply.Applier) error {
	row := applier.Row()
	if time.Since(s.tended) < tendInterval && (row.State == checkpoint.Running || row.Tolerant()) || time.Now().Before(s.patience) {
		return nil
	}
	s.tended = time.Now()
	if err := s.endLoads(ctx, applier); err != nil {
		return err
	}
	open, err := s.repair(ctx, applier)
	if err != nil || open || applier.Row().State == checkpoint.Running {
		return err
	}
	row = applier.Row()
	if row.Tolerant() || applier.Loading() {
		return nil
	}
	if err := s.build(ctx); err != nil {
		return err
	}
	return applier.Promote(ctx)
}

// build makes what was left out of the target before the load: indexes, unique
// constraints, checks, foreign keys, triggers, in that order.
func (s *session) build(ctx context.Context) error {
	builder, err := s.connect(ctx, s.endpoints.Builder, pg.Builder)
	if err != nil {
		return err
	}
	defer pg.Close(builder)
	return deferred.Build(ctx, builder, s.at)
}

// repair does one round of what was asked for, and tells whether requests are
// open, also when it could do nothing about them now.
func (s *session) repair(ctx context.Context, applier *apply.Applier) (open bool, err error) {
	requests, open, err := applier.Requests(ctx)
	if err != nil || requests.None() {
		return open, err
	}
	table := s.byID()[requests.TableID]
	if table == nil {
		return true, checkpoint.NewHalt(checkpoint.SchemaDrift, "a repair of table %d, which is not in the plan", requests.TableID)
	}
	truth, err := applier.Ask(ctx, table, requests)
	if err == nil {
		err = s.truth(ctx, applier, &truth)
	}
	if errors.Is(err, ErrUnsettled) {
		s.patience = time.Now().Add(10 * s.limits.SettleRepair) // a transaction of the source is in the way
		return true, nil
	}
	if err != nil {
		return true, err
	}
	err = applier.Repair(ctx, truth)
	if err == nil {
		s.counters.repaired.Add(int64(max(len(truth.Keys), len(truth.Rows))))
	}
	if errors.Is(err, apply.ErrHeld) {
		err = nil
	}
	if err != nil && pg.Classify(err) == pg.Data && !requests.Whole {
		err = applier.GiveUp(ctx, requests)
	}
	s.tended = time.Time{} // look again at once
	return true, err
}

// room does the repairs of rows that hold what a change needs, and of those that a
// strict lane has met against expectation, before the change is tried again.
func (s *session) room(ctx context.Context, applier *apply.Applier) error {
	for !applier.Row().Torn() {
		refused, err := applier.Refused(ctx)
		if err != nil || !refused && s.run.held == 0 {
			return err
		}
		requests, _, err := applier.Requests(ctx)
		if err != nil || requests.None() {
			return err
		}
		if _, err := s.repair(ctx, applier); err != nil {
			return err
		}
		if err := sleep(ctx, settlePoll); err != nil || s.ending() {
			return err
		}
	}
	return nil
}

// truth reads rows of the source under a snapshot that shows all that the lane
// has applied.
func (s *session) truth(ctx context.Context, applier *apply.Applier, truth *apply.Truth) error {
	source, err := s.connect(ctx, s.endpoints.Reader, pg.Reader)
	if err != nil {
		return err
	}
	defer pg.Close(source)
	row := applier.Row()
	if err := passed(ctx, source, row.AppliedXid+1, s.limits.SettleRepair); err != nil {
		return err
	}
	return pgx.BeginTxFunc(ctx, source, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		return truth.Read(ctx, tx)
	})
}
