package data

import (
	"fmt"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
)

// Retention says how objects of a bucket age: they move from class to class and
// go at last. Ages are in days since the object was written.
type Retention struct {
	// InfrequentAfterDays moves objects to storage for rare access.
	InfrequentAfterDays int `config:"infrequentAfterDays"`
	// ArchiveAfterDays moves them to archive storage, readable at once.
	ArchiveAfterDays int `config:"archiveAfterDays"`
	// DeepArchiveAfterDays moves them to archive storage, readable after half a day.
	DeepArchiveAfterDays int `config:"deepArchiveAfterDays"`
	ExpireAfterDays      int `config:"expireAfterDays"`
}

// Documents says how compliance documents are kept.
type Documents struct {
	// LockMode is COMPLIANCE (nobody deletes a document before its time) or
	// GOVERNANCE (a principal with the right to bypass may).
	LockMode component.LockMode `config:"lockMode"`
	// LockDays is how long each document is locked.
	LockDays int       `config:"lockDays"`
	Keep     Retention `config:"keep"`
}

// Tables says how the tables of the applications get their capacity.
type Tables struct {
	// Capacity is "on-demand" or "provisioned".
	Capacity string `config:"capacity"`
	// Provisioned is there when, and only when, the capacity is provisioned.
	Provisioned *Provisioned `config:"provisioned"`
}

// Provisioned bounds the capacity of each table and each index, in units.
type Provisioned struct {
	ReadMin  int `config:"readMin"`
	ReadMax  int `config:"readMax"`
	WriteMin int `config:"writeMin"`
	WriteMax int `config:"writeMax"`
	// TargetPercent is the utilisation that the capacity follows.
	TargetPercent int `config:"targetPercent"`
}

// Backup says how recovery points are kept in the vault.
type Backup struct {
	RetentionDays int `config:"retentionDays"`
	// LockMode is COMPLIANCE (the lock can never be taken off) or GOVERNANCE.
	LockMode component.LockMode `config:"lockMode"`
}

const (
	onDemandCapacity    = "on-demand"
	provisionedCapacity = "provisioned"

	// How long objects stay in a class before they leave it, and how long S3 bills
	// them there at least (Amazon S3 user guide, "Transitioning objects using Amazon
	// S3 Lifecycle" and "Storage classes").
	minInfrequent   = 30
	minInInfrequent = 30
	minInArchive    = 90
	minInDeep       = 180

	minExpire = 400   // twelve months and some slack (PCI DSS 10.5.1)
	maxLock   = 36500 // Amazon S3 API reference, DefaultRetention: one hundred years

	minRecovery, maxRecovery = 35, 36500 // AWS Backup CreateBackupPlan; five weeks of daily recovery points

	// DynamoDB's quota per table is 40,000 units of each kind; the target is what
	// target tracking takes (Application Auto Scaling user guide, "DynamoDB").
	maxUnits             = 40000
	minTarget, maxTarget = 20, 90
)

func (r Retention) validate(p *config.Problems, key string) {
	p.Check(r.InfrequentAfterDays >= minInfrequent, key+".infrequentAfterDays", r.InfrequentAfterDays,
		fmt.Sprintf("at least %d days", minInfrequent))
	p.Check(r.ArchiveAfterDays >= r.InfrequentAfterDays+minInInfrequent, key+".archiveAfterDays", r.ArchiveAfterDays,
		fmt.Sprintf("at least %d days after infrequentAfterDays (%d)", minInInfrequent, r.InfrequentAfterDays))
	p.Check(r.DeepArchiveAfterDays >= r.ArchiveAfterDays+minInArchive, key+".deepArchiveAfterDays", r.DeepArchiveAfterDays,
		fmt.Sprintf("at least %d days after archiveAfterDays (%d)", minInArchive, r.ArchiveAfterDays))
	p.Check(r.ExpireAfterDays >= minExpire, key+".expireAfterDays", r.ExpireAfterDays, fmt.Sprintf("at least %d days", minExpire))
	p.Check(r.ExpireAfterDays >= r.DeepArchiveAfterDays+minInDeep, key+".expireAfterDays", r.ExpireAfterDays,
		fmt.Sprintf("at least %d days after deepArchiveAfterDays (%d)", minInDeep, r.DeepArchiveAfterDays))
}

func (d Documents) validate(p *config.Problems) {
	d.Keep.validate(p, "documents.keep")
	checkLockMode(p, "documents.lockMode", d.LockMode)
	p.Check(d.LockDays >= 1 && d.LockDays <= maxLock, "documents.lockDays", d.LockDays, fmt.Sprintf("a number of days from 1 to %d", maxLock))
	p.Check(d.LockDays <= d.Keep.ExpireAfterDays, "documents.lockDays", d.LockDays,
		fmt.Sprintf("at most documents.keep.expireAfterDays (%d): what is locked does not expire", d.Keep.ExpireAfterDays))
}

func checkLockMode(p *config.Problems, key string, mode component.LockMode) {
	p.Check(mode == component.Compliance || mode == component.Governance, key, mode,
		fmt.Sprintf("%s or %s", component.Compliance, component.Governance))
}

func (t Tables) validate(p *config.Problems) {
	known := t.Capacity == onDemandCapacity || t.Capacity == provisionedCapacity
	p.Check(known, "tables.capacity", t.Capacity, onDemandCapacity+" or "+provisionedCapacity)
	if !known {
		return
	}
	if t.Capacity == onDemandCapacity {
		p.Check(t.Provisioned == nil, "tables.provisioned", t.Provisioned, "no such key while tables.capacity is "+onDemandCapacity)
		return
	}
	if t.Provisioned == nil {
		p.Add("tables.provisioned", nil, "bounds of the capacity while tables.capacity is "+provisionedCapacity)
		return
	}
	t.Provisioned.validate(p)
}

func (v Provisioned) validate(p *config.Problems) {
	for _, bound := range []struct {
		key      string
		min, max int
	}{{"read", v.ReadMin, v.ReadMax}, {"write", v.WriteMin, v.WriteMax}} {
		p.Check(bound.min >= 1, "tables.provisioned."+bound.key+"Min", bound.min, "at least 1 unit")
		p.Check(bound.max > bound.min && bound.max <= maxUnits, "tables.provisioned."+bound.key+"Max", bound.max,
			fmt.Sprintf("more than %sMin (%d) and at most %d units", bound.key, bound.min, maxUnits))
	}
	p.Check(v.TargetPercent >= minTarget && v.TargetPercent <= maxTarget, "tables.provisioned.targetPercent", v.TargetPercent,
		fmt.Sprintf("a percentage from %d to %d", minTarget, maxTarget))
}

func (b Backup) validate(p *config.Problems) {
	p.Check(b.RetentionDays >= minRecovery && b.RetentionDays <= maxRecovery, "backup.retentionDays", b.RetentionDays,
		fmt.Sprintf("a number of days from %d to %d", minRecovery, maxRecovery))
	checkLockMode(p, "backup.lockMode", b.LockMode)
}
