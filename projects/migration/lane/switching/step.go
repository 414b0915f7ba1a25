package switching

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/cutover/cutover/shared/naming"
)

// Step is one act of a switch as a plan tells it.
type Step struct {
	// Act is its name, by which observers of a switch know it.
	Act string `json:"act"`
	// Where is the side that it is done on, or what else it changes.
	Where string `json:"where"`
	Does  string `json:"does"`
	// Limit bounds it, "" for nothing of its own.
	Limit string `json:"limit,omitempty"`
	// Undo is what takes it back when the switch goes no further.
	Undo string `json:"undo"`
}

// The places of steps besides the sides.
const (
	inControl = "control store"
	inProofs  = "proofs"
	onBoth    = "both sides"
)

// What takes steps back, by how far the switch is.
const (
	byCancel  = "migrate:cancel, or a gate that closes"
	byBackOut = "the switch backs out"
	byNothing = "nothing: the way back is another switch"
)

// words are those of a step.
type words struct{ where, does, limit, undo string }

// describe tells the act of that name in words; one that it does not know has its
// name for them.
func describe(act string, plan Plan, l Limits) Step {
	said, known := dictionary(plan, l)[act]
	if !known {
		said = words{where: onBoth, does: act, undo: byBackOut}
	}
	return Step{Act: act, Where: said.where, Does: said.does, Limit: said.limit, Undo: said.undo}
}

// dictionary has the words of all acts that lead from one side to the other.
func dictionary(plan Plan, l Limits) map[string]words {
	all := map[string]words{}
	for _, part := range []map[string]words{arming(plan, l), fencing(plan, l), promoting(plan, l)} {
		maps.Copy(all, part)
	}
	for _, side := range []naming.Color{plan.From, plan.To} {
		all["switch.1.freeze_"+string(side)] = words{string(side), "refuse DDL, but for temporary tables", "", byCancel + ": free again"}
		all["switch.4.cancel_"+string(side)] = words{string(side), "take off an attempt that was left behind", "", byNothing}
		all["switch.4.register_"+string(side)] = words{string(side), "write the attempt into the authority row", "", byBackOut + ": taken off"}
	}
	return all
}

// arming are rows 1 to 4: writers notice none of it.
func arming(plan Plan, l Limits) map[string]words {
	hold := l.hold(plan.rollback())
	return map[string]words{
		"switch.1.ARMING":              {inControl, "no other switch begins", "", byCancel},
		"switch.1.arm_" + plan.primary: {onBoth, "make ready while writers write, by the steps that follow", "", byCancel},
		"switch.1.autovacuum":          {string(plan.From), "turn autovacuum off for replicated tables", "5s for each table's lock", byCancel + ": set as it was"},
		"switch.1.sequences":           {string(plan.To), "set sequences ahead of those of " + string(plan.From), "", "nothing: they never go back"},
		"switch.1.tail":                {string(plan.To), "record the keys that change, and compare what changed before", "", byCancel + ": ended"},
		"switch.2.ARMED": {inControl, "all gates have held without a break",
			fmt.Sprintf("for %s, within %s", hold, l.ArmMax), byCancel},
		"switch.4.REGISTERED": {inControl, "a new attempt, of this process alone", "", byBackOut},
	}
}

// fencing are rows 5 to 10: from the fence on nobody can write.
func fencing(plan Plan, l Limits) map[string]words {
	from := string(plan.From)
	return map[string]words{
		"switch.5.token_fencing": {inControl, "the token tells writers to wait: the pause begins", fmt.Sprintf("%s for all of it", l.Total), byBackOut + ": open again, for " + from},
		"switch.5.FENCING":       {inControl, "since when writers wait", "", byBackOut},
		"switch.5.fence": {from, "lock all replicated tables, take writers' rights away, writable=false: one transaction",
			fmt.Sprintf("%s for the locks, %s, %s between them, in which writers go on", l.LockWait, tries(l.Tries), l.TryPause), byBackOut + ": rights and writable as before"},
		"switch.6.FENCED":           {inControl, "where " + from + "'s log stands", "", byBackOut},
		"switch.9.DRAINED":          {inControl, "the lane has met the fence in " + from + "'s log: " + string(plan.To) + " has all of it", l.Drain.String(), byBackOut},
		"switch.10.clean_base":      {from, "the lane back knows from where on both are equal", "", byBackOut + ": forgotten"},
		"switch.10.draft":           {inProofs, "the draft of the record", "", "nothing: it is no record"},
		"switch.10.CHECKED":         {inControl, "the changed keys are equal, sequences ahead, the lane back sound", l.Check.String(), byBackOut},
		"switch.12.PROMOTING":       {inControl, "from here on " + string(plan.To) + "'s authority row decides", fmt.Sprintf("%s after the pause began, at the latest", l.Decide), byBackOut + ", once " + string(plan.To) + " was told to refuse the attempt"},
		"switch.12.token_promoting": {inControl, "the token says so", "", byBackOut},
	}
}

// promoting are rows 12 to 19.
func promoting(plan Plan, l Limits) map[string]words {
	from, to := string(plan.From), string(plan.To)
	return map[string]words{
		"switch.12.promote":    {to, fmt.Sprintf("writable=true, epoch %d, writers' rights given: one transaction", plan.Epoch+1), "", byNothing},
		"switch.13.token_open": {inControl, "the token sends writers to " + to + ": the pause ends", fmt.Sprintf("%s after it began", l.Total), byNothing},
		"switch.13.SWITCHED":   {inControl, "the authority is " + to + "'s", "", byNothing},
		"switch.19.SWITCHED":   {inControl, "this process ends the switch", "", byNothing},
		"switch.19.close":      {from, fmt.Sprintf("its term ends: epoch %d", plan.Epoch+1), "", byNothing},
		"switch.19.disarm_" + plan.primary: {onBoth, "undo the arming, once all checks have passed",
			fmt.Sprintf("%s for the checks", l.Confirm), byNothing},
		"switch.19.proof":  {inProofs, "the signed record", "", byNothing},
		"switch.19.STEADY": {inControl, "the end", "", byNothing},
	}
}

func tries(most int) string {
	if most == 1 {
		return "1 try"
	}
	return fmt.Sprintf("%d tries", most)
}

// hold is how long the gates must hold before a switch is armed.
func (l Limits) hold(back bool) time.Duration {
	if back {
		return l.HoldBack
	}
	return l.Hold
}

// actOf is the act of a point before one.
func actOf(point string) (string, bool) { return strings.CutSuffix(point, ".before") }
