//go:build !linux

package pgtest

import (
	"context"
	"os/exec"
	"syscall"
)

// command prepares one of PostgreSQL's programs. Where there is no signal at a
// parent's death, the server of a killed test goes on until it is ended by hand.
func (i install) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, i.program(name), args...) //nolint:gosec // the programs of the installation
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// own has nothing to do: servers run as the test's own account.
func (i install) own(string) error { return nil }

// childrenOf is not known; the children notice the postmaster's death.
func childrenOf(int) []int { return nil }

func running(int) bool { return false }
