package desk

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/cutover/cutover/projects/migration/lane/finalise"
)

// quiet bounds the wait for a lane that still streams: it ends with its next commit,
// and has one every second.
const quiet = time.Minute

// abandon takes the lanes of a migration away that has never switched.
func (d *Desk) abandon(ctx context.Context, r Request) (Reply, error) {
	sides, done, err := d.Sides(ctx)
	if err != nil {
		return Reply{}, err
	}
	defer done()
	f := &finalise.Finaliser{Store: d.Store, Sides: sides, Quiet: quiet, Owner: uuid.NewString(), At: d.At}
	order := finalise.Order{Operators: []string{r.By}, Reason: r.Reason}
	if r.Preview {
		going, err := f.PreviewAbandon(ctx, order)
		var reply Reply
		for _, each := range going {
			reply.Done = append(reply.Done, each.String())
		}
		return reply, err
	}
	report, err := f.Abandon(ctx, order)
	if err != nil {
		return Reply{}, err
	}
	return Reply{Done: []string{fmt.Sprintf("nothing of the engine is left in either database, %d slots were dropped; rows, logins and grants stay as they are", len(report.Slots))}}, nil
}
