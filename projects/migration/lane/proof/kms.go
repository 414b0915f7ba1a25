package proof

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

var _ Signer = (*KMS)(nil)

// KMS is a Signer with an asymmetric key of AWS KMS, which never leaves it (AWS KMS
// developer guide, "Asymmetric keys in AWS KMS"). What is signed is the SHA-256 of
// the record: KMS takes no message of more than 4,096 bytes.
type KMS struct {
	Client *kms.Client
	// Key is the key's ARN. An alias would do, and could be led to another key.
	Key string
}

// signing is the algorithm, ECDSA on the curve P-256 (FIPS 186-5).
const signing = types.SigningAlgorithmSpecEcdsaSha256

// Sign signs with the key.
func (k *KMS) Sign(ctx context.Context, payload []byte) (Signature, error) {
	digest := sha256.Sum256(payload)
	out, err := k.Client.Sign(ctx, &kms.SignInput{
		KeyId: aws.String(k.Key), Message: digest[:], MessageType: types.MessageTypeDigest, SigningAlgorithm: signing,
	})
	if err != nil {
		return Signature{}, fmt.Errorf("sign with key %s: %w", k.Key, err)
	}
	return Signature{Algorithm: string(signing), Key: k.Key, Value: out.Signature}, nil
}

// Verify has KMS check a signature of this key.
func (k *KMS) Verify(ctx context.Context, payload []byte, signature Signature) error {
	wrong := fmt.Errorf("%w: signature by key %s with %s, expected key %s with %s", ErrInvalid, signature.Key, signature.Algorithm, k.Key, signing)
	if signature.Algorithm != string(signing) || signature.Key != k.Key {
		return wrong
	}
	digest := sha256.Sum256(payload)
	out, err := k.Client.Verify(ctx, &kms.VerifyInput{
		KeyId: aws.String(k.Key), Message: digest[:], MessageType: types.MessageTypeDigest, SigningAlgorithm: signing, Signature: signature.Value,
	})
	var invalid *types.KMSInvalidSignatureException
	switch {
	case errors.As(err, &invalid):
		return wrong
	case err != nil:
		return fmt.Errorf("check a signature with key %s: %w", k.Key, err)
	case !out.SignatureValid:
		return wrong
	}
	return nil
}

// purpose is the text whose MAC is the secret of the records' hashes.
const purpose = "cutover: hashes of proof records, format 1"

// HashKey is the secret, of 32 bytes, under which the hashes in records are made:
// the MAC that a key of AWS KMS gives a fixed text. It is the same as long as the
// key is.
func HashKey(ctx context.Context, client *kms.Client, key string) ([]byte, error) {
	out, err := client.GenerateMac(ctx, &kms.GenerateMacInput{
		KeyId: aws.String(key), Message: []byte(purpose), MacAlgorithm: types.MacAlgorithmSpecHmacSha256,
	})
	if err != nil {
		return nil, fmt.Errorf("make the secret of the proofs' hashes with key %s: %w", key, err)
	}
	if len(out.Mac) != sha256.Size {
		return nil, fmt.Errorf("secret of the proofs' hashes from key %s: has %d bytes, expected %d", key, len(out.Mac), sha256.Size)
	}
	return out.Mac, nil
}
