package desk

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/authority"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/finalise"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/lane/switching/postgres"
	"github.com/cutover/cutover/projects/migration/lane/verify"
	"github.com/cutover/cutover/projects/migration/place"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// standing is what the control store says; known is false where there is no token yet.
type standing struct {
	token items.Token
	sw    items.Switch
	known bool
}

func (d *Desk) standing(ctx context.Context) (s standing, err error) {
	s.token, s.sw, err = switching.Status(ctx, d.Store)
	if errors.Is(err, control.ErrAbsent) {
		return standing{}, nil
	}
	s.known = err == nil
	return s, err
}

// anew is a side that a forced decision has left and that is made anew: the session of
// the side that is open, and of the database in the place of the lost one.
type anew struct {
	standing
	side       naming.Color
	open, made *pgx.Conn
}

// prepareAnew makes the new database of a side that was left the passive side of the
// migration as it stands: in the epoch of the token, never one that can be written to.
// What the lost database's lanes have left in the open side's log goes first.
func (d *Desk) prepareAnew(ctx context.Context, r Request) (reply Reply, err error) {
	a, done, busy, err := d.undisturbed(ctx, r.To)
	if err != nil || busy.Refused != "" {
		return busy, err
	}
	defer done()
	open, made := a.open, a.made
	refused, begun, err := a.acceptable(ctx, r.Plan)
	if err != nil || refused != "" {
		return Reply{Refused: refused, RefusedAs: NotNow}, err
	}
	if armed, err := frozen(ctx, open, made); err != nil || armed {
		return Reply{Refused: "the schema is frozen, though nothing switches to a side that was left: migrate:thaw", RefusedAs: NotNow}, err
	}
	if !begun {
		dropped, err := finalise.DropSlots(ctx, open, quiet)
		if err != nil {
			return reply, err
		}
		if len(dropped) > 0 {
			reply.Done = append(reply.Done, fmt.Sprintf("%s: slots %v, which kept its log for the lost database, are dropped", r.To.Other(), dropped))
		}
		if err := d.at("prepare.dropped"); err != nil {
			return reply, err
		}
	}
	if err := d.join(ctx, a, r.By, &reply); err != nil {
		return reply, err
	}
	if err := d.list(ctx, r, open, made, &reply); err != nil || reply.Unregistered != "" {
		return reply, err
	}
	recorded, err := postgres.Recorded(ctx, open, made)
	if err != nil || recorded {
		return reply, err
	}
	if err := postgres.Record(ctx, open, made); err != nil {
		return reply, fmt.Errorf("write down who may write: %w", pg.Reduce(err))
	}
	reply.Done = append(reply.Done, fmt.Sprintf("nobody may write to %s; who may write to %s is written down on both sides", r.To, r.To.Other()))
	return reply, d.at("prepare.recorded")
}

// join installs the schema on both sides.
func (d *Desk) join(ctx context.Context, a *anew, by string, reply *Reply) error {
	for _, side := range []struct {
		color naming.Color
		conn  *pgx.Conn
	}{{a.side.Other(), a.open}, {a.side, a.made}} {
		if err := install(ctx, side.conn, bgsync.Installation{Side: side.color, Epoch: a.token.Epoch, By: by}); err != nil {
			return err
		}
		if err := d.at("prepare.installed_" + string(side.color)); err != nil {
			return err
		}
	}
	identity, err := identityOf(ctx, a.made)
	if err != nil {
		return err
	}
	reply.Done = append(reply.Done, fmt.Sprintf("%s is made anew in database %s: schema bgsync of version %d, logins enrolled, passive in epoch %d",
		a.side, identity, bgsync.SchemaVersion, a.token.Epoch))
	return nil
}

