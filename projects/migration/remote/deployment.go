package remote

import (
	"fmt"

	"github.com/cutover/cutover/projects/migration/machine"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
)

// Deployment is what of the migration layer a command calls.
type Deployment struct {
	// Functions are names, Machines ARNs of state machines, by colour.
	Functions, Machines map[naming.Color]map[string]string
	// ProofsBucket keeps the proofs of switches, SigningKey signs them: an alias of
	// AWS KMS.
	ProofsBucket, SigningKey string
}

// The functions and state machines that commands call.
const (
	installFunction     = "install"
	finaliseFunction    = "finalise"
	laneFunction        = "lane"
	switchFunction      = "switch"
	backfillMachine     = machine.BackfillName
	verificationMachine = machine.VerificationName
	switchMachine       = machine.SwitchName
)

// Named is what an environment's layers call these things. Names follow from the
// environment and its account alone, so a command needs no right to read the state of
// a stack, which has more in it than an operator is to see.
func Named(environment, accountID string) Deployment {
	names := naming.New(environment)
	d := Deployment{
		Functions: map[naming.Color]map[string]string{}, Machines: map[naming.Color]map[string]string{},
		ProofsBucket: names.Global(naming.Bucket, accountID, "proofs"),
		SigningKey:   "alias/" + names.Name(naming.KeyAlias, "proof-signatures"),
	}
	for _, color := range naming.Colors() {
		d.Functions[color], d.Machines[color] = map[string]string{}, map[string]string{}
		for _, function := range []string{finaliseFunction, installFunction, laneFunction, switchFunction} {
			d.Functions[color][function] = names.In(color).Name(naming.Function, function)
		}
		for _, each := range machine.Names() {
			d.Machines[color][each] = fmt.Sprintf("arn:aws:states:%s:%s:stateMachine:%s",
				config.Region, accountID, names.In(color).Name(naming.StateMachine, each))
		}
	}
	return d
}
