package apply

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/change"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

func TestATimeIsToldAnEighthTooLongAtMostAndNeverTooShort(t *testing.T) {
	for micros := int64(1); micros < int64(100*24*time.Hour/time.Microsecond); micros += 1 + micros/3 {
		took := time.Duration(micros) * time.Microsecond
		end := endOf(classOf(took))
		require.Greater(t, end, took)
		require.LessOrEqual(t, end-took, max(took/8, time.Microsecond), took)
		require.Equal(t, classOf(took)+1, classOf(end), "the classes leave nothing out")
	}
	require.Less(t, classOf(1<<63-1), len(durations{}.classes))
	require.Zero(t, classOf(-time.Second), "a clock that was set back")
}

func TestATallyIsTakenOnce(t *testing.T) {
	var none *Tally
	none.Add(Applied{Rows: 1}, time.Second)
	var tally Tally
	for range 989 {
		tally.Add(Applied{Rows: 4, Bytes: 40, Written: 2}, time.Millisecond)
	}
	for range 11 {
		tally.Add(Applied{}, 100*time.Millisecond)
	}
	sum := tally.Take()
	assert.Equal(t, Applied{Rows: 3956, Bytes: 39560, Written: 1978, Transactions: 1000, P99: 100 * time.Millisecond}, sum)
	ratio, told := sum.Ratio()
	assert.True(t, told)
	assert.InDelta(t, 2.0, ratio, 0)

	for range 990 {
		tally.Add(Applied{}, time.Millisecond)
	}
	for range 10 {
		tally.Add(Applied{}, 100*time.Millisecond)
	}
	sum = tally.Take()
	assert.InDelta(t, time.Millisecond, sum.P99, float64(time.Millisecond/8), "99 of 100")
	_, told = sum.Ratio()
	assert.False(t, told, "nothing was written")
	assert.Equal(t, Applied{}, tally.Take())
}

func TestWhatIsFoldedAwayIsNotWritten(t *testing.T) {
	table := &relation.Table{ID: 1, Schema: "public", Name: "t", Columns: []relation.Column{{Name: "id"}, {Name: "v"}}, Key: []int{0}}
	row := func(texts ...string) (r change.Row) {
		for _, text := range texts {
			r = append(r, change.Value{Kind: change.Text, Text: text})
		}
		return r
	}
	changes := []change.Change{
		{Table: table, Op: change.Insert, New: row("1", "ab")}, {Table: table, Op: change.Update, New: row("1", "cdé")},
		{Table: table, Op: change.Insert, New: row("2", "")}, {Table: table, Op: change.Delete, Old: change.Row{{Kind: change.Text, Text: "2"}, {}}},
		{Table: table, Op: change.Delete, Old: change.Row{{Kind: change.Text, Text: "3"}, {Kind: change.Unchanged}}},
	}
	var done Applied
	done.count(changes)
	assert.Equal(t, Applied{Rows: 5, Bytes: 3 + 5 + 1 + 1 + 1}, done)
	folds, err := change.Collapse(changes, func(*relation.Table) bool { return false })
	require.NoError(t, err)
	assert.EqualValues(t, 2, left(folds))
	assert.Zero(t, testing.AllocsPerRun(10, func() { done.count(changes); left(folds) }))
}
