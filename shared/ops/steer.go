package ops

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/traffic"
)

// steer is one command about traffic. It reaches AWS without Pulumi; only what
// brings Pulumi's state in line equips the engine.
type steer struct {
	*session
	layer   Layer
	control *steering.Controller
	eyes    steering.Eyes
	gauge   steering.Gauge
	begun   time.Time
}

// steer opens a command about traffic.
func (a *App) steer(ctx context.Context, target string) (*steer, error) {
	begun := a.ports.Now()
	s, err := a.open(ctx, target)
	if err != nil {
		return nil, err
	}
	s.vars = s.variables()
	if s.cloud, err = awsConfig(ctx, s.env.Region, s.vars); err != nil {
		return nil, err
	}
	st, err := s.steer()
	if err != nil {
		return nil, err
	}
	st.begun = begun
	return st, nil
}

// steer makes the controller of a session that reaches AWS.
func (s *session) steer() (*steer, error) {
	layer, found := s.steered()
	if !found {
		return nil, fault.New(fault.Usage, "no layer splits the traffic")
	}
	site, err := layer.Traffic.Site(layer.file(s.env.Name))
	if err != nil {
		return nil, fault.Wrap(fault.Usage, err)
	}
	vault, err := steering.OpenVault(s.env.Backend, s.env.Name, s.cloud, s.env.Local)
	if err != nil {
		return nil, fault.Wrap(fault.Usage, err)
	}
	user, host := s.app.ports.Who()
	st := &steer{session: s, layer: layer, eyes: s.app.ports.Eyes(s.cloud), gauge: s.app.ports.Gauge(s.cloud), begun: s.app.ports.Now()}
	st.control = &steering.Controller{
		Site: site, DNS: s.app.ports.DNS(s.cloud), Vault: vault,
		Table: s.app.ports.Table(s.cloud, naming.New(s.env.Name).Name(naming.Table, "control")),
		Now:   s.app.ports.Now, Sleep: sleep, Who: user + "@" + host,
	}
	if s.app.config.Authority != nil {
		st.control.Authority = s.app.config.Authority(s.env)
	}
	return st, nil
}

// steered is the layer whose records split the traffic.
func (s *session) steered() (Layer, bool) {
	for _, layer := range s.app.layers {
		if layer.Traffic != nil {
			return layer, true
		}
	}
	return Layer{}, false
}

// look finds out where the traffic is, while the account of the credentials is
// checked.
func (st *steer) look(ctx context.Context) (steering.Situation, error) {
	account := make(chan error, 1)
	go func() { account <- st.app.checkAccount(ctx, st.env, st.cloud) }()
	situation, lookErr := st.control.Look(ctx)
	if err := <-account; err != nil {
		return situation, st.unreachable(err)
	}
	return situation, lookErr
}

// unreachable tells of an emulator that does not run.
func (st *steer) unreachable(err error) error {
	if !st.env.Local {
		return err
	}
	return fault.New(fault.Credentials, "the emulator does not answer: %w", errors.Unwrap(err)).WithHint("go tool mage local:up")
}

// gates are the conditions of a move.
func (st *steer) gates(s steering.Situation) []traffic.Gate {
	names := naming.New(st.env.Name)
	return st.control.FirstGates(s, st.eyes, []string{names.CustomerImpactAlarm(), names.MigrationUnsafeAlarm()})
}

// needReason asks for a reason where the environment is guarded.
func (st *steer) needReason() error {
	if st.env.Guarded && st.set.Reason == "" {
		return fault.New(fault.Usage, "%s in %s needs a reason: it goes into the history", st.target, st.env.Name).
			WithHint("%s -reason='…'", st.set.Command(st.target))
	}
	return nil
}

// agree asks whether to go on. The local environment is not asked about.
func (st *steer) agree(ctx context.Context, question string) error {
	if st.set.Yes || st.env.Local {
		return nil
	}
	if !st.app.ports.Terminal {
		agreed := st.set
		agreed.Yes = true
		return fault.New(fault.Usage, "nobody is there to confirm: %s", question).WithHint("%s", agreed.Command(st.target))
	}
	return st.ask.Confirm(ctx, question)
}

// noteAudit writes a line of the audit trail.
func (st *steer) noteAudit(result, detail string) error {
	if err := st.app.store.Append(st.auditEntry(st.target, result, detail, engine.Changes{})); err != nil {
		return fmt.Errorf("audit %s: %w", st.target, err)
	}
	return nil
}

// show sends to the dashboards where the traffic is and what the gates said. What
// cannot be sent is said, and is no reason to stop.
func (st *steer) show(ctx context.Context, split traffic.Split, answers []traffic.Answer) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), briefly)
	defer cancel()
	samples, err := steering.Samples(st.env.Name, split, answers)
	if err == nil {
		err = st.gauge.Put(ctx, st.app.ports.Now(), samples...)
	}
	if err != nil {
		st.con.Block(st.con.Yellow("note: the dashboards were not told: " + oneLine(err.Error())))
	}
}

