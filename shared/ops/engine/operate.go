package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const agent = "cutover"

// Up makes the stack equal to its program.
func (p *Pulumi) Up(ctx context.Context, r Request) (Result, error) {
	return p.write(ctx, r, func(s *session) error {
		_, err := s.stack.Up(ctx, optup.Message(r.Message), optup.Target(r.Targets),
			optup.UserAgent(agent), optup.Color("never"), optup.SuppressProgress(), optup.SuppressOutputs())
		return err
	})
}

// Destroy deletes everything in the stack and keeps the stack itself.
func (p *Pulumi) Destroy(ctx context.Context, r Request) (Result, error) {
	return p.write(ctx, r, func(s *session) error {
		_, err := s.stack.Destroy(ctx, optdestroy.Message(r.Message), optdestroy.Target(r.Targets),
			optdestroy.UserAgent(agent), optdestroy.Color("never"), optdestroy.SuppressProgress(), optdestroy.SuppressOutputs())
		return err
	})
}

// Preview tells what Up would do.
func (p *Pulumi) Preview(ctx context.Context, r Request) (Result, error) {
	return p.plan(ctx, r, func(s *session, stream chan<- events.EngineEvent) error {
		_, err := s.stack.Preview(ctx, optpreview.Target(r.Targets), optpreview.EventStreams(stream),
			optpreview.UserAgent(agent), optpreview.Color("never"), optpreview.SuppressProgress())
		return err
	})
}

// Drift compares the state with reality and writes nothing.
func (p *Pulumi) Drift(ctx context.Context, r Request) (Result, error) {
	return p.plan(ctx, r, func(s *session, stream chan<- events.EngineEvent) error {
		_, err := s.stack.PreviewRefresh(ctx, optrefresh.Target(r.Targets), optrefresh.EventStreams(stream),
			optrefresh.UserAgent(agent), optrefresh.Color("never"), optrefresh.SuppressProgress())
		return err
	})
}

// write runs an operation that changes state; its events come through a file.
func (p *Pulumi) write(ctx context.Context, r Request, operation func(*session) error) (Result, error) {
	s, err := p.open(ctx, r, false)
	if err != nil {
		return Result{}, err
	}
	follower := follow(s.command.events, s.tally.add)
	var pid int
	s.command.started = func(started int) { pid = started }
	opErr := operation(s)
	followErr := follower.stop()
	if opErr != nil {
		return s.tally.result(), errors.Join(p.explain(ctx, r.Stack, opErr, s.tally, s.program), p.dropOwnLock(r.Stack, pid))
	}
	return s.tally.result(), followErr
}

// dropOwnLock removes the lock of the process that this operation started, if it
// died before it could. It touches no other.
func (p *Pulumi) dropOwnLock(s Stack, pid int) error {
	locks, _, err := p.store.locks(s)
	if err != nil || pid == 0 {
		return err
	}
	for _, l := range locks {
		if l.PID == pid && l.Owner() == Dead {
			return p.Release(context.Background(), s, l)
		}
	}
	return nil
}

// plan runs an operation that changes nothing; its events come through a stream.
func (p *Pulumi) plan(ctx context.Context, r Request, operation func(*session, chan<- events.EngineEvent) error) (Result, error) {
	s, err := p.open(ctx, r, true)
	if err != nil {
		return Result{}, err
	}
	stream, stop, finished := make(chan events.EngineEvent), make(chan struct{}), make(chan error, 1)
	go func() { finished <- drain(stream, stop, s.tally) }()
	opErr := operation(s, stream)
	// The SDK leaves the stream open when the engine ends before its first event.
	close(stop)
	streamErr := <-finished
	if opErr != nil {
		return s.tally.result(), p.explain(ctx, r.Stack, opErr, s.tally, s.program)
	}
	return s.tally.result(), streamErr
}

// drain folds events until the stream is closed, or stop is and nothing waits.
func drain(stream <-chan events.EngineEvent, stop <-chan struct{}, t *tally) error {
	for {
		select {
		case e, open := <-stream:
			if !open {
				return nil
			}
			if e.Error != nil {
				return fmt.Errorf("read the engine's events: %w", e.Error)
			}
			t.add(e.EngineEvent)
		case <-stop:
			return nil
		}
	}
}

// program runs a layer's program and keeps its error, which would otherwise
// reach the caller as mere text and lose its exit status.
type program struct {
	run pulumi.RunFunc
	err error
}

// Run is the layer's program.
func (p *program) Run(ctx *pulumi.Context) error {
	p.err = p.run(ctx)
	return p.err
}

// explain turns the engine's failure into an error with an exit status and the
// causes, leaving out what a reader has in the log anyway.
func (p *Pulumi) explain(ctx context.Context, s Stack, err error, t *tally, prog *program) error {
	text := err.Error()
	if locked, ok := parseLocked(s.Layer, text); ok {
		return Locked(locked, s.Env)
	}
	if ctx.Err() != nil {
		return fault.New(fault.Cancelled, "%s was interrupted: %w", s.Layer, context.Cause(ctx))
	}
	if auto.IsSelectStack404Error(err) {
		return NoStack(s)
	}
	if prog != nil && prog.err != nil {
		return fault.New(programCode(prog.err), "program of %s: %w", s.Layer, prog.err)
	}
	if t != nil {
		if causes := t.failures(); len(causes) > 0 {
			return hinted(s, fault.New(fault.Resource, "%s: %s", s.Layer, strings.Join(causes, "\n")))
		}
	}
	return fault.New(fault.Failed, "%s: %s", s.Layer, lastError(text))
}

// staleToken is what AWS WAF answers when a list of networks was changed outside of the
// stack: the provider has its lock token in the state alone.
const staleToken = "WAFOptimisticLockException"

// hinted adds the way on to a failure that going on does not mend.
func hinted(s Stack, failed *fault.Error) error {
	if !strings.Contains(failed.Error(), staleToken) {
		return failed
	}
	return failed.WithHint("somebody has changed it outside of the stack: go tool mage drift:%s shows what; put what shall stay into the configuration, then eval \"$(go tool mage env -env=%s)\" && pulumi refresh --cwd projects/%s --stack %s --yes, and go on",
		s.Layer, s.Env, s.Layer, s.Env)
}

func programCode(err error) fault.Code {
	if code := fault.CodeOf(err); code != fault.Failed {
		return code
	}
	return fault.Resource
}

// withText adds what a command printed to its error, where explain looks for it.
func withText(err error, text string) error {
	return fmt.Errorf("%w\n%s", err, text)
}

// lastError picks the CLI's own error line out of all that it printed.
func lastError(text string) string {
	lines := slices.Collect(strings.Lines(text))
	for _, line := range slices.Backward(lines) {
		if message, found := strings.CutPrefix(strings.TrimSpace(line), "error: "); found {
			return message
		}
	}
	return strings.TrimSpace(text)
}

// readJSON runs a CLI command and decodes what it prints.
func (p *Pulumi) readJSON(ctx context.Context, s Stack, into any, args ...string) error {
	text, err := p.read(ctx, s, args...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("read output of pulumi %s for %s: %w", strings.Join(args, " "), s.Layer, err)
	}
	return nil
}
