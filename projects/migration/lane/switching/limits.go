package switching

import (
	"errors"
	"fmt"
	"time"
)

// Limits bound the steps of a switch. None can make it lose data.
type Limits struct {
	// LockWait bounds the wait for the fence's locks, Tries how often it is tried,
	// and TryPause the wait between, give or take a fifth.
	LockWait, TryPause time.Duration
	Tries              int
	// Drain and Check bound those steps; Decide is the latest time for PROMOTING and
	// Total for the whole pause, both from the token's change to fencing.
	Drain, Check, Decide, Total time.Duration
	// Hold is how long all gates must hold before the switch is armed, HoldBack the
	// same on the way back, ArmMax how long arming may take and being armed may last,
	// Poll how often gates are asked.
	Hold, HoldBack, ArmMax, Poll time.Duration
	// Reach is how long a store may be out of reach before the switch is held.
	Reach time.Duration
	// Confirm bounds the checks after a switch.
	Confirm time.Duration
	// Lease is how long others leave a process alone that writes no step.
	Lease time.Duration
	// Least is the time that must be left until the deadline for a step to begin.
	Least time.Duration
}

// Defaults are the limits that the documentation names.
func Defaults() Limits {
	return Limits{
		LockWait: 500 * time.Millisecond, TryPause: 5 * time.Second, Tries: 10,
		Drain: time.Second, Check: 900 * time.Millisecond, Decide: 2600 * time.Millisecond, Total: 3 * time.Second,
		Hold: 60 * time.Second, HoldBack: 5 * time.Second, ArmMax: 30 * time.Minute, Poll: time.Second,
		Reach: 10 * time.Second, Confirm: 60 * time.Second, Lease: 30 * time.Second, Least: 60 * time.Second,
	}
}

// longestLockWait keeps the fence's time-outs below the default deadlock_timeout.
const longestLockWait = 700 * time.Millisecond

// Validate joins all that is wrong with the limits.
func (l Limits) Validate() error {
	var problems []error
	for name, value := range map[string]time.Duration{
		"fence.lock_timeout": l.LockWait, "fence.pause": l.TryPause, "switch.drain": l.Drain, "switch.check": l.Check,
		"switch.decide": l.Decide, "switch.total": l.Total, "arm.hold": l.Hold, "arm.hold_back": l.HoldBack, "arm.max": l.ArmMax,
		"arm.poll": l.Poll, "switch.reach": l.Reach, "switch.confirm": l.Confirm, "lease.ttl": l.Lease, "invocation.least": l.Least,
	} {
		if value <= 0 {
			problems = append(problems, fmt.Errorf("%s: is %s, expected more than 0", name, value))
		}
	}
	if l.Tries < 1 {
		problems = append(problems, fmt.Errorf("fence.tries: is %d, expected 1 or more", l.Tries))
	}
	if l.LockWait > longestLockWait {
		problems = append(problems, fmt.Errorf("fence.lock_timeout: is %s, expected at most %s: a cycle of locks must cost the fence a try and no writer its transaction", l.LockWait, longestLockWait))
	}
	if l.Decide >= l.Total {
		problems = append(problems, fmt.Errorf("switch.decide: is %s, expected less than switch.total, which is %s", l.Decide, l.Total))
	}
	return errors.Join(problems...)
}
