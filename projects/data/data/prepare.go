package data

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/cutover/cutover/shared/ops/lambdazip"
)

// Prepare builds the zip that Program refers to, below projectDir (the checkout's
// projects/data), and reports it on w. It has to run before any preview or update;
// without changes in the sources it changes nothing.
func Prepare(ctx context.Context, projectDir string, w io.Writer) error {
	out := filepath.Join(projectDir, filepath.FromSlash(rotationZip))
	if err := lambdazip.Build(ctx, projectDir, rotationSource, out); err != nil {
		return fmt.Errorf("build function %s: %w", rotationName, err)
	}
	if _, err := fmt.Fprintf(w, "function %s: %s\n", rotationName, rotationZip); err != nil {
		return fmt.Errorf("report function %s: %w", rotationName, err)
	}
	return nil
}
