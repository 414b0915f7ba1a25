package proof

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

var _ Verifier = (*PublicKey)(nil)

// PublicKey checks signatures of a key of AWS KMS on this machine. All that it needs
// of KMS is the key's public part (kms:GetPublicKey), with which anybody may check what
// somebody else hands them.
type PublicKey struct {
	Client *kms.Client
	// Key is the key's ARN, or an alias. Whoever may read the public part of one key
	// only is refused where an alias was led to another.
	Key string
}

// Verify reads the public part and checks a signature with it. ErrInvalid tells that
// the signature is another key's, of another algorithm or of other bytes.
func (k *PublicKey) Verify(ctx context.Context, payload []byte, signature Signature) error {
	out, err := k.Client.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: aws.String(k.Key)})
	if err != nil {
		return fmt.Errorf("read the public part of key %s: %w", k.Key, err)
	}
	parsed, err := x509.ParsePKIXPublicKey(out.PublicKey)
	if err != nil {
		return fmt.Errorf("read the public part of key %s: %w", k.Key, err)
	}
	public, isEC := parsed.(*ecdsa.PublicKey)
	if !isEC || public.Curve != elliptic.P256() || out.KeyUsage != types.KeyUsageTypeSignVerify {
		return fmt.Errorf("key %s: is a %T for %s, expected one of the curve P-256 that signs", k.Key, parsed, out.KeyUsage)
	}
	digest := sha256.Sum256(payload)
	id := aws.ToString(out.KeyId)
	if signature.Algorithm != string(signing) || signature.Key != id || !ecdsa.VerifyASN1(public, digest[:], signature.Value) {
		return fmt.Errorf("%w: signature by key %s with %s, expected key %s with %s", ErrInvalid, signature.Key, signature.Algorithm, id, signing)
	}
	return nil
}
