package dirty

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCanonicalTextsOrderAsTheServerOrdersThem(t *testing.T) {
	for name, ordered := range map[string][]string{
		"bigint":  {"-9223372036854775808", "-10", "-9", "0", "9", "10", "9223372036854775807"},
		"uuid":    {"00000000-0000-0000-0000-000000000001", "0a000000-0000-0000-0000-000000000000", "a0000000-0000-0000-0000-000000000000"},
		"bytea":   {`\x`, `\x00`, `\x0000`, `\x0a`, `\xa0`},
		"text":    {"", "A", "B", "a", "aa", "b", "é"},
		"date":    {"-infinity", "4713-01-01 BC", "0044-03-14 BC", "0044-03-15 BC", "0001-12-31 BC", "0001-01-01", "2026-11-22", "9999-12-31", "10000-01-01", "infinity"},
		"integer": {"-1", "0", "1"},
		"timestamp without time zone": {
			"-infinity", "0002-01-01 00:00:00 BC", "0001-01-01 00:00:00 BC", "0001-01-01 00:00:00", "2026-01-01 10:00:00", "2026-01-01 10:00:00.000001",
			"2026-01-01 10:00:00.5", "2026-01-01 10:00:00.51", "2026-01-01 10:00:01", "12026-01-01 10:00:00", "infinity",
		},
		"timestamp with time zone": {
			"-infinity", "0001-01-01 00:00:00+00 BC", "2026-01-01 10:00:00+00", "2026-01-01 10:00:00.000001+00",
			"2026-01-01 10:00:00.5+00", "2026-01-01 10:00:00.51+00", "2026-01-01 10:00:01+00", "infinity",
		},
	} {
		t.Run(name, func(t *testing.T) {
			sorted := slices.Clone(ordered)
			slices.Reverse(sorted)
			slices.SortFunc(sorted, comparator(name))
			assert.Equal(t, ordered, sorted)
		})
	}
}
