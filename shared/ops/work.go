package ops

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/settings"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/traffic"
)

// Companion is what belongs to the local profile besides the emulator. Each of its
// methods does nothing where there is nothing to do, and reports on w.
type Companion interface {
	Up(ctx context.Context, w io.Writer) error
	Down(ctx context.Context, w io.Writer) error
	Reset(ctx context.Context, w io.Writer) error
}

// Workplace is what a command works with whose substance this package does not
// know: its settings, its environment, the screen, and on demand AWS and where the
// traffic is. It knows no stack: what layers have made is found by its name, so that
// a command takes no more than the rights to what it calls.
type Workplace struct {
	Root        string // of the checkout
	Environment string
	AccountID   string // of the environment
	Local       bool
	Settings    settings.Settings
	By          string // user@host
	Now         func() time.Time
	session     *session
}

// Say shows a line or a block of progress, the commands in it with their settings.
func (w *Workplace) Say(format string, args ...any) {
	w.session.con.Block(w.session.given().Complete(fmt.Sprintf(format, args...)))
}

// Print writes the result, as text or, when -output=json was given, as JSON, the commands
// in it with their settings.
func (w *Workplace) Print(text string, value any) error {
	if w.Settings.Output == settings.JSON {
		return w.session.printJSON(value)
	}
	return w.session.print(text)
}

// AWS is the configuration for the environment's account, whose credentials these
// have to be.
func (w *Workplace) AWS(ctx context.Context) (aws.Config, error) {
	w.session.vars = w.session.variables()
	if err := w.session.connect(ctx); err != nil {
		return aws.Config{}, err
	}
	return w.session.cloud, nil
}

// Traffic is where the public name leads: its place, and what Route 53 has there.
func (w *Workplace) Traffic(ctx context.Context) (traffic.Place, steering.Reality, error) {
	if _, err := w.AWS(ctx); err != nil {
		return traffic.Place{}, steering.Reality{}, err
	}
	st, err := w.session.steer()
	if err != nil {
		return traffic.Place{}, steering.Reality{}, err
	}
	return st.control.Find(ctx)
}

// Work runs a command. One that writes needs, outside of the local environment, a
// yes and, where the environment is guarded, a reason; it leaves lines in the
// audit trail. It ends properly on Ctrl-C and after -timeout.
func (a *App) Work(ctx context.Context, target string, writes bool, do func(context.Context, *Workplace) error) error {
	s, err := a.open(ctx, target)
	if err != nil {
		return err
	}
	stop := newStopper(s.con, s.set.Timeout)
	defer stop.release()
	if a.ports.Signals {
		stop.takeSignals(ctx)
	}
	w := s.workplace()
	writes = writes && !s.set.DryRun
	if writes {
		if err := s.agree(stop.before); err != nil {
			return err
		}
		if err := s.auditWork("started"); err != nil {
			return err
		}
	}
	failure := s.explain(stop.explain(do(stop.before, w)))
	if !writes {
		return failure
	}
	result := "succeeded"
	if failure != nil {
		result = "failed"
	}
	if err := s.auditWork(result); err != nil && failure == nil {
		return err
	}
	return failure
}

// workplace is this session's.
func (s *session) workplace() *Workplace {
	user, host := s.app.ports.Who()
	return &Workplace{
		Root: s.app.config.Root, Environment: s.env.Name, AccountID: s.env.AccountID, Local: s.env.Local, Settings: s.set, By: user + "@" + host,
		Now: s.app.ports.Now, session: s,
	}
}

func (s *session) auditWork(result string) error {
	return s.app.store.Append(s.auditEntry(s.target, result, "", engine.Changes{}))
}

// agree asks whoever is there, once.
func (s *session) agree(ctx context.Context) error {
	if s.env.Guarded && s.set.Reason == "" {
		return fault.New(fault.Usage, "%s in %s needs a reason: it goes into the audit trail", s.target, s.env.Name).
			WithHint("%s -reason='…'", s.set.Command(s.target))
	}
	if s.env.Local || s.set.Yes {
		return nil
	}
	question := fmt.Sprintf("%s in %s, account %s?", s.target, s.env.Name, s.env.AccountID)
	if !s.app.ports.Terminal {
		agreed := s.set
		agreed.Yes = true
		return fault.New(fault.Usage, "nobody is there to confirm: %s", question).WithHint("%s", agreed.Command(s.target))
	}
	return s.ask.Confirm(ctx, question)
}
