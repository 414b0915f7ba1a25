package faults

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFaults(t *testing.T) {
	dir, err := os.MkdirTemp("", "faults") // want usetesting
	go func() {
		require.NoError(t, err)  // want testifylint
		require.NotEmpty(t, dir) // want testifylint
	}()
}