// acceptable says why the side cannot be made anew in the database that is there, "" where
// it can. begun tells that it is being made anew there already.
func (a *anew) acceptable(ctx context.Context, plan *bgsync.Plan) (refused string, begun bool, err error) {
	if refused, err := a.reigns(ctx); err != nil || refused != "" {
		return refused, false, err
	}
	var there bool
	if err := a.made.QueryRow(ctx, `SELECT pg_catalog.to_regclass('bgsync.identity') IS NOT NULL`).Scan(&there); err != nil {
		return "", false, pg.Wrap(err, "look for schema bgsync on %s", a.side)
	}
	if there {
		identity, err := identityOf(ctx, a.made)
		if err != nil {
			return "", false, err
		}
		if begun = identity == a.sw.Rebuild; begun {
			refused, err = a.passive(ctx)
			return refused, true, err
		}
		if refused, err := a.unused(ctx, identity); err != nil || refused != "" {
			return refused, false, err
		}
	}
	refused, err = a.empty(ctx, plan)
	return refused, false, err
}

// wanted is what every refusal of a database expects.
const wanted = "expected a new database with the tables of the plan, no row in them and no schema bgsync (\"A side is lost for good\" in docs/operations.md); nothing was changed"

// reigns says why the other side is not the one that a forced decision has opened.
func (a *anew) reigns(ctx context.Context) (refused string, err error) {
	row, err := authority.Load(ctx, a.open)
	if err == nil && (!row.Writable || row.Epoch != a.token.Epoch || row.Side != a.side.Other() || !a.token.Admits(row.Side)) {
		refused = fmt.Sprintf("%s calls itself %s, writable=%t in epoch %d; expected the side that has the authority, in epoch %d", a.side.Other(), row.Side, row.Writable, row.Epoch, a.token.Epoch)
	}
	return refused, err
}

// passive says why the database of the side is not the passive one in which it is made
// anew.
func (a *anew) passive(ctx context.Context) (refused string, err error) {
	identity, err := identityOf(ctx, a.made)
	if err != nil {
		return "", err
	}
	row, err := authority.Load(ctx, a.made)
	switch {
	case err != nil:
		return "", err
	case identity != a.sw.Rebuild || a.sw.Rebuild == "":
		return fmt.Sprintf("%s is database %s, expected %q, in which it is made anew: migrate:start -color=%s", a.side, identity, a.sw.Rebuild, a.side), nil
	case row.Side != a.side || row.Writable || row.Epoch != a.token.Epoch || row.Attempt != "":
		return fmt.Sprintf("database %s calls itself %s, writable=%t in epoch %d under attempt %q; expected %s, false, epoch %d and none", identity,
			row.Side, row.Writable, row.Epoch, row.Attempt, a.side, a.token.Epoch), nil
	}
	return "", nil
}

// unused says why a database that has the schema, and in which nothing has begun, is not a
// new one. What an interrupted call has installed is.
func (a *anew) unused(ctx context.Context, identity string) (refused string, err error) {
	var lost bool
	err = a.open.QueryRow(ctx, `SELECT EXISTS (SELECT FROM bgsync.lane WHERE src_db_id = $1::uuid)`, identity).Scan(&lost)
	if err != nil {
		return "", pg.Wrap(err, "read the lanes of %s", a.side.Other())
	}
	if lost {
		return fmt.Sprintf("the database of %s is the lost one, %s, which lacks what %s has written since: %s", a.side, identity, a.side.Other(), wanted), nil
	}
	row, err := authority.Load(ctx, a.made)
	if err != nil {
		return "", err
	}
	var lanes int
	if err := a.made.QueryRow(ctx, `SELECT count(*) FROM bgsync.lane`).Scan(&lanes); err != nil {
		return "", pg.Wrap(err, "read the lanes of %s", a.side)
	}
	if row.Side != a.side || row.Writable || row.Epoch != a.token.Epoch || lanes > 0 {
		refused = fmt.Sprintf("the database of %s, %s, has been another migration's: it calls itself %s, writable=%t in epoch %d, with %d lanes; %s", a.side, identity,
			row.Side, row.Writable, row.Epoch, lanes, wanted)
	}
	return refused, nil
}

