package metrics

import "github.com/cutover/cutover/shared/naming"

// LaneStates are the values of LaneState by the name of the state in the lane's row.
func LaneStates() map[string]float64 {
	return map[string]float64{"retired": 0, "created": 1, "loading": 2, "catching_up": 3, "running": 4, "halted": LaneHalted}
}

// LaneHalted is the value of LaneState that pages.
const LaneHalted = 9

// Holders are the values of AuthorityHolder; "none" holds while writes are fenced.
func Holders() map[string]float64 {
	return map[string]float64{"none": 0, string(naming.Blue): 1, string(naming.Green): 2}
}

// SwitchStates are the values of SwitchState by the name of the state. The steps
// of a switch count up; HELD is above them all, so that a maximum shows it.
func SwitchStates() map[string]float64 {
	return map[string]float64{
		"STEADY": 0, "ARMING": 1, "ARMED": 2, "REGISTERED": 3, "FENCING": 4, "FENCED": 5, "DRAINED": 6, "CHECKED": 7,
		"PROMOTING": 8, "SWITCHED": 9, "FINALISED": 10, "BACKING_OUT": 20, "HELD": SwitchHeld,
	}
}

// SwitchHeld is the value of SwitchState that pages.
const SwitchHeld = 30

// The values of GateResult.
const (
	GateFail         = -1
	GateInconclusive = 0
	GatePass         = 1
)

// The gates of a step of the traffic.
const (
	GateUnchanged = "unchanged" // Route 53 has what was decided last
	GateDNS       = "dns"       // the last change is everywhere
	GateSettled   = "settled"   // resolvers have forgotten what was before
	GateAuthority = "authority" // nobody moves the writers, and the share fits the holder
	GateTargets   = "targets"   // who gets more has healthy targets
	GateAlarms    = "alarms"    // neither composite alarm is raised
)

// Gates are the values of the dimension Gate, in the order in which they are asked
// and shown.
func Gates() []string {
	return []string{GateUnchanged, GateDNS, GateSettled, GateAuthority, GateTargets, GateAlarms}
}
