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

// bucketArgs are those of a bucket with a key and access logs, changed by change.
func bucketArgs(change func(*component.BucketArgs)) *component.BucketArgs {
	args := &component.BucketArgs{Name: "things", KeyARN: pulumi.String("arn:key"), AccessLogsBucket: pulumi.String("access-logs")}
	if change != nil {
		change(args)
	}
	return args
}

// withoutKey are those of a bucket whose writer can use no key of ours.
func withoutKey() *component.BucketArgs {
	return bucketArgs(func(a *component.BucketArgs) { a.KeyARN, a.ManagedKeyReason = nil, "log delivery" })
}

func TestBucketIsPrivateVersionedAndReachedOverTLSOnly(t *testing.T) {
	recording := runBucket(t, bucketArgs(nil))
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
	require.Len(t, policy.Statement, 3)
	conditions := []map[string]map[string][]string{
		{"Bool": {"aws:SecureTransport": {"false"}}},
		{"NumericLessThan": {"s3:TlsVersion": {"1.2"}}},
	}
	for i, statement := range policy.Statement[:2] {
		require.Equal(t, "Deny", statement.Effect)
		require.Equal(t, "*", statement.Principal)
		require.Equal(t, []string{"arn:aws:s3:::things", "arn:aws:s3:::things/*"}, statement.Resource)
		require.Equal(t, conditions[i], statement.Condition)
	}
	other := policy.Statement[2]
	require.Equal(t, "Deny", other.Effect)
	require.Equal(t, "*", other.Principal)
	require.Equal(t, []string{"arn:aws:s3:::things/*"}, other.Resource)
	require.Equal(t, map[string]map[string][]string{
		"ArnNotEqualsIfExists": {"s3:x-amz-server-side-encryption-aws-kms-key-id": {"arn:key"}},
		"Bool":                 {"aws:PrincipalIsAWSService": {"false"}},
	}, other.Condition)
}

func TestBucketLogsRequestsUnderItsOwnName(t *testing.T) {
	const token = "aws:s3/bucketLoggingV2:BucketLoggingV2"
	logging := runBucket(t, bucketArgs(nil)).Find(t, token, "blue-things").Inputs
	require.Equal(t, "access-logs", logging["targetBucket"])
	require.Equal(t, "things/", logging["targetPrefix"])
	require.Empty(t, runBucket(t, bucketArgs(func(a *component.BucketArgs) {
		a.AccessLogsBucket, a.UnloggedReason = nil, "is their target"
	})).OfType(token))
}

func TestBucketLocksObjectsOnlyWhereAsked(t *testing.T) {
	const bucket, lock = "aws:s3/bucketV2:BucketV2", "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2"
	locked := runBucket(t, bucketArgs(func(a *component.BucketArgs) {
		a.ObjectLock = &component.ObjectLock{Mode: component.Compliance, Days: 400}
	}))
	require.Equal(t, true, locked.Find(t, bucket, "blue-things").Inputs["objectLockEnabled"])
	require.Equal(t, map[string]any{"defaultRetention": map[string]any{"mode": "COMPLIANCE", "days": 400.0}},
		locked.Find(t, lock, "blue-things").Inputs["rule"])
	open := runBucket(t, bucketArgs(nil))
	require.Equal(t, false, open.Find(t, bucket, "blue-things").Inputs["objectLockEnabled"])
	require.Empty(t, open.OfType(lock))
}

func TestBucketEncryptsWithItsKeyOrWithThatOfS3(t *testing.T) {
	rule := func(args *component.BucketArgs) map[string]any {
		token := "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
		return runBucket(t, args).Find(t, token, "blue-things").Inputs["rules"].([]any)[0].(map[string]any)
	}
	own := rule(bucketArgs(nil))
	require.Equal(t, map[string]any{"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "arn:key"}, own["applyServerSideEncryptionByDefault"])
	require.Equal(t, true, own["bucketKeyEnabled"])
	managed := rule(withoutKey())
	require.Equal(t, map[string]any{"sseAlgorithm": "AES256"}, managed["applyServerSideEncryptionByDefault"])
	require.Equal(t, false, managed["bucketKeyEnabled"])
	policy := runBucket(t, withoutKey()).Find(t, "aws:s3/bucketPolicy:BucketPolicy", "blue-things").Inputs["policy"]
	require.NotContains(t, policy, "RefuseOtherKeys", "the writer names no key")
}

func TestBucketGrantsStandBesideTheRefusals(t *testing.T) {
	recording := runBucket(t, bucketArgs(func(a *component.BucketArgs) {
		a.Statements = []iamdoc.Statement{{Sid: "Write", Actions: []string{"s3:PutObject"}}}
	}))
	policy := recording.Find(t, "aws:s3/bucketPolicy:BucketPolicy", "blue-things").Inputs["policy"]
	require.Contains(t, policy, `"Sid":"Write"`)
	require.Contains(t, policy, `"Sid":"RefusePlainTransport"`)
}

func TestBucketExpiresObjectsOnlyWhereAsked(t *testing.T) {
	rule := func(args *component.BucketArgs) map[string]any {
		token := "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"
		return runBucket(t, args).Find(t, token, "blue-things").Inputs["rules"].([]any)[0].(map[string]any)
	}
	kept := rule(bucketArgs(nil))
	require.Nil(t, kept["expiration"])
	require.NotNil(t, kept["abortIncompleteMultipartUpload"])
	require.NotNil(t, kept["noncurrentVersionExpiration"])
	logs := rule(bucketArgs(func(a *component.BucketArgs) { a.ExpireAfter = 400 }))
	require.Equal(t, map[string]any{"days": 400.0}, logs["expiration"])
}

func TestBucketArgumentsAreJudgedTogether(t *testing.T) {
	err := (&component.BucketArgs{
		Name: "a", ExpireAfter: -1, ForceDestroy: true, ObjectLock: &component.ObjectLock{Mode: "SOFT", Days: 0},
	}).Validate()
	for _, want := range []string{
		"bucket a: has a name of 1 characters, expected 3 to 63", "expire after -1 days", "object lock and force destroy",
		"expected a key, or the reason why it has none", "expected a bucket for its access logs, or the reason",
		`lock mode "SOFT", expected COMPLIANCE or GOVERNANCE`, "locks objects for 0 days, expected 1 to 36500",
	} {
		require.ErrorContains(t, err, want)
	}
	require.NoError(t, bucketArgs(nil).Validate())
	require.NoError(t, withoutKey().Validate())
	for want, change := range map[string]func(*component.BucketArgs){
		"expected a key, or the reason": func(a *component.BucketArgs) { a.ManagedKeyReason = "also" },
		"bucket for its access logs":    func(a *component.BucketArgs) { a.UnloggedReason = "also" },
		"expire after 399 days, expected at least the 400 of their lock": func(a *component.BucketArgs) {
			a.ExpireAfter, a.ObjectLock = 399, &component.ObjectLock{Mode: component.Compliance, Days: 400}
		},
	} {
		require.ErrorContains(t, bucketArgs(change).Validate(), want)
	}
}
