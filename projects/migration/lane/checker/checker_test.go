package checker

import (
	"bufio"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTwoSidesAreReadAsOne(t *testing.T) {
	for name, test := range map[string]struct {
		source, target string
		want           Table
	}{
		"both empty":      {"", "", Table{}},
		"alike":           {"31\ta\n32\tb\n", "31\ta\n32\tb\n", Table{Rows: 2}},
		"source is empty": {"", "31\ta\n32\tb\n", Table{Extra: 2}},
		"target is empty": {"31\ta\n", "", Table{Rows: 1, Missing: 1}},
		"one is missing":  {"31\ta\n32\tb\n33\tc\n", "31\ta\n33\tc\n", Table{Rows: 3, Missing: 1}},
		"one is extra":    {"31\ta\n33\tc\n", "31\ta\n32\tb\n33\tc\n", Table{Rows: 2, Extra: 1}},
		"one differs":     {"31\ta\n32\tb\n", "31\ta\n32\tc\n", Table{Rows: 2, Different: 1}},
		"all of it":       {"31\ta\n32\tb\n35\te\n", "30\tz\n32\tc\n34\td\n35\te\n36\tf\n", Table{Rows: 3, Missing: 1, Extra: 3, Different: 1}},
		"a longer key":    {"31\ta\n3131\tb\n", "3131\tb\n", Table{Rows: 2, Missing: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			var got Table
			require.NoError(t, got.merge([2]*bufio.Reader{bufio.NewReader(strings.NewReader(test.source)), bufio.NewReader(strings.NewReader(test.target))}))
			assert.Equal(t, test.want, got)
			assert.Equal(t, test.want.Missing+test.want.Extra+test.want.Different == 0, Result{[]Table{got}}.Equal())
		})
	}
}
