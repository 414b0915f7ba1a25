package engine

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const interruptedState = `{"version": 3, "deployment": {"manifest": {"magic": "m"},
	"resources": [{"urn": "urn:a", "id": "a", "inputs": {"n": 12345678901234567890}}],
	"pending_operations": [
		{"type": "creating", "resource": {"urn": "urn:made", "custom": true, "inputs": {"x": 1}}},
		{"type": "creating", "resource": {"urn": "urn:not-made", "custom": true}},
		{"type": "updating", "resource": {"urn": "urn:a", "id": "a"}}]}}`

func TestSettlingTakesOverWhatWasMadeForgetsWhatWasNotAndReadsAllThatIsThere(t *testing.T) {
	settled, read, err := settleState([]byte(interruptedState), map[string]string{"urn:made": "id-1"})
	require.NoError(t, err)

	assert.Equal(t, []string{"urn:made", "urn:a"}, read)
	assert.Contains(t, string(settled), "12345678901234567890", "numbers keep their digits")
	var got map[string]any
	require.NoError(t, json.Unmarshal(settled, &got))
	deployment := got["deployment"].(map[string]any)
	assert.NotContains(t, deployment, "pending_operations")
	assert.Equal(t, map[string]any{"magic": "m"}, deployment["manifest"])
	resources := deployment["resources"].([]any)
	require.Len(t, resources, 2)
	assert.Equal(t, map[string]any{"urn": "urn:made", "id": "id-1", "custom": true, "inputs": map[string]any{"x": 1.0}}, resources[1])
}

func TestAStateWithoutInterruptedOperationsStaysAsItIs(t *testing.T) {
	text := `{"version":3,"deployment":{"manifest":{"magic":"m"},"resources":[{"id":"a","urn":"urn:a"}]}}`
	settled, read, err := settleState([]byte(text), nil)

	require.NoError(t, err)
	assert.Empty(t, read)
	assert.JSONEq(t, text, string(settled))
}
