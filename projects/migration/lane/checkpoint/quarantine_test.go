package checkpoint_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
)

func TestAPositionIsReadAsItIsWritten(t *testing.T) {
	at, err := checkpoint.ParsePosition("0/1A2B3C:7")
	require.NoError(t, err)
	assert.Equal(t, checkpoint.Position{Commit: 0x1A2B3C, Ordinal: 7}, at)
	assert.Equal(t, "0/1A2B3C:7", at.String())
	for _, wrong := range []string{"", "0/1A2B3C", "0/1A2B3C:", "0/1A2B3C:-1", "0/0:1", ":1", "7", "0/1A2B3C:1:2", "x/y:1"} {
		_, err := checkpoint.ParsePosition(wrong)
		assert.ErrorContains(t, err, "such as 0/1A2B3C:0", wrong)
	}
}
