//go:build integration

package function_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/move"
	"github.com/cutover/cutover/projects/migration/remote"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// through calls a handler with JSON, as Lambda's runtime does.
func through[In, Out any](ctx context.Context, event []byte) func(func(context.Context, In) (Out, error), error) ([]byte, error) {
	return func(handle func(context.Context, In) (Out, error), err error) ([]byte, error) {
		var in In
		if err := errors.Join(err, json.Unmarshal(event, &in)); err != nil {
			return nil, err
		}
		answer, err := handle(ctx, in)
		if err != nil {
			return nil, err
		}
		return json.Marshal(answer)
	}
}

// commands are an operator's, in AWS.
type commands struct {
	*move.Operator
	cloud *remote.Cloud
	said  *strings.Builder
}

func (c *cloud) commands(dryRun bool) commands {
	deployment, err := remote.Read(c.outputs())
	require.NoError(c.w.t, err)
	all := remote.New(c.config(), deployment, c.w.store, filepath.Join(c.w.profile.Root, "copies"), time.Now)
	all.Poll = 20 * time.Millisecond
	said := &strings.Builder{}
	return commands{cloud: all, said: said, Operator: &move.Operator{
		Desk: all, Lanes: all, Store: c.w.store, DryRun: dryRun, By: "ann", Now: time.Now, Poll: 50 * time.Millisecond,
		Plan: func(lane string) (*bgsync.Plan, error) { return move.ReadTables("../tables.yaml", lane) },
		Say:  func(format string, args ...any) { _, _ = fmt.Fprintf(said, format+"\n", args...) },
	}}
}

// A whole move by commands that reach no database: each call goes over HTTP through
// AWS's SDK to the functions themselves.
func TestCommandsMoveAPlatformByFunctionsAndStateMachines(t *testing.T) {
	w := newWorld(t)
	c := newCloud(t, w)
	o := c.commands(false)
	require.NoError(t, o.Start(t.Context(), naming.Green, ""), o.said.String())
	assert.Contains(t, o.said.String(), "lane core.fwd made")
	assert.Contains(t, o.said.String(), "loads what is left of its base")
	assert.Regexp(t, `core\.fwd runs: .*269,000 rows loaded`, o.said.String())
	err := o.SwitchBy(t.Context(), o.cloud, naming.Green, "test")
	assert.Equal(t, fault.Gate, fault.CodeOf(err), "there is no token: %v", err)

	require.NoError(t, o.Verify(t.Context(), remote.Comparison{Cloud: o.cloud, To: naming.Green}, naming.Green), o.said.String())
	assert.Contains(t, o.said.String(), "269,000 rows equal")
	assert.Contains(t, o.said.String(), "lane core.rev made")
	w.runs(naming.Blue)

	dry := c.commands(true)
	require.NoError(t, dry.SwitchBy(t.Context(), dry.cloud, naming.Green, "test"), dry.said.String())
	assert.Contains(t, dry.said.String(), "would move the authority from blue, epoch 1, to green")
	assert.Contains(t, dry.said.String(), "pass ")

	require.NoError(t, o.SwitchBy(t.Context(), o.cloud, naming.Green, "test"), o.said.String())
	assert.Contains(t, o.said.String(), "green has the authority, epoch 2; writers waited")
	copies, err := filepath.Glob(filepath.Join(w.profile.Root, "copies", "*.json"))
	require.NoError(t, err)
	require.Len(t, copies, 1)
	w.holds(naming.Green, 2)
	err = o.SwitchBy(t.Context(), o.cloud, naming.Green, "test")
	assert.Equal(t, fault.Usage, fault.CodeOf(err))

	w.halts(o)
	require.NoError(t, o.SwitchBy(t.Context(), o.cloud, naming.Blue, "test"), o.said.String())
	w.holds(naming.Blue, 3)
	c.forged(o)
}

// halts requires a closed gate to end the command with its name, and nothing to have
// changed.
func (w *world) halts(o commands) {
	w.t.Helper()
	w.exec(naming.Blue, `UPDATE bgsync.lane SET state = 'halted', halt_code = 'operator', halted_at = now() WHERE lane = 'core.rev'`)
	err := o.SwitchBy(w.t.Context(), o.cloud, naming.Blue, "test")
	assert.Equal(w.t, fault.Gate, fault.CodeOf(err), "%v", err)
	require.ErrorContains(w.t, err, "the authority is where it was: arm postgresql: arm the tail of lane core.rev")
	w.holds(naming.Green, 2)
	reply := w.ask(desk.Request{Act: desk.Resume, To: naming.Blue, Halt: "operator"})
	assert.NotEmpty(w.t, reply.Done)
	w.runs(naming.Blue)
}

// forged requires a record that was changed in the bucket to be refused.
func (c *cloud) forged(o commands) {
	_, sw, err := switching.Status(c.w.t.Context(), c.w.store)
	require.NoError(c.w.t, err)
	c.mutex.Lock()
	at := "/proofs/switch/" + sw.ProofID + ".json"
	c.objects[at] = []byte(strings.Replace(string(c.objects[at]), `"epoch":2`, `"epoch":7`, 1))
	c.mutex.Unlock()
	_, err = o.cloud.Proof(c.w.t.Context(), sw.ProofID)
	require.ErrorContains(c.w.t, err, "proof record "+sw.ProofID+" in bucket proofs: the record is not what was signed")
	_, err = os.Stat(filepath.Join(c.w.profile.Root, "copies", sw.ProofID+".json"))
	require.NoError(c.w.t, err, "the copy made before stays")
}
