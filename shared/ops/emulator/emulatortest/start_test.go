//go:build integration

package emulatortest

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnotherPortIsTakenWhenSomebodyWasFaster(t *testing.T) {
	root, err := filepath.Abs("../../../..")
	require.NoError(t, err)
	var thief net.Listener
	thefts := 0
	found = func(address string) {
		if thefts++; thefts == 1 {
			thief, err = net.Listen("tcp", address) //nolint:noctx // taken for the moment
			require.NoError(t, err)
		}
	}
	defer func() { found = func(string) {} }()
	e, address := Start(t, root)
	require.NotEqual(t, thief.Addr().String(), address)
	require.NoError(t, thief.Close())
	require.Equal(t, 2, thefts)
	require.True(t, strings.HasSuffix(e.Env()["AWS_ENDPOINT_URL"], address))
}
