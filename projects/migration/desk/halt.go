package desk

import (
	"context"
	"fmt"
	"strings"

	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/place"
)

// halt halts a lane by the word of who asks. One that is halted already keeps the code that
// it has: that one has to be answered. A switch that is under way rests on its lanes.
func (d *Desk) halt(ctx context.Context, r Request) (Reply, error) {
	name := place.Lane(r.To)
	if r.By == "" || strings.TrimSpace(r.Reason) == "" {
		return Reply{Refused: fmt.Sprintf("halt lane %s: expected a reason and whose it is", name), RefusedAs: Wrong}, nil
	}
	there, err := d.look(ctx, r)
	if err == nil && there.State == "" {
		err = fmt.Errorf("%w: %s", checkpoint.ErrAbsent, name)
	}
	if err == nil {
		err = d.steady(ctx)
	}
	if err != nil {
		return there, err
	}
	conn, err := d.connect(ctx, r.To, bgsync.Apply)
	if err != nil {
		return there, err
	}
	defer pg.Close(conn)
	halted, err := checkpoint.Order(ctx, conn, name, r.By+": "+r.Reason)
	if err != nil {
		return there, err
	}
	if there, err = d.look(ctx, r); err != nil {
		return there, err
	}
	switch {
	case halted:
		there.Done = []string{fmt.Sprintf("lane %s is halted; what is under way ends with its batch or chunk, and %s keeps its log for it meanwhile", name, r.To.Other())}
	case there.State == checkpoint.Halted:
		there.Done = []string{fmt.Sprintf("lane %s was halted before, %s: %s", name, there.Halt, there.Why)}
	default:
		there.Refused, there.RefusedAs = fmt.Sprintf("lane %s is %s: it does nothing that could be halted", name, there.State), NotNow
	}
	return there, nil
}
