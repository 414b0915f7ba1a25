package rotationtest

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"sync"
)

// proofs remembers what was proved, as a proof takes long on purpose.
var proofs sync.Map

// Proves tells whether a SCRAM-SHA-256 verifier is that of the password, the way
// a server does: by the stored key (RFC 5802).
func Proves(verifier, password string) bool {
	key := verifier + "\x00" + password
	if known, found := proofs.Load(key); found {
		return known.(bool) // stored below
	}
	proved := proves(verifier, password)
	proofs.Store(key, proved)
	return proved
}

func proves(verifier, password string) bool {
	parts := strings.FieldsFunc(verifier, func(c rune) bool { return c == '$' || c == ':' })
	if len(parts) != 5 || parts[0] != "SCRAM-SHA-256" {
		return false
	}
	iterations, err := strconv.Atoi(parts[1])
	if err != nil {
		return false
	}
	salt, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return false
	}
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, salted)
	mac.Write([]byte("Client Key"))
	stored := sha256.Sum256(mac.Sum(nil))
	return base64.StdEncoding.EncodeToString(stored[:]) == parts[3]
}
