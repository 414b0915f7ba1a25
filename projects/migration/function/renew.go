package function

import (
	"context"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/place"
)

// renewed reads the logins anew after a server has refused one: its password was
// changed since the secret was read. False tells that the error is another, or that
// the secrets are as they were.
func (p *parts) renewed(ctx context.Context, err error, used lane.Endpoints) (fresh lane.Endpoints, changed bool) {
	if !pg.Refused(err) || ctx.Err() != nil {
		return used, false
	}
	fresh, err = place.Endpoints(ctx, p.place, p.source())
	return fresh, err == nil && fresh != used
}
