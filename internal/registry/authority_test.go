package registry_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/internal/registry"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/local"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/steering"
)

// The gate of the traffic reads the token that the local migration writes.
func TestTheTokenOfTheLocalMigrationIsReadWhereItIsWritten(t *testing.T) {
	root := t.TempDir()
	read := registry.Authority(root)(ops.Environment{Name: "local", Local: true})
	_, err := read(t.Context())
	require.ErrorIs(t, err, steering.ErrAbsent)

	folder := local.Profile{Root: root}.Controls()
	require.NoError(t, os.MkdirAll(folder, 0o700))
	require.NoError(t, switching.Open(t.Context(), &control.File{Folder: folder}, naming.Blue))
	item, err := read(t.Context())
	require.NoError(t, err)
	token, err := items.DecodeToken(item.Rev, item.Fields)
	require.NoError(t, err)
	assert.Equal(t, naming.Blue, token.Holder)

	require.NoError(t, os.WriteFile(filepath.Join(folder, items.AuthorityItem+".json"), []byte("{"), 0o600))
	_, err = read(t.Context())
	require.ErrorIs(t, err, control.ErrUnreadable)
	assert.NotErrorIs(t, err, steering.ErrAbsent, "a broken token is no absent one")
}

func TestElsewhereTheTokenStandsInTheControlTable(t *testing.T) {
	assert.Nil(t, registry.Authority(t.TempDir())(ops.Environment{Name: "prod"}))
}
