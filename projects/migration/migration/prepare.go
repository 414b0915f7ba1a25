package migration

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/cutover/cutover/shared/ops/lambdazip"
)

// Prepare builds the zips that Program refers to, below projectDir (the
// checkout's projects/migration), and reports each on w. It has to run before
// any preview or update; without changes in the sources it changes nothing.
func Prepare(ctx context.Context, projectDir string, w io.Writer) error {
	for _, f := range functions(Workers{}) {
		out := filepath.Join(projectDir, filepath.FromSlash(f.zip()))
		if err := lambdazip.Build(ctx, projectDir, f.source(), out); err != nil {
			return fmt.Errorf("build function %s: %w", f.name, err)
		}
		if _, err := fmt.Fprintf(w, "function %s: %s\n", f.name, f.zip()); err != nil {
			return fmt.Errorf("report function %s: %w", f.name, err)
		}
	}
	return nil
}
