package security_test

import (
	"encoding/json"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/security/security"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/pulumitest"
)

const (
	bucketType       = "aws:s3/bucketV2:BucketV2"
	bucketPolicyType = "aws:s3/bucketPolicy:BucketPolicy"
	lockType         = "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2"
	loggingType      = "aws:s3/bucketLoggingV2:BucketLoggingV2"
	encryptionType   = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
	lifecycleType    = "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"
	topicType        = "aws:sns/topic:Topic"
	topicPolicyType  = "aws:sns/topicPolicy:TopicPolicy"

	prodTrail = "arn:aws:cloudtrail:us-east-1:" + prodAccount + ":trail/cutover-prod-audit"
)

// resourceStatements reads a resource policy, in which the open principal is a
// bare "*": such a statement comes back without principals.
func resourceStatements(t *testing.T, document any) map[string]statement {
	t.Helper()
	var parsed struct{ Statement []map[string]any }
	require.NoError(t, json.Unmarshal([]byte(document.(string)), &parsed))
	for _, s := range parsed.Statement {
		if s["Principal"] == "*" {
			require.Equal(t, "Deny", s["Effect"], "only a refusal may concern anyone")
			delete(s, "Principal")
		}
	}
	text, err := json.Marshal(parsed)
	require.NoError(t, err)
	return statements(t, string(text))
}

func bucketPolicy(t *testing.T, recording *pulumitest.Recording, bucket string) map[string]statement {
	t.Helper()
	return resourceStatements(t, recording.Find(t, bucketPolicyType, bucket).Inputs["policy"])
}

func auditKeyARN(t *testing.T, recording *pulumitest.Recording) string {
	t.Helper()
	arn, ok := recording.Exports["auditKeyArn"].(string)
	require.True(t, ok)
	return arn
}

func TestTrailAndArchiveAreLockedAsTheEnvironmentSays(t *testing.T) {
	for stack, want := range map[string]map[string]any{
		"local":   {"mode": "GOVERNANCE", "days": 1.0},
		"staging": {"mode": "GOVERNANCE", "days": 7.0},
		"prod":    {"mode": "COMPLIANCE", "days": 400.0},
	} {
		recording := pulumitest.MustRun(t, options(t, stack), security.Program)
		require.Len(t, recording.OfType(lockType), 2, "neither access logs nor Config are delivered to a locked bucket")
		for _, name := range []string{"evidence-trail", "evidence-archive"} {
			bucket := recording.Find(t, bucketType, name)
			assert.Equal(t, true, bucket.Inputs["objectLockEnabled"], name)
			assert.Equal(t, false, bucket.Inputs["forceDestroy"], name)
			assert.Equal(t, stack != "local", bucket.Protect, name)
			assert.Equal(t, map[string]any{"defaultRetention": want}, recording.Find(t, lockType, name).Inputs["rule"])
		}
	}
}

func TestEvidenceIsKeptEncryptedAndItsReadersAreLogged(t *testing.T) {
	recording := prod(t)
	for _, name := range []string{"trail", "archive", "config-history"} {
		name = "evidence-" + name
		rules := recording.Find(t, encryptionType, name).Inputs["rules"].([]any)
		assert.Equal(t, map[string]any{
			"applyServerSideEncryptionByDefault": map[string]any{"sseAlgorithm": "aws:kms", "kmsMasterKeyId": auditKeyARN(t, recording)},
			"bucketKeyEnabled":                   true,
		}, rules[0], name)
		logging := recording.Find(t, loggingType, name).Inputs
		assert.Equal(t, "cutover-prod-access-logs-"+prodAccount, logging["targetBucket"], name)
	}
	for _, lifecycle := range recording.OfType(lifecycleType) {
		rule := lifecycle.Inputs["rules"].([]any)[0].(map[string]any)
		assert.GreaterOrEqual(t, rule["expiration"].(map[string]any)["days"], 400.0, lifecycle.Name)
	}
	assert.Len(t, recording.OfType(lifecycleType), 4)
}

func TestAccessLogsComeFromTheEnvironmentsBucketsOnly(t *testing.T) {
	recording := prod(t)
	rules := recording.Find(t, encryptionType, "evidence-access-logs").Inputs["rules"].([]any)[0].(map[string]any)
	assert.Equal(t, map[string]any{"sseAlgorithm": "AES256"}, rules["applyServerSideEncryptionByDefault"])
	for _, logging := range recording.OfType(loggingType) {
		assert.NotEqual(t, "evidence-access-logs", logging.Name, "it would log itself")
	}
	deliver := bucketPolicy(t, recording, "evidence-access-logs")["DeliverAccessLogs"]
	assert.Equal(t, map[string][]string{"Service": {"logging.s3.amazonaws.com"}}, deliver.Principal)
	assert.Equal(t, map[string]map[string][]string{
		"ArnLike": {"aws:SourceArn": {"arn:aws:s3:::cutover-prod-*"}}, "StringEquals": {"aws:SourceAccount": {prodAccount}},
	}, deliver.Condition)
}

