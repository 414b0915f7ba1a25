package proof_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/proof"
)

// keeps requires what every Store promises.
func keeps(t *testing.T, store proof.Store) {
	t.Helper()
	_, err := store.Get(t.Context(), "a/../b")
	require.ErrorIs(t, err, proof.ErrAbsent)
	require.NoError(t, store.Put(t.Context(), "a/../b", []byte("1")))
	require.NoError(t, store.Put(t.Context(), "a/../b", []byte("1")), "the same again")
	require.ErrorIs(t, store.Put(t.Context(), "a/../b", []byte("2")), proof.ErrExists)
	body, err := store.Get(t.Context(), "a/../b")
	require.NoError(t, err)
	assert.Equal(t, "1", string(body))
	require.NoError(t, store.Put(t.Context(), proof.Draft("a/../b"), []byte("3")), "a draft is another record")
}

// signs requires what every Signer promises; other is one with another key.
func signs(t *testing.T, signer, other proof.Signer) {
	t.Helper()
	payload := make([]byte, 10_000) // more than KMS takes as a message
	signature, err := signer.Sign(t.Context(), payload)
	require.NoError(t, err)
	require.NoError(t, signer.Verify(t.Context(), payload, signature))
	changed := append([]byte{1}, payload[1:]...)
	require.ErrorIs(t, signer.Verify(t.Context(), changed, signature), proof.ErrInvalid)
	require.ErrorIs(t, other.Verify(t.Context(), payload, signature), proof.ErrInvalid, "a key that did not sign it")
	renamed := signature
	renamed.Algorithm = "none"
	require.ErrorIs(t, signer.Verify(t.Context(), payload, renamed), proof.ErrInvalid)

	body, err := proof.Seal(t.Context(), signer, proof.Record{ID: "a", Epoch: 4})
	require.NoError(t, err)
	record, err := proof.Open(t.Context(), signer, body)
	require.NoError(t, err)
	assert.EqualValues(t, 4, record.Epoch)
}

func TestFolderAndFileKeyKeepThePromises(t *testing.T) {
	keeps(t, &proof.Folder{Path: t.TempDir()})
	key, err := proof.LoadKey(filepath.Join(t.TempDir(), "key"))
	require.NoError(t, err)
	other, err := proof.LoadKey(filepath.Join(t.TempDir(), "key"))
	require.NoError(t, err)
	signs(t, key, other)
}
