// Package desk does, in both databases, what an operator's command asks for and
// needs more rights than the engine's own: it installs the engine's schema, enrols
// its logins, registers tables, checks, makes lanes and resumes them. It works where
// the databases can be reached: in the operator's process for the local profile, in
// a function in AWS. It copies and applies nothing, and it moves no authority.
package desk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/adopt"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/preflight"
	"github.com/cutover/cutover/projects/migration/lane/schema"
	"github.com/cutover/cutover/projects/migration/place"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// Act is what a Desk is asked to do.
type Act string

// The acts.
const (
	// Look tells whether there is a lane, and nothing else.
	Look Act = "look"
	// Prepare installs the engine's schema on both sides, enrols its logins and
	// registers the plan; where the lane is there, it registers the plan again, of the same
	// tables. It changes nothing of the application's.
	Prepare Act = "prepare"
	// Check runs the preflight, which only reads.
	Check Act = "check"
	// Create makes the lane.
	Create Act = "create"
	// Return makes the lane back, writes down who may write where, and the first
	// token, or ends what an earlier call has begun of it. The lane that ends at the other
	// side has to run and be verified.
	Return Act = "return"
	// Halt halts a lane by the word of who asks.
	Halt Act = "halt"
	// Resume lets a halted lane go on.
	Resume Act = "resume"
	// Renew starts a new generation of a halted lane.
	Renew Act = "renew"
	// Discard has a lane pass over a change that its target refuses.
	Discard Act = "discard"
	// Changes lists the changes of replicated tables that were planned.
	Changes Act = "changes"
	// PlanChange writes a change down on both sides, MakeChange makes it, and
	// WithdrawChange ends one that no side has.
	PlanChange     Act = "planChange"
	MakeChange     Act = "makeChange"
	WithdrawChange Act = "withdrawChange"
	// Reload loads one table of the lane anew.
	Reload Act = "reload"
	// Writers writes down again who may write, and which sequences there are.
	Writers Act = "writers"
	// Abandon takes the lanes of a migration away that has never switched.
	Abandon Act = "abandon"
	// DropSlots drops the slots in which To keeps its log for lanes to the other side, once
	// a forced decision has left that one.
	DropSlots Act = "dropSlots"
	// Rebuild stores that To, which was left by a forced decision, is made anew in the
	// database in its place.
	Rebuild Act = "rebuild"
	// Readmit takes the mark off To, which was left by a forced decision and made anew.
	Readmit Act = "readmit"
)

