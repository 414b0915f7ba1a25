package function

import (
	"context"
	"errors"

	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/switching/postgres"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/naming"
)

// SwitchDatabases are both databases for a switch. key is the secret of the hashes in the
// proof; writers is the group role of the applications, with one of whose logins it
// is tried after a switch who may write.
func SwitchDatabases(ctx context.Context, p place.Place, invocation string, key []byte, writers bgsync.Group) (*postgres.Databases, error) {
	sides := map[naming.Color]postgres.Side{}
	var problems []error
	for _, color := range naming.Colors() {
		var side postgres.Side
		for _, login := range []struct {
			to    *string
			group bgsync.Group
		}{{&side.Fence, bgsync.Fence}, {&side.Reader, bgsync.Reader}, {&side.Verify, bgsync.Verify}, {&side.Probe, writers}} {
			var err error
			*login.to, err = p.DSN(ctx, color, login.group)
			problems = append(problems, err)
		}
		sides[color] = side
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	compare := postgres.Compared()
	compare.Sides, compare.Invocation, compare.Key = sides, invocation, key
	compare.Lanes = map[naming.Color]string{}
	for _, color := range naming.Colors() {
		compare.Lanes[color] = Lane(color)
	}
	return &postgres.Databases{Sides: sides, Compare: &compare, Invocation: invocation, Limits: postgres.Defaults()}, nil
}
