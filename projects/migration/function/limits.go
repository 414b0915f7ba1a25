package function

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/verify"
)

// LoadLimits are what an environment says of all who load or compare for a lane. All
// functions of a colour get the same ones: they share one throttle.
type LoadLimits struct {
	// Loaders and Comparers are how many chunks may be loaded, and comparisons under way,
	// at once over all processes: from 1 to 40.
	Loaders   int `json:"loaders"`
	Comparers int `json:"comparers"`
	// SourceProcessors are those of the source's server.
	SourceProcessors int `json:"sourceProcessors"`
	// CostPercent is the part of their transactions that the source's clients may lose,
	// from 1 to 100; 100 is no limit.
	CostPercent int `json:"costPercent"`
	// BandwidthMiB is how many MiB a second may be copied; 0 is no bound.
	BandwidthMiB int `json:"bandwidthMiB"`
}

// percent and mib are the units of the configuration.
const (
	percent = 100
	mib     = 1 << 20
)

// DefaultLimits are those of the engine.
func DefaultLimits() LoadLimits {
	l := lane.Defaults()
	return LoadLimits{
		Loaders: l.LoadWorkers, Comparers: verify.Defaults().Workers, SourceProcessors: l.SourceVCPUs,
		CostPercent: int(l.SourceCost*percent + 0.5), BandwidthMiB: int(l.LoadBandwidth / mib),
	}
}

// Lane are the limits of a lane under them.
func (l LoadLimits) Lane() lane.Limits {
	limits := lane.Defaults()
	limits.LoadWorkers, limits.SourceVCPUs = l.Loaders, l.SourceProcessors
	limits.SourceCost, limits.LoadBandwidth = float64(l.CostPercent)/percent, int64(l.BandwidthMiB)*mib
	return limits
}

// Verify are the limits of a verification under them.
func (l LoadLimits) Verify() verify.Limits {
	limits := verify.Defaults()
	limits.Workers = l.Comparers
	return limits
}

// readLimits takes them from a variable's text; without any they are the defaults.
func readLimits(text string) (LoadLimits, error) {
	l := DefaultLimits()
	if text == "" {
		return l, nil
	}
	l = LoadLimits{}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&l); err != nil {
		return l, fmt.Errorf("expected JSON as in %s: %w", DefaultLimits(), err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return l, fmt.Errorf("expected one JSON object as in %s, found more", DefaultLimits())
	}
	return l, errors.Join(l.Lane().Validate(), l.Verify().Validate())
}

// String is the value of the variable.
func (l LoadLimits) String() string {
	text, _ := json.Marshal(l) // numbers by name always have a form
	return string(text)
}
