package security

import (
	"fmt"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
)

const (
	// minKeepDays is how long evidence is kept at least: twelve months and a bit
	// (PCI DSS 10.5.1).
	minKeepDays = 400
	// maxGovernanceDays bounds the lock of environments that must be possible to
	// take down.
	maxGovernanceDays = 30
)

// Config is the configuration of the layer of keys, roles and account-wide
// controls, in the namespace "security".
type Config struct {
	Environment config.Environment `config:"environment"`
	// Evidence says how long evidence is kept.
	Evidence Retention `config:"evidence"`
	// Access says who from outside the account may take which role.
	Access Access `config:"access"`
}

// Retention is how long evidence is kept, and who may delete it before.
type Retention struct {
	// Days is the age at which objects expire, 400 or more.
	Days int `config:"days"`
	// LockMode is COMPLIANCE, which not even the account's root can lift, or
	// GOVERNANCE where the environment must be possible to take down.
	LockMode string `config:"lockMode"`
	// LockDays is how long each object is locked: under COMPLIANCE as long as the
	// standard asks, under GOVERNANCE at most 30 days.
	LockDays int `config:"lockDays"`
}

// Validate checks every value.
func (c Config) Validate(p *config.Problems) {
	c.Environment.Validate(p)
	c.Evidence.validate(p)
	c.Access.validate(p, c.Environment)
}

func (r Retention) validate(p *config.Problems) {
	p.Check(r.Days >= minKeepDays, "evidence.days", r.Days, fmt.Sprintf("%d days or more (PCI DSS 10.5.1)", minKeepDays))
	switch component.LockMode(r.LockMode) {
	case component.Compliance:
		p.Check(r.LockDays >= minKeepDays && r.LockDays <= r.Days, "evidence.lockDays", r.LockDays,
			fmt.Sprintf("%d days or more under COMPLIANCE, and no more than evidence.days", minKeepDays))
	case component.Governance:
		p.Check(r.LockDays >= 1 && r.LockDays <= maxGovernanceDays, "evidence.lockDays", r.LockDays,
			fmt.Sprintf("1 to %d days under GOVERNANCE", maxGovernanceDays))
	default:
		p.Add("evidence.lockMode", r.LockMode, "COMPLIANCE, or GOVERNANCE where the environment must be possible to take down")
	}
}

func (r Retention) objectLock() *component.ObjectLock {
	return &component.ObjectLock{Mode: component.LockMode(r.LockMode), Days: r.LockDays}
}

// CheckConfig reads and validates a stack file without running the program.
func CheckConfig(stackFile string) error {
	_, err := config.ReadFile[Config](stackFile)
	return err
}
