package ops_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/engine/enginetest"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errRolledBack = errors.New("payment-api in blue: runs revision 1, asked for 2")

func TestWhatAWSUndidAfterASuccessfulUpdateFailsTheLayerAndItsDependents(t *testing.T) {
	w := newWorld(t)
	w.settled[contract.Services] = func(context.Context, ops.Verification) error { return errRolledBack }

	err := w.app(t).DeployAll(t.Context())

	assert.Equal(t, fault.Verification, fault.CodeOf(err), err)
	r := w.last(t, "local", "deploy:all")
	assert.Equal(t, 11, *r.ExitCode)
	assert.Equal(t, "failed", r.Find("services").State)
	assert.Equal(t, "skipped (services failed)", states(r)["observability"])
	assert.Equal(t, "succeeded", r.Find("migration").State, "who does not need the layer goes on")
	assert.Positive(t, r.Find("services").Changes.Create, "the report tells what was changed all the same")
	assert.Contains(t, w.out.String(), "services was updated, but what was deployed is not what runs: payment-api in blue: runs revision 1, asked for 2")
	assert.Contains(t, w.out.String(), "go on with: go tool mage deploy:all -resume")
}

func TestALayerIsAskedAfterItsUpdateAndWithWhatItExports(t *testing.T) {
	w := newWorld(t)
	var asked []ops.Verification
	w.settled[contract.Services] = func(_ context.Context, v ops.Verification) error {
		w.fake.Edit(contract.Services, func(s *enginetest.Stack) { assert.True(t, s.Deployed, "the update comes first") })
		asked = append(asked, v)
		return nil
	}
	w.deployed()
	require.NoError(t, w.app(t, "-color=green").Deploy(t.Context(), contract.Services))
	require.Len(t, asked, 1, "also where the engine finds nothing to change")
	assert.Equal(t, "local", asked[0].Environment)
	assert.Equal(t, "green", asked[0].Color)
	assert.Equal(t, map[string]any{"name": "services"}, asked[0].Outputs)
}

func TestALayerWhoseUpdateFailedIsNotAsked(t *testing.T) {
	w := newWorld(t)
	w.fake.Hook = failing("up", contract.Services, fault.New(fault.Resource, "%w", errQuota))
	w.settled[contract.Services] = func(context.Context, ops.Verification) error { return errRolledBack }
	err := w.app(t).DeployAll(t.Context())
	assert.Equal(t, fault.Resource, fault.CodeOf(err))
}

func TestWaitingForALayerToSettleEndsWithTheRunsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the clock goes on in the wait alone
		w := newWorld(t)
		w.settled[contract.Services] = func(ctx context.Context, _ ops.Verification) error {
			<-ctx.Done()
			return ctx.Err()
		}
		w.deployed()
		err := w.app(t, "-timeout=1s").Deploy(t.Context(), contract.Services)
		assert.Equal(t, fault.Timeout, fault.CodeOf(err), err)
		assert.Contains(t, w.out.String(), "services was updated; waiting for it to settle was interrupted")
	})
}

// A resumed run asks again: what failed to settle is not done.
func TestAResumedRunAsksAgain(t *testing.T) {
	w := newWorld(t)
	answer := errRolledBack
	w.settled[contract.Services] = func(context.Context, ops.Verification) error { return answer }
	require.Error(t, w.app(t).DeployAll(t.Context()))
	require.Error(t, w.app(t, "-resume").DeployAll(t.Context()))
	answer = nil
	require.NoError(t, w.app(t, "-resume").DeployAll(t.Context()))
}
