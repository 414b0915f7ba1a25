package lane_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/cutover/cutover/projects/migration/lane"
)

func TestProgressTellsRateAndBothEndsOfTheEstimate(t *testing.T) {
	loaded := func(bytes int64, age time.Duration) lane.Piece {
		return lane.Piece{Loaded: true, Rows: 1, Bytes: bytes, Age: age}
	}
	planned := lane.Piece{}
	for name, test := range map[string]struct {
		chunks []lane.Piece
		want   lane.Progress
	}{
		"nothing yet": {[]lane.Piece{planned, planned}, lane.Progress{Chunks: 2, Remaining: 2, High: -time.Second}},
		"an even rate": {
			[]lane.Piece{loaded(600, 20*time.Second), loaded(600, 2*time.Minute), loaded(600, 70*time.Second), planned},
			lane.Progress{Chunks: 4, Remaining: 1, Rows: 3, LoadedBytes: 1800, RemainingBytes: 600, Rate: 15, Low: 30 * time.Second, High: time.Minute},
		},
		"a minute without anything": {
			[]lane.Piece{loaded(600, 20*time.Second), loaded(600, 3*time.Minute), planned},
			lane.Progress{Chunks: 3, Remaining: 1, Rows: 2, LoadedBytes: 1200, RemainingBytes: 600, Rate: 1200.0 / 180, Low: time.Minute, High: -time.Second},
		},
		"what is planned is known": {
			[]lane.Piece{loaded(10, 10*time.Second), loaded(10, 20*time.Second), {Rows: 9, Bytes: 400}, {Rows: 9, Bytes: 600}},
			lane.Progress{Chunks: 4, Remaining: 2, Rows: 2, LoadedBytes: 20, RemainingBytes: 1000, Rate: 1, Low: 1000 * time.Second, High: 1000 * time.Second},
		},
		"stopped long ago": {
			[]lane.Piece{loaded(600, time.Hour), planned},
			lane.Progress{Chunks: 2, Remaining: 1, Rows: 1, LoadedBytes: 600, RemainingBytes: 600, High: -time.Second},
		},
		"all there": {
			[]lane.Piece{loaded(600, 30*time.Second)},
			lane.Progress{Chunks: 1, Rows: 1, LoadedBytes: 600, Rate: 20},
		},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, lane.Estimate(test.chunks)) })
	}
}
