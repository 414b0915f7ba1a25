package ops

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/toolchain"
)

// symptom is one thing that the doctor looks at.
type symptom struct {
	name string
	// look returns what was found; the hint of its error is the command that
	// mends it.
	look func(ctx context.Context) (string, error)
}

// Doctor looks at everything a deployment needs and changes nothing: a line for
// each, ok or the command that mends it.
func (a *App) Doctor(ctx context.Context) error {
	s, err := a.open(ctx, "doctor")
	if err != nil {
		return err
	}
	var sick []string
	code := fault.OK
	for _, one := range s.symptoms() {
		found, err := one.look(ctx)
		if err == nil {
			s.con.Block(fmt.Sprintf("ok    %-14s %s", one.name, found))
			continue
		}
		sick = append(sick, one.name)
		if code == fault.OK {
			code = fault.CodeOf(err)
		}
		s.con.Block(fmt.Sprintf("%s  %-14s %s", s.con.Red("MEND"), one.name, strings.ReplaceAll(s.explain(err).Error(), "\n", "\n      ")))
	}
	if len(sick) > 0 {
		return fault.New(code, "to be mended: %s", strings.Join(sick, ", "))
	}
	return nil
}

func (s *session) symptoms() []symptom {
	return []symptom{
		{"go", func(context.Context) (string, error) { return runtime.Version(), nil }},
		{"python", s.lookAtPython},
		{"tools", s.lookAtTools},
		{"configuration", s.lookAtConfiguration},
		{"backend", s.lookAtBackend},
		{"emulator", s.lookAtEmulator},
		{"account", s.lookAtAccount},
		{"locks", s.lookAtLocks},
	}
}

func (s *session) lookAtPython(ctx context.Context) (string, error) {
	if !s.env.Local {
		return "not needed outside local", nil
	}
	out, err := exec.CommandContext(ctx, "python3", "--version").Output()
	if err != nil {
		return "", fault.New(fault.Failed, "the emulator needs Python 3 with venv: %w", err).
			WithHint("apt-get install python3 python3-venv, or what installs Python on this system")
	}
	return strings.TrimSpace(string(out)), nil
}

// lookAtTools also sets the engine up, with which later symptoms look.
func (s *session) lookAtTools(ctx context.Context) (string, error) {
	found, err := s.app.ports.CheckToolchain(ctx, toolchain.Options{
		RepoRoot: s.app.config.Root, OfficialOnly: !s.env.Local, Progress: progress{s.con},
	})
	if err != nil {
		return "", fmt.Errorf("%w\n(the next deployment obtains what it may)", err)
	}
	if err := s.equip(ctx); err != nil {
		return "", err
	}
	return fmt.Sprintf("pulumi %s (%s), plugin aws %s (%s)", found.PulumiVersion, found.PulumiOrigin, found.PluginVersion, found.PluginOrigin), nil
}

func (s *session) lookAtConfiguration(context.Context) (string, error) {
	var problems []error
	for _, env := range s.app.config.Environments {
		if err := s.app.checkConfig(env, s.app.graph.Order()); err != nil {
			problems = append(problems, err)
		}
	}
	if err := errors.Join(problems...); err != nil {
		return "", fault.Wrap(fault.Usage, err)
	}
	return "of " + strings.Join(s.app.config.Environments, ", "), nil
}

func (s *session) lookAtBackend(ctx context.Context) (string, error) {
	if s.engine == nil {
		return "", fault.New(fault.Failed, "cannot be looked at without the tools")
	}
	for _, name := range s.app.graph.Order() {
		if _, err := s.engine.State(ctx, s.stack(name, os.DevNull)); err != nil {
			return "", fmt.Errorf("%s: %w", s.env.Backend, err)
		}
	}
	return s.env.Backend, nil
}

func (s *session) lookAtEmulator(ctx context.Context) (string, error) {
	if !s.env.Local {
		return "not used in " + s.env.Name, nil
	}
	status, err := s.emulator().Status(ctx)
	switch {
	case err != nil:
		return "", err
	case !status.Running:
		return "not running; a deployment starts it", nil
	case !status.Healthy:
		return "", fault.New(fault.Failed, "process %d does not answer at %s, see %s", status.PID, status.Addr, status.LogFile).
			WithHint("go tool mage local:down, then go tool mage local:up")
	case status.Outdated:
		return "", fault.New(fault.Failed, "running at %s, but from other sources than the checkout has now", status.Addr).
			WithHint("go tool mage local:down, then go tool mage local:up")
	default:
		return fmt.Sprintf("moto %s at %s", status.Version, status.Addr), nil
	}
}

func (s *session) lookAtAccount(ctx context.Context) (string, error) {
	if s.env.Local {
		status, err := s.emulator().Status(ctx)
		if err != nil || !status.Healthy {
			return "known when the emulator runs", err
		}
	}
	vars := s.vars
	if vars == nil {
		vars = s.variables()
	}
	cloud, err := awsConfig(ctx, s.env.Region, vars)
	if err != nil {
		return "", err
	}
	return s.env.AccountID, s.app.checkAccount(ctx, s.env, cloud)
}

func (s *session) lookAtLocks(ctx context.Context) (string, error) {
	if s.engine == nil {
		return "", fault.New(fault.Failed, "cannot be looked at without the tools")
	}
	var held []string
	for _, name := range s.app.graph.Order() {
		locks, _, err := s.engine.Locks(ctx, s.stack(name, os.DevNull))
		if err != nil {
			return "", err
		}
		if len(locks) > 0 {
			held = append(held, name+" by "+tellLocks(locks))
		}
	}
	if len(held) > 0 {
		return "", fault.New(fault.Locked, "%s", strings.Join(held, "; ")).
			WithHint("wait, or go tool mage deploy:all -resume when the process is gone, or go tool mage unlock:<layer> -reason='…'")
	}
	return "none", nil
}
