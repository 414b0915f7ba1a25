package move

import (
	"context"

	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/hint"
)

// Concluded gives what a command ended with the status and the way on that every
// command has to give: an error that says neither, as that of a database which is
// gone in the middle of an act, is a failure after which the same command goes on, or
// an end that somebody asked for.
func Concluded(ctx context.Context, err error) error {
	if err == nil || fault.CodeOf(err) != fault.Failed || fault.HintOf(err) != "" {
		return err
	}
	code := fault.Failed
	if ctx.Err() != nil {
		code = codeOf(ctx)
	}
	return fault.New(code, "%w", err).WithHint("%sstatus, then %s: every act can be repeated", target, hint.Again)
}
