package pulumitest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/pulumitest"
)

func TestExportsHoldEveryKeyOfTheContract(t *testing.T) {
	exports := pulumitest.Exports[contract.FoundationOutputs](t)
	keys := contract.Keys[contract.FoundationOutputs]()
	require.Len(t, exports, len(keys)+1)
	for _, key := range keys {
		require.NotEmpty(t, exports[key], key)
	}
	require.Equal(t, "foundation/blueVpcId", exports["blueVpcId"])
	require.Equal(t, 1, exports["contractVersion"])
}