// empty says which of the plan's tables has rows. One that is missing the registration
// tells of.
func (a *anew) empty(ctx context.Context, plan *bgsync.Plan) (refused string, err error) {
	var filled []string
	for _, table := range plan.Tables {
		name := pg.Ident(table.Schema, table.Name)
		var there, has bool
		if err := a.made.QueryRow(ctx, `SELECT pg_catalog.to_regclass($1) IS NOT NULL`, name).Scan(&there); err != nil {
			return "", pg.Wrap(err, "look for table %s", table.FullName())
		}
		if !there {
			continue
		}
		if err := a.made.QueryRow(ctx, `SELECT EXISTS (SELECT FROM ONLY `+name+`)`).Scan(&has); err != nil {
			return "", pg.Wrap(err, "look into table %s", table.FullName())
		}
		if has {
			filled = append(filled, table.FullName())
		}
	}
	if len(filled) > 0 {
		refused = fmt.Sprintf("the database of %s has rows in %s: %s", a.side, strings.Join(filled, ", "), wanted)
	}
	return refused, nil
}

// equal says why the side has not been shown to have all that the open one has.
func (a *anew) equal(ctx context.Context) (refused string, err error) {
	name := place.Lane(a.side)
	row, err := checkpoint.Load(ctx, a.made, name)
	switch {
	case errors.Is(err, checkpoint.ErrAbsent):
		return fmt.Sprintf("lane %s is not there, expected it to run: migrate:start -color=%s", name, a.side), nil
	case err != nil:
		return "", err
	case row.State != checkpoint.Running:
		return fmt.Sprintf("lane %s is in state %s, expected %s", name, row.State, checkpoint.Running), nil
	}
	found, err := verify.ReadStatus(ctx, a.made, name)
	if err == nil && (!found.FirstClean || found.Mismatched > 0 || found.RepairsOpen > 0) {
		refused = fmt.Sprintf("lane %s: a full verification has ended clean is %t, %d buckets differ, %d repairs are open; expected true, 0 and 0: migrate:verify -color=%s",
			name, found.FirstClean, found.Mismatched, found.RepairsOpen, a.side)
	}
	return refused, pg.Wrap(err, "read the verification of lane %s", name)
}

// returns says why the lane that leads from the side does not run.
func (a *anew) returns(ctx context.Context) (refused string, err error) {
	name := place.Lane(a.side.Other())
	row, err := checkpoint.Load(ctx, a.open, name)
	if err == nil && (row.State != checkpoint.Running || row.SourceDB != a.sw.Rebuild) {
		refused = fmt.Sprintf("lane %s is in state %s from database %s, expected %s from %s", name, row.State, row.SourceDB, checkpoint.Running, a.sw.Rebuild)
	}
	return refused, err
}

// listed says whether both sides have written down the same writers and sequences.
func (a *anew) listed(ctx context.Context) (refused string, err error) {
	recorded, err := postgres.Recorded(ctx, a.open, a.made)
	if err == nil && !recorded {
		refused = fmt.Sprintf("who may write is not written down on both sides: migrate:start -color=%s", a.side)
	}
	return refused, err
}

// left opens the sessions of both sides with the rights of the fence, which those who switch
// have, where r.To is the side that was left; else it says why nothing is changed.
func (d *Desk) left(ctx context.Context, r Request, s standing) (a *anew, done func(), refused string, err error) {
	if s.sw.Untrusted != r.To || s.sw.Forced != "" || s.sw.State != items.Steady {
		return nil, nil, fmt.Sprintf("%s is not made anew: %q was left by force, %q is to be opened, state %q; expected %s, none and %s",
			r.To, s.sw.Untrusted, s.sw.Forced, s.sw.State, r.To, items.Steady), nil
	}
	open, made, done, err := d.sessions(ctx, r.To, bgsync.Fence)
	if err != nil {
		return nil, nil, "", err
	}
	return &anew{standing: s, side: r.To, open: open, made: made}, done, "", nil
}

// rebuild stores that a side which was left is made anew in the database in its place, which
// Prepare has made the passive side.
func (d *Desk) rebuild(ctx context.Context, r Request) (Reply, error) {
	s, err := d.standing(ctx)
	if err != nil {
		return Reply{}, err
	}
	a, done, refused, err := d.left(ctx, r, s)
	if err != nil || refused != "" {
		return Reply{Refused: refused, RefusedAs: NotNow}, err
	}
	defer done()
	identity, err := identityOf(ctx, a.made)
	if err != nil || identity == s.sw.Rebuild {
		return Reply{}, err
	}
	unused := func(ctx context.Context) (string, error) { return a.unused(ctx, identity) }
	for _, condition := range []func(context.Context) (string, error){a.reigns, unused, a.listed} {
		if refused, err := condition(ctx); err != nil || refused != "" {
			return Reply{Refused: refused, RefusedAs: NotNow}, err
		}
	}
	if err := switching.Rebuilding(ctx, d.Store, r.To, identity); err != nil {
		return Reply{}, err
	}
	return Reply{}, d.at("rebuild.stored")
}

