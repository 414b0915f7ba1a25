// Package table holds the controls of the platform as data: one row for each
// thing that has to be true of its resources, with the public controls and the
// PCI DSS v4.0.1 requirements that it gives evidence for, and the AWS Config
// rules that watch it at runtime. The checks of the rows are in shared/policy/checks,
// deviations in shared/policy/exceptions; docs/controls.md is generated from here.
//
// The numbers of requirements are those of Security Hub's mapping where a row has
// a Security Hub control, and a reading of the standard otherwise.
package table

import (
	"slices"

	"github.com/cutover/cutover/shared/contract"
)

// Severity says what becomes of a violation.
type Severity string

// The severities.
const (
	Must   Severity = "must"   // fails the build
	Should Severity = "should" // is reported
)

// Row is one control. Its id is never given to another row.
type Row struct {
	ID    string
	Title string
	// Controls are Security Hub controls, which the standards "PCI DSS v4.0.1" and
	// "AWS Foundational Security Best Practices" share; CIS are numbers of the CIS
	// AWS Foundations Benchmark v3.0.0.
	Controls []string
	CIS      []string
	// Requirements are those of PCI DSS v4.0.1; none where the row serves
	// availability alone.
	Requirements []string
	Severity     Severity
	// Layer owns the row's resources; empty for rows over all layers.
	Layer contract.Layer
	// Baseline rows concern singletons of account and region.
	Baseline bool
	// RuntimeOnly rows are proven by their Config rules alone: the check looks
	// whether those are deployed.
	RuntimeOnly bool
	Rules       []Rule
}

// Deployment says how a Config rule reaches the account.
type Deployment string

// The deployments.
const (
	InPack      Deployment = ""            // as part of a conformance pack
	Single      Deployment = "single"      // as a rule of its own: scoped, or with a parameter that a later layer knows
	Unconfirmed Deployment = "unconfirmed" // not at all, until the identifier is confirmed
	IfUsed      Deployment = "if used"     // not at all, as long as nothing it looks at is registered
)

// Rule is an AWS Config managed rule with the parameters that take the place of
// its defaults.
type Rule struct {
	// Identifier is the managed rule's, as in a rule's source.
	Identifier string
	Deployment Deployment
	Parameters []Parameter
}

// Parameter is one parameter of a rule.
type Parameter struct {
	Name string
	// Value is the same in every account; all values are texts.
	Value string
	// Input names the pack's input parameter that supplies the value where it
	// belongs to the account: ARNs, ids and names of resources.
	Input string
}

func set(name, value string) Parameter   { return Parameter{Name: name, Value: value} }
func given(name, input string) Parameter { return Parameter{Name: name, Input: input} }

// Pack is a conformance pack.
type Pack string

// The packs.
const (
	Account  Pack = "pci-account"  // singletons of account and region
	Storage  Pack = "pci-storage"  // buckets, keys, databases, tables, secrets, logs
	Workload Pack = "pci-workload" // everything else
)

// Packs lists the packs.
func Packs() []Pack { return []Pack{Account, Storage, Workload} }

// storage are the rows of the storage pack beside those of the data layer.
var storage = []string{"X-12", "X-13", "X-14", "X-15", "X-16", "X-17", "X-18", "X-22", "X-23", "S-01", "S-02", "S-03", "S-14"}

// Pack is the pack that the row's rules belong to.
func (r Row) Pack() Pack {
	switch {
	case r.Baseline:
		return Account
	case r.Layer == contract.Data, slices.Contains(storage, r.ID):
		return Storage
	}
	return Workload
}

// Rows lists all rows, in the order of the layers.
func Rows() []Row {
	return slices.Concat(everyRows, foundationRows, securityRows, dataRows, edgeRows, servicesRows, observabilityRows, migrationRows)
}

// Find returns the row with that id.
func Find(id string) (Row, bool) {
	rows := Rows()
	i := slices.IndexFunc(rows, func(r Row) bool { return r.ID == id })
	if i < 0 {
		return Row{}, false
	}
	return rows[i], true
}

// Excluded is a public control that no row covers, with the reason.
type Excluded struct {
	Control string
	Reason  string
}

// NotApplicable lists the controls of the standards that concern nothing the
// platform could have; those of services that X-03 forbids are not listed one by one.
func NotApplicable() []Excluded {
	return []Excluded{
		{"RDS.8, RDS.35", "for instances and Multi-AZ clusters; the platform has Aurora clusters"},
		{"RDS.14", "backtracking exists for MySQL only"},
		{"Inspector.1", "for EC2 instances; X-03 forbids them"},
		{"GuardDuty.7", "for EKS; X-03 forbids it"},
		{"SSM.2, SSM.3", "for EC2 instances; X-03 forbids them"},
	}
}
