package steering

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// VaultRoot is the folder of all documents, beside Pulumi's own ".pulumi".
const VaultRoot = "cutover"

// vaultFolder is where the documents of an environment are.
func vaultFolder(environment string) string { return path.Join(VaultRoot, environment, "edge") }

// OpenVault returns the vault beside a state backend: a folder or a bucket. A
// backend that keeps nothing but states has none; its vault refuses every call.
func OpenVault(backend, environment string, c aws.Config, local bool) (Vault, error) {
	if folder, isFile := strings.CutPrefix(backend, "file://"); isFile {
		return &Folder{filepath.Join(folder, filepath.FromSlash(vaultFolder(environment)))}, nil
	}
	address, err := url.Parse(backend)
	if err != nil {
		return nil, fmt.Errorf("address of the state %q: %w", backend, err)
	}
	if address.Scheme != "s3" {
		return nowhere{backend}, nil
	}
	return &Bucket{
		Client: s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = local }),
		Name:   address.Host, Prefix: path.Join(strings.Trim(address.Path, "/"), vaultFolder(environment)),
	}, nil
}

var (
	_ Vault = (*Folder)(nil)
	_ Vault = (*Bucket)(nil)
	_ Vault = nowhere{}
)

// Folder is a Vault on this machine.
type Folder struct{ Path string }

// Read returns a document.
func (f *Folder) Read(ctx context.Context, name string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(f.Path, name)) //nolint:gosec // the path is the vault's own
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", name, ErrAbsent)
	}
	return text, err
}

// Write replaces a document as a whole.
func (f *Folder) Write(ctx context.Context, name string, text []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := os.MkdirAll(f.Path, 0o750); err != nil {
		return fmt.Errorf("make the folder beside the state: %w", err)
	}
	temporary, err := os.CreateTemp(f.Path, "."+name+"-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = temporary.Write(text)
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), filepath.Join(f.Path, name))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(temporary.Name()))
	}
	return nil
}

// List returns the names that begin with prefix.
func (f *Folder) List(ctx context.Context, prefix string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), prefix) {
			names = append(names, entry.Name())
		}
	}
	return names, err
}

// Bucket is a Vault in the bucket of the state.
type Bucket struct {
	Client       *s3.Client
	Name, Prefix string
}

// Read returns a document.
func (b *Bucket) Read(ctx context.Context, name string) (text []byte, err error) {
	out, err := b.Client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(b.Name), Key: aws.String(path.Join(b.Prefix, name))})
	var none *types.NoSuchKey
	if errors.As(err, &none) {
		return nil, fmt.Errorf("%s: %w", name, ErrAbsent)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s from bucket %s: %w", name, b.Name, err)
	}
	defer func() { err = errors.Join(err, out.Body.Close()) }()
	return io.ReadAll(out.Body)
}

// Write replaces a document.
func (b *Bucket) Write(ctx context.Context, name string, text []byte) error {
	if _, err := b.Client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(b.Name), Key: aws.String(path.Join(b.Prefix, name)), Body: bytes.NewReader(text),
		ContentType: aws.String("application/json"),
	}); err != nil {
		return fmt.Errorf("write %s to bucket %s: %w", name, b.Name, err)
	}
	return nil
}

// List returns the names that begin with prefix.
func (b *Bucket) List(ctx context.Context, prefix string) ([]string, error) {
	var names []string
	pages := s3.NewListObjectsV2Paginator(b.Client, &s3.ListObjectsV2Input{
		Bucket: aws.String(b.Name), Prefix: aws.String(b.Prefix + "/" + prefix),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list %s in bucket %s: %w", prefix, b.Name, err)
		}
		for _, object := range page.Contents {
			names = append(names, path.Base(aws.ToString(object.Key)))
		}
	}
	slices.Sort(names)
	return names, nil
}

// nowhere is the vault of a backend that keeps nothing but states.
type nowhere struct{ backend string }

func (n nowhere) refuse() error {
	return fmt.Errorf("the state backend %s keeps no documents of ours: %w", n.backend, ErrAbsent)
}

// Read finds nothing.
func (n nowhere) Read(context.Context, string) ([]byte, error) { return nil, n.refuse() }

// Write refuses.
func (n nowhere) Write(context.Context, string, []byte) error { return n.refuse() }

// List finds nothing.
func (n nowhere) List(context.Context, string) ([]string, error) { return nil, nil }
