package switching

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/shared/control"
)

// Outcomes in the proof record.
const (
	outcomeSwitched   = "switched"
	outcomeLossy      = "lossy"
	outcomeUnverified = "drained, unverified"
)

// draft stores what is shown before the promotion.
func (t *turn) draft(ctx context.Context, e Evidence) error {
	body, err := proof.Seal(ctx, t.Signer, t.record(e))
	if err != nil {
		return err
	}
	return t.Proofs.Put(ctx, proof.Draft(t.sw.Attempt), body)
}

// record is what is known of the switch, with the evidence.
func (t *turn) record(e Evidence) proof.Record {
	return proof.Record{
		ID: t.sw.Attempt, Outcome: outcomeSwitched, From: t.sw.From, To: t.sw.To, Epoch: t.sw.Epoch, Attempt: t.sw.Attempt,
		Reason: t.sw.Reason, Operators: t.sw.Operators, Steps: t.sw.StepTimes, FenceLSN: t.sw.FenceLSN, ReverseLSN: e.Reverse,
		Lanes: e.Lanes, Tables: e.Tables, Sequences: e.Sequences, Tail: e.Tail, Discarded: e.Discarded,
		Gates: documented(t.outcome.Gates),
	}
}

// finish is row 19: the old side's term ends, what must hold is checked, arming
// is undone, the proof is signed and stored. When a check fails the switch stays
// where it is until it passes or operators accept it: the authority has moved
// either way.
func (t *turn) finish(ctx context.Context, accept bool) error {
	try := t.try(t.sw.Attempt)
	if err := t.enter(ctx, 19, control.Switched, t.Limits.Confirm, nil); err != nil {
		return err
	}
	for _, p := range t.participants() {
		if err := t.insist(ctx, func(ctx context.Context) error { return p.Close(ctx, try) }); err != nil {
			return fmt.Errorf("close %s: %w", p.Name(), err)
		}
	}
	failed := t.confirm(ctx, try)
	if failed != nil && !accept {
		return errors.Join(fmt.Errorf("%w: %w", ErrUnconfirmed, failed),
			t.enter(ctx, 19, control.Switched, 0, func(s *control.Switch) { s.LastError = reason(failed) }))
	}
	for _, p := range t.participants() {
		err := t.do("switch.19.disarm_"+p.Name(), func() error {
			return t.insist(ctx, func(ctx context.Context) error { return p.Disarm(ctx, try) })
		})
		if err != nil {
			return fmt.Errorf("undo the arming of %s: %w", p.Name(), err)
		}
	}
	if err := t.do("switch.19.proof", func() error { return t.seal(ctx) }); err != nil {
		return err
	}
	return t.enter(ctx, 19, control.Steady, 0, func(s *control.Switch) {
		if s.LastError = ""; failed != nil {
			s.LastError = reason(failed)
		}
	})
}

// confirm repeats the checks until all pass or their time is over.
func (t *turn) confirm(ctx context.Context, try Try) error {
	until := time.Now().Add(t.Limits.Confirm)
	if deadline, limited := ctx.Deadline(); limited && deadline.Add(-t.Limits.Total).Before(until) {
		until = deadline.Add(-t.Limits.Total)
	}
	for {
		t.outcome.Checks = nil
		token, err := readToken(ctx, t.Store)
		t.outcome.Checks = append(t.outcome.Checks, Held("token", err == nil && token.Admits(t.sw.To) && token.Epoch == t.sw.Epoch+1,
			"holder %s, epoch %d, phase %s; expected %s, %d, %s", token.Holder, token.Epoch, token.Phase, t.sw.To, t.sw.Epoch+1, control.PhaseOpen))
		for _, p := range t.participants() {
			t.outcome.Checks = append(t.outcome.Checks, p.Confirm(ctx, try)...)
		}
		for _, g := range t.Gates {
			if checks, too := g.(Checks); too {
				t.outcome.Checks = append(t.outcome.Checks, checks.Confirm(ctx, try)...)
			}
		}
		failed := open(t.outcome.Checks)
		if failed == nil || !time.Now().Before(until) {
			return failed
		}
		select {
		case <-time.After(t.Limits.Poll):
		case <-ctx.Done():
			return errors.Join(failed, ctx.Err())
		}
	}
}

// seal completes the draft and stores the record. One that an earlier call has
// stored stays.
func (t *turn) seal(ctx context.Context) error {
	body, err := t.Proofs.Get(ctx, proof.Draft(t.sw.ProofID))
	if err != nil {
		return err
	}
	record, err := proof.Open(ctx, t.Signer, body)
	if err != nil {
		return fmt.Errorf("draft of proof record %s: %w", t.sw.ProofID, err)
	}
	record.Steps, record.Checks = t.sw.StepTimes, documented(t.outcome.Checks)
	if t.sw.Pause > 0 {
		record.Pause = &t.sw.Pause
	}
	if body, err = proof.Seal(ctx, t.Signer, record); err != nil {
		return err
	}
	err = t.Proofs.Put(ctx, t.sw.ProofID, body)
	if !errors.Is(err, proof.ErrExists) {
		return err
	}
	stored, err := t.Proofs.Get(ctx, t.sw.ProofID)
	if err != nil {
		return err
	}
	_, err = proof.Open(ctx, t.Signer, stored)
	return err
}

// distinct tells whether two different people answer.
func distinct(operators []string) bool {
	return len(operators) == 2 && strings.TrimSpace(operators[0]) != "" && strings.TrimSpace(operators[1]) != "" && operators[0] != operators[1]
}
