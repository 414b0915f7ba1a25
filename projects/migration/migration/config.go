package migration

import (
	"fmt"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
)

// Config is the configuration of the sync layer, in the namespace "migration".
type Config struct {
	Environment config.Environment `config:"environment"`
	// SyncWindow starts the functions on their schedules. It follows the window
	// of the network layer: outside it nothing of this layer runs.
	SyncWindow bool `config:"syncWindow"`
	// Proofs says how the proofs of switches are kept.
	Proofs Proofs `config:"proofs"`
	// RunDays is how long the results of the state machines' runs are kept.
	RunDays int `config:"runDays"`
	// Workers says how many functions work side by side.
	Workers Workers `config:"workers"`
	// Throttle says how far loads and comparisons may use the source.
	Throttle Throttle `config:"throttle"`
}

// Proofs says how the proofs of switches are kept. They never expire.
type Proofs struct {
	// LockMode is COMPLIANCE (nobody deletes a proof before its time) or GOVERNANCE
	// (a principal with the right to bypass may).
	LockMode component.LockMode `config:"lockMode"`
	// LockDays is how long each proof is locked.
	LockDays int `config:"lockDays"`
}

// Workers says how many functions of a kind a state machine calls at once. Each has
// a session on either database (40 are the most that the databases are made for).
type Workers struct {
	Load   int `config:"load"`
	Verify int `config:"verify"`
}

// Throttle says how far loads and comparisons may use the source, all together. The
// functions get it with the numbers of Workers.
type Throttle struct {
	// CostPercent is the part of their transactions that the source's clients may lose,
	// from 1 to 100; 100 is no limit.
	CostPercent int `config:"costPercent"`
	// SourceProcessors are the vCPUs of the source's instance.
	SourceProcessors int `config:"sourceProcessors"`
	// BandwidthMiB is how many MiB a second may be copied; 0 is no bound.
	BandwidthMiB int `config:"bandwidthMiB"`
}

const (
	// maxProcessors is more than any instance class has, maxBandwidth what no network of
	// an instance carries: values above are typing errors.
	maxProcessors = 1024
	maxBandwidth  = 100 << 10
	// minProofDays is how long records are kept where they count (PCI DSS 10.5.1).
	minProofDays = 400
	maxLockDays  = 36500
	maxRunDays   = 400
	maxWorkers   = 40
)

// Where is the environment that the layer stands in.
func (c Config) Where() config.Environment { return c.Environment }

// Validate checks every value.
func (c Config) Validate(p *config.Problems) {
	c.Environment.Validate(p)
	mode, days := c.Proofs.LockMode, c.Proofs.LockDays
	p.Check(mode == component.Compliance || mode == component.Governance, "proofs.lockMode", string(mode),
		fmt.Sprintf("%s or %s", component.Compliance, component.Governance))
	least := 1
	if mode == component.Compliance {
		least = minProofDays
	}
	p.Check(days >= least && days <= maxLockDays, "proofs.lockDays", days, fmt.Sprintf("a number of days from %d to %d", least, maxLockDays))
	p.Check(c.RunDays >= 1 && c.RunDays <= maxRunDays, "runDays", c.RunDays, fmt.Sprintf("a number of days from 1 to %d", maxRunDays))
	for key, count := range map[string]int{"workers.load": c.Workers.Load, "workers.verify": c.Workers.Verify} {
		p.Check(count >= 1 && count <= maxWorkers, key, count, fmt.Sprintf("a number from 1 to %d", maxWorkers))
	}
	t := c.Throttle
	p.Check(t.CostPercent >= 1 && t.CostPercent <= 100, "throttle.costPercent", t.CostPercent, "a number from 1 to 100, which is no limit")
	p.Check(t.SourceProcessors >= 1 && t.SourceProcessors <= maxProcessors, "throttle.sourceProcessors", t.SourceProcessors,
		fmt.Sprintf("the vCPUs of the source's instance, from 1 to %d", maxProcessors))
	p.Check(t.BandwidthMiB >= 0 && t.BandwidthMiB <= maxBandwidth, "throttle.bandwidthMiB", t.BandwidthMiB,
		fmt.Sprintf("MiB a second from 1 to %d, or 0 for no bound", maxBandwidth))
}

// CheckConfig reads and validates a stack file without running the program.
func CheckConfig(stackFile string) error {
	_, err := config.ReadFile[Config](stackFile)
	return err
}
