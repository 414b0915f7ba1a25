package ops

import (
	"context"
	"os/exec"
	"strings"
)

// gitCommit tells which commit the checkout at root is and whether it was
// changed since. A copy without git has neither; that is no error.
func gitCommit(ctx context.Context, root string) (commit string, dirty bool) {
	head, err := git(ctx, root, "rev-parse", "--short=12", "HEAD")
	if err != nil {
		return "", false
	}
	changes, err := git(ctx, root, "status", "--porcelain")
	return head, err != nil || changes != ""
}

func git(ctx context.Context, root string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...).Output() //nolint:gosec // fixed arguments
	return strings.TrimSpace(string(out)), err
}
