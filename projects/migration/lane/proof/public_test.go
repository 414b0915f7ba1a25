package proof_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/proof/prooftest"
)

// answers is a KMS that knows one answer, and the only call that it takes is
// GetPublicKey for an alias.
func answers(t *testing.T, status int, text string) *kms.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "TrentService.GetPublicKey", r.Header.Get("X-Amz-Target"))
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		assert.JSONEq(t, `{"KeyId": "alias/signs"}`, string(body))
		w.WriteHeader(status)
		_, err = io.WriteString(w, text)
		assert.NoError(t, err)
	}))
	t.Cleanup(server.Close)
	return kms.New(kms.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	})
}

// checked signs with a key and checks with its public part.
type checked struct {
	*prooftest.Key
	public *proof.PublicKey
}

func (c checked) Verify(ctx context.Context, payload []byte, s proof.Signature) error {
	return c.public.Verify(ctx, payload, s)
}

func newChecked(t *testing.T, arn string) checked {
	key := prooftest.NewKey(t, arn)
	return checked{key, &proof.PublicKey{Client: answers(t, http.StatusOK, key.Public(t)), Key: "alias/signs"}}
}

func TestThePublicPartOfAKeyKeepsThePromises(t *testing.T) {
	signs(t, newChecked(t, "arn:one"), newChecked(t, "arn:other"))
	signs(t, newChecked(t, "arn:one"), newChecked(t, "arn:one"))
}

// A key that is another one, or not of the kind that signs proofs, makes no signature
// good, and what AWS refuses is told as such.
func TestAForeignPublicPartMakesNoSignatureGood(t *testing.T) {
	key := newChecked(t, "arn:one")
	signature, err := key.Sign(t.Context(), []byte("record"))
	require.NoError(t, err)
	of := func(curve elliptic.Curve, usage string) string {
		private, err := ecdsa.GenerateKey(curve, rand.Reader)
		require.NoError(t, err)
		public, err := x509.MarshalPKIXPublicKey(private.Public())
		require.NoError(t, err)
		text, err := json.Marshal(map[string]any{"KeyId": "arn:one", "PublicKey": public, "KeyUsage": usage})
		require.NoError(t, err)
		return string(text)
	}
	for name, c := range map[string]struct {
		status   int
		text     string
		says     string
		unsigned bool
	}{
		"another key":            {http.StatusOK, of(elliptic.P256(), "SIGN_VERIFY"), "signature by key arn:one", true},
		"another curve":          {http.StatusOK, of(elliptic.P384(), "SIGN_VERIFY"), "expected one of the curve P-256", false},
		"another use":            {http.StatusOK, of(elliptic.P256(), "KEY_AGREEMENT"), "for KEY_AGREEMENT", false},
		"no key":                 {http.StatusOK, `{"KeyId": "arn:one", "KeyUsage": "SIGN_VERIFY"}`, "read the public part of key alias/signs", false},
		"a right that one lacks": {http.StatusBadRequest, `{"__type": "AccessDeniedException"}`, "AccessDenied", false},
	} {
		t.Run(name, func(t *testing.T) {
			foreign := &proof.PublicKey{Client: answers(t, c.status, c.text), Key: "alias/signs"}
			err := foreign.Verify(t.Context(), []byte("record"), signature)
			require.ErrorContains(t, err, c.says)
			assert.Equal(t, c.unsigned, isInvalid(err), "%v", err)
		})
	}
}

func isInvalid(err error) bool { return errors.Is(err, proof.ErrInvalid) }