// title tells where and what.
func (st *steer) title() string {
	env := fmt.Sprintf("%s in %s", st.target, st.env.Name)
	if st.env.Guarded {
		env = st.con.Red(env)
	}
	return fmt.Sprintf("%s: account %s, %s", env, st.env.AccountID, st.control.Site.PublicName)
}

// align takes what Route 53 has into Pulumi's state and looks whether both are
// equal then. It runs no program and reads nothing but the records and health
// checks that traffic is moved by, so that neither a broken layer nor one that is
// half deployed is in its way. A stack that somebody holds is left alone, and so is a
// state that the credentials may not read, as an operator's: a deployment declares the
// split that it finds, whatever the state remembers.
func (st *steer) align(ctx context.Context, s steering.Situation) error {
	if err := st.equip(ctx); err != nil {
		return err
	}
	stack := st.stack(string(st.layer.Name), st.scratchLog(string(st.layer.Name)))
	if err := st.newScratchLog(string(st.layer.Name)); err != nil {
		return err
	}
	state, err := st.engine.State(ctx, stack)
	if errors.Is(err, engine.ErrDenied) {
		st.con.Block(fmt.Sprintf("Pulumi's state of %s is the pipeline's to change: the next deployment of %s brings it in line", st.layer.Name, st.layer.Name))
		return nil
	}
	if err != nil {
		return err
	}
	urns, equal := st.compare(state, s)
	if len(urns) == 0 {
		st.con.Block("Pulumi's state of " + string(st.layer.Name) + " has no records of the traffic: nothing to bring in line")
		return nil
	}
	if equal {
		st.con.Block("Pulumi's state agrees")
		return nil
	}
	if err := st.free(ctx, stack); err != nil {
		return err
	}
	request := engine.Request{Stack: stack, Targets: urns, Message: st.target + " " + st.set.Reason}
	if _, err := st.engine.Refresh(ctx, request); err != nil {
		return err
	}
	result, err := st.engine.Drift(ctx, request)
	if err != nil {
		return err
	}
	if result.Changes.Any() {
		return fault.New(fault.Verification, "Pulumi's state of %s still differs from Route 53 in %s", st.layer.Name, tellPlanned([]planned{{string(st.layer.Name), result.Changes, result.List}}))
	}
	st.con.Block("Pulumi's state was brought in line and agrees")
	return nil
}

// free refuses a stack that somebody holds.
func (st *steer) free(ctx context.Context, stack engine.Stack) error {
	locks, _, err := st.engine.Locks(ctx, stack)
	if err != nil || len(locks) == 0 {
		return err
	}
	return engine.Locked(&engine.LockedError{Layer: stack.Layer, Locks: locks}, stack.Env)
}

// compare lists the resources of the state that carry traffic, and tells whether
// the state has of them what Route 53 has.
func (st *steer) compare(state engine.State, s steering.Situation) (urns []string, equal bool) {
	equal = true
	for _, r := range state.Resources {
		if !st.layer.Traffic.Carries(r.Type, r.Name) {
			continue
		}
		urns = append(urns, r.URN)
		agrees := false
		for _, color := range naming.Colors() {
			side := s.Real.Of(color)
			agrees = agrees || r.ID != "" && r.ID == side.HealthCheck && knows(r, side.Shut) || r.Outputs["setIdentifier"] == string(color) && weighs(r, side.Weight)
		}
		equal = equal && agrees
	}
	return urns, equal
}

// knows tells whether a health check's state has it shut or open.
func knows(r engine.Resource, shut bool) bool {
	return truth(r.Outputs["disabled"]) == shut && truth(r.Outputs["invertHealthcheck"]) == shut
}

func truth(value any) bool {
	flag, _ := value.(bool)
	return flag
}

// weighs tells whether a record's state has a weight.
func weighs(r engine.Resource, weight int) bool {
	policies, _ := r.Outputs["weightedRoutingPolicies"].([]any)
	if len(policies) != 1 {
		return false
	}
	policy, _ := policies[0].(map[string]any)
	return policy["weight"] == float64(weight)
}

