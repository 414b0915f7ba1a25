// Package move is the operator's side of a migration: it prepares both databases,
// makes and starts lanes, tells how they do, has them verified, and moves the
// authority. What touches a database is a request to a desk, which works where the
// databases can be reached: in this process for the local profile, in a function
// in AWS. The rest reads the control store and starts things. The package copies
// and applies nothing itself.
package move

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/preflight"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// Caller asks a desk.
type Caller interface {
	Do(ctx context.Context, r desk.Request) (desk.Reply, error)
}

// Lanes starts what runs a lane.
type Lanes interface {
	// Start has the lane that ends at color run from now on; what says so in words.
	Start(ctx context.Context, color naming.Color) (what string, err error)
	// Lost tells that what was started has ended although there is more to do, with the
	// command to go on; nil is that it goes on, or that nobody can tell yet.
	Lost(ctx context.Context, color naming.Color) error
	// Log says where it stands what the lane fails with.
	Log(color naming.Color) string
}

// Operator is one command of an operator.
type Operator struct {
	Desk  Caller
	Lanes Lanes
	Store control.Store
	Plan  func(lane string) (*bgsync.Plan, error)
	// Say shows a line, or a block, to the operator.
	Say func(format string, args ...any)
	// Print writes a result: a text or, where the caller wants that, the value. Nil is
	// to Say the text.
	Print func(text string, value any) error
	// FromClone has a lane that is made start from a clone of its source.
	FromClone bool
	// DryRun changes nothing.
	DryRun bool
	By     string
	// Reason is what was given for it, "" for nothing.
	Reason string
	Now    func() time.Time
	// Poll is how often progress is read; 0 is the default.
	Poll time.Duration
	// Silence is how long a lane that was started may tell nothing, in whole polls; 0 is
	// the default.
	Silence time.Duration
}

// Target is a command as it is called, for hints.
const target = "go tool mage migrate:"

// Preflight prepares both databases for the lane that ends at to, and checks
// whether it may be made. With DryRun it only checks. Where there is a lane already, its
// plan is registered again.
func (o *Operator) Preflight(ctx context.Context, to naming.Color) error {
	if err := o.open(ctx, to); err != nil {
		return err
	}
	plan, err := o.plan(to)
	if err != nil {
		return err
	}
	var prepared desk.Reply
	if o.DryRun {
		o.Say("would install schema bgsync on both sides, enrol its logins and register %d tables", len(plan.Tables))
	} else if prepared, err = o.Desk.Do(ctx, desk.Request{Act: desk.Prepare, To: to, Plan: plan, By: o.By}); err != nil {
		return fmt.Errorf("prepare the databases: %w", err)
	}
	o.done(prepared)
	if err := refused(prepared, "%sstatus", target); err != nil {
		return err
	}
	if err := o.rebuild(ctx, to, prepared); err != nil {
		return err
	}
	checked, err := o.Desk.Do(ctx, desk.Request{Act: desk.Check, To: to, Plan: plan})
	if err != nil {
		return fmt.Errorf("preflight: %w", err)
	}
	results := withoutEcho(checked.Results, prepared.Unregistered != "")
	o.Say("%s", tellResults(results))
	return refusal(results, prepared.Unregistered)
}

func (o *Operator) plan(to naming.Color) (*bgsync.Plan, error) {
	plan, err := o.Plan(function.Lane(to))
	if err != nil {
		return nil, fault.Wrap(fault.Usage, err)
	}
	return plan, nil
}

// registered are the checks of what registering the plan makes.
var registered = []string{"PF05", "PF16", "PF24"}

// registration is what blocks them when it failed.
const registration = "the registration of the plan"

// withoutEcho leaves out findings that only repeat that the plan could not be
// registered.
func withoutEcho(results []preflight.Result, failed bool) []preflight.Result {
	if !failed {
		return results
	}
	kept := slices.Clone(results)
	for i, r := range kept {
		if r.Status == preflight.Refuse && slices.Contains(registered, r.ID) {
			kept[i].Status, kept[i].BlockedBy, kept[i].Findings = preflight.Blocked, registration, nil
		}
	}
	return kept
}

// refusal is nil when nothing forbids the lane.
func refusal(results []preflight.Result, unregistered string) error {
	err := preflight.Refusal(results)
	if err == nil && unregistered == "" {
		return nil
	}
	if err == nil || !slices.ContainsFunc(results, func(r preflight.Result) bool { return r.Status == preflight.Refuse }) {
		err = errors.Join(errors.New(unregistered), err)
	}
	return fault.New(fault.Gate, "preflight refuses the lane:\n%w", err).WithHint("what the findings say, then %spreflight", target)
}

