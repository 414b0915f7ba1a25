package function

import (
	"fmt"
	"strings"
	"time"

	"github.com/cutover/cutover/projects/migration/lane/switching"
	items "github.com/cutover/cutover/shared/control"
)

// ownerMark separates, in the name of a process that moves the authority, the
// request from the invocation.
const ownerMark = "#"

// RequestOf is the request in whose name a process acts.
func RequestOf(owner string) string {
	request, _, _ := strings.Cut(owner, ownerMark)
	return request
}

// work is the kind of a step.
type work int

const (
	nothing work = iota
	start
	command
	rehearse
	thaw
)

// choice is what a call does: a step, or nothing with an outcome.
type choice struct {
	do      work
	command switching.Command
	outcome Outcome
	reason  string
	wait    int
}

func ends(outcome Outcome, format string, args ...any) choice {
	return choice{outcome: outcome, reason: fmt.Sprintf(format, args...)}
}

func steps(c switching.Command) choice { return choice{do: command, command: c} }

// choose decides by what stands in the control store. It is the whole knowledge of
// the function about the order of steps.
func choose(e SwitchEvent, token items.Token, sw items.Switch, now time.Time) choice {
	if now.Before(sw.LeaseUntil) && e.Act != Rehearse {
		return choice{outcome: Again, reason: "another process is at work", wait: int(busyPause.Seconds())}.unless(e.watches(sw))
	}
	switch e.Act {
	case Rehearse:
		return choice{do: rehearse}
	case Cancel:
		return chooseCancel(sw)
	case Thaw:
		return chooseThaw(e, sw)
	case Accept:
		if sw.State == items.Switched {
			return steps(switching.Accept)
		}
		return ends(Refused, "the switch is in state %s, expected %s", sw.State, items.Switched)
	case Recover:
		return chooseRecovery(sw, now)
	case Advance, Force, PlanForce, Rebuild, Readmit:
	}
	return chooseAdvance(e, token, sw)
}

// watches tells that the event comes from a watchdog, which has no request of its
// own. Who recovers a switch that it has asked for waits until the lease of the lost
// process is over: nobody can write until then.
func (e SwitchEvent) watches(sw items.Switch) bool {
	return e.Act == Recover && (e.Request == "" || e.Request != RequestOf(sw.Owner))
}

// unless makes it the end of a watchdog's call: whoever is at work needs nobody.
func (c choice) unless(watchdog bool) choice {
	if watchdog {
		return ends(Done, "%s", c.reason)
	}
	return c
}

// chooseThaw thaws once: the item that the operator saw is another afterwards. What is
// arming, and was seen so, has no process any more: that would hold the lease.
func chooseThaw(e SwitchEvent, sw items.Switch) choice {
	switch {
	case (sw.State == items.Steady || sw.State == items.Arming) && sw.Rev == e.Revision:
		return choice{do: thaw}
	case sw.State == items.Steady:
		return ends(Done, "nothing is left to thaw since revision %d", sw.Rev)
	default:
		return ends(Refused, "the switch is in state %s, expected %s, or %s since revision %d", sw.State, items.Steady, items.Arming, e.Revision)
	}
}

func chooseCancel(sw items.Switch) choice {
	switch sw.State {
	case items.Steady, items.Finalised:
		return ends(Cancelled, "no switch is under way")
	case items.Arming, items.Armed:
		return steps(switching.Cancel)
	case items.Registered, items.Fencing, items.Fenced, items.Drained, items.Checked, items.Promoting, items.Switched, items.BackingOut, items.Held:
	}
	return ends(Refused, "the switch is in state %s, which cannot be cancelled", sw.State)
}

// forgotten is how long an armed switch waits for its next step before the watchdog
// looks after it. It decides about no more than when to look.
const forgotten = 2 * time.Minute

func chooseRecovery(sw items.Switch, now time.Time) choice {
	if sw.State == items.Armed && len(sw.StepTimes) > 0 && now.Sub(sw.StepTimes[len(sw.StepTimes)-1].At) > forgotten {
		return steps(switching.Cancel)
	}
	if sw.State.Idle() {
		return ends(Done, "nothing is left behind: state %s", sw.State)
	}
	return steps(switching.Continue)
}

// chooseAdvance is the next step of the event's own switch.
func chooseAdvance(e SwitchEvent, token items.Token, sw items.Switch) choice {
	own := RequestOf(sw.Owner) == e.Request
	switch {
	case sw.Rev == e.Revision && sw.State == items.Steady:
		if token.Holder == e.To {
			return ends(Refused, "%s has the authority already, in epoch %d", e.To, token.Epoch)
		}
		if sw.Untrusted == e.To {
			return ends(Refused, "%s was left by a forced decision: nothing switches to it", e.To)
		}
		return choice{do: start}
	case !own && sw.State == items.Steady:
		return ends(Refused, "another switch came first: revision %d, expected %d", sw.Rev, e.Revision)
	case !own:
		return ends(Underway, "a switch to %s is under way, state %s, for %s", sw.To, sw.State, RequestOf(sw.Owner))
	}
	switch sw.State {
	case items.Steady:
		if token.Holder == e.To {
			return ends(Done, "%s has the authority, epoch %d", e.To, token.Epoch)
		}
		return ends(BackedOut, "%s", sw.LastError)
	case items.Finalised:
		return ends(Refused, "the migration is finalised")
	case items.Armed:
		return steps(switching.Go)
	case items.Arming, items.Registered, items.Fencing, items.Fenced, items.Drained, items.Checked, items.Promoting, items.Switched, items.BackingOut, items.Held:
	}
	return steps(switching.Continue)
}
