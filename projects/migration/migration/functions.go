package migration

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	handler "github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/verify"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/contract"
)

// function is one function of the layer. Its name is also the folder of its
// command below lambda/ and the name of its zip in dist/.
type function struct {
	name        string
	description string
	// timetables start it; a function without any is started by people or machines.
	timetables []timetable
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
	// closes gives it what a migration is ended with: the key and the bucket of
	// proofs, and who the operators are.
	closes bool
	// counts lets it count what operators have confirmed.
	counts bool
	// forces lets it look whether a lost database is shut off.
	forces bool
	// proves gives it the keys and the bucket of proofs, looks the configuration of
	// the layer's functions and the alarms.
	proves, looks bool
}

// timetable is one way in which the schedule starts a function.
type timetable struct {
	name string
	// rate is how often, as EventBridge Scheduler writes it.
	rate string
	// event is what the function gets, nil for what the schedule makes up.
	event any
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
	// dayHalf is the age in seconds at which what was found equal is looked at again:
	// every bucket at least once a day, with a second try.
	dayHalf = 43200
)

const everyMinute = "rate(1 minute)"

// The functions' names, and the roles of the security layer that they take.
const (
	canaryName, canaryRole   = "canary", "canary"
	laneName, syncRole       = "lane", "sync"
	installName, installRole = "install", "install"
	closingName, closingRole = "finalise", "finalise"
	chunkName, chunkRole     = "chunk", "chunk"
	verifyName, verifyRole   = "verify", "verify"
	switchName, switchRole   = "switch", "switch"
)

// functions lists every function of one colour. A lane runs where it ends: an apply
// transaction makes many round trips to its target, while the source is read as a
// stream.
func functions(workers Workers) []function {
	builds := []bgsync.Group{bgsync.Apply, bgsync.Builder}
	switches := []bgsync.Group{bgsync.Fence, bgsync.Reader, bgsync.Verify, place.Writers}
	return []function{
		{
			name: canaryName, description: "Proves that this colour reaches the control table",
			timetables: []timetable{{name: canaryName, rate: everyMinute}}, timeout: 10, memory: 128, atOnce: alone, role: canaryRole,
		},
		{
			name: laneName, description: "Carries the changes of the other colour's database to this one",
			timetables: []timetable{{name: laneName, rate: everyMinute}}, timeout: longest, memory: 512, atOnce: handOver,
			again: true, role: syncRole, own: builds, peer: []bgsync.Group{bgsync.Reader},
		},
		{
			name: installName, description: "Prepares both databases, checks them and makes the lane that ends here, for an operator",
			timeout: longest, memory: 256, atOnce: alone, role: installRole, looks: true, counts: true,
			own: append([]bgsync.Group{place.Administrator}, builds...), peer: []bgsync.Group{place.Administrator, bgsync.Reader},
		},
		{
			name: closingName, description: "Takes the engine out of both databases when the migration to this colour is over, for two operators",
			timeout: longest, memory: 256, atOnce: alone, role: closingRole, closes: true,
			own: []bgsync.Group{place.Administrator}, peer: []bgsync.Group{place.Administrator},
		},
		{
			// One more than the workers of a map: it plans while they end.
			name: chunkName, description: "Loads parts of the other colour's tables",
			timeout: longest, memory: 512, atOnce: workers.Load + 1, role: chunkRole, own: builds, peer: []bgsync.Group{bgsync.Reader},
		},
		{
			// One more for the passes on schedule.
			name: verifyName, description: "Compares the other colour's tables with this one's",
			timetables: []timetable{
				{name: "verify-incremental", rate: "rate(5 minutes)", event: handler.VerifyEvent{Act: handler.WholePass, Kind: verify.Incremental}},
				{name: "verify-continuous", rate: "rate(1 hour)", event: handler.VerifyEvent{Act: handler.WholePass, Kind: verify.Continuous, AgeSeconds: dayHalf}},
			},
			timeout: longest, memory: 512, atOnce: workers.Verify + 1, role: verifyRole,
			own: []bgsync.Group{bgsync.Verify}, peer: []bgsync.Group{bgsync.Verify},
		},
		{
			// The schedule goes on where the process that switched is lost.
			name: switchName, description: "Moves the authority to write to this colour, one step for each call",
			timetables: []timetable{{name: "switch-recover", rate: everyMinute, event: handler.SwitchEvent{Act: handler.Recover}}},
			timeout:    longest, memory: 256, atOnce: handOver, role: switchRole, own: switches, peer: switches, proves: true, counts: true, forces: true,
		},
	}
}

// source is the function's main package, below the project.
func (f function) source() string { return "./lambda/" + f.name }

// zip is the function's archive, below the project, where Pulumi's engine runs.
func (f function) zip() string { return fmt.Sprintf("dist/%s.zip", f.name) }

// principal is a role, to pass it and to attach policies to it.
type principal struct{ arn, name pulumi.StringOutput }

// roleOf finds the function's role.
func (f function) roleOf(p contract.Principals) principal {
	switch f.role {
	case syncRole:
		return principal{p.SyncRoleARN, p.SyncRoleName}
	case canaryRole:
		return principal{p.CanaryRoleARN, p.CanaryRoleName}
	}
	const what = "roles of functions of the security layer"
	return principal{component.Entry(p.MoverRoleARNs, what, f.role), component.Entry(p.MoverRoleNames, what, f.role)}
}
