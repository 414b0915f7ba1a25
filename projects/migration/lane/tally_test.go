//go:build integration

package lane_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A fault is survived when the sides were equal behind it, and only then; where they
// were not, the table says how many rows and writes that are.
func TestTheTallyCountsWhatWasNotSurvived(t *testing.T) {
	former := injuries
	t.Cleanup(func() { injuries = former })
	injuries = &tally{injected: map[string]int{}, survived: map[string]int{}}
	page := func() string {
		var b strings.Builder
		injuries.print(&b)
		return b.String()
	}
	(&world{}).judged(0, 0)
	(&world{}).answered(5, 0, 0)
	assert.Empty(t, page(), "nothing was injected")

	sound, broken := &world{}, &world{}
	sound.injected(byCrash)
	sound.injected(byKill)
	sound.judged(0, 0)
	sound.judged(0, 0)
	sound.answered(10, 0, 0)
	broken.injected(byKill)
	broken.judged(2, 1)
	broken.answered(7, 3, 1)
	assert.Equal(t, strings.Join([]string{
		"fault                    injected  survived",
		"crash at a durable step  1         1",
		"kill -9 of a process     2         1",
		"all                      3         2",
		"2 comparisons behind them: 2 rows lost, 1 doubled or changed; of 17 acknowledged writes 3 lost, 1 doubled",
		"",
	}, "\n"), page())
}
