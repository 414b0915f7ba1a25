package desk

import (
	"context"
	"fmt"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/finalise"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/place"
)

// making are the acts that make a side part of a migration, or a lane between both.
var making = []Act{Prepare, Create, Return, Renew, Reserve, Adopt}

// forsaken says why a side is not prepared or a lane not made, "" where that may be. A side
// that a forced decision has left is made anew by the lane that leads to it; the one that
// leads from it comes when that one has been verified.
func (d *Desk) forsaken(ctx context.Context, r Request) (refused string, err error) {
	s, err := d.standing(ctx)
	if err != nil {
		return "", err
	}
	left, name := s.sw.Untrusted, place.Lane(r.To)
	switch {
	case s.sw.Forced != "":
		return fmt.Sprintf("two operators have decided to open %s by force: that comes first", s.sw.Forced), nil
	case left == "":
		return "", nil
	case r.Act == Reserve || r.Act == Adopt:
		return fmt.Sprintf("%s was left by a forced decision: it is made anew in a new, empty database and not from a clone, expected migrate:start -color=%s without -base", left, left), nil
	case r.To == left && r.Act != Return:
		return "", nil
	case r.To != left && r.Act == Return:
		return "", nil
	case r.To != left && r.Act != Create:
		there, err := d.alive(ctx, r, s)
		if err != nil || there.State != "" {
			return "", err
		}
	}
	return fmt.Sprintf("%s was left by a forced decision: there is no lane %s, expected the side to be made anew: migrate:start -color=%s, then migrate:verify -color=%s", left, name, left, left), nil
}

// alive looks at a lane as look does, but for one that has ended with a side that was left,
// or comes from another database than the one in which that is made anew: such a one is
// none.
func (d *Desk) alive(ctx context.Context, r Request, s standing) (Reply, error) {
	row, err := d.row(ctx, r.To)
	if err != nil || row == nil {
		return Reply{}, err
	}
	if s.sw.Untrusted == r.To.Other() && (row.State == checkpoint.Retired || row.SourceDB != s.sw.Rebuild) {
		return Reply{}, nil
	}
	return told(row), nil
}

// dropSlots drops the slots in which a side keeps its log for lanes to the other one,
// which a forced decision has left: no lane goes on from there, and the log would grow
// until the side has no room left.
func (d *Desk) dropSlots(ctx context.Context, r Request) (Reply, error) {
	token, sw, err := switching.Status(ctx, d.Store)
	if err != nil {
		return Reply{}, err
	}
	if sw.Rebuild != "" {
		return Reply{Done: []string{fmt.Sprintf("%s is made anew: %s keeps the log that its lane needs", sw.Untrusted, r.To)}}, nil
	}
	if sw.Untrusted != r.To.Other() || sw.Forced != "" || !token.Admits(r.To) {
		return Reply{RefusedAs: NotNow, Refused: fmt.Sprintf("the slots of %s stay: expected that it was opened by force, and that %s was left", r.To, r.To.Other())}, nil
	}
	conn, err := d.connect(ctx, r.To, place.Administrator)
	if err != nil {
		return Reply{}, err
	}
	defer pg.Close(conn)
	dropped, err := finalise.DropSlots(ctx, conn, quiet)
	var reply Reply
	if len(dropped) > 0 {
		reply.Done = []string{fmt.Sprintf("%s keeps its log for %s no more: slots %v are dropped", r.To, r.To.Other(), dropped)}
	}
	return reply, err
}
