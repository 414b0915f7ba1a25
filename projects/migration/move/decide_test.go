package move_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/move"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// Who wants to go back while a switch is under way is told what leads there: one that
// has moved the authority has to come to its end first, one that has not is given up.
func TestASwitchInTheWayNamesTheWayPastIt(t *testing.T) {
	for state, way := range map[items.State]string{
		items.Switched: "remove the cause, then go tool mage migrate:cutover, which asks the checks again; or, to go back, " +
			"go tool mage migrate:accept -reason='…', then go tool mage migrate:rollback",
		items.Armed:  "go tool mage migrate:cancel -reason='…' gives it up, go tool mage migrate:cutover goes on with it",
		items.Arming: "go tool mage migrate:cancel -reason='…' gives it up, go tool mage migrate:cutover goes on with it",
		items.Fenced: "go tool mage migrate:cutover: it goes on, or recovers",
		items.Held:   "go tool mage migrate:cutover: it goes on, or recovers",
	} {
		o := &move.Operator{Store: store(t, naming.Blue, state), By: "ann", Now: time.Now, Say: func(string, ...any) {}}

		err := o.SwitchBy(t.Context(), &mover{}, naming.Blue, "why")

		assert.Equal(t, fault.Locked, fault.CodeOf(err), state)
		assert.Equal(t, way, fault.HintOf(err), state)
	}
	o := &move.Operator{Store: store(t, naming.Green, items.Switched), By: "ann", Now: time.Now, Say: func(string, ...any) {}}
	err := o.Decide(t.Context(), nil, function.Cancel, "why")
	assert.Equal(t, fault.Gate, fault.CodeOf(err))
	assert.Contains(t, fault.HintOf(err), "go tool mage migrate:accept -reason='…', then go tool mage migrate:rollback")
}

// An error that says neither status nor way on is a failure after which the command
// is given again, or the end that somebody asked for; any other stays as it is.
func TestEveryCommandEndsWithAStatusAndAWayOn(t *testing.T) {
	gone := assert.AnError
	err := move.Concluded(t.Context(), gone)
	assert.Equal(t, fault.Failed, fault.CodeOf(err))
	assert.ErrorIs(t, err, gone)
	assert.Equal(t, "go tool mage migrate:status, then the same command again: every act can be repeated", fault.HintOf(err))

	asked, stop := context.WithCancel(t.Context())
	stop()
	assert.Equal(t, fault.Cancelled, fault.CodeOf(move.Concluded(asked, gone)))
	late, end := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer end()
	assert.Equal(t, fault.Timeout, fault.CodeOf(move.Concluded(late, gone)))

	for _, told := range []error{nil, fault.New(fault.Usage, "no"), fault.New(fault.Failed, "no").WithHint("x"), fault.New(fault.Gate, "no").WithHint("x")} {
		assert.Equal(t, told, move.Concluded(t.Context(), told))
	}
}
