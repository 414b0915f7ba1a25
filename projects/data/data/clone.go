package data

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
)

// Clones says how many clones of the other colour's database were made for each
// colour. The last one is the colour's database; with none it is the one that was
// made empty. Those before stay, protected as they are, until somebody unprotects and
// removes them: a number that is raised adds a database and takes none away.
type Clones struct {
	Blue  int `config:"blue"`
	Green int `config:"green"`
}

// maxClones keeps names short: one digit.
const maxClones = 9

func (c Clones) validate(p *config.Problems) {
	for _, color := range naming.Colors() {
		p.Check(c.of(color) >= 0 && c.of(color) <= maxClones, "clones."+string(color), c.of(color),
			fmt.Sprintf("a number from 0, for the database that was made empty, to %d", maxClones))
	}
}

// of is the number of the colour's clones.
func (c Clones) of(color naming.Color) int {
	if color == naming.Blue {
		return c.Blue
	}
	return c.Green
}

// cloneName is the name of a colour's nth database: the first one was made empty, and
// every other is a clone.
func cloneName(name string, number int) string {
	if number == 0 {
		return name
	}
	return fmt.Sprintf("%s-clone-%d", name, number)
}

// clusterID is the physical name of a colour's database in use.
func clusterID(names naming.Namer, clones Clones, color naming.Color) string {
	return cloneName(names.Name(naming.Cluster, "database"), clones.of(color))
}

const (
	// copyOnWrite makes a clone: pages are copied when either side changes them (Aurora
	// user guide, "Cloning a volume for an Amazon Aurora DB cluster").
	copyOnWrite = "copy-on-write"
	// origin is the property that says what a cluster was made from. It counts when it
	// is made: a clone is no less one when its source has gone, and a change here would
	// replace a database.
	origin = "restoreToPointInTime"
)

// clone turns the arguments of an empty cluster into those of a clone of another, as
// it is at that moment. The names of the database and of the master user are the
// source's; set here they would be properties of which a change replaces the cluster.
func clone(args *rds.ClusterArgs, source string) *rds.ClusterArgs {
	args.DatabaseName, args.MasterUsername = nil, nil
	args.RestoreToPointInTime = rds.ClusterRestoreToPointInTimeArgs{
		SourceClusterIdentifier: pulumi.String(source),
		RestoreType:             pulumi.String(copyOnWrite),
		UseLatestRestorableTime: pulumi.Bool(true),
	}
	return args
}