// tellResults is a line for each check, and one for each finding.
func tellResults(results []preflight.Result) string {
	var b strings.Builder
	for _, r := range results {
		fmt.Fprintf(&b, "%s  %-7s %s", r.ID, r.Status, r.Name)
		if r.BlockedBy != "" {
			fmt.Fprintf(&b, " (by %s)", r.BlockedBy)
		}
		b.WriteByte('\n')
		for _, finding := range r.Findings {
			fmt.Fprintf(&b, "      %s\n", finding)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Start makes the lane that ends at to where there is none, has it run, and shows
// its progress until it follows its source. A halted lane goes on when halt names
// the code that it has.
func (o *Operator) Start(ctx context.Context, to naming.Color, halt string) error {
	if o.FromClone {
		if on, err := o.clone(ctx, to); err != nil || !on {
			return err
		}
	}
	if err := o.Preflight(ctx, to); err != nil {
		return err
	}
	if o.DryRun {
		o.Say("would make lane %s and start it", function.Lane(to))
		return nil
	}
	if halt != "" {
		if err := o.resume(ctx, to, halt); err != nil {
			return err
		}
	}
	made, err := o.make(ctx, to)
	if err != nil {
		return err
	}
	if made.State == checkpoint.Halted {
		return o.halted(to, made.Halt, made.Why)
	}
	if err := function.Want(ctx, o.Store, function.Lane(to), true); err != nil {
		return err
	}
	before, err := o.told(ctx, to)
	if err != nil {
		return err
	}
	what, err := o.Lanes.Start(ctx, to)
	switch {
	case err == nil:
		o.Say("%s", what)
	case halt != "" && fault.CodeOf(err) == fault.Locked: // who ran it before the halt still does
	default:
		return err
	}
	return o.follow(ctx, to, before)
}

// make makes the lane that ends at to, unless it is there. Of the lane back it also ends
// what a verification has begun: who may write, and the first token.
func (o *Operator) make(ctx context.Context, to naming.Color) (desk.Reply, error) {
	sw, err := o.switched(ctx)
	if err != nil {
		return desk.Reply{}, err
	}
	request := desk.Request{Act: desk.Create, To: to}
	switch {
	case to == returning(sw):
		plan, err := o.plan(to)
		if err != nil {
			return desk.Reply{}, err
		}
		request.Act, request.Plan = desk.Return, plan
	case to == sw.Untrusted:
		if request.Former, err = o.generation(ctx, to); err != nil {
			return desk.Reply{}, err
		}
	}
	return o.ask(ctx, request, "%sstart, then %sverify", target, target)
}

// resume takes the code of a halt that the operator has seen.
func (o *Operator) resume(ctx context.Context, to naming.Color, halt string) error {
	code := checkpoint.HaltCode(halt)
	if !slices.Contains(checkpoint.HaltCodes(), code) {
		return fault.New(fault.Usage, "flag -halt is %q: expected the code of the lane's halt, one of %v", halt, checkpoint.HaltCodes()).
			WithHint("%sstatus", target)
	}
	done, err := o.Desk.Do(ctx, desk.Request{Act: desk.Resume, To: to, Halt: code, By: o.By, Reason: o.Reason})
	if err != nil {
		return fault.New(fault.Usage, "%w", err).WithHint("%sstatus", target)
	}
	for _, line := range done.Done {
		o.Say("%s", line)
	}
	return nil
}

// codeOf tells whether the time was over or somebody asked to stop.
func codeOf(ctx context.Context) fault.Code {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fault.Timeout
	}
	return fault.Cancelled
}

// ways are the ways on after a halt: what to do before the lane is resumed, or why
// it cannot be.
var ways = map[checkpoint.HaltCode]string{
	checkpoint.SourceIdentity:    "lead the name back to the right server",
	checkpoint.SourceRewound:     "",
	checkpoint.CheckpointInvalid: "",
	checkpoint.Gap:               "",
	checkpoint.MarkerForged:      "find out who pretends to be the engine; what was written counts where its side may be written to, and is passed over where not",
	checkpoint.RogueWrite:        "find the writer and stop it; what was written counts where its side may be written to, and is passed over where not",
	checkpoint.SchemaDrift:       "bring both sides to the lane's tables",
	checkpoint.Divergence:        "look at bgsync.conflict on the target: its rows are taken from the source again",
	checkpoint.Poison:            "look at bgsync.quarantine on the target and remove the cause",
	checkpoint.TornMismatch:      "",
	checkpoint.Permission:        "grant the right",
	checkpoint.Unexpected:        "remove what the reason names",
	checkpoint.ByOperator:        "see with whoever halted it that it may go on",
}

// halted is the error for a halted lane, with its code, the reason that it has kept,
// and one command to go on.
func (o *Operator) halted(to naming.Color, code checkpoint.HaltCode, reason string) error {
	what := strings.TrimSuffix(string(code)+": "+reason, ": ")
	way, known := ways[code]
	if slices.Contains(lane.Renewable(), code) {
		return fault.New(fault.Gate, "lane %s is halted: %s. It cannot be resumed: a new generation follows from where the source is, and verifications repair what lies between",
			function.Lane(to), what).WithHint("%srenew%s -halt=%s -reason='…'", target, toward(to), code)
	}
	if !known || way == "" {
		return fault.New(fault.Gate, "lane %s is halted: %s. It cannot be resumed: its checkpoint is not there or cannot be read", function.Lane(to), what).
			WithHint("see \"Halts\" in docs/sync.md: it takes an empty target and %sstart", target)
	}
	return fault.New(fault.Gate, "lane %s is halted: %s. First %s", function.Lane(to), what, way).
		WithHint("%sstart%s -halt=%s", target, toward(to), code)
}

// toward is the flag for a lane that does not end at green.
func toward(to naming.Color) string {
	if to == desk.First {
		return " -color=" + string(desk.First)
	}
	return ""
}
