package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

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

// Lost tells that no process runs the lane any more.
func (l Lanes) Lost(_ context.Context, color naming.Color) error {
	lane := function.Lane(color)
	pid, err := l.Profile.Running(lane)
	if err != nil || pid != 0 {
		return err
	}
	return fault.New(fault.Failed, "the process that was to run lane %s has ended; %s ends with: %s", lane, l.Log(color), l.lastWords(lane)).
		WithHint("remove the cause, then go tool mage migrate:start%s, which goes on with what is there", map[naming.Color]string{naming.Blue: " -color=blue"}[color])
}

// Log is the file that the process of a lane writes to.
func (l Lanes) Log(color naming.Color) string { return "log " + l.Profile.Log(function.Lane(color)) }

// lastWords is the last line of a lane's log.
func (l Lanes) lastWords(lane string) string {
	text, err := os.ReadFile(l.Profile.Log(lane))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return last
	}
	return "nothing"
}
