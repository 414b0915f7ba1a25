package console_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cutover/cutover/shared/ops/console"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// clock is a clock that a test moves.
type clock struct{ now time.Time }

func newClock() *clock { return &clock{time.Date(2025, 3, 4, 12, 0, 0, 0, time.UTC)} }

func (c *clock) read() time.Time { return c.now }

func plain(out io.Writer, c *clock) *console.Console {
	return console.New(console.Options{Out: out, Now: c.read})
}

func TestLinesOutsideATerminalBeginWithTheirLayer(t *testing.T) {
	var out bytes.Buffer
	at := newClock()
	c := plain(&out, at)
	c.Plan([]console.Row{{Layer: "edge", State: "waiting"}})

	c.Set(console.Row{Layer: "edge", State: "running", Started: at.now})
	c.Say("edge", "first\nsecond")
	c.Set(console.Row{
		Layer: "edge", State: "succeeded", Started: at.now, Ended: at.now.Add(75 * time.Second),
		Changes: engine.Changes{Create: 12, Same: 1},
	})

	assert.Equal(t, "[edge] running\n[edge] first\n[edge] second\n[edge] succeeded 1m15s: 12 created, 1 same\n", out.String())
}

func TestHeartbeatTellsWhatASilentLayerWorksOn(t *testing.T) {
	var out bytes.Buffer
	at := newClock()
	c := plain(&out, at)
	c.Plan([]console.Row{{Layer: "data", State: "waiting"}, {Layer: "edge", State: "waiting"}})
	row := console.Row{Layer: "data", State: "running", Started: at.now, Current: []string{"a", "b", "c", "d", "e", "f"}}
	c.Set(row)
	out.Reset()

	at.now = at.now.Add(29 * time.Second)
	c.Tick()
	assert.Empty(t, out.String())
	at.now = at.now.Add(time.Second)
	c.Tick()
	c.Tick()

	assert.Equal(t, "[data] running 30s; working on a, b, c, d and 2 more\n", out.String())
}

// lockedWriter notes every write on its own.
type lockedWriter struct {
	mu     sync.Mutex
	writes []string
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes = append(w.writes, string(p))
	return len(p), nil
}

func TestBlocksOfConcurrentLayersAreNeverInterleaved(t *testing.T) {
	for _, live := range []bool{false, true} {
		t.Run(fmt.Sprintf("live=%v", live), func(t *testing.T) {
			out := &lockedWriter{}
			c := console.New(console.Options{Out: out, Live: live, Width: func() int { return 60 }})
			c.Plan([]console.Row{{Layer: "a"}, {Layer: "b"}})
			var layers sync.WaitGroup
			for _, layer := range []string{"a", "b"} {
				layers.Go(func() {
					for i := range 100 {
						c.Set(console.Row{Layer: layer, State: fmt.Sprintf("running %d", i)})
						c.Say(layer, "one\ntwo\nthree")
					}
				})
			}
			layers.Wait()

			text := strings.Join(out.writes, "")
			for _, layer := range []string{"a", "b"} {
				block := fmt.Sprintf("[%s] one\n[%s] two\n[%s] three\n", layer, layer, layer)
				assert.Equal(t, 100, strings.Count(text, block), "whole blocks of %s", layer)
			}
		})
	}
}

// screen plays the sequences that the live area uses and returns what is left.
func screen(t *testing.T, text string) []string {
	t.Helper()
	up := regexp.MustCompile(`^\x1b\[(\d+)A\r\x1b\[J`)
	var lines []string
	for text != "" {
		if m := up.FindStringSubmatch(text); m != nil {
			var n int
			_, err := fmt.Sscan(m[1], &n)
			require.NoError(t, err)
			lines, text = lines[:len(lines)-n], text[len(m[0]):]
			continue
		}
		line, rest, _ := strings.Cut(text, "\n")
		lines, text = append(lines, line), rest
	}
	return lines
}

func TestLiveAreaIsUpdatedInPlaceBelowWhatWasSaid(t *testing.T) {
	out, at := &lockedWriter{}, newClock()
	c := console.New(console.Options{Out: out, Live: true, Width: func() int { return 40 }, Now: at.read})
	c.Plan([]console.Row{{Layer: "data", State: "waiting"}, {Layer: "edge", State: "waiting"}})
	c.Set(console.Row{Layer: "data", State: "running", Started: at.now, Current: []string{strings.Repeat("x", 99)}})
	c.Block("header")
	c.Say("edge", "hello")
	c.Tick()
	c.Settle()
	c.Block("summary")

	lines := screen(t, strings.Join(out.writes, ""))
	require.Len(t, lines, 5)
	assert.Equal(t, []string{"header", "[edge] hello"}, lines[:2])
	assert.Contains(t, lines[2], "data           running")
	assert.Contains(t, lines[3], "edge           waiting")
	assert.Equal(t, "summary", lines[4])
	for _, line := range lines {
		assert.Less(t, len([]rune(line)), 40, "a line that wraps cannot be erased")
	}
}

func asker(in string) *console.Asker {
	return &console.Asker{Console: console.New(console.Options{Out: io.Discard}), In: strings.NewReader(in)}
}

func TestOnlyYesConfirms(t *testing.T) {
	for in, want := range map[string]fault.Code{
		"y\n": fault.OK, "YES\n": fault.OK, "yes": fault.OK, "\n": fault.Cancelled, "no\n": fault.Cancelled, "": fault.Cancelled,
	} {
		assert.Equal(t, want, fault.CodeOf(asker(in).Confirm(t.Context(), "go on?")), "answer %q", in)
	}
}

func TestANameHasToBeTypedExactly(t *testing.T) {
	assert.NoError(t, asker("payments\n").TypeName(t.Context(), "deletes a cluster", "payments"))
	assert.ErrorContains(t, asker("payment\n").TypeName(t.Context(), "deletes a cluster", "payments"), `typed "payment", expected "payments"`)
}

func TestAQuestionEndsWithItsContext(t *testing.T) {
	in, keep := io.Pipe()
	defer keep.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("Ctrl-C"))
	a := &console.Asker{Console: console.New(console.Options{Out: io.Discard}), In: in}

	err := a.Confirm(ctx, "go on?")

	assert.Equal(t, fault.Cancelled, fault.CodeOf(err))
	assert.ErrorContains(t, err, "Ctrl-C")
}