// handOver finds the split that the program of the steered layer is to declare:
// what Route 53 answers, if the last decision accounts for it. A new environment
// begins with the split of its stack file.
func (s *session) handOver(ctx context.Context, selected []string) error {
	layer, found := s.steered()
	if !found || !slices.Contains(selected, string(layer.Name)) {
		return nil
	}
	st, err := s.steer()
	if err != nil {
		return err
	}
	situation, err := st.control.Look(ctx)
	if fault.CodeOf(err) == fault.NoStack {
		return nil // no zone: a new environment
	}
	if err != nil {
		return fmt.Errorf("find out where the traffic is: %w", err)
	}
	real := situation.Real.Split()
	switch {
	case real.Valid() != nil && situation.Record == nil:
		return nil // no record answers: a new environment
	case real.Valid() != nil:
		s.decided = &situation.Record.To
	case situation.RecordErr != nil && !situation.Explained():
		s.con.Block(s.con.Yellow(fmt.Sprintf("the control table does not answer (%v): the weights stay as Route 53 has them", situation.RecordErr)))
		s.decided = &real
	case !situation.Explained():
		return st.unexplained(situation)
	default:
		s.decided = &real
	}
	return nil
}

// findTraffic hands the traffic over to a run that declares it.
func (r *run) findTraffic(ctx context.Context) error {
	if r.act.reversed {
		return nil
	}
	return r.handOver(ctx, r.remaining())
}

// exportTraffic writes the split for plain Pulumi; empty where nothing was decided
// yet. Where it cannot be found the variable is left out, and the program refuses
// to update.
func (s *session) exportTraffic(ctx context.Context, b *strings.Builder) {
	layer, found := s.steered()
	if !found {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, briefly)
	defer cancel()
	var err error
	if s.cloud, err = awsConfig(ctx, s.env.Region, s.vars); err == nil {
		err = s.handOver(ctx, []string{string(layer.Name)})
	}
	text := ""
	if err == nil && s.decided != nil {
		text, err = s.decided.Encode()
	}
	if err != nil {
		fmt.Fprintf(b, "# %s is left out: %s\n", layer.Traffic.Variable, oneLine(err.Error()))
		return
	}
	fmt.Fprintf(b, "export %s=%s\n", layer.Traffic.Variable, shellQuote(text))
}

// unexplained is the error for traffic that was moved behind our back.
func (st *steer) unexplained(s steering.Situation) error {
	return fault.New(fault.Changes, "Route 53 has %s, and what was decided last is %s (%s by %s): somebody moved the traffic behind us",
		s.Real, s.Record.To, s.Record.Action, s.Record.Who).
		WithHint("go tool mage traffic:hold -reason='…' to keep it as it is, or go tool mage rollback:edge")
}

// publish writes a deployment of the steered layer into the ledger of releases
// and looks whether it left the traffic as decided: a decision made while the
// deployment ran wins over the weights that the deployment was handed.
func (s *session) publish(ctx context.Context, stack engine.Stack, outputs map[string]any) error {
	layer, name := s.app.layers[stack.Layer], string(stack.Layer)
	if layer.Traffic == nil {
		return nil
	}
	st, err := s.steer()
	if err != nil {
		return err
	}
	place, err := layer.Traffic.Place(outputs)
	if err != nil {
		return fmt.Errorf("outputs of %s: %w", name, err)
	}
	state, err := s.engine.State(ctx, stack)
	if err != nil {
		return err
	}
	situation, err := st.control.Look(ctx)
	if err != nil {
		return err
	}
	if situation.Real, err = st.keepDecision(ctx, situation); err != nil {
		return err
	}
	release, missed, err := st.control.Publish(ctx, traffic.Release{
		Time: s.app.ports.Now().UTC(), Who: st.control.Who, Reason: s.set.Reason, Commit: s.commit, Dirty: s.dirty,
		Split: situation.Real.Split(), Place: place, Parts: parts(state, layer.Traffic.Carries),
	})
	if err != nil {
		return err
	}
	for _, what := range missed {
		s.con.Say(name, "note: %s", what)
	}
	s.con.Say(name, "release %d: %s", release.Number, release.Split)
	return nil
}

// keepDecision restores a decision that a deployment overran, and returns what
// Route 53 has then. Both a deployment and a move look after their last write, so
// that whichever ends later sees what the other did.
func (st *steer) keepDecision(ctx context.Context, s steering.Situation) (steering.Reality, error) {
	r := s.Record
	if r == nil || r.Phase != traffic.Settled || s.Real.Is(r.To) || r.To.Valid() != nil {
		return s.Real, nil //nolint:nilerr // a record that says nothing sound moves nothing
	}
	st.con.Say(string(st.layer.Name), "warning: the traffic was moved to %s (%s by %s) while a deployment ran, which undid it: moving it again", r.To, r.Action, r.Who)
	if _, err := st.control.Return(ctx, s, steering.Decision{
		Action: r.Action, To: r.To, Reason: "again, after a deployment had undone it: " + r.Reason, Hold: r.Hold,
	}); err != nil {
		return s.Real, err
	}
	return st.control.DNS.Observe(ctx, s.Place)
}
