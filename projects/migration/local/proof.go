package local

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cutover/cutover/projects/migration/lane/proof"
)

// Proofs is the folder of the proof records, and the key that signs them.
func (p Profile) Proofs() (*proof.Folder, proof.Signer, error) {
	folder := filepath.Join(p.Dir(), "proofs")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, nil, fmt.Errorf("make the folder of proofs: %w", err)
	}
	key, err := proof.LoadKey(filepath.Join(p.Dir(), "proof.key"))
	if err != nil {
		return nil, nil, err
	}
	return &proof.Folder{Path: folder}, key, nil
}

// hashKeyBytes is the length of the secret of the proofs' hashes.
const hashKeyBytes = 32

// HashKey is the secret under which the proofs' hashes are made.
func (p Profile) HashKey() ([]byte, error) {
	path := filepath.Join(p.Dir(), "proof.hmac")
	key, err := os.ReadFile(path) //nolint:gosec // a file of the profile
	if errors.Is(err, fs.ErrNotExist) {
		key = make([]byte, hashKeyBytes)
		if _, err := rand.Read(key); err != nil {
			return nil, fmt.Errorf("make the secret of the proofs: %w", err)
		}
		err = os.WriteFile(path, key, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("read the secret of the proofs: %w", err)
	}
	if len(key) != hashKeyBytes {
		return nil, fmt.Errorf("secret of the proofs %s: has %d bytes, expected %d", path, len(key), hashKeyBytes)
	}
	return key, nil
}
