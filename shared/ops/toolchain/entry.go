package toolchain

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// manifestName is the file that makes a folder a complete cache entry.
const manifestName = "built-from-source.json"

// manifest says what an entry holds. It is written last, so a folder without
// one was never finished.
type manifest struct {
	What    string    `json:"what"`
	Key     string    `json:"key"`
	Binary  string    `json:"binary"`
	Size    int64     `json:"size"`
	ModTime time.Time `json:"modTime"`
	SHA256  string    `json:"sha256"`
}

// isEntry tells whether a folder was made by this package.
func isEntry(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, manifestName)) //nolint:gosec // the path is the cache's own
	return err == nil
}

// errCorrupt marks an entry that is there but cannot be used.
var errCorrupt = errors.New("the cache entry is corrupt")

// inspect returns nil for an intact entry, fs.ErrNotExist for an absent one,
// and errCorrupt with the reason for any other. A program whose size and time
// are those of the manifest is believed, unless thorough asks for its checksum.
func inspect(dir, key string, thorough bool) error {
	if _, err := os.Stat(dir); err != nil {
		return err
	}
	m, err := readManifest(dir)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", errCorrupt, dir, withoutNotExist(err))
	}
	if m.Key != key {
		return fmt.Errorf("%w: %s was made for key %q, not %q", errCorrupt, dir, m.Key, key)
	}
	path := filepath.Join(dir, m.Binary)
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("%w: %w", errCorrupt, withoutNotExist(err))
	}
	if info.Size() == m.Size && info.ModTime().Equal(m.ModTime) && !thorough {
		return nil
	}
	sum, err := checksum(path)
	if err != nil {
		return err
	}
	if sum != m.SHA256 {
		return fmt.Errorf("%w: %s has %d bytes and SHA-256 %s, expected %d bytes and %s", errCorrupt, path, info.Size(), sum, m.Size, m.SHA256)
	}
	return nil
}

// withoutNotExist keeps the text of an error for a file that is missing inside
// an entry, but not its identity: the entry itself is there.
func withoutNotExist(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New(err.Error())
	}
	return err
}

func readManifest(dir string) (manifest, error) {
	var m manifest
	text, err := os.ReadFile(filepath.Join(dir, manifestName)) //nolint:gosec // the path is the cache's own
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("read %s: %w", manifestName, err)
	}
	return m, nil
}

// writeManifest finishes an entry.
func writeManifest(dir string, m manifest) error {
	path := filepath.Join(dir, m.Binary)
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if m.SHA256, err = checksum(path); err != nil {
		return err
	}
	m.Size, m.ModTime = info.Size(), info.ModTime()
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, manifestName), append(text, '\n'), 0o644) //nolint:gosec // what a build was made of is no secret
}

func checksum(path string) (string, error) {
	file, err := os.Open(path) //nolint:gosec // the path is the cache's own
	if err != nil {
		return "", err
	}
	defer file.Close() //nolint:errcheck // only read
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