func TestOneTrailWritesTheTrailBucket(t *testing.T) {
	recording := prod(t)
	policy := bucketPolicy(t, recording, "evidence-trail")
	require.Len(t, policy, 5, "three refusals, the look and the delivery")
	deliver := policy["DeliverTrail"]
	assert.Equal(t, []string{"arn:aws:s3:::cutover-prod-trail-" + prodAccount + "/AWSLogs/" + prodAccount + "/*"}, deliver.Resource)
	for _, sid := range []string{"LookByTrail", "DeliverTrail"} {
		assert.Equal(t, map[string][]string{"Service": {"cloudtrail.amazonaws.com"}}, policy[sid].Principal)
		assert.Equal(t, []string{prodTrail}, policy[sid].Condition["StringEquals"]["aws:SourceArn"])
	}
	key := statements(t, recording.Find(t, keyType, "evidence-audit").Inputs["policy"])
	assert.Equal(t, []string{prodTrail}, key["UseByTrail"].Condition["StringEquals"]["aws:SourceArn"])
	assert.Equal(t, []string{"arn:aws:cloudtrail:*:" + prodAccount + ":trail/*"},
		key["UseByTrail"].Condition["StringLike"]["kms:EncryptionContext:aws:cloudtrail:arn"])
	assert.Equal(t, []string{prodTrail}, key["LookByTrail"].Condition["StringEquals"]["aws:SourceArn"])
}

func TestOnlyTheDeliveryRoleWritesTheArchive(t *testing.T) {
	policy := bucketPolicy(t, prod(t), "evidence-archive")
	require.Len(t, policy, 4)
	refuse := policy["RefuseOtherWriters"]
	assert.Equal(t, "Deny", refuse.Effect)
	assert.Equal(t, []string{"s3:PutObject"}, refuse.Action)
	assert.Equal(t, map[string]map[string][]string{"ArnNotEquals": {
		"aws:PrincipalArn": {"arn:aws:iam::" + prodAccount + ":role/cutover/security/cutover-prod-archive-delivery"},
	}}, refuse.Condition)
}

func TestConfigWritesItsHistoryForThisAccountAndNobodyDeletesIt(t *testing.T) {
	policy := bucketPolicy(t, prod(t), "evidence-config-history")
	for _, sid := range []string{"LookByConfig", "DeliverHistory"} {
		assert.Equal(t, map[string][]string{"Service": {"config.amazonaws.com"}}, policy[sid].Principal)
		assert.Equal(t, []string{prodAccount}, policy[sid].Condition["StringEquals"]["aws:SourceAccount"])
	}
	assert.Equal(t, "Deny", policy["RefuseDeletion"].Effect)
	assert.Equal(t, []string{"s3:DeleteObjectVersion"}, policy["RefuseDeletion"].Action)
	assert.Empty(t, policy["RefuseDeletion"].Condition)
}

// A publisher that the topic admits and its key does not publishes into the void.
func TestTopicAndItsKeyAdmitTheSamePublishers(t *testing.T) {
	recording := prod(t)
	topic := recording.Find(t, topicType, "evidence-events").Inputs
	key := recording.Find(t, keyType, "evidence-events")
	assert.Contains(t, topic["kmsMasterKeyId"], key.Name)
	policy := resourceStatements(t, recording.Find(t, topicPolicyType, "evidence-events").Inputs["policy"])
	publish := policy["PublishByServices"]
	assert.Equal(t, []string{"cloudwatch.amazonaws.com", "config.amazonaws.com", "events.amazonaws.com", "events.rds.amazonaws.com"}, publish.Principal["Service"])
	assert.Equal(t, map[string]map[string][]string{"StringEquals": {"aws:SourceAccount": {prodAccount}}}, publish.Condition)
	assert.Equal(t, publish.Principal["Service"], statements(t, key.Inputs["policy"])["UseByServices"].Principal["Service"])
	assert.Equal(t, "Deny", policy["RefusePlainTransport"].Effect)
	assert.Equal(t, []string{"false"}, policy["RefusePlainTransport"].Condition["Bool"]["aws:SecureTransport"])
}

func TestEvidenceIsNotMadeFromWrongArguments(t *testing.T) {
	_, err := pulumitest.Run(t, options(t, "local"), func(ctx *pulumi.Context) error {
		_, err := security.NewEvidence(ctx, "evidence", &security.EvidenceArgs{Names: naming.New("local"), Keep: security.Retention{Days: 399}})
		return err
	})
	for _, part := range []string{"evidence: account id: is empty", "retention: is 399 days, expected at least 400"} {
		require.ErrorContains(t, err, part)
	}
}

func TestWrongRetentionNamesKeyAndExpectation(t *testing.T) {
	for value, want := range map[string]string{
		`{"days": 399, "lockMode": "COMPLIANCE", "lockDays": 400}`: `security:evidence.days is "399": expected 400 days or more (PCI DSS 10.5.1), at most 2557`,
		`{"days": 400, "lockMode": "COMPLIANCE", "lockDays": 30}`:  `security:evidence.lockDays is "30": expected 400 days or more under COMPLIANCE`,
		`{"days": 400, "lockMode": "COMPLIANCE", "lockDays": 401}`: `security:evidence.lockDays is "401"`,
		`{"days": 400, "lockMode": "GOVERNANCE", "lockDays": 31}`:  `security:evidence.lockDays is "31": expected 1 to 30 days under GOVERNANCE`,
		`{"days": 400, "lockMode": "compliance", "lockDays": 400}`: `security:evidence.lockMode is "compliance": expected COMPLIANCE, or GOVERNANCE`,
		`{"days": 400, "lockMode": "COMPLIANCE"}`:                  `security:evidence.lockDays is missing`,
	} {
		opts := options(t, "prod")
		opts.Config = map[string]string{"security:evidence": value}
		_, err := pulumitest.Run(t, opts, security.Program)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "projects/security/Pulumi.prod.yaml")
	}
}
