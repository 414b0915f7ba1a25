package ops

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cutover/cutover/shared/ops/console"
	"github.com/cutover/cutover/shared/ops/dag"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/interrupt"
)

// errTimeout is the cause of a context that ended because of -timeout.
var errTimeout = errors.New("the time given with -timeout is over")

// stopper holds everything that can end a run early: signals, and the time limit.
// Before anything is changed the first signal ends the command; afterwards it
// only drains.
type stopper struct {
	con     *console.Console
	control *dag.Control
	watch   *interrupt.Watch
	running func() []string // layers in flight, for messages

	before, during context.Context // of the steps before, and of the layers' work
	cancelBefore   context.CancelCauseFunc
	cancelTimeout  context.CancelFunc
	detach         func() bool
}

func newStopper(con *console.Console, timeout time.Duration) *stopper {
	base, cancel := context.Background(), context.CancelFunc(func() {})
	if timeout > 0 {
		base, cancel = context.WithTimeoutCause(base, timeout, errTimeout)
	}
	before, cancelBefore := context.WithCancelCause(base)
	return &stopper{
		con: con, control: dag.NewControl(), running: func() []string { return nil },
		before: before, during: base, cancelBefore: cancelBefore, cancelTimeout: cancel,
	}
}

// takeSignals takes the process's signals over. caller is mage's context: it ends
// when mage got a Ctrl-C in the moment before the signals were taken.
func (s *stopper) takeSignals(caller context.Context) {
	s.watch = interrupt.Take(interrupt.Handler{Drain: s.drain, Cancel: s.cancel, Remind: s.remind})
	s.detach = context.AfterFunc(caller, func() { s.watch.Press("mage was told to stop") })
}

func (s *stopper) release() {
	if s.watch != nil {
		s.detach()
		s.watch.Release()
	}
	s.cancelBefore(nil)
	s.cancelTimeout()
}

func (s *stopper) drain(why string) {
	s.control.Drain()
	if layers := s.running(); len(layers) > 0 {
		s.con.Block(fmt.Sprintf("%s: finishing what is in flight (%s), starting nothing new. Again to cancel it.",
			why, strings.Join(layers, ", ")))
	} else {
		s.con.Block(why + ": stopping, nothing is in flight")
	}
	s.cancelBefore(errors.New(why))
}

func (s *stopper) cancel(why string) {
	s.con.Block(fmt.Sprintf("%s: cancelling %s. Pulumi finishes the resources it works on, writes its state and gives its lock back; "+
		"that can take minutes.", why, strings.Join(s.running(), ", ")))
	s.control.Cancel()
}

func (s *stopper) remind(why string) {
	s.con.Block(fmt.Sprintf("%s: still waiting for %s to write its state. A kill now would leave a lock and resources that no state knows.",
		why, strings.Join(s.running(), ", ")))
}

// cancelPreparations ends what was prepared for layers that did not run.
func (s *stopper) cancelPreparations() { s.cancelBefore(errors.New("the run is over")) }

// explain gives an error that only says "cancelled" the status of the time limit,
// if that was the reason.
func (s *stopper) explain(err error) error {
	if fault.CodeOf(err) == fault.Cancelled && s.timedOut() {
		return fault.Wrap(fault.Timeout, err)
	}
	return err
}

func (s *stopper) timedOut() bool { return errors.Is(context.Cause(s.during), errTimeout) }
