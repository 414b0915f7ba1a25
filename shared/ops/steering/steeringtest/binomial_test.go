package steeringtest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cutover/cutover/shared/ops/steering/steeringtest"
)

// The bounds were computed apart from the code, by sums of fractions of whole numbers.
func TestTheIntervalIsThatOfTheQuantiles(t *testing.T) {
	for _, c := range []struct{ n, percent, low, high int }{
		{10, 50, 1, 9}, {100, 50, 37, 63}, {100, 1, 0, 4}, {100, 99, 96, 100}, {1000, 25, 215, 286}, {20, 0, 0, 0}, {20, 100, 20, 20},
	} {
		low, high := steeringtest.Binomial(c.n, c.percent, 10)
		assert.Equal(t, []int{c.low, c.high}, []int{low, high}, "%d tries of %d %%", c.n, c.percent)
	}
}
