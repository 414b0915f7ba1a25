package figures

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Row is one line of the table: a measure of ours beside a peer's.
type Row struct {
	// ID is the measure's number, What it is in words, Unit that of Ours and Peer.
	ID   string `json:"id"`
	What string `json:"what"`
	Unit string `json:"unit"`
	// Against names the peer.
	Against string `json:"against"`
	Ours    Spread `json:"ours"`
	Peer    Spread `json:"peer"`
	// Ratio is that of ours to the peer's, round by round.
	Ratio Spread `json:"ratio"`
	// Target is what Ratio is wanted to be: at least, or at most; 0 is no target.
	Target float64 `json:"target,omitempty"`
	AtMost bool    `json:"at_most,omitempty"`
	// Note says what else is to be known.
	Note string `json:"note,omitempty"`
	// OursCPU and PeerCPU are the medians of what the contenders used of the
	// processors, here and in the servers, in seconds.
	OursCPU [2]float64 `json:"ours_cpu_s"`
	PeerCPU [2]float64 `json:"peer_cpu_s"`
	// Runs are all that was measured.
	Runs Results `json:"runs,omitempty"`
}

// Compare fills a row from two contenders' runs: value says which of their values
// it is about.
func (r Results) Compare(row Row, ours, peer, value string) Row {
	var a, b, ratios []float64
	for i := range r[ours] {
		x, y := r[ours][i].Values[value], r[peer][i].Values[value]
		a, b, ratios = append(a, x), append(b, y), append(ratios, x/y)
	}
	row.Against = peer
	row.Ours, row.Peer, row.Ratio = Of(a), Of(b), Of(ratios)
	row.OursCPU, row.PeerCPU = r.processors(ours), r.processors(peer)
	row.Runs = Results{ours: r[ours], peer: r[peer]}
	return row
}

func (r Results) processors(name string) [2]float64 {
	var client, server []float64
	for _, run := range r[name] {
		client, server = append(client, run.Client), append(server, run.Server)
	}
	return [2]float64{Of(client).Median, Of(server).Median}
}

// Verdict says whether the target is met: "yes", "no", or "" without one.
func (r Row) Verdict() string {
	switch {
	case r.Target == 0:
		return ""
	case r.AtMost && r.Ratio.Median <= r.Target, !r.AtMost && r.Ratio.Median >= r.Target:
		return "yes"
	default:
		return "no"
	}
}

func (r Row) target() string {
	switch {
	case r.Target == 0:
		return ""
	case r.AtMost:
		return "≤ " + short(r.Target)
	default:
		return "≥ " + short(r.Target)
	}
}

// header of the table.
const header = `| id | measure | unit | ours | peer | peer's | ratio, median (quartiles) | runs | target | met | CPU s ours | CPU s peer | note |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
`

// String is the row in Markdown.
func (r Row) String() string {
	cells := []string{r.ID, r.What, r.Unit, r.Ours.String(), r.Against, r.Peer.String(), r.Ratio.String(), fmt.Sprint(r.Ratio.Count), r.target(), r.Verdict(),
		short(r.OursCPU[0]) + " + " + short(r.OursCPU[1]), short(r.PeerCPU[0]) + " + " + short(r.PeerCPU[1]), r.Note}
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(cell, "|", `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

// Table is all rows in Markdown, in the order of their numbers.
func Table(rows []Row) string {
	rows = slices.SortedStableFunc(slices.Values(rows), func(a, b Row) int { return natural(a.ID, b.ID) })
	var text strings.Builder
	text.WriteString(header)
	for _, row := range rows {
		text.WriteString(row.String())
	}
	return text.String()
}

// natural orders P2 before P10.
func natural(a, b string) int {
	if len(a) != len(b) && strings.HasPrefix(a, "P") && strings.HasPrefix(b, "P") {
		var x, y int
		_, errA := fmt.Sscanf(a, "P%d", &x)
		_, errB := fmt.Sscanf(b, "P%d", &y)
		if errA == nil && errB == nil && x != y {
			return x - y
		}
	}
	return strings.Compare(a, b)
}

// tableFile has the table of all rows of a folder.
const tableFile = "figures.md"

// Write adds rows to a folder, each as a file of its own in JSON, and writes the
// table of all rows that are there. A row of the same number and peer is replaced.
func Write(folder string, rows ...Row) error {
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // figures are no secret
		return fmt.Errorf("make the folder of the figures: %w", err)
	}
	for _, row := range rows {
		text, err := json.MarshalIndent(row, "", "  ")
		if err != nil {
			return fmt.Errorf("figure %s: %w", row.ID, err)
		}
		name := strings.Map(letters, strings.ToLower(row.ID+"-"+row.Against)) + ".json"
		if err := os.WriteFile(filepath.Join(folder, name), append(text, '\n'), 0o644); err != nil { //nolint:gosec // figures are no secret
			return fmt.Errorf("figure %s: %w", row.ID, err)
		}
	}
	all, err := Read(folder)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, tableFile), []byte(Table(all)), 0o644); err != nil { //nolint:gosec // figures are no secret
		return fmt.Errorf("table of the figures: %w", err)
	}
	return nil
}

// letters keeps what is plain in a file's name.
func letters(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
		return r
	}
	return '-'
}

// Read is all rows of a folder.
func Read(folder string) ([]Row, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("list the figures: %w", err)
	}
	var rows []Row
	for _, name := range names {
		text, err := os.ReadFile(name) //nolint:gosec // of the folder that was asked for
		if err != nil {
			return nil, fmt.Errorf("read a figure: %w", err)
		}
		var row Row
		if err := json.Unmarshal(text, &row); err != nil {
			return nil, fmt.Errorf("read figure %s: %w", filepath.Base(name), err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}
