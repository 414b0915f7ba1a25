package verify

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestABucketIsDividedAndItsPartsKeepWhatIsKnown(t *testing.T) {
	key := func(k string) []string { return []string{k} }
	xid, clean, rows := "77", "0/10", int64(900)
	old := []planned{{Hi: key("c")}, {Lo: key("c"), Hi: key("m"), DirtyXid: &xid, Clean: &clean, Rows: &rows}, {Lo: key("m")}}
	got := cut(old, []division{{bucket: bucket{no: 1, lo: key("c"), hi: key("m")}, at: [][]string{key("f"), key("i"), key("m")}}})
	require.Len(t, got, 5)
	for i, want := range [][2][]string{{nil, key("c")}, {key("c"), key("f")}, {key("f"), key("i")}, {key("i"), key("m")}, {key("m"), nil}} {
		assert.Equal(t, want, [2][]string{got[i].Lo, got[i].Hi})
	}
	for _, part := range got[1:4] {
		assert.Equal(t, &clean, part.Clean, "what is equal is so in its parts")
		assert.Equal(t, &xid, part.DirtyXid)
		assert.Nil(t, part.Rows, "how many rows are in which part is not known")
	}
}

// However often buckets are divided, and by whatever sample, every possible key is
// in exactly one.
func TestEveryKeyStaysInExactlyOneBucket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := []planned{{}}
		for range rapid.IntRange(1, 4).Draw(t, "divisions") {
			p := rapid.SampledFrom(all).Draw(t, "bucket")
			low, high := 0, 999
			if p.Lo != nil {
				low, _ = strconv.Atoi(p.Lo[0])
			}
			if p.Hi != nil {
				high, _ = strconv.Atoi(p.Hi[0])
			}
			var at [][]string
			for n := low + 1; n <= high; n++ {
				if rapid.IntRange(0, 9).Draw(t, "sampled") == 0 {
					at = append(at, []string{strconv.Itoa(n)})
				}
			}
			all = cut(all, []division{{bucket: bucket{lo: p.Lo, hi: p.Hi}, at: at}})
		}
		for key := range 1000 {
			holders := 0
			for _, p := range all {
				above := p.Lo == nil
				if !above {
					low, _ := strconv.Atoi(p.Lo[0])
					above = key > low
				}
				below := p.Hi == nil
				if !below {
					high, _ := strconv.Atoi(p.Hi[0])
					below = key <= high
				}
				if above && below {
					holders++
				}
			}
			require.Equal(t, 1, holders, "key %d", key)
		}
	})
}
