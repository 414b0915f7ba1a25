package rotation

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"
)

const (
	letters  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	digits   = "0123456789"
	alphabet = letters + digits
	// passwordLength gives 190 bits.
	passwordLength = 32
)

// NewPassword makes a password of letters and digits, both of which occur (PCI DSS
// 8.3.6): it needs no escaping in a URL, a connection string, a shell or SQL, and
// SASLprep leaves it as it is.
func NewPassword() (string, error) {
	for {
		var text strings.Builder
		for range passwordLength {
			at, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
			if err != nil {
				return "", fmt.Errorf("make a password: %w", err)
			}
			text.WriteByte(alphabet[at.Int64()])
		}
		if password := text.String(); strings.ContainsAny(password, letters) && strings.ContainsAny(password, digits) {
			return password, nil
		}
	}
}

// printable tells whether a password is of printable ASCII characters, which
// SASLprep leaves as they are.
func printable(password string) bool {
	for _, c := range []byte(password) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return password != ""
}
