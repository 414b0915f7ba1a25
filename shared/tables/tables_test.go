package tables_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/cutover/cutover/shared/tables"
)

// DynamoDB refuses an attribute definition that no key uses and a key without
// one, two types of one attribute, and more than 20 indexes; a name of an index
// has at least three characters.
func TestDesignsAreWhatDynamoDBTakes(t *testing.T) {
	for _, table := range tables.All() {
		t.Run(table.Name, func(t *testing.T) {
			types := map[string]string{}
			for _, a := range table.Attributes() {
				assert.Contains(t, []string{tables.Text, tables.Number}, a.Type, a.Name)
				types[a.Name] = a.Type
			}
			assert.Len(t, types, len(table.Attributes()), "each attribute once")
			keys := []tables.Attribute{table.Hash}
			if table.Range.Name != "" {
				keys = append(keys, table.Range)
			}
			names := map[string]bool{}
			for _, index := range table.Indexes {
				keys = append(keys, index.Hash, index.Range)
				names[index.Name] = true
				assert.Regexp(t, `^[a-zA-Z0-9_.-]{3,255}$`, index.Name)
				for _, included := range index.Include {
					assert.NotContains(t, []string{table.Hash.Name, index.Hash.Name, index.Range.Name}, included,
						"%s: a key is in the index anyway", index.Name)
				}
			}
			assert.Len(t, names, len(table.Indexes))
			assert.LessOrEqual(t, len(table.Indexes), 20)
			for _, key := range keys {
				assert.Equal(t, key.Type, types[key.Name], key.Name)
			}
			assert.NotEmpty(t, table.TTL)
		})
	}
}

// A marker in a key or an index would make every copied item another item.
func TestMarkerStandsInNoKeyAndNoIndex(t *testing.T) {
	for _, table := range tables.All() {
		for _, a := range table.Attributes() {
			assert.NotEqual(t, tables.Marker, a.Name, table.Name)
		}
		for _, index := range table.Indexes {
			assert.NotContains(t, index.Include, tables.Marker, index.Name)
		}
	}
}

func TestCountIsInNoIndexOfTheCounters(t *testing.T) {
	for _, index := range tables.RateLimits().Indexes {
		assert.NotContains(t, append(slices.Clone(index.Include), index.Range.Name), "count", index.Name)
	}
}

func TestShardsHoldEveryKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "at"), 0)
		id := rapid.String().Draw(t, "id")
		var hours, windows []string
		for _, n := range tables.Shards() {
			hours = append(hours, at.UTC().Format("2006010215")+"#"+strconv.Itoa(n))
			windows = append(windows, strconv.Itoa(int(at.Unix()))+"#"+strconv.Itoa(n))
		}
		assert.Contains(t, hours, tables.ExpiryHour(at, id))
		assert.Contains(t, windows, tables.WindowShard(at, id))
		assert.Equal(t, tables.ExpiryHour(at, id), tables.ExpiryHour(at.In(time.FixedZone("x", 3600)), id), "the zone does not matter")
	})
	seen := map[string]bool{}
	for i := range 1000 {
		seen[tables.ExpiryHour(time.Unix(0, 0), strconv.Itoa(i))] = true
	}
	assert.Len(t, seen, len(tables.Shards()), "ids spread over all shards")
}

func TestCanaryHasTheWholeKeyAndNoMore(t *testing.T) {
	assert.Equal(t, map[string]string{"session_id": "canary#x"}, tables.Sessions().CanaryKey("x"))
	assert.Equal(t, map[string]string{"counter": "canary#x", "window_start": "0"}, tables.RateLimits().CanaryKey("x"))
	assert.Equal(t, "client#refund", tables.Counter("client", "refund"))
	for _, table := range tables.All() {
		key := table.CanaryKey("x")
		for _, index := range table.Indexes {
			_, hash := key[index.Hash.Name]
			assert.False(t, hash, "%s of %s indexes no canary", index.Name, table.Name)
		}
		require.Contains(t, key, table.Hash.Name)
	}
}