// readmit takes the mark off a side that was made anew, when both lanes run and a full
// verification has found both sides equal. Where there is no mark it changes nothing.
func (d *Desk) readmit(ctx context.Context, r Request) (Reply, error) {
	s, err := d.standing(ctx)
	if err != nil || s.sw.Untrusted == "" {
		return Reply{}, err
	}
	a, done, refused, err := d.left(ctx, r, s)
	if err != nil || refused != "" {
		return Reply{Refused: refused, RefusedAs: NotNow}, err
	}
	defer done()
	for _, condition := range []func(context.Context) (string, error){a.reigns, a.passive, a.listed, a.equal, a.returns} {
		if refused, err := condition(ctx); err != nil || refused != "" {
			return Reply{Refused: refused, RefusedAs: NotNow}, err
		}
	}
	if err := switching.Readmit(ctx, d.Store, r.To, s.sw.Rebuild); err != nil {
		return Reply{}, err
	}
	return Reply{Done: []string{fmt.Sprintf("%s is made anew: it has all that %s has, and can be switched to again", r.To, r.To.Other())}}, d.at("readmit.readmitted")
}

// makeAnew makes the lane to a side that is made anew, in the database that was prepared.
func (d *Desk) makeAnew(ctx context.Context, with lane.Creation, side naming.Color) (Reply, error) {
	a, done, busy, err := d.undisturbed(ctx, side)
	if err != nil || busy.Refused != "" {
		return busy, err
	}
	defer done()
	for _, condition := range []func(context.Context) (string, error){a.reigns, a.passive, a.listed} {
		if refused, err := condition(ctx); err != nil || refused != "" {
			return Reply{Refused: refused, RefusedAs: NotNow}, err
		}
	}
	return Reply{}, lane.Create(ctx, with)
}

// rebuildLock keeps two commands apart that make a side anew: the slots that one drops since
// nothing has begun must not be those of the lane that the other makes.
const rebuildLock = 0x6267_726d

// undisturbed opens an administrator's session on both sides, and on the open one takes the
// lock, which ends with the session at the latest. What the control store says is read under it. busy says
// that another command has it.
func (d *Desk) undisturbed(ctx context.Context, side naming.Color) (a *anew, done func(), busy Reply, err error) {
	open, made, closed, err := d.administrators(ctx, side)
	if err != nil {
		return nil, nil, busy, err
	}
	a = &anew{side: side, open: open, made: made}
	var locked bool
	if err = open.QueryRow(ctx, `SELECT pg_catalog.pg_try_advisory_lock($1)`, int64(rebuildLock)).Scan(&locked); err == nil {
		a.standing, err = d.standing(ctx)
	}
	switch {
	case err != nil:
		err = pg.Wrap(err, "keep others from making %s anew", side)
	case !locked:
		busy = Reply{Refused: fmt.Sprintf("another command makes %s anew at this moment", side), RefusedAs: Busy}
	case a.sw.Untrusted != side || a.sw.Forced != "":
		busy = Reply{Refused: fmt.Sprintf("%s was made anew meanwhile, or another decision came first", side), RefusedAs: NotNow}
	default:
		return a, func() {
			_, _ = open.Exec(context.WithoutCancel(ctx), `SELECT pg_catalog.pg_advisory_unlock($1)`, int64(rebuildLock)) // else the session's end does it
			closed()
		}, busy, nil
	}
	closed()
	return nil, nil, busy, err
}

// identityOf reads what a database calls itself.
func identityOf(ctx context.Context, conn *pgx.Conn) (id string, err error) {
	err = conn.QueryRow(ctx, `SELECT db_id::text FROM bgsync.identity`).Scan(&id)
	return id, pg.Wrap(err, "read identity")
}
