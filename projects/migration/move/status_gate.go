package move

import (
	"fmt"
	"time"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/lag"
	items "github.com/cutover/cutover/shared/control"
)

// Gate is how the lag of the last minutes stands before a cutover, which asks for it.
type Gate struct {
	Holds bool `json:"holds"`
	// Detail is what was measured, or what is missing.
	Detail string `json:"detail"`
	// Opens is until when a cutover would be kept arming at the least; zero where it holds,
	// or where nobody can tell.
	Opens time.Time `json:"opens,omitzero"`
}

// ask judges what a lane that runs has told of its lag as the gate does, while the next
// switch is one to its side. A rollback does not ask it.
func (l *LaneStatus) ask(token *items.Token, now time.Time) {
	if token == nil || token.Holder != desk.First || l.Lane != function.Lane(desk.First.Other()) || !l.Known || l.Stale || l.State != checkpoint.Running {
		return
	}
	limits := lag.Defaults()
	found := l.Lags.Judge(now, limits)
	l.Gate = &Gate{Holds: found.Known && found.P99 < limits.Most, Detail: found.Detail}
	if found.Known {
		l.Gate.Detail += fmt.Sprintf(", expected p99 below %s", limits.Most)
	}
	if !l.Gate.Holds {
		l.Gate.Opens = l.Lags.Opens(now, limits)
	}
}

// String is the gate in words.
func (g Gate) String() string {
	switch {
	case g.Holds:
		return "lag for a cutover: " + g.Detail
	case g.Opens.IsZero():
		return "lag: a cutover would be kept arming: " + g.Detail
	default:
		return fmt.Sprintf("lag: a cutover would be kept arming until %s at the earliest: %s", g.Opens.Local().Format(time.TimeOnly), g.Detail)
	}
}
