// Package interrupt decides what Ctrl-C means while layers are being changed:
// the first winds the run down, the second cancels what is in flight. It takes
// the signals over from mage, which would end the process five seconds after the
// first one, in the middle of a change. See docs/adr/010-interrupts.md.
package interrupt

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// Handler is told what to do. Its functions are called one at a time.
type Handler struct {
	Drain  func(why string) // start nothing more, finish what is in flight
	Cancel func(why string) // stop what is in flight properly
	Remind func(why string) // both were asked for already
}

// Watch is a take-over of the process's signals.
type Watch struct {
	handler Handler
	signals chan os.Signal
	quit    chan struct{}
	done    chan struct{}

	mu      sync.Mutex
	presses int
	last    time.Time
}

const (
	// bounce is the time within which a second signal is the same key press: a
	// parent that also got it from the terminal may pass it on.
	bounce = 300 * time.Millisecond
	// parentCheck is how often the parent process is looked for.
	parentCheck = time.Second
)

// Take takes SIGINT, SIGTERM and SIGHUP over from everybody else in the process.
// A parent process that goes away counts as the first signal: whoever started
// this run no longer waits for it.
func Take(h Handler) *Watch {
	w := &Watch{
		handler: h,
		signals: make(chan os.Signal, 8),
		quit:    make(chan struct{}),
		done:    make(chan struct{}),
	}
	w.Retake()
	go w.loop(os.Getppid())
	return w
}

// Retake takes the signals again. Mage registers for SIGINT at about the time it
// calls the target, so a target takes them at its start and once more before it
// begins to change anything, when mage surely waits.
func (w *Watch) Retake() {
	// Ignore forgets all who registered before. A signal in the instant between
	// the two calls is lost; without Ignore it would end the process.
	signal.Ignore(os.Interrupt)
	signal.Notify(w.signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
}

// Release gives the signals back to the Go runtime's defaults.
func (w *Watch) Release() {
	close(w.quit)
	<-w.done
	signal.Stop(w.signals)
	signal.Reset(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
}

// Press does what a signal does; for ends that are asked for in other ways.
func (w *Watch) Press(why string) { w.press(why, time.Now()) }

func (w *Watch) loop(parent int) {
	defer close(w.done)
	ticker := time.NewTicker(parentCheck)
	defer ticker.Stop()
	for orphaned := false; ; {
		select {
		case s := <-w.signals:
			w.press(name(s), time.Now())
		case <-ticker.C:
			if !orphaned && os.Getppid() != parent {
				orphaned = true
				w.press("the process that started this run is gone", time.Now())
			}
		case <-w.quit:
			return
		}
	}
}

func (w *Watch) press(why string, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.presses > 0 && at.Sub(w.last) < bounce {
		return
	}
	w.presses++
	w.last = at
	switch w.presses {
	case 1:
		w.handler.Drain(why)
	case 2:
		w.handler.Cancel(why)
	default:
		w.handler.Remind(why)
	}
}

func name(s os.Signal) string {
	switch s {
	case os.Interrupt:
		return "Ctrl-C"
	case syscall.SIGTERM:
		return "SIGTERM"
	case syscall.SIGHUP:
		return "the terminal was closed"
	default:
		return s.String()
	}
}