// Request is one act on the lane that ends at To.
type Request struct {
	Act Act          `json:"act"`
	To  naming.Color `json:"to"`
	// Plan is for Prepare, Check and Reserve.
	Plan *bgsync.Plan `json:"plan,omitempty"`
	// By is who asks, Reason why.
	By     string `json:"by,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Halt is the code that Resume lets go, or Renew answers.
	Halt checkpoint.HaltCode `json:"halt,omitempty"`
	// Switch makes Check that of a switch to To.
	Switch bool `json:"switch,omitempty"`
	// Facts are what the caller has asked where the desk cannot.
	Facts preflight.Facts `json:"facts,omitzero"`
	// Change is what PlanChange plans, ChangeID the number of the one that MakeChange and
	// WithdrawChange are about.
	Change   *schema.Request `json:"change,omitempty"`
	ChangeID int32           `json:"changeId,omitempty"`
	// Table is what Reload loads, as schema.name.
	Table string `json:"table,omitempty"`
	// Position is the change that Discard passes over (checkpoint.Position), Operators
	// are the two who say so.
	Position  string   `json:"position,omitempty"`
	Operators []string `json:"operators,omitempty"`
	// Former is the generation that a lane has told last which Create makes anew.
	Former int64 `json:"former,omitempty"`
	// Preview makes Abandon, Discard and Writers tell what would be done, and change nothing.
	Preview bool `json:"preview,omitempty"`
}

// Reply is what came of it.
type Reply struct {
	// Lane is the lane's state; empty when there is none.
	State checkpoint.State    `json:"state,omitempty"`
	Halt  checkpoint.HaltCode `json:"halt,omitempty"`
	// Why is the reason of the halt, without values of rows.
	Why string `json:"why,omitempty"`
	// Generation is the lane's incarnation, from 1 on.
	Generation int64 `json:"generation,omitempty"`
	// Done lists what was done, in words.
	Done []string `json:"done,omitempty"`
	// Results are those of the checks.
	Results []preflight.Result `json:"results,omitempty"`
	// Unregistered says why the plan could not be registered; the checks tell the
	// same at more length where one of them looks at it.
	Unregistered string `json:"unregistered,omitempty"`
	// NoCopy says why the target is no clone that Adopt can take.
	NoCopy string `json:"noCopy,omitempty"`
	// Quarantine are the changes that the lane's target has refused, without values.
	Quarantine []checkpoint.Quarantined `json:"quarantine,omitempty"`
	// Changes are those that were asked for.
	Changes []Change `json:"changes,omitempty"`
	// Refused says why an act was not done, where that was foreseen; nothing has changed
	// that the act does not go on with when it is asked for again. RefusedAs is the kind.
	Refused   string  `json:"refused,omitempty"`
	RefusedAs Refusal `json:"refusedAs,omitempty"`
}

// Survey knows what stands around the databases.
type Survey interface {
	// Facts adds to what the caller has given what is asked from here.
	Facts(ctx context.Context, given preflight.Facts) preflight.Facts
}

// Desk does acts with connections of its own.
type Desk struct {
	Place  place.Place
	Store  control.Store
	Limits lane.Limits
	// Survey is asked by Check; without one, what the caller has given is all.
	Survey Survey
	// Pace is how fast a base is loaded here, for estimates.
	Pace preflight.Pace
	// Sample is how long a source is watched for how much it writes.
	Sample time.Duration
	// Missing tells whose confirmation of a decision of two is not there, and why one that
	// is does not count. Nil takes the names in a request at their word: whoever has both
	// databases needs nobody's.
	Missing func(ctx context.Context, want items.Confirmation) ([]string, error)
	// Start asks a clone where it begins; nil asks as Aurora is asked.
	Start adopt.Start
	// At is told each durable step of an act after it was done, where the steps are this
	// package's, and before it as well where they are the engine's; an error ends the act
	// there. Nil is no observer.
	At func(step string) error
}

// at tells the observer of a step.
func (d *Desk) at(step string) error {
	if d.At == nil {
		return nil
	}
	return d.At(step)
}

// acts are all of them.
func (d *Desk) acts() map[Act]func(context.Context, Request) (Reply, error) {
	return map[Act]func(context.Context, Request) (Reply, error){
		Look: d.look, Prepare: d.prepare, Check: d.check, Create: d.create, Return: d.back, Halt: d.halt, Resume: d.resume, Changes: d.changes,
		PlanChange: d.planChange, MakeChange: d.makeChange, WithdrawChange: d.withdrawChange, Reload: d.reload, Renew: d.renew, Discard: d.discard, Writers: d.writers, Abandon: d.abandon,
		Reserve: d.reserve, Adopt: d.adopt, DropSlots: d.dropSlots, Rebuild: d.rebuild, Readmit: d.readmit,
	}
}

// Do does one act.
func (d *Desk) Do(ctx context.Context, r Request) (Reply, error) {
	act, known := d.acts()[r.Act]
	if !known {
		return Reply{}, fmt.Errorf("act %q: expected one of %v", r.Act, slices.Sorted(maps.Keys(d.acts())))
	}
	if slices.Contains(making, r.Act) {
		if refused, err := d.forsaken(ctx, r); err != nil || refused != "" {
			return Reply{Refused: refused, RefusedAs: NotNow}, err
		}
	}
	reply, err := act(ctx, r)
	return reply.foreseen(err)
}

// connect opens a session of a group on one side.
func (d *Desk) connect(ctx context.Context, side naming.Color, group bgsync.Group) (*pgx.Conn, error) {
	dsn, err := d.Place.DSN(ctx, side, group)
	if err != nil {
		return nil, err
	}
	conn, err := pg.Connect(ctx, dsn, pg.Identity{Role: pg.Operator, Lane: "none", Invocation: "desk"})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", side, err)
	}
	return conn, nil
}

// administrators opens an administrator's session on source and target.
func (d *Desk) administrators(ctx context.Context, to naming.Color) (source, target *pgx.Conn, done func(), err error) {
	return d.sessions(ctx, to, place.Administrator)
}

// sessions opens a session of a group on source and target.
func (d *Desk) sessions(ctx context.Context, to naming.Color, group bgsync.Group) (source, target *pgx.Conn, done func(), err error) {
	if source, err = d.connect(ctx, to.Other(), group); err != nil {
		return nil, nil, nil, err
	}
	if target, err = d.connect(ctx, to, group); err != nil {
		pg.Close(source)
		return nil, nil, nil, err
	}
	return source, target, func() { pg.Close(source); pg.Close(target) }, nil
}

// Sides opens an administrator's session on each side; done closes both.
func (d *Desk) Sides(ctx context.Context) (sides map[naming.Color]*pgx.Conn, done func(), err error) {
	first, other, done, err := d.administrators(ctx, First.Other())
	if err != nil {
		return nil, nil, err
	}
	return map[naming.Color]*pgx.Conn{First: first, First.Other(): other}, done, nil
}

// First is the side that has the authority in the beginning.
const First = naming.Blue

// look reads the lane's row as an administrator: before the schema is installed the
// lane's own logins may do nothing.
func (d *Desk) look(ctx context.Context, r Request) (Reply, error) {
	row, err := d.row(ctx, r.To)
	if err != nil || row == nil {
		return Reply{}, err
	}
	return told(row), nil
}

// row is the row of the lane that ends at a side; nil for none.
func (d *Desk) row(ctx context.Context, to naming.Color) (*checkpoint.Row, error) {
	conn, err := d.connect(ctx, to, place.Administrator)
	if err != nil {
		return nil, err
	}
	defer pg.Close(conn)
	row, err := checkpoint.Load(ctx, conn, place.Lane(to))
	if errors.Is(err, checkpoint.ErrAbsent) || errors.Is(err, checkpoint.ErrUnreadable) { // PF03 tells which
		return nil, nil //nolint:nilnil // documented
	}
	return row, err
}

// told is what a lane's row says.
func told(row *checkpoint.Row) Reply {
	return Reply{State: row.State, Halt: row.Halt, Why: row.Reason, Generation: row.Generation}
}

// create makes the lane, unless it is there.
func (d *Desk) create(ctx context.Context, r Request) (Reply, error) {
	s, err := d.standing(ctx)
	if err != nil {
		return Reply{}, err
	}
	there, err := d.alive(ctx, r, s)
	if err != nil || there.State != "" {
		return there, err
	}
	endpoints, err := place.Endpoints(ctx, d.Place, r.To.Other())
	if err != nil {
		return Reply{}, err
	}
	with := lane.Creation{Lane: place.Lane(r.To), Endpoints: endpoints, Base: lane.Chunks, Limits: d.Limits, At: d.At}
	switch s.sw.Untrusted {
	case r.To:
		with.Generation = max(r.Former, 1) + 1 // of the lost database's lane, and one that was never told
		if refused, err := d.makeAnew(ctx, with, r.To); err != nil || refused.Refused != "" {
			return refused, err
		}
	case r.To.Other():
		with.Base, with.Instead = lane.Equal, true
		err = lane.Create(ctx, with)
	default:
		if r.To == First { // the way back: all that is there came from here
			with.Base = lane.Equal
		}
		err = lane.Create(ctx, with)
	}
	if err != nil {
		return Reply{}, err
	}
	made, err := d.look(ctx, r)
	made.Done = []string{"lane " + place.Lane(r.To) + " made"}
	return made, err
}

// resume lets a lane that was halted with the code go on. One that is not halted goes
// on as it is: an earlier call may have let it.
func (d *Desk) resume(ctx context.Context, r Request) (Reply, error) {
	conn, err := d.connect(ctx, r.To, bgsync.Apply)
	if err != nil {
		return Reply{}, err
	}
	defer pg.Close(conn)
	row, err := checkpoint.Load(ctx, conn, place.Lane(r.To))
	if err != nil {
		return Reply{}, err
	}
	if row.State != checkpoint.Halted {
		return Reply{State: row.State, Done: []string{fmt.Sprintf("lane %s is not halted, but %s: nothing to resume", place.Lane(r.To), row.State)}}, nil
	}
	done := fmt.Sprintf("lane %s resumed after halt %s", place.Lane(r.To), r.Halt)
	if r.Halt == checkpoint.RogueWrite || r.Halt == checkpoint.MarkerForged {
		decided, err := d.decide(ctx, r)
		if err != nil {
			return Reply{}, err
		}
		done += ": " + decided
	} else if err := checkpoint.Resume(ctx, conn, place.Lane(r.To), r.Halt); err != nil {
		return Reply{}, err
	}
	if row, err = checkpoint.Load(ctx, conn, place.Lane(r.To)); err != nil {
		return Reply{}, err
	}
	return Reply{State: row.State, Done: []string{done}}, d.at("resume.resumed")
}

// decide says what becomes of the source's transactions that nobody vouches for.
func (d *Desk) decide(ctx context.Context, r Request) (done string, err error) {
	with := lane.Decision{Lane: place.Lane(r.To), Limits: d.Limits, Code: r.Halt, By: r.By, Reason: r.Reason, At: d.At}
	if with.Source, err = d.Place.DSN(ctx, r.To.Other(), place.Administrator); err != nil {
		return "", err
	}
	if with.Target, err = d.Place.DSN(ctx, r.To, bgsync.Apply); err != nil {
		return "", err
	}
	decided, err := lane.Decide(ctx, with)
	if err != nil {
		return "", err
	}
	if decided.Way == checkpoint.Carried {
		return fmt.Sprintf("what %s has written up to %s is carried to %s, since it is the writable side", r.To.Other(), decided.Until, r.To), nil
	}
	return fmt.Sprintf("what was written on %s up to %s is passed over, since %s is the writable side; verify the lane into %s in full, which repairs %s",
		r.To.Other(), decided.Until, r.To, r.To.Other(), r.To.Other()), nil
}
