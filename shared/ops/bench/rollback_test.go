package bench

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAQuantileIsOneOfTheTimes(t *testing.T) {
	var times []time.Duration
	for n := 1; n <= 20; n++ {
		times = append(times, time.Duration(n))
	}
	assert.EqualValues(t, 10, quantile(times, 50))
	assert.EqualValues(t, 20, quantile(times, 99))
	assert.EqualValues(t, 1, quantile(times, 1))
	assert.EqualValues(t, 7, quantile([]time.Duration{7}, 99))
}
