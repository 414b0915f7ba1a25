package move

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/schema"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/hint"
)

// ask has a desk do an act, shows what was done, and gives what was refused its exit
// status with the one command to go on.
func (o *Operator) ask(ctx context.Context, r desk.Request, hint string, args ...any) (desk.Reply, error) {
	r.By = o.By
	reply, err := o.Desk.Do(ctx, r)
	if err != nil {
		return reply, fmt.Errorf("%s: %w", r.Act, o.unreadable(err))
	}
	for _, done := range reply.Done {
		o.Say("%s", done)
	}
	return reply, refused(reply, hint, args...)
}

// refused gives what a desk has refused its code; nil where it has done what it was asked.
func refused(reply desk.Reply, hint string, args ...any) error {
	if reply.Refused == "" {
		return nil
	}
	code := map[desk.Refusal]fault.Code{desk.Wrong: fault.Usage, desk.NotNow: fault.Gate, desk.Busy: fault.Locked}[reply.RefusedAs]
	return fault.New(code, "%s", reply.Refused).WithHint(hint, args...)
}

// because wants a reason: all of these acts leave one behind. The command is one of
// those that hint.AlwaysNeedsReason knows.
func because(command, reason string) error {
	if strings.TrimSpace(reason) == "" {
		return fault.New(fault.Usage, "flag -reason is missing: expected why to %s", command).WithHint(hint.Again)
	}
	return nil
}

// Changes shows all changes of replicated tables.
func (o *Operator) Changes(ctx context.Context) ([]desk.Change, error) {
	reply, err := o.ask(ctx, desk.Request{Act: desk.Changes, To: naming.Green}, "%sstatus", target)
	return reply.Changes, err
}

// TellChanges is a line for each change.
func TellChanges(changes []desk.Change) string {
	if len(changes) == 0 {
		return "no change was planned"
	}
	lines := make([]string, len(changes))
	for i, c := range changes {
		lines[i] = fmt.Sprintf("%-4d %-9s %s, by %s, because: %s", c.ID, c.State, c.Statement, c.By, c.Reason)
	}
	return strings.Join(lines, "\n")
}

// PlanChange writes a change of a replicated table down on both sides. The tables stay
// as they are until it is made.
func (o *Operator) PlanChange(ctx context.Context, request schema.Request) error {
	if err := because("planChange", request.Reason); err != nil {
		return err
	}
	request.By = o.By
	if err := request.Validate(); err != nil {
		return fault.Wrap(fault.Usage, err)
	}
	if o.DryRun {
		o.Say("would plan: %s", request.Statement())
		return nil
	}
	reply, err := o.ask(ctx, desk.Request{Act: desk.PlanChange, To: naming.Green, Change: &request, Reason: request.Reason}, "%schanges", target)
	if err != nil {
		return err
	}
	o.Say("planned as change %d: %s\nmake it with: %smakeChange -change=%d", reply.Changes[0].ID, reply.Changes[0].Statement, target, reply.Changes[0].ID)
	return nil
}

// openChange is the change that is planned and not done, by its number or the only one.
func (o *Operator) openChange(ctx context.Context, id int) (desk.Change, error) {
	all, err := o.Changes(ctx)
	if err != nil {
		return desk.Change{}, err
	}
	at := slices.IndexFunc(all, func(c desk.Change) bool { return c.State == schema.Planned && (id == 0 || int(c.ID) == id) })
	if at >= 0 {
		return all[at], nil
	}
	if at = slices.IndexFunc(all, func(c desk.Change) bool { return int(c.ID) == id }); at >= 0 {
		return all[at], nil
	}
	if id == 0 {
		return desk.Change{}, fault.New(fault.Usage, "no change is planned").WithHint("%splanChange -table=SCHEMA.NAME -columns='…' -reason='…'", target)
	}
	return desk.Change{}, fault.New(fault.Usage, "change %d was not planned", id).WithHint("%schanges", target)
}

