// Package console shows a run to a person or to a log. On a terminal it keeps
// one line per layer up to date in place; elsewhere it writes lines that begin
// with the layer's name, and a heartbeat for those that work silently. Whatever
// is written is whole: a line or block of one layer never has another's in it.
// The package decides nothing and reads nothing but answers.
package console

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cutover/cutover/shared/ops/engine"
)

// Row is what is shown for one layer.
type Row struct {
	Layer   string
	State   string // in words, as a reader should see it
	Changes engine.Changes
	Current []string // what is being worked on
	Started time.Time
	Ended   time.Time
}

// Options of a console.
type Options struct {
	Out       io.Writer
	Live      bool             // Out is a terminal that understands ANSI sequences
	Color     bool             // use colors
	Width     func() int       // columns of the terminal; needed when Live
	Now       func() time.Time // clock; time.Now unless set
	Heartbeat time.Duration    // of layers that work silently; 30 s unless set
}

// Console is safe for use from several goroutines.
type Console struct {
	opts Options

	mu     sync.Mutex
	rows   []Row
	drawn  int                  // lines of the live area on the screen
	silent map[string]time.Time // since when a layer has shown nothing
}

const (
	defaultHeartbeat = 30 * time.Second
	redrawEvery      = 200 * time.Millisecond
)

// New returns a console that has shown nothing yet.
func New(opts Options) *Console {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Heartbeat == 0 {
		opts.Heartbeat = defaultHeartbeat
	}
	return &Console{opts: opts, silent: map[string]time.Time{}}
}

// Run redraws and beats until the returned function is called.
func (c *Console) Run() (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(redrawEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				c.Tick()
			case <-quit:
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(quit)
		<-done
		c.Settle()
	})
}

// Plan sets the layers to show, in order.
func (c *Console) Plan(rows []Row) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rows = slices.Clone(rows)
	if c.opts.Live {
		c.redraw("")
	}
}

// Set replaces the row of one layer.
func (c *Console) Set(row Row) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.rows, func(r Row) bool { return r.Layer == row.Layer })
	if i < 0 {
		return
	}
	before := c.rows[i].State
	c.rows[i] = row
	if before == row.State {
		return
	}
	if c.opts.Live {
		c.redraw("")
		return
	}
	c.silent[row.Layer] = c.opts.Now()
	c.write(prefixed(row.Layer, row.line(c.opts.Now())))
}

// Block shows text that belongs to no layer.
func (c *Console) Block(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.show(ended(text))
}

// Say shows text of one layer; every line gets its name.
func (c *Console) Say(layer, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.silent[layer] = c.opts.Now()
	c.show(prefixed(layer, fmt.Sprintf(format, args...)))
}

// Tick redraws the live area, or writes the heartbeats that are due.
func (c *Console) Tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.opts.Live {
		c.redraw("")
		return
	}
	now := c.opts.Now()
	for _, row := range c.rows {
		if row.working() && now.Sub(c.silent[row.Layer]) >= c.opts.Heartbeat {
			c.silent[row.Layer] = now
			c.write(prefixed(row.Layer, row.line(now)))
		}
	}
}

// Settle leaves the live area on the screen as it is; what follows is written
// below it.
func (c *Console) Settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.opts.Live {
		c.redraw("")
	}
	c.rows, c.drawn = nil, 0
}

func (c *Console) show(text string) {
	if c.opts.Live {
		c.redraw(text)
		return
	}
	c.write(text)
}

// redraw puts text in the place of the live area and draws the area below it,
// all in one write.
func (c *Console) redraw(text string) {
	var b strings.Builder
	if c.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r\x1b[J", c.drawn)
	}
	b.WriteString(text)
	now := c.opts.Now()
	for _, row := range c.rows {
		b.WriteString(c.paint(row, row.columns(now, c.opts.Width())))
		b.WriteByte('\n')
	}
	c.drawn = len(c.rows)
	c.write(b.String())
}

// write ignores errors: a screen or pipe that went away must not end a deployment.
func (c *Console) write(text string) { _, _ = io.WriteString(c.opts.Out, text) }

func ended(text string) string {
	if text == "" || strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "\n"
}

func prefixed(layer, text string) string {
	var b strings.Builder
	for line := range strings.Lines(ended(text)) {
		b.WriteString("[" + layer + "] " + line)
	}
	return b.String()
}
