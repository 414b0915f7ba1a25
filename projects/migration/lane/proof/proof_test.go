package proof_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/proof"
)

func TestARecordIsReadAsItWasSealedAndNoOther(t *testing.T) {
	key, err := proof.LoadKey(filepath.Join(t.TempDir(), "key"))
	require.NoError(t, err)
	body, err := proof.Seal(t.Context(), key, proof.Record{ID: "a", Epoch: 4, Tables: []proof.Table{{Name: "public.account", Rows: 7}}})
	require.NoError(t, err)
	record, err := proof.Open(t.Context(), key, body)
	require.NoError(t, err)
	require.EqualValues(t, 4, record.Epoch)
	require.EqualValues(t, 7, record.Tables[0].Rows)
	_, err = proof.Open(t.Context(), key, bytes.Replace(body, []byte(`"epoch":4`), []byte(`"epoch":5`), 1))
	require.ErrorIs(t, err, proof.ErrInvalid)
	other, err := proof.LoadKey(filepath.Join(t.TempDir(), "key"))
	require.NoError(t, err)
	_, err = proof.Open(t.Context(), other, body)
	require.ErrorIs(t, err, proof.ErrInvalid, "a key that did not sign it")
	_, err = proof.Open(t.Context(), key, []byte("{}"))
	require.ErrorIs(t, err, proof.ErrInvalid)
}

func TestAKeyIsKeptAndABrokenOneIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	first, err := proof.LoadKey(path)
	require.NoError(t, err)
	again, err := proof.LoadKey(path)
	require.NoError(t, err)
	signature, err := first.Sign(t.Context(), []byte("x"))
	require.NoError(t, err)
	require.NoError(t, again.Verify(t.Context(), []byte("x"), signature))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	require.NoError(t, os.WriteFile(path, []byte("-"), 0o600))
	_, err = proof.LoadKey(path)
	require.ErrorContains(t, err, path)
}

func TestAStoredRecordIsNeverReplaced(t *testing.T) {
	folder := &proof.Folder{Path: t.TempDir()}
	_, err := folder.Get(t.Context(), "a/../b")
	require.ErrorIs(t, err, proof.ErrAbsent)
	require.NoError(t, folder.Put(t.Context(), "a/../b", []byte("1")))
	require.NoError(t, folder.Put(t.Context(), "a/../b", []byte("1")), "the same again")
	require.ErrorIs(t, folder.Put(t.Context(), "a/../b", []byte("2")), proof.ErrExists)
	body, err := folder.Get(t.Context(), "a/../b")
	require.NoError(t, err)
	require.Equal(t, "1", string(body))
	entries, err := os.ReadDir(folder.Path)
	require.NoError(t, err)
	require.Len(t, entries, 1, "no file is left over")
}
