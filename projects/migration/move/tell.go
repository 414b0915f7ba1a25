package move

import (
	"fmt"
	"strings"
	"time"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
)

// tellProgress is a lane on one line.
func tellProgress(p function.Progress) string {
	switch p.State {
	case checkpoint.Loading:
		text := fmt.Sprintf("%s loads: %d of %d chunks, %s rows, %s", p.Lane, p.ChunksLoaded, p.ChunksLoaded+p.ChunksPlanned,
			thousands(p.Rows), size(p.Bytes))
		if rate := p.Rate(); rate.BytesPerSecond > 0 {
			text += fmt.Sprintf(" (%s/s, %s rows/s), %s to %s left", size(int64(rate.BytesPerSecond)), thousands(int64(rate.RowsPerSecond)),
				rate.RemainingLow.Round(time.Second), rate.RemainingHigh.Round(time.Second))
		}
		return text
	case checkpoint.Halted:
		return fmt.Sprintf("%s is halted: %s", p.Lane, p.Halt)
	case checkpoint.Retired, checkpoint.Created:
		return fmt.Sprintf("%s is %s", p.Lane, p.State)
	case checkpoint.CatchingUp, checkpoint.Running:
	}
	verb := map[checkpoint.State]string{checkpoint.CatchingUp: "catches up", checkpoint.Running: "runs"}[p.State]
	text := fmt.Sprintf("%s %s: ", p.Lane, verb)
	if p.Followed {
		text += fmt.Sprintf("%.1f s and ", p.LagSeconds)
	}
	text += fmt.Sprintf("%s behind, %s transactions applied", size(p.LagBytes), thousands(p.Transactions))
	if p.State == checkpoint.CatchingUp {
		if words := chase(p); words != "" {
			text += ", " + words
		}
	}
	if p.Rows > 0 {
		text += fmt.Sprintf(", %s rows loaded", thousands(p.Rows))
	}
	return text
}

// chase is how fast a lane catches up, and how long it still takes; empty while that
// is not known.
func chase(p function.Progress) string {
	c, ok := p.ChaseSince(p.Since)
	if !ok {
		return ""
	}
	text := fmt.Sprintf("applies %s/s of log, the source writes %s/s", size(int64(c.AppliedPerSecond)), size(int64(c.WrittenPerSecond)))
	if c.Left < 0 {
		return text + ": it does not come nearer"
	}
	return text + fmt.Sprintf(", about %s left", c.Left.Round(time.Second))
}

// unit is the factor between two units of size.
const unit = 1024

// size is a number of bytes for a reader.
func size(bytes int64) string {
	value, names := float64(bytes), []string{"bytes", "KiB", "MiB", "GiB", "TiB"}
	at := 0
	for value >= unit && at < len(names)-1 {
		value, at = value/unit, at+1
	}
	if at == 0 {
		return fmt.Sprintf("%d bytes", bytes)
	}
	return fmt.Sprintf("%.1f %s", value, names[at])
}

// thousands groups the digits of a number.
func thousands(n int64) string {
	text := fmt.Sprint(n)
	var parts []string
	for len(text) > 3 {
		parts = append([]string{text[len(text)-3:]}, parts...)
		text = text[:len(text)-3]
	}
	return strings.Join(append([]string{text}, parts...), ",")
}
