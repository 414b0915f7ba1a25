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
	if !s.Switch.State.Idle() || s.Switch.State == items.Armed {
		all = append(all, wayOn(*s.Switch))
	}
	return all
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
