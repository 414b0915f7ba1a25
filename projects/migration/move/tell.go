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
	if p.Rows > 0 {
		text += fmt.Sprintf(", %s rows loaded", thousands(p.Rows))
	}
	return text
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
