package function

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// Between a call's look and its step another process may have gone on: then the step
// is not done, whatever it is.
func TestAStepIsDoneOnlyOnTheRevisionThatWasLookedAt(t *testing.T) {
	store := &control.Memory{}
	require.NoError(t, switching.Open(t.Context(), store, naming.Blue))
	put := func(rev int64, state items.State) {
		sw := items.Switch{State: state, From: naming.Blue, To: naming.Green, Epoch: 1, Owner: "mine#1", Attempt: "x"}
		require.NoError(t, store.Put(t.Context(), items.SwitchItem, control.Item{Rev: rev, Fields: sw.Fields()}))
	}
	put(1, items.Armed)
	key, err := proof.LoadKey(t.TempDir() + "/key")
	require.NoError(t, err)
	s := &switcher{
		parts:  &parts{color: naming.Green, platform: "prod", store: store, now: time.Now, out: &bytes.Buffer{}},
		limits: switching.Defaults(), proofs: proofs{store: &proof.Folder{Path: t.TempDir()}, signer: key},
	}
	s.primary = func(context.Context, string) (switching.Primary, func(), error) {
		put(2, items.Registered)
		return struct{ switching.Primary }{}, func() {}, nil // any call of it would fail the test
	}
	answer, err := s.handle(t.Context(), SwitchEvent{Act: Advance, To: naming.Green, Request: "mine", Reason: "r", Operators: []string{"ann"}})
	require.NoError(t, err)
	assert.Equal(t, Again, answer.Outcome)
	assert.Equal(t, items.Registered, answer.State)
	assert.Contains(t, answer.Reason, "the switch has moved on since it was looked at: revision 2, expected 1")
}

// Without a token there is nothing to switch and nothing to look after, and no login
// is read.
func TestBeforeTheFirstTokenNothingIsDone(t *testing.T) {
	s := &switcher{parts: &parts{color: naming.Green, store: &control.Memory{}, now: time.Now}, limits: switching.Defaults()}
	answer, err := s.handle(t.Context(), SwitchEvent{})
	require.NoError(t, err)
	assert.Equal(t, Done, answer.Outcome)
	answer, err = s.handle(t.Context(), SwitchEvent{Act: Advance, To: naming.Green, Request: "mine", Reason: "r", Operators: []string{"ann"}})
	require.NoError(t, err)
	assert.Equal(t, Refused, answer.Outcome)
}
