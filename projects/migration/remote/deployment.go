package remote

import (
	"errors"
	"fmt"

	"github.com/cutover/cutover/shared/naming"
)

// Deployment is what of the migration layer a command calls.
type Deployment struct {
	// Functions are names, Machines ARNs of state machines, by colour.
	Functions, Machines map[naming.Color]map[string]string
	// ProofsBucket keeps the proofs of switches, SigningKey signs them.
	ProofsBucket, SigningKey string
}

// The functions and state machines that commands call.
const (
	installFunction     = "install"
	finaliseFunction    = "finalise"
	laneFunction        = "lane"
	switchFunction      = "switch"
	backfillMachine     = "backfill"
	verificationMachine = "verification"
	switchMachine       = "switch"
)

// Read takes the deployment from the layer's outputs and joins all that is missing.
func Read(outputs map[string]any) (Deployment, error) {
	d := Deployment{Functions: map[naming.Color]map[string]string{}, Machines: map[naming.Color]map[string]string{}}
	var problems []error
	text := func(name string, value any) string {
		found, isText := value.(string)
		if !isText || found == "" {
			problems = append(problems, fmt.Errorf("output %s of the migration layer: is missing or no text", name))
		}
		return found
	}
	for _, color := range naming.Colors() {
		for _, each := range []struct {
			output  string
			into    map[naming.Color]map[string]string
			entries []string
		}{
			{string(color) + "SyncFunctionNames", d.Functions, []string{finaliseFunction, installFunction, laneFunction, switchFunction}},
			{string(color) + "SyncStateMachineArns", d.Machines, []string{backfillMachine, verificationMachine, switchMachine}},
		} {
			all, _ := outputs[each.output].(map[string]any) // an empty one lacks its entries
			each.into[color] = map[string]string{}
			for _, entry := range each.entries {
				each.into[color][entry] = text(each.output+"/"+entry, all[entry])
			}
		}
	}
	d.ProofsBucket = text("proofsBucket", outputs["proofsBucket"])
	d.SigningKey = text("proofSigningKeyArn", outputs["proofSigningKeyArn"])
	return d, errors.Join(problems...)
}
