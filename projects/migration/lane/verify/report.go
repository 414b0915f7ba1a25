package verify

import (
	"time"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
)

// Report is what a call did. It has no values of rows and no hashes.
type Report struct {
	Lane string `json:"lane"`
	Kind Kind   `json:"kind"`
	Pass int64  `json:"pass"`
	// Done tells that the pass has ended; Clean that it ended without a difference.
	Done  bool `json:"done"`
	Clean bool `json:"clean"`
	// Buckets counts those that got a result in this call: Equal, Unstable or
	// Mismatched. Requested counts rows of which a repair was asked for.
	Buckets    int64 `json:"buckets"`
	Equal      int64 `json:"equal"`
	Unstable   int64 `json:"unstable"`
	Mismatched int64 `json:"mismatched"`
	Requested  int64 `json:"requested"`
	// Rows counts the rows of the buckets that are equal, on one side.
	Rows int64         `json:"rows"`
	Took time.Duration `json:"took_ns"`
	// Halt is set when a difference halted the lane.
	Halt *checkpoint.Halt `json:"halt,omitempty"`
}

// Progress is how far a call is.
type Progress struct {
	Units, UnitsDone int
	Rows             int64
	Took             time.Duration
	// Workers is how many units may run at once now.
	Workers int
}

// Rate is rows a second, on one side.
func (p Progress) Rate() float64 {
	if p.Took <= 0 {
		return 0
	}
	return float64(p.Rows) / p.Took.Seconds()
}

// ETA is how long the rest takes at the rate so far; 0 while that is not known.
func (p Progress) ETA() time.Duration {
	if p.UnitsDone == 0 {
		return 0
	}
	return p.Took / time.Duration(p.UnitsDone) * time.Duration(p.Units-p.UnitsDone)
}
