// Package localtest brings local profiles up for tests: real databases and processes, gone
// with the test. It is no fake.
package localtest

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/cutover/cutover/projects/migration/local"
	"github.com/cutover/cutover/shared/reaper"
)

// limit ends an end that hangs.
const limit = 10 * time.Minute

// watched is the name under which profiles of tests are ended.
const watched = "the local profile"

func init() {
	reaper.Serve(watched, func(root string) error { return reset(local.Profile{Root: root}, io.Discard) })
}

// Up starts the databases of the profile at root, which is a folder of the test's own, and
// returns the profile. What it and its commands say goes to said.
func Up(tb testing.TB, root string, said io.Writer) local.Profile {
	tb.Helper()
	p := local.Profile{Root: root}
	reaper.Watch(tb, watched, root)
	tb.Cleanup(func() {
		if err := reset(p, said); err != nil {
			tb.Errorf("end the local profile: %v", err)
		}
	})
	if err := p.Up(tb.Context(), said); err != nil {
		tb.Fatalf("bring the local profile up: %v", err)
	}
	return p
}

func reset(p local.Profile, said io.Writer) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return p.Reset(ctx, said)
}
