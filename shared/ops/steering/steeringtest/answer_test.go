package steeringtest_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cutover/cutover/shared/ops/steering/steeringtest"
)

// TestRoute53sChoice goes through the cases of the developer guide, the trap among
// them: weight 0 is not off.
func TestRoute53sChoice(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for name, c := range map[string]struct {
		blue, green steeringtest.Record
		want        float64 // green's share
	}{
		"both healthy":                     {record(75, true), record(25, true), 0.25},
		"weight 0 is not answered":         {record(255, true), record(0, true), 0},
		"one unhealthy":                    {record(75, true), record(25, false), 0},
		"the trap":                         {record(255, false), record(0, true), 1},
		"the trap, shut":                   {record(255, false), record(0, false), 0},
		"all weights 0":                    {record(0, true), record(0, true), 0.5},
		"all weights 0, one shut":          {record(0, true), record(0, false), 0},
		"none healthy: as if all were":     {record(90, false), record(10, false), 0.1},
		"none healthy, weights 0 and some": {record(0, false), record(10, false), 1},
	} {
		t.Run(name, func(t *testing.T) {
			c.blue.SetIdentifier, c.green.SetIdentifier = "blue", "green"
			green := 0
			const draws = 20000
			for range draws {
				if chosen, ok := steeringtest.Answer([]steeringtest.Record{c.blue, c.green}, random.IntN); ok && chosen == "green" {
					green++
				}
			}
			assert.InDelta(t, c.want, float64(green)/draws, 0.015)
		})
	}
	_, ok := steeringtest.Answer(nil, random.IntN)
	assert.False(t, ok)
}

func record(weight int, healthy bool) steeringtest.Record {
	return steeringtest.Record{Weight: weight, Healthy: healthy}
}
