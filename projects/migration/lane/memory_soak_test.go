//go:build soak

package lane_test

import "testing"

// One transaction of a million rows, inserted and then updated, is drained within
// the memory that a function has.
func TestAMillionRowsInOneTransactionTakeLittleMemory(t *testing.T) { memory(t, 1_000_000) }
