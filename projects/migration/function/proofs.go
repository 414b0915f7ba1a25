package function

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/shared/variables"
)

// The variables of the functions that prove something: the one that moves the
// authority, and the one that ends the migration.
const (
	// VariableProofStore is where proof records are kept: bucket:<name>, or
	// folder:<path>.
	VariableProofStore = "PROOF_STORE"
	// VariableProofKey is the ARN of the KMS key under which a bucket keeps them.
	VariableProofKey = "PROOF_KEY"
	// VariableSigningKey is what signs them: the ARN of an asymmetric KMS key, or
	// file:<path>.
	VariableSigningKey = "PROOF_SIGNING_KEY"
	// VariableHashKey is the secret of the hashes in them: the ARN of a KMS key for
	// MACs, or file:<path> of 32 bytes. It is the former function's alone.
	VariableHashKey = "PROOF_HASH_KEY"
)

const (
	bucketPrefix = "bucket:"
	filePrefix   = "file:"
	arnPrefix    = "arn:"
)

// proofs is where records go, and what they are signed and hashed with.
type proofs struct {
	store  proof.Store
	signer proof.Signer
	// key reads the secret of the hashes.
	key func(ctx context.Context) ([]byte, error)
}

// proofSettings are what the variables say.
type proofSettings struct{ store, key, signing, hashing string }

// readProofs joins all that is wrong with the variables. hashes tells that records
// with keyed hashes are made.
func readProofs(lookup func(string) (string, bool), hashes bool) (proofSettings, error) {
	from := &variables.Reader{Lookup: lookup}
	s := proofSettings{
		store: from.Text(VariableProofStore, "bucket:<name> or folder:<path>"), key: from.Optional(VariableProofKey),
		signing: from.Text(VariableSigningKey, "the ARN of a KMS key or file:<path>"),
	}
	if hashes {
		s.hashing = from.Text(VariableHashKey, "the ARN of a KMS key or file:<path>")
	}
	inBucket := strings.HasPrefix(s.store, bucketPrefix)
	if s.store != "" && !inBucket && !strings.HasPrefix(s.store, folderPrefix) {
		from.Refuse(fmt.Errorf("variable %s is %q: expected bucket:<name> or folder:<path>", VariableProofStore, s.store))
	}
	if inBucket != strings.HasPrefix(s.key, arnPrefix) {
		from.Refuse(fmt.Errorf("variable %s is %q: expected the ARN of a KMS key with a bucket, and none else", VariableProofKey, s.key))
	}
	for _, each := range []struct{ name, value string }{{VariableSigningKey, s.signing}, {VariableHashKey, s.hashing}} {
		if each.value != "" && !strings.HasPrefix(each.value, arnPrefix) && !strings.HasPrefix(each.value, filePrefix) {
			from.Refuse(fmt.Errorf("variable %s is %q: expected the ARN of a KMS key or file:<path>", each.name, each.value))
		}
	}
	return s, from.Err()
}

// remote tells whether any of it is in AWS.
func (s proofSettings) remote() bool {
	return strings.HasPrefix(s.store, bucketPrefix) || strings.HasPrefix(s.signing, arnPrefix) || strings.HasPrefix(s.hashing, arnPrefix)
}

// open makes the clients that the settings need. Nothing is asked of AWS yet.
func (s proofSettings) open(ctx context.Context, p *parts) (proofs, error) {
	made := proofs{}
	if s.remote() && p.cloud.Region == "" { // the control items are in a folder
		var err error
		if p.cloud, err = config.LoadDefaultConfig(ctx); err != nil {
			return proofs{}, fmt.Errorf("load AWS configuration: %w", err)
		}
	}
	if bucket, remote := strings.CutPrefix(s.store, bucketPrefix); remote {
		made.store = &proof.Bucket{Client: s3.NewFromConfig(p.cloud), Name: bucket, Key: s.key}
	} else {
		made.store = &proof.Folder{Path: strings.TrimPrefix(s.store, folderPrefix)}
	}
	if path, local := strings.CutPrefix(s.signing, filePrefix); local {
		key, err := proof.LoadKey(path)
		if err != nil {
			return proofs{}, err
		}
		made.signer = key
	} else {
		made.signer = &proof.KMS{Client: kms.NewFromConfig(p.cloud), Key: s.signing}
	}
	made.key = func(ctx context.Context) ([]byte, error) {
		if path, local := strings.CutPrefix(s.hashing, filePrefix); local {
			return fileKey(path)
		}
		return proof.HashKey(ctx, kms.NewFromConfig(p.cloud), s.hashing)
	}
	return made, nil
}

// fileKey reads the secret of the hashes from a file.
func fileKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path) //nolint:gosec // the operator's choice
	if err == nil && len(key) != sha256.Size {
		err = fmt.Errorf("has %d bytes, expected %d", len(key), sha256.Size)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("secret of the proofs' hashes %s", path), err)
	}
	return key, nil
}
