package local

import (
	"context"
	"errors"
	"fmt"

	"github.com/cutover/cutover/shared/naming"
)

// errRuns tells that a server can be written to.
var errRuns = errors.New("its server runs, expected no process of it")

// Isolation proves that nobody can write to a side of the profile: its server has no
// process. Whoever starts it again has to give migrate:force once more, which shuts it.
type Isolation struct{ Profile Profile }

// Prove looks for the server's process.
func (i Isolation) Prove(ctx context.Context, side naming.Color) (string, error) {
	k, err := i.Profile.server(ctx, side)
	if err != nil {
		return "", err
	}
	running, err := k.Running(ctx)
	if err != nil {
		return "", fmt.Errorf("look at the local database of %s: %w", side, err)
	}
	if running {
		return "", fmt.Errorf("local database of %s: %w", side, errRuns)
	}
	return fmt.Sprintf("the local server of %s has no process", side), nil
}
