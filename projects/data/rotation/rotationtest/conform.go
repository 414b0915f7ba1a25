package rotationtest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/data/rotation"
)

// Versions of a secret. Secrets Manager takes ids of 32 to 64 characters.
const (
	one   = "11111111-1111-4111-8111-111111111111"
	two   = "22222222-2222-4222-8222-222222222222"
	three = "33333333-3333-4333-8333-333333333333"
)

// Conform checks that a store keeps what rotation.Store promises. fresh makes a
// secret without a value, with rotation enabled, and returns its name.
func Conform(t *testing.T, store rotation.Store, fresh func(t *testing.T) string) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, rotation.Store, string){
		"a secret without a value is described and has none":          conformEmpty,
		"a first value is pending until its label is moved":           conformFirst,
		"a value is given once":                                       conformOnce,
		"pending is one version at a time":                            conformPending,
		"moving the current label leaves the former version previous": conformPrevious,
		"a label is moved from where it is only":                      conformMoved,
		"a label that nothing has goes nowhere":                       conformGone,
	} {
		t.Run(name, func(t *testing.T) { check(t, store, fresh(t)) })
	}
	t.Run("an ended context ends the call", func(t *testing.T) {
		secret := fresh(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := store.Describe(ctx, secret)
		require.ErrorIs(t, err, context.Canceled)
		_, err = store.Current(ctx, secret)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, store.Put(ctx, secret, one, "{}"), context.Canceled)
	})
	t.Run("a secret that does not exist is a failure to describe", func(t *testing.T) {
		_, err := store.Describe(t.Context(), fresh(t)+"x")
		require.Error(t, err)
	})
}

func describe(t *testing.T, store rotation.Store, secret string) map[string][]rotation.Label {
	t.Helper()
	found, err := store.Describe(t.Context(), secret)
	require.NoError(t, err)
	require.True(t, found.Rotating)
	return found.Labels
}

func holder(t *testing.T, store rotation.Store, secret string, label rotation.Label) string {
	t.Helper()
	var holders []string
	for version, labels := range describe(t, store, secret) {
		for _, found := range labels {
			if found == label {
				holders = append(holders, version)
			}
		}
	}
	require.LessOrEqual(t, len(holders), 1, "%s is at %v", label, holders)
	if len(holders) == 0 {
		return ""
	}
	return holders[0]
}

// settle makes a version current, whether or not the store did so by itself.
func settle(t *testing.T, store rotation.Store, secret, version, value string) {
	t.Helper()
	require.NoError(t, store.Put(t.Context(), secret, version, value))
	if from := holder(t, store, secret, rotation.Current); from != version {
		require.NoError(t, store.Move(t.Context(), secret, rotation.Current, from, version))
	}
	require.NoError(t, store.Move(t.Context(), secret, rotation.Pending, version, ""))
}

func current(t *testing.T, store rotation.Store, secret string) string {
	t.Helper()
	value, err := store.Current(t.Context(), secret)
	require.NoError(t, err)
	return value
}

func conformEmpty(t *testing.T, store rotation.Store, secret string) {
	require.Empty(t, describe(t, store, secret))
	_, err := store.Current(t.Context(), secret)
	require.ErrorIs(t, err, rotation.ErrNoValue)
	_, err = store.Value(t.Context(), secret, one)
	require.ErrorIs(t, err, rotation.ErrNoValue)
}

func conformFirst(t *testing.T, store rotation.Store, secret string) {
	require.NoError(t, store.Put(t.Context(), secret, one, `{"n":1}`))
	require.Contains(t, describe(t, store, secret)[one], rotation.Pending)
	value, err := store.Value(t.Context(), secret, one)
	require.NoError(t, err)
	require.Equal(t, `{"n":1}`, value)
}

func conformOnce(t *testing.T, store rotation.Store, secret string) {
	settle(t, store, secret, one, `{"n":1}`)
	require.NoError(t, store.Put(t.Context(), secret, two, `{"n":2}`))
	require.NoError(t, store.Put(t.Context(), secret, two, `{"n":2}`))
	require.ErrorIs(t, store.Put(t.Context(), secret, two, `{"n":3}`), rotation.ErrVersionTaken)
	require.ErrorIs(t, store.Put(t.Context(), secret, one, `{"n":3}`), rotation.ErrVersionTaken)
	value, err := store.Value(t.Context(), secret, two)
	require.NoError(t, err)
	require.Equal(t, `{"n":2}`, value)
	require.Equal(t, `{"n":1}`, current(t, store, secret))
}

func conformPending(t *testing.T, store rotation.Store, secret string) {
	settle(t, store, secret, one, `{"n":1}`)
	require.NoError(t, store.Put(t.Context(), secret, two, `{"n":2}`))
	require.NoError(t, store.Put(t.Context(), secret, three, `{"n":3}`))
	require.Equal(t, three, holder(t, store, secret, rotation.Pending))
	require.Equal(t, one, holder(t, store, secret, rotation.Current))
}

func conformPrevious(t *testing.T, store rotation.Store, secret string) {
	settle(t, store, secret, one, `{"n":1}`)
	settle(t, store, secret, two, `{"n":2}`)
	require.Equal(t, two, holder(t, store, secret, rotation.Current))
	require.Equal(t, one, holder(t, store, secret, rotation.Previous))
	settle(t, store, secret, three, `{"n":3}`)
	require.Equal(t, `{"n":3}`, current(t, store, secret))
	require.Equal(t, two, holder(t, store, secret, rotation.Previous))
	require.Empty(t, holder(t, store, secret, rotation.Pending))
}

func conformMoved(t *testing.T, store rotation.Store, secret string) {
	settle(t, store, secret, one, `{"n":1}`)
	settle(t, store, secret, two, `{"n":2}`)
	require.NoError(t, store.Put(t.Context(), secret, three, `{"n":3}`))
	for _, from := range []string{one, three, ""} {
		require.ErrorIs(t, store.Move(t.Context(), secret, rotation.Current, from, three), rotation.ErrLabelMoved, "from %q", from)
	}
	require.Equal(t, two, holder(t, store, secret, rotation.Current))
	require.Equal(t, one, holder(t, store, secret, rotation.Previous))
}

func conformGone(t *testing.T, store rotation.Store, secret string) {
	settle(t, store, secret, one, `{"n":1}`)
	require.ErrorIs(t, store.Move(t.Context(), secret, rotation.Pending, one, ""), rotation.ErrLabelMoved)
	require.Equal(t, []rotation.Label{rotation.Current}, describe(t, store, secret)[one])
}
