package data

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
)

// Config is the configuration of the layer of data stores, in the namespace
// "data".
type Config struct {
	Environment     config.Environment `config:"environment"`
	Database        Database           `config:"database"`
	Clones          Clones             `config:"clones"`
	Secrets         Secrets            `config:"secrets"`
	TransactionLogs Retention          `config:"transactionLogs"`
	Documents       Documents          `config:"documents"`
	Tables          Tables             `config:"tables"`
	Backup          Backup             `config:"backup"`
	// PrivateDomain is the zone of the databases' names, for example
	// prod.cutover.internal.
	PrivateDomain string `config:"privateDomain"`
	// KeepOnDelete leaves a final snapshot, the automated backups and every
	// object behind when the stack goes. Without it the data goes with the stack.
	KeepOnDelete bool `config:"keepOnDelete"`
	// SyncWindow opens each database to the other colour's sync functions. It
	// follows the window of the network layer, which carries the traffic.
	SyncWindow bool `config:"syncWindow"`
}

// Database sizes the database of each colour.
type Database struct {
	// EngineVersion is the minor release of Aurora PostgreSQL.
	EngineVersion string `config:"engineVersion"`
	InstanceClass string `config:"instanceClass"`
	// Instances counts writer and readers.
	Instances int `config:"instances"`
	// BackupRetentionDays is how far back a point-in-time restore reaches.
	BackupRetentionDays int `config:"backupRetentionDays"`
}

const (
	// engineVersion is the long-term-support release that blue and green share.
	engineVersion = "14.6"
	// engineFamily is the parameter group family of that release.
	engineFamily = "aurora-postgresql14"

	minInstances, maxInstances = 2, 16 // a writer and at most 15 readers (Aurora user guide, "Quotas in Amazon Aurora")
	minBackup, maxBackup       = 7, 35 // PCI staging floor; RDS CreateDBCluster
)

// instanceClass lists the classes that run release 14.6 with Performance
// Insights; r7g and r8g start at later releases (Aurora user guide, "Supported
// DB engines for DB instance classes").
var instanceClass = regexp.MustCompile(`^db\.(r5|r6g|r6i)\.(large|xlarge|(2|4|8|12|16|24)xlarge)$`)

// Where is the environment that the layer stands in.
func (c Config) Where() config.Environment { return c.Environment }

// Validate checks every value and the relations between them.
func (c Config) Validate(p *config.Problems) {
	c.Environment.Validate(p)
	c.Database.validate(p)
	c.Clones.validate(p)
	c.Secrets.validate(p, c.Environment.Protect)
	c.TransactionLogs.validate(p, "transactionLogs")
	c.Documents.validate(p)
	c.Tables.validate(p)
	c.Backup.validate(p)
	p.Check(isPrivateDomain(c.PrivateDomain) && strings.HasPrefix(c.PrivateDomain, p.Stack()+"."), "privateDomain", c.PrivateDomain,
		fmt.Sprintf("a name in lower case that begins with %s. and ends with %s, without a dot at the end, such as %[1]s.cutover%[2]s", p.Stack(), privateUse))
	p.Check(c.KeepOnDelete || !c.Environment.Protect, "keepOnDelete", c.KeepOnDelete,
		"true while environment.protect is true: protected data leaves its backups behind")
	if p.Stack() == config.Production {
		c.validateProduction(p)
	}
}

// validateProduction adds what holds for real account data.
func (c Config) validateProduction(p *config.Problems) {
	p.Check(c.Database.Instances >= zoneCount, "database.instances", c.Database.Instances,
		fmt.Sprintf("at least %d in production, one in each zone", zoneCount))
	p.Check(c.Database.BackupRetentionDays == maxBackup, "database.backupRetentionDays", c.Database.BackupRetentionDays,
		fmt.Sprintf("%d in production, as long as Aurora keeps backups", maxBackup))
	p.Check(c.Documents.LockMode == component.Compliance, "documents.lockMode", c.Documents.LockMode,
		string(component.Compliance)+" in production: in the other mode some may delete a document before its time")
	p.Check(c.Documents.LockDays >= minExpire, "documents.lockDays", c.Documents.LockDays,
		fmt.Sprintf("at least %d days in production", minExpire))
	p.Check(c.Backup.LockMode == component.Compliance, "backup.lockMode", c.Backup.LockMode,
		string(component.Compliance)+" in production: in the other mode some may delete a recovery point before its time")
}

func (d Database) validate(p *config.Problems) {
	p.Check(d.EngineVersion == engineVersion, "database.engineVersion", d.EngineVersion,
		engineVersion+", the release that both colours run and replicate between")
	p.Check(instanceClass.MatchString(d.InstanceClass), "database.instanceClass", d.InstanceClass,
		"a class db.r5, db.r6g or db.r6i such as db.r6g.large, which runs release "+engineVersion)
	p.Check(d.Instances >= minInstances && d.Instances <= maxInstances, "database.instances", d.Instances,
		fmt.Sprintf("a number from %d to %d: the writer and at least one reader in another zone", minInstances, maxInstances))
	p.Check(d.BackupRetentionDays >= minBackup && d.BackupRetentionDays <= maxBackup, "database.backupRetentionDays", d.BackupRetentionDays,
		fmt.Sprintf("a number of days from %d to %d", minBackup, maxBackup))
}

// privateUse ends the names that the internet never resolves (ICANN Board resolution
// 2024.07.29.06).
const privateUse = ".internal"

// maxPrivateDomain leaves room for the longest name before the domain within the 253
// characters of a name (RFC 1035).
const maxPrivateDomain = 253 - len(writerLabel+".green.")

var privateName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+internal$`)

// isPrivateDomain tells names for private use that are not the VPC resolver's own: a
// zone of such a name would hide those of the instances (VPC user guide, "DNS
// attributes for your VPC").
func isPrivateDomain(name string) bool {
	taken := slices.ContainsFunc([]string{"ec2.internal", "compute.internal"}, func(own string) bool {
		return name == own || strings.HasSuffix(name, "."+own)
	})
	return len(name) <= maxPrivateDomain && privateName.MatchString(name) && !taken
}

// CheckConfig reads and validates a stack file without running the program.
func CheckConfig(stackFile string) error {
	_, err := config.ReadFile[Config](stackFile)
	return err
}
