package proof

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
)

var (
	_ Signer = (*Key)(nil)
	_ Store  = (*Folder)(nil)
)

// algorithm is what Key signs with (RFC 8032).
const algorithm = "Ed25519"

// pemType is the kind of the key's file.
const pemType = "CUTOVER PROOF SEED"

// Key is a Signer with a key in a file of this machine, for an engine that runs
// as a process.
type Key struct{ private ed25519.PrivateKey }

// LoadKey reads the key from a file that only its owner may read, or makes one
// where there is no file.
func LoadKey(path string) (*Key, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the path is the caller's own
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the key of proofs: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemType || len(block.Bytes) != ed25519.SeedSize {
		return nil, fmt.Errorf("key of proofs %s: expected a PEM block %q of %d bytes", path, pemType, ed25519.SeedSize)
	}
	return &Key{private: ed25519.NewKeyFromSeed(block.Bytes)}, nil
}

func makeKey(path string) (*Key, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the key of proofs: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the path is the caller's own
	if err != nil {
		return nil, fmt.Errorf("write the key of proofs: %w", err)
	}
	err = pem.Encode(file, &pem.Block{Type: pemType, Bytes: private.Seed()})
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return nil, fmt.Errorf("write the key of proofs: %w", err)
	}
	return &Key{private: private}, nil
}

// id names the key by its public part.
func (k *Key) id() string {
	public, _ := k.private.Public().(ed25519.PublicKey) // always that type
	return hex.EncodeToString(public[:8])
}

// Sign signs with the key.
func (k *Key) Sign(ctx context.Context, payload []byte) (Signature, error) {
	if err := ctx.Err(); err != nil {
		return Signature{}, err
	}
	return Signature{Algorithm: algorithm, Key: k.id(), Value: ed25519.Sign(k.private, payload)}, nil
}

// Verify checks a signature of this key.
func (k *Key) Verify(_ context.Context, payload []byte, signature Signature) error {
	public, _ := k.private.Public().(ed25519.PublicKey) // always that type
	if signature.Algorithm != algorithm || signature.Key != k.id() || !ed25519.Verify(public, payload, signature.Value) {
		return fmt.Errorf("%w: signature by key %s", ErrInvalid, signature.Key)
	}
	return nil
}

// Folder is a Store in a folder of this machine. A record is a file that is never
// replaced.
type Folder struct{ Path string }

func (f *Folder) file(name string) string {
	return filepath.Join(f.Path, url.QueryEscape(name)+".json")
}

// Put writes the file under another name and links it, so that it is there whole
// or not at all.
func (f *Folder) Put(ctx context.Context, name string, body []byte) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(f.Path, "record-*")
	if err != nil {
		return fmt.Errorf("store proof record %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, os.Remove(temporary.Name())) }()
	_, err = temporary.Write(body)
	if err = errors.Join(err, temporary.Chmod(0o400), temporary.Sync(), temporary.Close()); err != nil {
		return fmt.Errorf("store proof record %s: %w", name, err)
	}
	err = os.Link(temporary.Name(), f.file(name))
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	former, err := f.Get(ctx, name)
	if err == nil && !bytes.Equal(former, body) {
		err = fmt.Errorf("store proof record %s: %w", name, ErrExists)
	}
	return err
}

// Get reads a record.
func (f *Folder) Get(ctx context.Context, name string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	body, err := os.ReadFile(f.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("proof record %s: %w", name, ErrAbsent)
	}
	return body, err
}
