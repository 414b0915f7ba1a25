package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/steering"
)

// LocalUp starts the emulator and its companions.
func (a *App) LocalUp(ctx context.Context) error {
	return a.local(ctx, "local:up", func(s *session) error {
		return errors.Join(s.emulator().Up(ctx), s.accompany(func(c Companion, w io.Writer) error { return c.Up(ctx, w) }))
	})
}

// LocalDown stops the emulator and its companions. The emulator's memory goes with
// it, and so does the state of the local stacks: it would describe resources that
// no longer are.
func (a *App) LocalDown(ctx context.Context) error {
	return a.local(ctx, "local:down", func(s *session) error {
		return errors.Join(s.accompany(func(c Companion, w io.Writer) error { return c.Down(ctx, w) }),
			s.emulator().Down(ctx), s.forgetState())
	})
}

// LocalReset empties the emulator, its companions and the state of the local
// stacks.
func (a *App) LocalReset(ctx context.Context) error {
	return a.local(ctx, "local:reset", func(s *session) error {
		return errors.Join(s.accompany(func(c Companion, w io.Writer) error { return c.Reset(ctx, w) }),
			s.emulator().Reset(ctx), s.forgetState())
	})
}

// accompany does something to every companion.
func (s *session) accompany(do func(Companion, io.Writer) error) error {
	var problems []error
	for _, c := range s.app.config.Companions {
		problems = append(problems, do(c, progress{s.con}))
	}
	return errors.Join(problems...)
}

// local runs what is only about this machine, alone: a deployment under way
// would lose its ground.
func (a *App) local(ctx context.Context, target string, do func(*session) error) (err error) {
	s, err := a.open(ctx, target)
	if err != nil {
		return err
	}
	if !s.env.Local {
		return fault.New(fault.Usage, "%s is about the emulator of this machine: expected -env=local, not %s", target, s.env.Name)
	}
	lock, err := s.lockRun(ctx, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	return do(s)
}

// wakeEmulator starts the emulator. One that began since the local stacks were
// deployed has lost everything in them, and with it the state loses its meaning:
// a deployment would find nothing to change in an empty world.
func (s *session) wakeEmulator(ctx context.Context) error {
	e := s.emulator()
	if err := e.Up(ctx); err != nil {
		return fmt.Errorf("start the emulator: %w", err)
	}
	status, err := e.Status(ctx)
	if err != nil {
		return fmt.Errorf("look at the emulator: %w", err)
	}
	path := filepath.Join(s.app.store.Dir, "emulator.life")
	last, err := readLife(path)
	if err != nil {
		return err
	}
	now := life{PID: status.PID, Since: status.Since}
	if last == nil {
		return now.write(path)
	}
	if last.same(now) {
		return nil
	}
	s.con.Block("the emulator began anew and is empty: forgetting the state of its former life")
	return errors.Join(s.forgetState(), now.write(path))
}

// life is one life of the emulator's process.
type life struct {
	PID   int       `json:"pid"`
	Since time.Time `json:"since"`
}

// lifeTolerance covers that the process itself and who started it each note the
// time at which it began.
const lifeTolerance = 2 * time.Minute

func (l life) same(other life) bool {
	return l.PID == other.PID && l.Since.Sub(other.Since).Abs() < lifeTolerance
}

// readLife returns nil when no life was noted.
func readLife(path string) (*life, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the path is the state directory's own
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the emulator's last life: %w", err)
	}
	var l life
	if err := json.Unmarshal(text, &l); err != nil {
		return nil, fmt.Errorf("read the emulator's last life in %s (delete it if no emulator runs): %w", path, err)
	}
	return &l, nil
}

func (l life) write(path string) error {
	text, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("note the emulator's life: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("note the emulator's life: %w", err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("note the emulator's life: %w", err)
	}
	return nil
}

// forgetState removes the state of the local stacks, which is a folder below the
// checkout; any other backend is left alone.
func (s *session) forgetState() error {
	path, isFile := strings.CutPrefix(s.env.Backend, "file://")
	inside, err := filepath.Rel(s.app.store.Dir, path)
	if !isFile || err != nil || inside == "." || strings.HasPrefix(inside, "..") {
		return nil //nolint:nilerr // a folder that is not inside is left alone
	}
	for _, folder := range []string{".pulumi", steering.VaultRoot} {
		if err := os.RemoveAll(filepath.Join(path, folder)); err != nil {
			return fmt.Errorf("forget the local state: %w", err)
		}
	}
	return nil
}

// Env prints the variables with which plain `pulumi` in a project's folder works
// on the same stacks: eval "$(go tool mage env)".
func (a *App) Env(ctx context.Context) error {
	s, err := a.open(ctx, "env")
	if err != nil {
		return err
	}
	if err := s.equip(ctx); err != nil {
		return err
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(s.vars)) {
		fmt.Fprintf(&b, "export %s=%s\n", name, shellQuote(s.vars[name]))
	}
	s.exportTraffic(ctx, &b)
	fmt.Fprintf(&b, "export PATH=\"$PATH\":%s\n", shellQuote(filepath.Join(s.tools.PulumiRoot, "bin")))
	return a.print(b.String())
}

func shellQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
