package rotation

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPasswordsAreOfLettersAndDigitsAndNeverTheSame(t *testing.T) {
	seen := map[string]bool{}
	for range 2000 {
		password, err := NewPassword()
		require.NoError(t, err)
		require.Len(t, password, 32)
		require.Empty(t, strings.Trim(password, alphabet))
		require.True(t, strings.ContainsAny(password, digits) && strings.ContainsAny(password, letters), "PCI DSS 8.3.6")
		require.False(t, seen[password])
		seen[password] = true
	}
}

// The example of RFC 7677, section 3: its client proof and server signature hold
// for this verifier.
func TestVerifierIsThatOfTheStandard(t *testing.T) {
	salt, err := base64.StdEncoding.DecodeString("W22ZaJ0SNY7soEsUEjb6gQ==")
	require.NoError(t, err)
	text, err := verifier("pencil", salt, 4096)
	require.NoError(t, err)
	assert.Equal(t, "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=", text)
}

func TestVerifierIsSaltedAndRefusesWhatSASLprepWouldChange(t *testing.T) {
	first, err := Verifier("secret1")
	require.NoError(t, err)
	second, err := Verifier("secret1")
	require.NoError(t, err)
	require.NotEqual(t, first, second)
	for _, password := range []string{"", "with space", "tab\t", "ä"} {
		_, err := Verifier(password)
		require.Error(t, err, "%q", password)
	}
}
