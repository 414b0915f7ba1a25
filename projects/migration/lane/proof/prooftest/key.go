// Package prooftest has a key that signs proofs as AWS KMS does, for tests without it.
package prooftest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/proof"
)

// Key signs with ECDSA on the curve P-256, as the key of proofs does.
type Key struct {
	ARN     string
	private *ecdsa.PrivateKey
}

// NewKey makes a key.
func NewKey(t testing.TB, arn string) *Key {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return &Key{ARN: arn, private: private}
}

// Sign signs the SHA-256 of a record.
func (k *Key) Sign(_ context.Context, payload []byte) (proof.Signature, error) {
	digest := sha256.Sum256(payload)
	value, err := ecdsa.SignASN1(rand.Reader, k.private, digest[:])
	return proof.Signature{Algorithm: "ECDSA_SHA_256", Key: k.ARN, Value: value}, err
}

// Verify is not asked: commands check with the public part.
func (k *Key) Verify(context.Context, []byte, proof.Signature) error { return proof.ErrInvalid }

// Public is the answer of KMS's GetPublicKey.
func (k *Key) Public(t testing.TB) string {
	t.Helper()
	public, err := x509.MarshalPKIXPublicKey(k.private.Public())
	require.NoError(t, err)
	text, err := json.Marshal(map[string]any{"KeyId": k.ARN, "PublicKey": public, "KeyUsage": "SIGN_VERIFY", "KeySpec": "ECC_NIST_P256"})
	require.NoError(t, err)
	return string(text)
}
