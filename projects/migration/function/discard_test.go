//go:build integration

package function_test

import (
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// discards has the lane pass over a change that its target refuses. The function counts
// what operators have confirmed in items of their own, and no name in a request; what
// one has confirmed for another change, or for another reason, is no confirmation.
func (w *world) discards() {
	t := w.t
	w.runs(naming.Green)
	const card = "4111111111111111"
	w.exec(naming.Green, `ALTER TABLE payments.account ADD CONSTRAINT low CHECK (balance < 100000000) NOT VALID`)
	w.exec(naming.Blue, `INSERT INTO payments.account (owner, balance, currency) VALUES ('`+card+`', 200000000, 'EUR')`)
	r := desk.Request{Act: desk.Discard, To: naming.Green, Operators: []string{"ann", "bob"}, Reason: "drill"}
	look := r
	look.Preview = true
	var found desk.Reply
	require.Eventually(t, func() bool {
		found = w.ask(look)
		return found.State == checkpoint.Halted && len(found.Quarantine) > 0
	}, 5*time.Minute, 50*time.Millisecond)
	refused := found.Quarantine[0]
	assert.Regexp(t, `^[0-9A-F]+/[0-9A-F]+:0: INSERT of table payments\.account, SQLSTATE 23514, constraint low, open$`, refused.String())
	r.Position = refused.Position.String()

	for _, wrong := range []func(*desk.Request){
		func(r *desk.Request) { r.Operators = []string{"ann", "ann"} }, func(r *desk.Request) { r.Operators = []string{"ann"} },
		func(r *desk.Request) { r.Reason = " " }, func(r *desk.Request) { r.Position = "0/1:0" }, func(r *desk.Request) { r.Position = "first" },
	} {
		other := r
		wrong(&other)
		reply := w.ask(other)
		assert.Equal(t, desk.Wrong, reply.RefusedAs, "%+v", reply)
	}
	waits := func(who string) {
		t.Helper()
		reply := w.ask(r)
		assert.Equal(t, desk.NotNow, reply.RefusedAs, "%+v", reply)
		assert.Contains(t, reply.Refused, who)
		assert.Equal(t, "{}", value[string](w, naming.Green, `SELECT coalesce(decided_by, '{}')::text FROM bgsync.quarantine`))
	}
	good := desk.Discarding("core.fwd", r.Position, found.Generation, r.Operators, r.Reason)
	good.At = time.Now()
	waits("ann: has not confirmed; bob: has not confirmed")
	w.confirms(items.SessionOf(operators, "ann"), good)
	waits("bob: has not confirmed")
	for _, edit := range []func(*items.Confirmation){
		func(c *items.Confirmation) { c.Reason = "another" }, func(c *items.Confirmation) { c.Revision++ },
		func(c *items.Confirmation) { c.Switch += "1" }, func(c *items.Confirmation) { c.At = c.At.Add(-25 * time.Hour) },
	} {
		bad := good
		edit(&bad)
		w.confirms(items.SessionOf(operators, "bob"), bad)
		waits("bob: has confirmed")
	}
	w.confirms(items.SessionOf(operators, "bob"), good)
	for _, want := range []string{"by ann and bob", "passes over " + r.Position, "already"} {
		assert.Contains(t, strings.Join(w.ask(r).Done, " "), want, "and once more does no harm")
		if want == "by ann and bob" {
			assert.Equal(t, "{ann,bob}", value[string](w, naming.Green, `SELECT decided_by::text FROM bgsync.quarantine WHERE state = 'discarded'`))
		}
	}
	assert.NotContains(t, w.emitted.String(), card)
	w.exec(naming.Green, `ALTER TABLE payments.account DROP CONSTRAINT low`)
	w.ask(desk.Request{Act: desk.Resume, To: naming.Green, Halt: checkpoint.Poison})
	w.runs(naming.Green)
	assert.Equal(t, 1, value[int](w, naming.Green, `SELECT count(*) FROM payments.account WHERE balance = 200000000`), "repaired before the lane is strict")
}
