package services

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// CloudWatch Logs refuses a policy whose two statements name different data.
func TestAMaskCountsAndHidesTheSameData(t *testing.T) {
	text, err := maskPolicy()
	require.NoError(t, err)
	var policy struct {
		Version   string
		Statement []struct {
			DataIdentifier []string
			Operation      map[string]map[string]any
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &policy))
	require.Equal(t, "2021-06-01", policy.Version)
	require.Len(t, policy.Statement, 2)
	require.Equal(t, policy.Statement[0].DataIdentifier, policy.Statement[1].DataIdentifier)
	require.Contains(t, policy.Statement[0].DataIdentifier, "arn:aws:dataprotection::aws:data-identifier/CreditCardNumber")
	require.Contains(t, policy.Statement[0].Operation["Audit"], "FindingsDestination")
	require.Contains(t, policy.Statement[1].Operation["Deidentify"], "MaskConfig")
}
