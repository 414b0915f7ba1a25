package function

import (
	"context"
	"fmt"
	"strings"

	"github.com/cutover/cutover/projects/migration/desk"
)

// Admissions are the acts of a desk on the mark of a side that was left by force. It stands
// in the switch item, which those who switch alone write: they do these acts, with the
// rights of the fence.
var Admissions = map[SwitchAct]desk.Act{Rebuild: desk.Rebuild, Readmit: desk.Readmit}

// admit does one.
func (s *switcher) admit(ctx context.Context, e SwitchEvent, act desk.Act) (SwitchAnswer, error) {
	answer := SwitchAnswer{Event: e, Outcome: Done}
	if ending(ctx, s.limits.Least) {
		answer.Outcome, answer.Reason = Again, fmt.Sprintf("less than %s was left until the deadline; nothing was done", s.limits.Least)
		return answer, nil
	}
	d := &desk.Desk{Place: s.place, Store: s.store, At: s.at}
	reply, err := d.Do(ctx, desk.Request{Act: act, To: e.To})
	if reply.Refused != "" {
		answer.Outcome, answer.Reason = Refused, reply.Refused
	}
	answer.Evidence = strings.Join(reply.Done, "; ")
	return answer, err
}
