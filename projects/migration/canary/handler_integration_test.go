//go:build integration

package canary_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/canary"
	"github.com/cutover/cutover/projects/migration/lane/control/controltest"
	"github.com/cutover/cutover/shared/metrics"
)

func TestHandlerBeatsInTheTableItIsTold(t *testing.T) {
	store := controltest.Start(t)
	out := &bytes.Buffer{}
	handler, err := canary.NewHandler(context.Background(), lookup(map[string]string{"CONTROL_TABLE": store.Table, "COLOR": "blue"}), out)
	require.NoError(t, err)
	require.NoError(t, handler(context.Background()))
	found, err := store.Get(context.Background(), "canary#blue")
	require.NoError(t, err)
	assert.EqualValues(t, 1, found.Rev)
	assert.Contains(t, out.String(), metrics.CanaryRoundTrip.Name)
}
