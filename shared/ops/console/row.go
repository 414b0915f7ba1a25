package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/cutover/cutover/shared/ops/engine"
)

func (r Row) working() bool { return !r.Started.IsZero() && r.Ended.IsZero() }

func (r Row) elapsed(now time.Time) string {
	switch {
	case r.Started.IsZero():
		return ""
	case r.Ended.IsZero():
		return engine.Age(now.Sub(r.Started))
	default:
		return engine.Age(r.Ended.Sub(r.Started))
	}
}

// line is the row as a sentence, for logs.
func (r Row) line(now time.Time) string {
	text := r.State
	if spent := r.elapsed(now); spent != "" && (!r.Ended.IsZero() || now.Sub(r.Started) >= time.Second) {
		text += " " + spent
	}
	if counts := Counts(r.Changes); counts != "" {
		text += ": " + counts
	}
	if r.working() && len(r.Current) > 0 {
		text += "; working on " + some(r.Current)
	}
	return text
}

// columns is the row as one screen line of at most width columns.
func (r Row) columns(now time.Time, width int) string {
	text := fmt.Sprintf("  %-14s %-22s %7s  %s", r.Layer, r.State, r.elapsed(now), Counts(r.Changes))
	if r.working() && len(r.Current) > 0 {
		text += "  " + some(r.Current)
	}
	return clip(strings.TrimRight(text, " "), width-1)
}

// clip shortens text to width columns, so that a line never wraps: the live area
// is erased by counting lines.
func clip(text string, width int) string {
	runes := []rune(text)
	if width <= 0 || len(runes) <= width {
		return text
	}
	return string(runes[:width-1]) + "…"
}

// maxShown bounds how many names of resources under way are shown.
const maxShown = 4

func some(names []string) string {
	if len(names) <= maxShown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:maxShown], ", "), len(names)-maxShown)
}

// Counts writes the changes in words; nothing for none.
func Counts(c engine.Changes) string {
	var parts []string
	for _, p := range []struct {
		n    int
		word string
	}{{c.Create, "created"}, {c.Update, "updated"}, {c.Replace, "replaced"}, {c.Delete, "deleted"}, {c.Same, "same"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.word))
		}
	}
	return strings.Join(parts, ", ")
}

// Colors of states and of the header, as ANSI codes.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
	gray   = "90"
)

func (c *Console) paint(r Row, text string) string {
	switch word, _, _ := strings.Cut(r.State, " "); word {
	case "succeeded", "unchanged":
		return c.Paint(green, text)
	case "failed", "cancelled":
		return c.Paint(red, text)
	case "skipped", "not-started", "waiting":
		return c.Paint(gray, text)
	case "running":
		return c.Paint(cyan, text)
	default:
		return text
	}
}

// Paint colors text, where colors are wanted.
func (c *Console) Paint(color, text string) string {
	if !c.opts.Color {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// Red marks what must not be overlooked.
func (c *Console) Red(text string) string { return c.Paint(red, text) }

// Yellow marks a warning.
func (c *Console) Yellow(text string) string { return c.Paint(yellow, text) }
