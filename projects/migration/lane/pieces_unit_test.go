package lane

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/cutover/cutover/projects/migration/lane/backfill"
)

// Pieces grow and shrink with the pace that was seen of their own table.
func TestAPieceIsAsLongAsTheTimeForWhichDataMayFlow(t *testing.T) {
	const window, unknown = 100 * time.Millisecond, 500
	var p pace
	assert.EqualValues(t, unknown, p.rows(1, window, unknown), "nothing is known yet")
	p.saw(1, backfill.Loaded{Rows: 0, Crossing: time.Second})
	p.saw(1, backfill.Loaded{Rows: 10, Crossing: 0})
	assert.EqualValues(t, unknown, p.rows(1, window, unknown), "no pace can be told from that")
	p.saw(1, backfill.Loaded{Rows: 100_000, Crossing: time.Second})
	assert.EqualValues(t, 7_000, p.rows(1, window, unknown), "and some time for what there is beside rows")
	p.saw(1, backfill.Loaded{Rows: 20_000, Crossing: time.Second})
	assert.EqualValues(t, 4_200, p.rows(1, window, unknown))
	assert.EqualValues(t, unknown, p.rows(2, window, unknown), "another table")
	assert.EqualValues(t, 1, p.rows(1, time.Microsecond, unknown), "one row at least")
	assert.EqualValues(t, 1, p.rows(2, window, 0))
}
