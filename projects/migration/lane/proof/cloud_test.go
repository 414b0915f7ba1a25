//go:build integration

package proof_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/control/controltest"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/shared/ops/emulator"
)

// byPublicPart signs with a key of KMS and checks without it.
type byPublicPart struct {
	*proof.KMS
	public *proof.PublicKey
}

func (b byPublicPart) Verify(ctx context.Context, payload []byte, s proof.Signature) error {
	return b.public.Verify(ctx, payload, s)
}

// A bucket with a lock and keys of KMS keep the same promises as a folder and a key
// in a file.
func TestBucketAndKMSKeepThePromises(t *testing.T) {
	controltest.Start(t)
	cfg, err := config.LoadDefaultConfig(t.Context())
	require.NoError(t, err)
	cfg.HTTPClient = emulator.HTTPClient()
	keys := kms.NewFromConfig(cfg)
	made := func(spec kmstypes.KeySpec, usage kmstypes.KeyUsageType) string {
		out, err := keys.CreateKey(t.Context(), &kms.CreateKeyInput{KeySpec: spec, KeyUsage: usage})
		require.NoError(t, err)
		return aws.ToString(out.KeyMetadata.Arn)
	}
	t.Run("bucket", func(t *testing.T) {
		client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
		_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("proofs"), ObjectLockEnabledForBucket: aws.Bool(true)})
		require.NoError(t, err)
		bucket := &proof.Bucket{Client: client, Name: "proofs", Key: made(kmstypes.KeySpecSymmetricDefault, kmstypes.KeyUsageTypeEncryptDecrypt)}
		keeps(t, bucket)
		list, err := client.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: aws.String("proofs")})
		require.NoError(t, err)
		require.Len(t, list.Versions, 2, "a refused record leaves no version behind")
		head, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("proofs"), Key: aws.String(bucket.Object("a/../b"))})
		require.NoError(t, err)
		assert.Equal(t, types.ServerSideEncryptionAwsKms, head.ServerSideEncryption)
		nowhere := &proof.Bucket{Client: client, Name: "nowhere", Key: bucket.Key}
		_, err = nowhere.Get(t.Context(), "a")
		require.ErrorContains(t, err, "read proof record a from bucket nowhere")
		require.NotErrorIs(t, err, proof.ErrAbsent, "a bucket that is missing is no missing record")
	})
	t.Run("signature", func(t *testing.T) {
		sign := func() *proof.KMS {
			return &proof.KMS{Client: keys, Key: made(kmstypes.KeySpecEccNistP256, kmstypes.KeyUsageTypeSignVerify)}
		}
		signs(t, sign(), sign())
		public := func() byPublicPart {
			signer := sign()
			return byPublicPart{signer, &proof.PublicKey{Client: keys, Key: signer.Key}}
		}
		one := public()
		signs(t, one, public())
		alias := aws.String("alias/signs-proofs")
		_, err := keys.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: alias, TargetKeyId: aws.String(one.Key)})
		require.NoError(t, err)
		one.public.Key = *alias
		signs(t, one, public())
		_, err = (&proof.KMS{Client: keys, Key: "arn:aws:kms:us-east-1:123456789012:key/none"}).Sign(t.Context(), nil)
		require.ErrorContains(t, err, "sign with key arn:aws:kms")
	})
	t.Run("secret of the hashes", func(t *testing.T) {
		id := made(kmstypes.KeySpecHmac256, kmstypes.KeyUsageTypeGenerateVerifyMac)
		first, err := proof.HashKey(t.Context(), keys, id)
		require.NoError(t, err)
		again, err := proof.HashKey(t.Context(), keys, id)
		require.NoError(t, err)
		assert.Equal(t, first, again)
		other, err := proof.HashKey(t.Context(), keys, made(kmstypes.KeySpecHmac256, kmstypes.KeyUsageTypeGenerateVerifyMac))
		require.NoError(t, err)
		assert.NotEqual(t, first, other)
	})
}
