// Package finalise ends a migration: it takes away what the engine has made in both
// databases, in an order in which a process that dies leaves nothing that hurts, and
// stores the closing record. It also takes the lanes of a migration away that never
// switched. Both are an operator's decision and never begin by themselves. There is
// no way back afterwards, and no other migration of the environment after Finalise (ADR
// 053).
//
// The package leaves rows of tables, writers' grants, login users and group roles as
// they are; the side that was left stays without writers.
package finalise

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// Window is how long after the last switch the way back stays open.
const Window = 72 * time.Hour

// Order is what operators have decided.
type Order struct {
	// Operators are two different people, or one for Abandon.
	Operators []string
	Reason    string
}

// bothAgree tells whether two people have decided.
func (o Order) bothAgree() error {
	if len(o.Operators) != 2 || o.Operators[0] == o.Operators[1] {
		return fmt.Errorf("%w: expected two different operators", ErrOrder)
	}
	return nil
}

// Retiring is the step before which the lane that ends at a side retires.
func Retiring(color naming.Color) string { return "finalise.retire_" + string(color) + ".before" }

// Finaliser ends a migration.
type Finaliser struct {
	Store  control.Store
	Signer proof.Signer
	Proofs proof.Store
	// Sides are sessions of administrators, one of each side, from pg.Connect.
	Sides map[naming.Color]*pgx.Conn
	// Window is how long the way back must have been open, by the clock of the side
	// that has the authority.
	Window time.Duration
	// Revision is that of the switch item for which was decided: on another one nothing
	// begins. nil begins on any.
	Revision *int64
	// Quiet bounds the wait for an invocation that still streams.
	Quiet time.Duration
	// Owner names this process.
	Owner string
	// At is told each durable step before and after; nil is no observer.
	At func(step string) error
}

// What a call answers besides failures of the stores.
var (
	// ErrNotYet tells that something is open; nothing was changed.
	ErrNotYet = errors.New("the migration cannot be ended now")
	// ErrOrder tells that it is not said who decides, and why.
	ErrOrder = errors.New("the decision is not complete")
	// ErrStreaming tells that an invocation of a lane did not end in time.
	ErrStreaming = errors.New("a slot is still streamed: stop the lanes' invocations and call again")
)

// Report is what a call has come to.
type Report struct {
	// Conditions are those that were asked for, empty where the decision had been
	// taken before.
	Conditions []switching.Gate
	// Proof is the name of the closing record, "" after Abandon.
	Proof string
	// Slots are those that were dropped by this call.
	Slots []string
}

// Finalise ends a migration after its last switch. The decision is stored first, and
// no switch begins any more; then the lanes retire, the closing record is stored, and
// slots, triggers, publication and schema go. A call that died is made again.
func (f *Finaliser) Finalise(ctx context.Context, order Order) (Report, error) {
	if err := order.bothAgree(); err != nil {
		return Report{}, err
	}
	token, sw, err := f.begin(ctx, order)
	if err != nil {
		return Report{}, err
	}
	report := Report{Proof: proof.Closing(token.ProofID)}
	if sw.State != items.Finalised {
		if f.Revision != nil && *f.Revision != sw.Rev {
			return report, fmt.Errorf("%w: revision %d of the switch, decided for %d", ErrNotYet, sw.Rev, *f.Revision)
		}
		if report.Conditions, err = f.conditions(ctx, token, sw); err != nil {
			return report, err
		}
		if err := f.do("draft", func() error { return f.draft(ctx, token, sw, report.Conditions) }); err != nil {
			return report, err
		}
		if err := f.do("decide", func() error { return f.decide(ctx, &sw, order) }); err != nil {
			return report, err
		}
	}
	if err := f.retire(ctx); err != nil {
		return report, err
	}
	if err := f.do("proof", func() error { return f.seal(ctx, token, sw) }); err != nil {
		return report, err
	}
	report.Slots, err = f.remove(ctx, token.Holder)
	return report, err
}

// Abandon takes the lanes of a migration away that has never switched: the authority
// is where it was, and the other side keeps the rows that it has got.
func (f *Finaliser) Abandon(ctx context.Context, order Order) (Report, error) {
	holder, err := f.abandonable(ctx, order)
	if err != nil {
		return Report{}, err
	}
	if err := f.retire(ctx); err != nil {
		return Report{}, err
	}
	slots, err := f.remove(ctx, holder)
	return Report{Slots: slots}, err
}

// PreviewAbandon reads what Abandon would take away, first on the side that goes
// first, and changes nothing.
func (f *Finaliser) PreviewAbandon(ctx context.Context, order Order) ([]Going, error) {
	holder, err := f.abandonable(ctx, order)
	if err != nil {
		return nil, err
	}
	return f.goes(ctx, holder)
}

// abandonable tells which side has the authority of a migration that has never
// switched.
func (f *Finaliser) abandonable(ctx context.Context, order Order) (naming.Color, error) {
	token, sw, err := f.begin(ctx, order)
	if errors.Is(err, control.ErrAbsent) { // nobody was told who writes: the lane back was never made
		token, sw, err = f.untold(ctx)
	}
	if err != nil {
		return "", err
	}
	if sw.State != items.Steady || token.Phase != items.PhaseOpen || token.Epoch != 1 {
		return "", fmt.Errorf("%w: state %s, phase %s, epoch %d; expected %s, %s, 1: before any switch", ErrNotYet,
			sw.State, token.Phase, token.Epoch, items.Steady, items.PhaseOpen)
	}
	return token.Holder, nil
}

