package migration

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/shared/contract"
)

// function is one function of the layer. Its name is also the folder of its
// command below lambda/ and the name of its zip in dist/.
type function struct {
	name        string
	description string
	// rate is how often the schedule starts it, as EventBridge Scheduler writes it.
	rate string
	// timeout is in seconds, memory in MiB.
	timeout, memory int
	// atOnce is how many may run at a time.
	atOnce int
	// again lets the function ask for its own next invocation.
	again bool
	// role is whose role of the security layer it takes: no two functions share one.
	role string
	// own and peer are the groups whose logins it uses on its own side and on the
	// other; a function without any knows no database.
	own, peer []bgsync.Group
}

const (
	// alone lets a function run once at a time: a second run would only collide.
	alone = 1
	// handOver leaves room beside the invocation at work for the next one, which
	// begins while that ends, and for the schedule's, which find the lease taken and
	// end at once. Were they turned away, they would grow old in Lambda's queue and
	// fill the queue of dead letters. The lane's lease, slot and claim keep a lane at
	// one worker, not this number.
	handOver = 2
	// longest is Lambda's limit (AWS Lambda developer guide, "Lambda quotas").
	longest = 900
)

// functions lists every function of one colour. A lane runs where it ends: an apply
// transaction makes many round trips to its target, while the source is read as a
// stream.
func functions() []function {
	return []function{
		{
			name:        "canary",
			description: "Proves that this colour reaches the control table",
			rate:        "rate(1 minute)",
			timeout:     10,
			memory:      128,
			atOnce:      alone,
			role:        canaryRole,
		},
		{
			name:        "lane",
			description: "Carries the changes of the other colour's database to this one",
			rate:        "rate(1 minute)",
			timeout:     longest,
			memory:      512,
			atOnce:      handOver,
			again:       true,
			role:        syncRole,
			own:         []bgsync.Group{bgsync.Apply, bgsync.Builder},
			peer:        []bgsync.Group{bgsync.Reader},
		},
	}
}

// source is the function's main package, below the project.
func (f function) source() string { return "./lambda/" + f.name }

// zip is the function's archive, below the project, where Pulumi's engine runs.
func (f function) zip() string { return fmt.Sprintf("dist/%s.zip", f.name) }

// The roles of the security layer.
const (
	syncRole   = "sync"
	canaryRole = "canary"
)

// principal is a role, to pass it and to attach policies to it.
type principal struct{ arn, name pulumi.StringOutput }

// roleOf finds the function's role.
func (f function) roleOf(p contract.Principals) principal {
	return map[string]principal{
		syncRole:   {p.SyncRoleARN, p.SyncRoleName},
		canaryRole: {p.CanaryRoleARN, p.CanaryRoleName},
	}[f.role]
}