// MakeChange makes a planned change, first on the passive side, then on the authority.
// One that is done stays done. id is 0 for the only one that is open.
func (o *Operator) MakeChange(ctx context.Context, id int) error {
	c, err := o.openChange(ctx, id)
	if err != nil {
		return err
	}
	switch {
	case c.State == schema.Withdrawn:
		return fault.New(fault.Usage, "change %d was withdrawn", c.ID).WithHint("%schanges", target)
	case c.State == schema.Done:
		o.Say("change %d is done already; nothing was changed", c.ID)
		return nil
	case o.DryRun:
		o.Say("would make change %d on the passive side, then on the authority: %s", c.ID, c.Statement)
		return nil
	}
	o.Say("making change %d on the passive side, then on the authority: %s", c.ID, c.Statement)
	if _, err := o.ask(ctx, desk.Request{Act: desk.MakeChange, To: naming.Green, ChangeID: c.ID}, "%smakeChange -change=%d, when that is mended", target, c.ID); err != nil {
		return err
	}
	o.Say("change %d is done on both sides; the lanes meet it in their sources' logs and go on", c.ID)
	return nil
}

// WithdrawChange ends a change that no side has.
func (o *Operator) WithdrawChange(ctx context.Context, id int, reason string) error {
	if err := because("withdrawChange", reason); err != nil {
		return err
	}
	c, err := o.openChange(ctx, id)
	if err != nil {
		return err
	}
	if c.State != schema.Planned {
		return fault.New(fault.Usage, "change %d is %s", c.ID, c.State).WithHint("%schanges", target)
	}
	if o.DryRun {
		o.Say("would withdraw change %d: %s", c.ID, c.Statement)
		return nil
	}
	_, err = o.ask(ctx, desk.Request{Act: desk.WithdrawChange, To: naming.Green, ChangeID: c.ID, Reason: reason}, "%smakeChange -change=%d: a side has it", target, c.ID)
	return err
}

// Reload empties one table on the side where a lane ends and loads it anew.
func (o *Operator) Reload(ctx context.Context, to naming.Color, table, reason string) error {
	if err := because("reload", reason); err != nil {
		return err
	}
	if table == "" {
		return fault.New(fault.Usage, "flag -table is missing: expected schema.name").WithHint("%sreload -table=SCHEMA.NAME -reason='…'", target)
	}
	if err := o.open(ctx, to); err != nil {
		return err
	}
	if o.DryRun {
		o.Say("would empty table %s of %s and load it anew from %s, beside the changes of lane %s", table, to, to.Other(), function.Lane(to))
		return nil
	}
	reply, err := o.ask(ctx, desk.Request{Act: desk.Reload, To: to, Table: table, Reason: reason}, "%sstatus", target)
	if err != nil {
		return err
	}
	if reply.State == checkpoint.Halted {
		return o.halted(to, reply.Halt, reply.Why)
	}
	o.Say("%sstatus shows how far it is; then %sverify%s", target, target, toward(to))
	return nil
}

// Writers has it written down again who may write, and which sequences there are: a
// switch takes these rights away and gives them on the other side. A right that was
// granted since is one that somebody has to want: no other command takes it over.
func (o *Operator) Writers(ctx context.Context) error {
	if err := o.open(ctx, ""); err != nil {
		return err
	}
	reply, err := o.ask(ctx, desk.Request{Act: desk.Writers, To: naming.Green, Preview: o.DryRun}, "what that says, then %swriters", target)
	switch {
	case err != nil:
		return err
	case o.DryRun && len(reply.Done) == 0:
		o.Say("who may write, and the sequences, are as they were written down")
	case o.DryRun:
		o.Say("would write that down on both sides, and take the rights away where nobody may write")
	}
	return nil
}

// Abandon takes the lanes of a migration away that has never switched.
func (o *Operator) Abandon(ctx context.Context, reason string) error {
	if err := because("abandon", reason); err != nil {
		return err
	}
	request := desk.Request{Act: desk.Abandon, To: naming.Green, Reason: reason, Preview: true}
	if _, err := o.ask(ctx, request, "%sstatus; what has switched ends by %sfinalise -reason='…' -operators=ONE,OTHER", target, target); err != nil {
		return err
	}
	if o.DryRun {
		o.Say("would abandon the migration; both databases keep their rows")
		return nil
	}
	for _, color := range naming.Colors() {
		if err := function.Want(ctx, o.Store, function.Lane(color), false); err != nil {
			return err
		}
	}
	request.Preview = false
	if _, err := o.ask(ctx, request, hint.Again); err != nil {
		return err
	}
	for _, color := range naming.Colors() {
		if err := function.Dismiss(ctx, o.Store, function.Lane(color)); err != nil {
			return err
		}
	}
	return nil
}
