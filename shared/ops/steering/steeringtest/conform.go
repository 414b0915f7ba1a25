package steeringtest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/traffic"
)

// TableConforms checks that an empty table keeps what steering.Table promises.
func TableConforms(t *testing.T, table steering.Table) {
	t.Helper()
	ctx := context.Background()
	item := func(key string, rev int64, who string) steering.Item {
		return steering.Item{Key: key, Rev: rev, Fields: map[string]string{"who": who, "empty": ""}}
	}
	t.Run("an item that nobody wrote is absent", func(t *testing.T) {
		_, err := table.Get(ctx, "absent")
		require.ErrorIs(t, err, steering.ErrAbsent)
	})
	t.Run("what was written is read, and nobody's changes to it", func(t *testing.T) {
		written := item("kept#1", 1, "ada")
		require.NoError(t, table.Put(ctx, written))
		written.Fields["who"] = "changed afterwards"
		found, err := table.Get(ctx, "kept#1")
		require.NoError(t, err)
		require.Equal(t, item("kept#1", 1, "ada"), found)
		found.Fields["who"] = "changed afterwards"
		again, err := table.Get(ctx, "kept#1")
		require.NoError(t, err)
		require.Equal(t, item("kept#1", 1, "ada"), again)
	})
	t.Run("a repeated, a skipped and a former revision are conflicts and change nothing", func(t *testing.T) {
		require.ErrorIs(t, table.Put(ctx, item("skip", 2, "a")), steering.ErrConflict)
		require.NoError(t, table.Put(ctx, item("skip", 1, "a")))
		require.NoError(t, table.Put(ctx, item("skip", 2, "b")))
		for _, rev := range []int64{1, 2, 4} {
			require.ErrorIs(t, table.Put(ctx, item("skip", rev, "c")), steering.ErrConflict, "revision %d", rev)
		}
		found, err := table.Get(ctx, "skip")
		require.NoError(t, err)
		require.Equal(t, item("skip", 2, "b"), found)
	})
	t.Run("a revision replaces all fields of the one before", func(t *testing.T) {
		require.NoError(t, table.Put(ctx, item("whole", 1, "a")))
		require.NoError(t, table.Put(ctx, steering.Item{Key: "whole", Rev: 2, Fields: map[string]string{"x": "y"}}))
		found, err := table.Get(ctx, "whole")
		require.NoError(t, err)
		require.Equal(t, map[string]string{"x": "y"}, found.Fields)
	})
	t.Run("of several items all are written or none", func(t *testing.T) {
		require.NoError(t, table.Put(ctx, item("line", 1, "a")))
		require.ErrorIs(t, table.Put(ctx, item("head", 1, "b"), item("line", 1, "b")), steering.ErrConflict)
		_, err := table.Get(ctx, "head")
		require.ErrorIs(t, err, steering.ErrAbsent)
		require.NoError(t, table.Put(ctx, item("head", 1, "b"), item("line", 2, "b")))
		found, err := table.Get(ctx, "head")
		require.NoError(t, err)
		require.Equal(t, item("head", 1, "b"), found)
	})
	t.Run("of many writers of one revision one wins", func(t *testing.T) {
		var won atomic.Int64
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				if err := table.Put(ctx, item("race", 1, "w"), item("race#1", 1, "w")); err == nil {
					won.Add(1)
				} else {
					assert.ErrorIs(t, err, steering.ErrConflict)
				}
			})
		}
		group.Wait()
		require.EqualValues(t, 1, won.Load())
	})
	t.Run("an ended context ends the call", func(t *testing.T) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, err := table.Get(ended, "skip")
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, table.Put(ended, item("ended", 1, "a")), context.Canceled)
		_, err = table.Get(ctx, "ended")
		require.ErrorIs(t, err, steering.ErrAbsent)
	})
}

// VaultConforms checks that an empty vault keeps what steering.Vault promises.
func VaultConforms(t *testing.T, vault steering.Vault) {
	t.Helper()
	ctx := context.Background()
	list := func(prefix string) []string {
		names, err := vault.List(ctx, prefix)
		require.NoError(t, err)
		return names
	}
	t.Run("a document that nobody wrote is absent", func(t *testing.T) {
		_, err := vault.Read(ctx, "place.json")
		require.ErrorIs(t, err, steering.ErrAbsent)
		assert.Empty(t, list(""))
	})
	t.Run("what was written last is read, byte by byte", func(t *testing.T) {
		for _, text := range []string{`{"zoneId":"Z1"}`, "", "{\n\"x\": \"\u00e4\"}\n"} {
			require.NoError(t, vault.Write(ctx, "place.json", []byte(text)))
			found, err := vault.Read(ctx, "place.json")
			require.NoError(t, err)
			assert.Equal(t, text, string(found))
		}
	})
	t.Run("documents are listed by prefix and sorted", func(t *testing.T) {
		for _, name := range []string{"release-000010.json", "release-000002.json", "traffic.json"} {
			require.NoError(t, vault.Write(ctx, name, []byte("{}")))
		}
		assert.Equal(t, []string{"release-000002.json", "release-000010.json"}, list("release-"))
		assert.Equal(t, []string{"place.json", "release-000002.json", "release-000010.json", "traffic.json"}, list(""))
		assert.Empty(t, list("nothing"))
	})
	t.Run("an ended context ends the call", func(t *testing.T) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, err := vault.Read(ended, "place.json")
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, vault.Write(ended, "ended.json", nil), context.Canceled)
		_, err = vault.List(ended, "")
		require.ErrorIs(t, err, context.Canceled)
		assert.NotContains(t, list(""), "ended.json")
	})
}

