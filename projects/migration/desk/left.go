package desk

import (
	"context"
	"errors"
	"fmt"

	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/finalise"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/place"
)

// making are the acts that make a side part of a migration, or a lane between both.
var making = []Act{Prepare, Create, Return, Renew, Reserve, Adopt}

// forsaken says why no side is prepared and no lane is made, "" where they may be. A side
// that a forced decision has left is never made anew by the engine: what it would be
// installed as, writable in the first epoch, the other side has been since.
func (d *Desk) forsaken(ctx context.Context) (refused string, err error) {
	_, sw, err := switching.Status(ctx, d.Store)
	if errors.Is(err, control.ErrAbsent) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	switch {
	case sw.Forced != "":
		return fmt.Sprintf("two operators have decided to open %s by force: that comes first", sw.Forced), nil
	case sw.Untrusted != "":
		return fmt.Sprintf("%s was left by a forced decision: no lane leads to it or from it any more, expected a migration without such a side", sw.Untrusted), nil
	}
	return "", nil
}

// dropSlots drops the slots in which a side keeps its log for lanes to the other one,
// which a forced decision has left: no lane goes on from there, and the log would grow
// until the side has no room left.
func (d *Desk) dropSlots(ctx context.Context, r Request) (Reply, error) {
	token, sw, err := switching.Status(ctx, d.Store)
	if err != nil {
		return Reply{}, err
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
