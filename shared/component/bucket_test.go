package component_test

import (
	"encoding/json"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/pulumitest"
)

// runBucket makes one bucket and returns what was registered.
func runBucket(t *testing.T, args *component.BucketArgs) *pulumitest.Recording {
	t.Helper()
	return pulumitest.MustRun(t, pulumitest.Options{Layer: contract.Data, Stack: "local"}, func(ctx *pulumi.Context) error {
		_, err := component.NewBucket(ctx, "blue-things", args)
		return err
	})
}

func TestBucketIsPrivateVersionedAndReachedOverTLSOnly(t *testing.T) {
	recording := runBucket(t, &component.BucketArgs{Name: "things", KeyARN: pulumi.String("arn:key")})
	block := recording.Find(t, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "blue-things").Inputs
	for _, flag := range []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"} {
		require.Equal(t, true, block[flag], flag)
	}
	ownership := recording.Find(t, "aws:s3/bucketOwnershipControls:BucketOwnershipControls", "blue-things").Inputs
	require.Equal(t, map[string]any{"objectOwnership": "BucketOwnerEnforced"}, ownership["rule"])
	versioning := recording.Find(t, "aws:s3/bucketVersioningV2:BucketVersioningV2", "blue-things").Inputs
	require.Equal(t, map[string]any{"status": "Enabled"}, versioning["versioningConfiguration"])

	var policy struct {
		Statement []struct {
			Sid, Effect string
			Principal   any
			Resource    []string
			Condition   map[string]map[string][]string
		}
	}
	text := recording.Find(t, "aws:s3/bucketPolicy:BucketPolicy", "blue-things").Inputs["policy"].(string)
	require.NoError(t, json.Unmarshal([]byte(text), &policy))
	require.Len(t, policy.Statement, 2)
	conditions := []map[string]map[string][]string{
		{"Bool": {"aws:SecureTransport": {"false"}}},
		{"NumericLessThan": {"s3:TlsVersion": {"1.2"}}},
	}
	for i, statement := range policy.Statement {
		require.Equal(t, "Deny", statement.Effect)
		require.Equal(t, "*", statement.Principal)
		require.Equal(t, []string{"arn:aws:s3:::things", "arn:aws:s3:::things/*"}, statement.Resource)
		require.Equal(t, conditions[i], statement.Condition)
	}
}

func TestBucketEncryptsWithItsKeyOrWithThatOfS3(t *testing.T) {
	rule := func(args *component.BucketArgs) map[string]any {
		token := "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
		return runBucket(t, args).Find(t, token, "blue-things").Inputs["rules"].([]any)[0].(map[string]any)
	}
	own := rule(&component.BucketArgs{Name: "things", KeyARN: pulumi.String("arn:key")})
	require.Equal(t, map[string]any{"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "arn:key"}, own["applyServerSideEncryptionByDefault"])
	require.Equal(t, true, own["bucketKeyEnabled"])
	managed := rule(&component.BucketArgs{Name: "things"})
	require.Equal(t, map[string]any{"sseAlgorithm": "AES256"}, managed["applyServerSideEncryptionByDefault"])
	require.Equal(t, false, managed["bucketKeyEnabled"])
}

func TestBucketGrantsStandBesideTheRefusals(t *testing.T) {
	recording := runBucket(t, &component.BucketArgs{Name: "things", Statements: []iamdoc.Statement{{Sid: "Write", Actions: []string{"s3:PutObject"}}}})
	policy := recording.Find(t, "aws:s3/bucketPolicy:BucketPolicy", "blue-things").Inputs["policy"]
	require.Contains(t, policy, `"Sid":"Write"`)
	require.Contains(t, policy, `"Sid":"RefusePlainTransport"`)
}

func TestBucketExpiresObjectsOnlyWhereAsked(t *testing.T) {
	rule := func(args *component.BucketArgs) map[string]any {
		token := "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"
		return runBucket(t, args).Find(t, token, "blue-things").Inputs["rules"].([]any)[0].(map[string]any)
	}
	kept := rule(&component.BucketArgs{Name: "things"})
	require.Nil(t, kept["expiration"])
	require.NotNil(t, kept["abortIncompleteMultipartUpload"])
	require.NotNil(t, kept["noncurrentVersionExpiration"])
	logs := rule(&component.BucketArgs{Name: "things", ExpireAfter: 400})
	require.Equal(t, map[string]any{"days": 400.0}, logs["expiration"])
}

func TestBucketArgumentsAreJudgedTogether(t *testing.T) {
	err := (&component.BucketArgs{Name: "a", ExpireAfter: -1, ObjectLock: true, ForceDestroy: true}).Validate()
	for _, want := range []string{"has 1 characters, expected 3 to 63", "expire after -1 days", "object lock and force destroy"} {
		require.ErrorContains(t, err, want)
	}
}
