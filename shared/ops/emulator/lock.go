package emulator

import (
	"context"

	"github.com/cutover/cutover/shared/ops/pyenv"
)

// withLock runs work while this process alone holds the lock file path.
func (e *Emulator) withLock(ctx context.Context, path string, work func() error) error {
	return pyenv.WithLock(ctx, path, func() { e.say("waiting for another process that holds %s", path) }, work)
}
