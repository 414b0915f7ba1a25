package backfill_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/cutover/cutover/projects/migration/lane/backfill"
)

func TestRangesAreCutAtTheSample(t *testing.T) {
	key := func(k string) []string { return []string{k} }
	for name, test := range map[string]struct {
		sample [][]string
		wanted int
		want   []backfill.Bounds
	}{
		"one":               {[][]string{key("a"), key("b")}, 1, []backfill.Bounds{{}}},
		"none asked":        {nil, 0, []backfill.Bounds{{}}},
		"nothing sampled":   {nil, 4, []backfill.Bounds{{}}},
		"two":               {[][]string{key("a"), key("b"), key("c"), key("d")}, 2, []backfill.Bounds{{Hi: key("c")}, {Lo: key("c")}}},
		"fewer than wanted": {[][]string{key("a"), key("b")}, 4, []backfill.Bounds{{Hi: key("a")}, {Lo: key("a"), Hi: key("b")}, {Lo: key("b")}}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, backfill.Cut(test.sample, test.wanted)) })
	}
}

func TestEveryKeyIsInExactlyOneRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfNDistinct(rapid.IntRange(0, 999), 0, 60, func(n int) int { return n }).Draw(t, "sample")
		sample := make([][]string, 0, len(numbers))
		for n := range 1000 { // in order
			for _, sampled := range numbers {
				if n == sampled {
					sample = append(sample, []string{fmt.Sprintf("%03d", n)})
				}
			}
		}
		wanted := rapid.IntRange(1, 80).Draw(t, "wanted")
		bounds := backfill.Cut(sample, wanted)
		require.LessOrEqual(t, len(bounds), wanted)
		for n := range 1000 {
			key, holders := fmt.Sprintf("%03d", n), 0
			for _, b := range bounds {
				if (b.Lo == nil || key > b.Lo[0]) && (b.Hi == nil || key <= b.Hi[0]) {
					holders++
				}
			}
			require.Equal(t, 1, holders, "key %s", key)
		}
	})
}
