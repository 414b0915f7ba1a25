package security

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
)

const (
	// minKeepDays is how long evidence is kept at least: twelve months and a bit
	// (PCI DSS 10.5.1).
	minKeepDays = 400
	// maxKeepDays is how long AWS Config keeps its items at most.
	maxKeepDays = 2557
	// maxGovernanceDays bounds the lock of environments that must be possible to
	// take down.
	maxGovernanceDays = 30
)

// Config is the configuration of the layer of keys, roles and account-wide
// controls, in the namespace "security".
type Config struct {
	Environment config.Environment `config:"environment"`
	// AccountBaseline says who owns what exists once in an account and region.
	AccountBaseline Baseline `config:"accountBaseline"`
	// Conformance says how Config rules are deployed.
	Conformance Conformance `config:"conformance"`
	// Evidence says how long evidence is kept.
	Evidence Retention `config:"evidence"`
	// Access says who from outside the account may take which role.
	Access Access `config:"access"`
	// SecurityContact is whom AWS tells of incidents.
	SecurityContact Contact `config:"securityContact"`
}

// Baseline says who owns the singletons of account and region: recorder, trail,
// detector, password policy and their like. Two owners would fight over them.
type Baseline string

// The owners.
const (
	Manage Baseline = "manage" // this layer
	Assume Baseline = "assume" // the organisation; this layer makes none of them
)

// UnmarshalText reads an owner.
func (b *Baseline) UnmarshalText(text []byte) error {
	*b = Baseline(text)
	if *b != Manage && *b != Assume {
		return &config.Expected{Want: "manage, where this layer owns the account's singletons, or assume, where the organisation does"}
	}
	return nil
}

// Conformance is the form in which Config rules are deployed.
type Conformance string

// The forms.
const (
	Packs  Conformance = "pack"  // three conformance packs
	Rules  Conformance = "rules" // one rule each, where there are no packs or the organisation owns them
	NoRule Conformance = "none"  // none: the organisation deploys equal ones
)

// UnmarshalText reads a form.
func (c *Conformance) UnmarshalText(text []byte) error {
	*c = Conformance(text)
	if !slices.Contains([]Conformance{Packs, Rules, NoRule}, *c) {
		return &config.Expected{Want: "pack, rules or none"}
	}
	return nil
}

// Contact is a person or a team, as AWS Account Management writes them.
type Contact struct {
	Name  string `config:"name"`
	Title string `config:"title"`
	Email string `config:"email"`
	Phone string `config:"phone"`
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

// Where is the environment that the layer stands in.
func (c Config) Where() config.Environment { return c.Environment }

// Validate checks every value.
func (c Config) Validate(p *config.Problems) {
	c.Environment.Validate(p)
	c.Evidence.validate(p)
	c.Access.validate(p, c.Environment)
	c.SecurityContact.validate(p)
	p.Check(c.Conformance != Packs || c.AccountBaseline == Manage, "conformance", c.Conformance,
		"rules or none while accountBaseline is assume: packs are the owner's of the baseline")
	p.Check(c.Conformance != NoRule || c.AccountBaseline == Assume, "conformance", c.Conformance,
		"pack or rules while accountBaseline is manage: nobody else would watch the account")
}

// The form of a contact (AWS Account Management API reference,
// PutAlternateContact).
var (
	email = regexp.MustCompile(`^[A-Za-z0-9+=.#|!&_-]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+$`)
	phone = regexp.MustCompile(`^[0-9()+ -]{1,25}$`)
)

func (c Contact) validate(p *config.Problems) {
	p.Check(c.Name != "" && len(c.Name) <= 64, "securityContact.name", c.Name, "1 to 64 characters")
	p.Check(c.Title != "" && len(c.Title) <= 50, "securityContact.title", c.Title, "1 to 50 characters")
	p.Check(email.MatchString(c.Email) && len(c.Email) <= 254, "securityContact.email", c.Email, "an e-mail address of at most 254 characters")
	p.Check(phone.MatchString(c.Phone), "securityContact.phone", c.Phone, "a telephone number of at most 25 characters")
}

func (r Retention) validate(p *config.Problems) {
	p.Check(r.Days >= minKeepDays && r.Days <= maxKeepDays, "evidence.days", r.Days,
		fmt.Sprintf("%d days or more (PCI DSS 10.5.1), at most %d", minKeepDays, maxKeepDays))
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
