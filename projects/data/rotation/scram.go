package rotation

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

const (
	scramIterations = 4096 // PostgreSQL's, SCRAM_DEFAULT_ITERATIONS
	scramSalt       = 16   // bytes, SCRAM_DEFAULT_SALT_LEN
)

// Verifier is what PostgreSQL keeps of a password for SCRAM-SHA-256 (RFC 5803).
// Given in place of the password, as psql's \password does, it keeps the password
// out of the statement, and with it out of the server's log, the audit, the
// statistics of statements and performance data.
func Verifier(password string) (string, error) {
	if !printable(password) {
		return "", errors.New("verifier of a password: expected printable ASCII characters")
	}
	salt := make([]byte, scramSalt)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("verifier of a password: %w", err)
	}
	return verifier(password, salt, scramIterations)
}

func verifier(password string, salt []byte, iterations int) (string, error) {
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return "", fmt.Errorf("verifier of a password: %w", err)
	}
	stored := sha256.Sum256(sign(salted, "Client Key"))
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, encode(salt), encode(stored[:]), encode(sign(salted, "Server Key"))), nil
}

func sign(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
