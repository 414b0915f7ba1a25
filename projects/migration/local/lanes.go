package local

import (
	"context"
	"errors"
	"fmt"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// Lanes starts lanes as processes of this machine.
type Lanes struct{ Profile Profile }

// Start leaves a process running. One that runs already is code 10 of the exit
// statuses: two would only collide.
func (l Lanes) Start(ctx context.Context, color naming.Color) (string, error) {
	pid, err := l.Profile.Start(ctx, color)
	var running *RunningError
	if errors.As(err, &running) {
		return "", fault.New(fault.Locked, "%w", err).WithHint("go tool mage migrate:status")
	}
	if err != nil {
		return "", err
	}
	lane := function.Lane(color)
	return fmt.Sprintf("process %d runs lane %s; it goes on after this command, `go tool mage local:down` ends it; log %s",
		pid, lane, l.Profile.Log(lane)), nil
}
