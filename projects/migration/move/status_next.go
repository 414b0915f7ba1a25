package move

import (
	"errors"
	"fmt"
	"time"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/gauge"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// compared says how long ago the sides were compared, and what is open of it. Of a
// lane whose source has not the authority nothing is: it is as fresh as the other.
func compared(v gauge.Verification) []string {
	if !v.Active {
		return nil
	}
	if v.AgeSeconds < 0 || !v.FirstClean {
		return []string{"no full comparison has ended clean yet"}
	}
	age := time.Duration(v.AgeSeconds * float64(time.Second)).Round(time.Second)
	text := fmt.Sprintf("every bucket compared in the last %s, %d of %d changed since", age, v.Dirty, v.Buckets)
	if v.Mismatched > 0 {
		text += fmt.Sprintf(", %d differ", v.Mismatched)
	}
	return []string{text}
}

// next are the commands that wait for an operator.
func (s Status) next() []string {
	var all []string
	for _, l := range s.Lanes {
		if l.Known && l.Halt != "" {
			all = append(all, resumed(l))
		}
	}
	if s.Switch == nil {
		return all
	}
	switch {
	case s.Switch.Forced != "":
		all = append(all, forcing(s.Switch.Forced)+": it goes on with what two operators have decided")
	case !s.Switch.State.Idle() || s.Switch.State == items.Armed:
		all = append(all, wayOn(*s.Switch))
	case s.shutDue():
		all = append(all, forcing(s.Switch.Untrusted.Other())+": it shuts "+string(s.Switch.Untrusted)+", if it can be reached")
	}
	if s.Switch.Untrusted != "" && s.Switch.Forced == "" {
		if next := s.rebuild(); next != "" {
			all = append(all, next)
		}
	}
	return all
}

// shutDue tells that a side was left by force of which nobody has seen that its own row
// keeps writers out.
func (s Status) shutDue() bool {
	return s.Switch.Untrusted != "" && s.Switch.Forced == "" && s.Switch.ShutAt.IsZero() && s.Switch.Rebuild == ""
}

// left tells of a side that a forced decision has left, "" where there is none.
func (s Status) left() string {
	if s.Switch == nil || s.Switch.Untrusted == "" || s.Switch.Forced != "" {
		return ""
	}
	if s.Switch.Rebuild != "" {
		return fmt.Sprintf("%s, which is made anew in database %s; nothing switches to it before it was verified", s.Switch.Untrusted, s.Switch.Rebuild)
	}
	if s.shutDue() {
		return fmt.Sprintf("%s, which does not know it: nothing but its isolation keeps writers out; nothing switches to it", s.Switch.Untrusted)
	}
	return fmt.Sprintf("%s, which takes no writes by its own row since %s; nothing switches to it", s.Switch.Untrusted, s.Switch.ShutAt.Local().Format(time.DateTime))
}

// resumed is the command after a halt, as the commands that meet it say it.
func resumed(l LaneStatus) string {
	err := (&Operator{}).halted(l.to(), l.Halt, "")
	var told *fault.Error
	if errors.As(err, &told) && told.Hint != "" {
		return told.Hint
	}
	return err.Error()
}

// to is the side that the lane ends at.
func (l LaneStatus) to() naming.Color {
	if l.Lane == function.Lane(naming.Blue) {
		return naming.Blue
	}
	return naming.Green
}