// untold is where a migration stands that has no token yet: with the side that can be
// written to. A side without the engine's schema was taken out by an earlier call.
func (f *Finaliser) untold(ctx context.Context) (token items.Token, sw items.Switch, err error) {
	token, sw = items.Token{Epoch: 1, Holder: naming.Blue, Phase: items.PhaseOpen}, items.Switch{State: items.Steady, Epoch: 1}
	for _, color := range naming.Colors() {
		there, err := installed(ctx, f.Sides[color])
		if err != nil {
			return token, sw, pg.Wrap(err, "look for the schema of %s", color)
		}
		if !there {
			continue
		}
		var writable bool
		if err := f.Sides[color].QueryRow(ctx, `SELECT writable, epoch FROM bgsync.authority`).Scan(&writable, &token.Epoch); err != nil {
			return token, sw, pg.Wrap(err, "read the authority of %s", color)
		}
		if writable {
			token.Holder = color
		}
	}
	return token, sw, nil
}

// begin checks the call and reads where the migration is.
func (f *Finaliser) begin(ctx context.Context, order Order) (items.Token, items.Switch, error) {
	for _, name := range order.Operators {
		if strings.TrimSpace(name) == "" {
			return items.Token{}, items.Switch{}, fmt.Errorf("%w: expected the operators' names", ErrOrder)
		}
	}
	if len(order.Operators) == 0 || strings.TrimSpace(order.Reason) == "" {
		return items.Token{}, items.Switch{}, fmt.Errorf("%w: expected who decides, and why", ErrOrder)
	}
	for _, color := range naming.Colors() {
		if f.Sides[color] == nil {
			return items.Token{}, items.Switch{}, fmt.Errorf("finalise: %s has no session, expected one of each side", color)
		}
	}
	return switching.Status(ctx, f.Store)
}

// do runs one durable step between two words to the observer.
func (f *Finaliser) do(step string, do func() error) error {
	if f.At == nil {
		f.At = func(string) error { return nil }
	}
	if err := f.At("finalise." + step + ".before"); err != nil {
		return err
	}
	if err := do(); err != nil {
		return fmt.Errorf("finalise: %s: %w", step, pg.Reduce(err))
	}
	return f.At("finalise." + step + ".after")
}

// decide stores that the migration has ended: from here on no switch begins. A lost
// reply is looked up.
func (f *Finaliser) decide(ctx context.Context, sw *items.Switch, order Order) error {
	next, err := sw.Enter(items.Finalised, time.Now())
	if err != nil {
		return err
	}
	next.Rev, next.Owner, next.Operators, next.Reason, next.LastError = sw.Rev+1, f.Owner, order.Operators, order.Reason, ""
	if err := f.Store.Put(ctx, items.SwitchItem, control.Item{Rev: next.Rev, Fields: next.Fields()}); err != nil {
		_, found, lookErr := switching.Status(ctx, f.Store)
		if lookErr != nil || found.State != items.Finalised {
			return errors.Join(err, lookErr)
		}
		next = found
	}
	*sw = next
	return nil
}

// draftName is that of the conditions under which the decision was taken: it belongs
// to the revision of the switch on which the decision was written.
func draftName(token items.Token, rev int64) string {
	return proof.Draft(fmt.Sprintf("%s.%d", proof.Closing(token.ProofID), rev))
}

// draft stores the conditions before the decision, since they hold no more after it.
// One that an earlier call has stored for the same revision stays.
func (f *Finaliser) draft(ctx context.Context, token items.Token, sw items.Switch, conditions []switching.Gate) error {
	record := proof.Record{ID: draftName(token, sw.Rev), Outcome: "finalised", From: token.Holder.Other(), To: token.Holder, Epoch: token.Epoch}
	for _, c := range conditions {
		record.Checks = append(record.Checks, proof.Gate{Name: c.Name, Verdict: c.Verdict.String(), Detail: c.Detail})
	}
	body, err := proof.Seal(ctx, f.Signer, record)
	if err != nil {
		return err
	}
	if err = f.Proofs.Put(ctx, record.ID, body); errors.Is(err, proof.ErrExists) {
		return nil
	}
	return err
}

// seal stores the closing record. One that an earlier call has stored stays.
func (f *Finaliser) seal(ctx context.Context, token items.Token, sw items.Switch) error {
	name := proof.Closing(token.ProofID)
	if stored, err := f.Proofs.Get(ctx, name); err == nil {
		_, err = proof.Open(ctx, f.Signer, stored)
		return err
	} else if !errors.Is(err, proof.ErrAbsent) {
		return err
	}
	drafted, err := f.Proofs.Get(ctx, draftName(token, sw.Rev-1))
	if err != nil {
		return err
	}
	draft, err := proof.Open(ctx, f.Signer, drafted)
	if err != nil {
		return err
	}
	record := proof.Record{
		ID: name, Outcome: "finalised", From: token.Holder.Other(), To: token.Holder, Epoch: token.Epoch, Attempt: token.ProofID, Reason: sw.Reason,
		Operators: sw.Operators, Steps: sw.StepTimes, Checks: draft.Checks,
	}
	for _, color := range naming.Colors() {
		lanes, discarded, err := last(ctx, f.Sides[color])
		if err != nil {
			return err
		}
		record.Lanes, record.Discarded = append(record.Lanes, lanes...), append(record.Discarded, discarded...)
	}
	body, err := proof.Seal(ctx, f.Signer, record)
	if err != nil {
		return err
	}
	return f.Proofs.Put(ctx, name, body)
}
