package local

import (
	"context"

	"github.com/cutover/cutover/projects/migration/lane/preflight"
	"github.com/cutover/cutover/shared/naming"
)

// Survey tells a preflight what the profile has besides its databases: a disk. What
// exists in AWS only it calls absent.
type Survey struct{ Profile Profile }

// Facts are those of this machine.
func (s Survey) Facts(ctx context.Context, _ preflight.Facts) preflight.Facts {
	facts := preflight.Nowhere("the local profile has two databases and processes that move its data, and nothing else")
	for _, side := range naming.Colors() {
		facts.Rooms[side] = preflight.Answer(s.Profile.room(ctx, side))
	}
	return facts
}

// room is what the disk of a side's server still takes.
func (p Profile) room(ctx context.Context, side naming.Color) (preflight.Room, error) {
	k, err := p.server(ctx, side)
	if err != nil {
		return preflight.Room{}, err
	}
	free, err := k.Room()
	return preflight.Room{Volume: free}, err
}