// DNSWorld is a DNS with hands that change it behind its back. It begins with
// green at 25 per cent.
type DNSWorld struct {
	steering.DNS
	Domain string
	Place  traffic.Place
	// Weigh writes a colour's weight by hand, Remove deletes its record.
	Weigh  func(color naming.Color, weight int)
	Remove func(color naming.Color)
}

// DNSConforms checks that a DNS keeps what steering.DNS promises.
func DNSConforms(t *testing.T, w DNSWorld) {
	t.Helper()
	ctx := context.Background()
	observe := func() steering.Reality {
		real, err := w.Observe(ctx, w.Place)
		require.NoError(t, err)
		return real
	}
	apply := func(split traffic.Split) string {
		change, err := w.Apply(ctx, w.Place, observe(), split)
		require.NoError(t, err)
		return change
	}
	t.Run("the zone is found by its domain, and no other", func(t *testing.T) {
		found, err := w.Find(ctx, w.Domain)
		require.NoError(t, err)
		assert.Equal(t, w.Place.ZoneID, found)
		_, err = w.Find(ctx, "elsewhere.example")
		require.ErrorIs(t, err, steering.ErrAbsent)
	})
	t.Run("a zone that is no more is absent", func(t *testing.T) {
		gone := w.Place
		gone.ZoneID = "ZGONE00000000"
		_, err := w.Observe(ctx, gone)
		require.ErrorIs(t, err, steering.ErrAbsent)
	})
	t.Run("records and checks are seen as they are", func(t *testing.T) {
		real := observe()
		assert.Equal(t, traffic.At(25), real.Split())
		for _, color := range naming.Colors() {
			e := w.Place.Of(color)
			assert.Equal(t, steering.Side{
				Exists: true, Weight: traffic.At(25).Weight(color), HealthCheck: e.HealthCheck, Endpoint: e.Endpoint, EndpointZone: e.EndpointZone,
			}, real.Of(color))
		}
	})
	t.Run("every split is applied with its checks", func(t *testing.T) {
		for _, split := range []traffic.Split{traffic.At(1), traffic.At(50), traffic.All(naming.Green), traffic.All(naming.Blue), traffic.At(25)} {
			change := apply(split)
			require.NotEmpty(t, change)
			real := observe()
			assert.True(t, real.Is(split), "%s instead of %s", real, split)
			for _, color := range naming.Colors() {
				assert.Equal(t, split.Shut(color), real.Of(color).Shut)
				assert.Equal(t, w.Place.Of(color).Endpoint, real.Of(color).Endpoint)
			}
			done, err := w.InSync(ctx, change)
			require.NoError(t, err)
			assert.True(t, done)
		}
	})
	t.Run("a repeated split changes no record", func(t *testing.T) {
		assert.Empty(t, apply(traffic.At(25)))
	})
	t.Run("a weight written by hand is seen and taken back", func(t *testing.T) {
		w.Weigh(naming.Green, 0)
		real := observe()
		assert.Zero(t, real.Green.Weight)
		assert.False(t, real.Is(traffic.Split{Blue: 75}), "green is not shut")
		apply(traffic.All(naming.Blue))
		assert.True(t, observe().Is(traffic.All(naming.Blue)))
	})
	t.Run("a record that is gone is not made for a colour without traffic, and made for one with", func(t *testing.T) {
		w.Remove(naming.Green)
		assert.False(t, observe().Green.Exists)
		assert.Empty(t, apply(traffic.All(naming.Blue)))
		assert.False(t, observe().Green.Exists)
		apply(traffic.At(10))
		assert.True(t, observe().Is(traffic.At(10)))
	})
	t.Run("an ended context ends the call", func(t *testing.T) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, err := w.Observe(ended, w.Place)
		require.ErrorIs(t, err, context.Canceled)
		_, err = w.Apply(ended, w.Place, observe(), traffic.At(50))
		require.ErrorIs(t, err, context.Canceled)
		assert.True(t, observe().Is(traffic.At(10)))
	})
}

// EyesWorld is what eyes look at: a target group with two healthy targets, one
// without any, and three alarms in the states that their names tell.
type EyesWorld struct {
	steering.Eyes
	Two, Empty              string
	OK, Alarm, Insufficient string
}

// EyesConform checks that eyes keep what steering.Eyes promises.
func EyesConform(t *testing.T, w EyesWorld) {
	t.Helper()
	ctx := context.Background()
	t.Run("targets are counted by their state", func(t *testing.T) {
		health, err := w.Targets(ctx, w.Two)
		require.NoError(t, err)
		assert.Equal(t, steering.Health{Healthy: 2}, health)
		health, err = w.Targets(ctx, w.Empty)
		require.NoError(t, err)
		assert.Equal(t, steering.Health{}, health)
	})
	t.Run("alarms that exist are told, others are not", func(t *testing.T) {
		states, err := w.Alarms(ctx, w.OK, w.Alarm, w.Insufficient, "nowhere")
		require.NoError(t, err)
		assert.Equal(t, map[string]string{w.OK: "OK", w.Alarm: "ALARM", w.Insufficient: "INSUFFICIENT_DATA"}, states)
	})
	t.Run("an ended context ends the call", func(t *testing.T) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, err := w.Targets(ended, w.Two)
		require.ErrorIs(t, err, context.Canceled)
		_, err = w.Alarms(ended, w.OK)
		require.ErrorIs(t, err, context.Canceled)
	})
}
