package registry

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/settings"
)

// In AWS the function that makes lanes renews them too, and whoever loads and follows
// is started as by migrate:start.
func TestALaneInAWSIsRenewedByTheFunctionThatMadeIt(t *testing.T) {
	a := newAmazon(t)
	const install, lane = "Invoke cutover-staging-blue-install", "Invoke cutover-staging-blue-lane"
	var asked []desk.Request
	a.answers[install] = func(body string) (int, string) {
		var r desk.Request
		assert.NoError(t, json.Unmarshal([]byte(body), &r))
		asked = append(asked, r)
		reply := desk.Reply{State: checkpoint.Halted, Halt: checkpoint.Gap, Why: "slot x does not exist", Generation: 4}
		if r.Act == desk.Renew {
			reply = desk.Reply{State: checkpoint.CatchingUp, Generation: 5, Done: []string{"as the function says"}}
		}
		text, err := json.Marshal(reply)
		assert.NoError(t, err)
		return http.StatusOK, string(text)
	}
	a.answers["PutItem"], a.answers[lane] = says(`{}`), says(``)
	a.ends("SUCCEEDED", "")
	blue, gap := settings.Flag{Name: "color", Value: "blue"}, settings.Flag{Name: "halt", Value: "gap"}

	code, said := a.run(t.Context(), MigrateRenew, blue, settings.Flag{Name: "halt", Value: "source_rewound"})
	assert.Equal(t, fault.Gate, code, said)
	assert.Contains(t, said, "lane core.rev is halted: gap: slot x does not exist")
	code, said = a.run(t.Context(), MigrateRenew, blue, gap, settings.Flag{Name: "dry-run", Value: "true"})
	assert.Equal(t, fault.OK, code, said)
	assert.Contains(t, said, "would begin generation 5 of lane core.rev")
	assert.Equal(t, []string{install}, a.calls())

	code, said = a.run(t.Context(), MigrateRenew, blue, gap)
	assert.Equal(t, fault.OK, code, said)
	assert.Contains(t, said, "as the function says")
	assert.Equal(t, []string{install, "PutItem", "ListExecutions", "StartExecution", lane}, a.calls())
	last := asked[len(asked)-1]
	assert.Equal(t, desk.Renew, last.Act)
	assert.Equal(t, naming.Blue, last.To)
	assert.Equal(t, checkpoint.Gap, last.Halt)
	assert.Equal(t, "test", last.Reason)
	assert.NotEmpty(t, last.By)
}
