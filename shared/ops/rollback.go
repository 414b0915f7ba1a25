package ops

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/settings"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/traffic"
)

// RollbackEdge moves all traffic back to blue, or to the split of the release
// that -to names: through the Route 53 API first, which takes about a second and
// needs nothing else to work, then in Pulumi's state. Repeated, it changes
// nothing and says so.
func (a *App) RollbackEdge(ctx context.Context) error {
	st, err := a.steer(ctx, "rollback:edge")
	if err != nil {
		return err
	}
	stop := newStopper(st.con, st.set.Timeout)
	defer stop.release()
	if a.ports.Signals {
		stop.takeSignals(ctx)
	}
	return st.explain(stop.explain(st.rollback(stop.before)))
}

func (st *steer) rollback(ctx context.Context) error {
	if err := errors.Join(st.checkRelease(), st.needReason()); err != nil {
		return fault.Wrap(fault.Usage, err)
	}
	release, err := st.release(ctx)
	if err != nil {
		return err
	}
	to := traffic.All(naming.Blue)
	if release != nil {
		to = release.Split
	}
	s, err := st.look(ctx)
	if err != nil {
		return err
	}
	s.Place = known(s.Place, release)
	if err := st.approve(ctx, s, to); err != nil || st.set.DryRun {
		return err
	}
	out, err := st.moveBack(ctx, s, to)
	if err != nil {
		return err
	}
	st.tell(s, out)
	st.show(ctx, to, nil)
	st.con.Block(st.dataside(ctx))
	if err := st.control.AwaitSync(ctx, out.Change); err != nil {
		return st.unconfirmed(err)
	}
	if err := st.after(ctx, s); err != nil {
		return err
	}
	return st.rest(ctx, release)
}

// checkRelease refuses a release that is no number.
func (st *steer) checkRelease() error {
	if st.set.To == "" {
		return nil
	}
	if _, err := traffic.ParseRelease(st.set.To); err != nil {
		return fmt.Errorf("flag -to: %w", err)
	}
	return nil
}

// release is the one that -to names; nil without.
func (st *steer) release(ctx context.Context) (*traffic.Release, error) {
	if st.set.To == "" {
		return nil, nil
	}
	number, err := traffic.ParseRelease(st.set.To)
	if err != nil {
		return nil, fault.Wrap(fault.Usage, err)
	}
	list, err := st.control.Releases(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		if r.Number == number {
			return &r, nil
		}
	}
	return nil, fault.New(fault.Usage, "flag -to: there is no release %d", number).WithHint("go tool mage rollback:list")
}

// known fills what the place does not tell with what a release does.
func known(place traffic.Place, release *traffic.Release) traffic.Place {
	if release == nil || release.Place.ZoneID != place.ZoneID || place.Blue.Endpoint != "" {
		return place
	}
	return release.Place
}

// approve shows what would change and asks.
func (st *steer) approve(ctx context.Context, s steering.Situation, to traffic.Split) error {
	if s.Real.Is(to) {
		return nil
	}
	text := fmt.Sprintf("%s\nfrom %s\nto   %s", st.title(), s.Real, to)
	if st.set.DryRun {
		st.con.Block(text)
		return nil
	}
	return st.agree(ctx, text+"\nmove it?")
}

// moveBack moves the traffic; what happens before and after is in the audit
// trail. An interruption lets it come to its end.
func (st *steer) moveBack(ctx context.Context, s steering.Situation, to traffic.Split) (steering.Outcome, error) {
	if err := st.noteAudit("started", to.String()); err != nil {
		st.con.Block(st.con.Yellow("warning: " + err.Error())) // no reason to leave customers where they are
	}
	reason := st.set.Reason
	if reason == "" {
		reason = "no reason given"
	}
	out, err := st.control.Return(context.WithoutCancel(ctx), s, steering.Decision{
		Action: traffic.ActionRollback, To: to, Reason: st.set.Reason, Hold: "rolled back: " + reason,
	})
	result := resultOf(err)
	if err == nil && !out.Changed {
		result = "unchanged"
	}
	if auditErr := st.noteAudit(result, to.String()); auditErr != nil {
		st.con.Block(st.con.Yellow("warning: " + auditErr.Error()))
	}
	return out, err
}

// tell says what happened, the important first.
func (st *steer) tell(s steering.Situation, out steering.Outcome) {
	if out.Changed {
		st.con.Block(fmt.Sprintf("THE TRAFFIC IS MOVED: %s\nit was at %s; %s after the command, resolvers forget the old answer within %s",
			out.After, s.Real, st.app.ports.Now().Sub(st.begun).Round(time.Millisecond), steering.Settle))
	} else {
		st.con.Block(fmt.Sprintf("the traffic is there already: %s; nothing was changed", s.Real))
	}
	for _, where := range out.Unrecorded {
		st.con.Block(st.con.Yellow("not recorded in " + where + "\nrepeat rollback:edge when it answers"))
	}
}

// dataside tells who may write: traffic moves without the data.
func (st *steer) dataside(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, briefly)
	defer cancel()
	token, err := st.control.WhoMayWrite(ctx)
	if err != nil {
		return "the data was not touched; who may write is unknown: " + oneLine(err.Error())
	}
	if token.Phase == control.PhaseOpen && token.Holder != naming.Green {
		return fmt.Sprintf("the data was not touched: %s may write", token.Holder)
	}
	return fmt.Sprintf("the data was not touched: phase %s, %s may write; blue's programs write there, and migrate:rollback moves the data", token.Phase, token.Holder)
}

// rest names what of a release a move of traffic cannot restore: what the layer's
// program and configuration made.
func (st *steer) rest(ctx context.Context, release *traffic.Release) error {
	if release == nil {
		return nil
	}
	state, err := st.engine.State(ctx, st.stack(string(st.layer.Name), os.DevNull))
	if err != nil {
		return err
	}
	differing := release.Differs(parts(state, st.layer.Traffic.Carries))
	if len(differing) == 0 {
		st.con.Block(fmt.Sprintf("the edge layer is as it was in release %d", release.Number))
		return nil
	}
	return fault.New(fault.Verification, "the traffic is as in release %d; %s of the edge layer are not: a deployment restores them",
		release.Number, strings.Join(differing, ", ")).
		WithHint("git switch --detach %s && %s", release.Commit, st.deployCommand())
}

func (st *steer) deployCommand() string {
	again := st.set
	again.Yes, again.To, again.DryRun = false, "", false
	return again.Command("deploy:" + string(st.layer.Name))
}

// RollbackList shows the releases that rollback:edge -to takes, newest first.
func (a *App) RollbackList(ctx context.Context) error {
	st, err := a.steer(ctx, "rollback:list")
	if err != nil {
		return err
	}
	list, err := st.control.Releases(ctx)
	if err != nil {
		return st.explain(err)
	}
	if st.set.Output == settings.JSON {
		return st.printJSON(list)
	}
	if len(list) == 0 {
		return a.print("no releases of " + st.env.Name + ": every deployment of the edge layer writes one\n")
	}
	return a.print(releaseTable(list, a.ports.Now()))
}

func releaseTable(list []traffic.Release, now time.Time) string {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "release\tage\tcommit\tby\ttraffic\treason")
	for _, r := range list {
		commit := r.Commit
		if r.Dirty {
			commit += "+"
		}
		_, _ = fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\n", r.Number, engine.Age(now.Sub(r.Time)), commit, r.Who, r.Split, r.Reason)
	}
	_ = table.Flush() // into memory
	return b.String()
}
