package control_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

func TestEachColorHasACanaryOfItsOwn(t *testing.T) {
	require.Equal(t, "canary#blue", control.CanaryItem(naming.Blue))
	require.NotEqual(t, control.CanaryItem(naming.Blue), control.CanaryItem(naming.Green))
}
