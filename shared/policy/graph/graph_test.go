package graph_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/graph"
	"github.com/cutover/cutover/shared/recording"
)

const (
	keyType        = "aws:kms/key:Key"
	bucketType     = "aws:s3/bucketV2:BucketV2"
	encryptionType = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
	policyType     = "aws:s3/bucketPolicy:BucketPolicy"
)

var environment = graph.Environment{Name: "prod", AccountID: "345678901234", Region: "us-east-1"}

// keys is a program whose export another layer reads.
func keys(ctx *pulumi.Context) error {
	key, err := kms.NewKey(ctx, "documents", &kms.KeyArgs{})
	if err != nil {
		return err
	}
	ctx.Export("keyArn", key.Arn)
	return nil
}

// stores encrypts a bucket with the key of the other layer and refers to the
// bucket by its own output.
func stores(ctx *pulumi.Context) error {
	upstream, err := pulumi.NewStackReference(ctx, "security", &pulumi.StackReferenceArgs{Name: pulumi.String("organization/security/prod")})
	if err != nil {
		return err
	}
	bucket, err := s3.NewBucketV2(ctx, "documents", &s3.BucketV2Args{Bucket: pulumi.String("cutover-prod-documents")})
	if err != nil {
		return err
	}
	if _, err := s3.NewBucketServerSideEncryptionConfigurationV2(ctx, "documents", &s3.BucketServerSideEncryptionConfigurationV2Args{
		Bucket: bucket.Bucket,
		Rules: s3.BucketServerSideEncryptionConfigurationV2RuleArray{s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
			ApplyServerSideEncryptionByDefault: s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{
				SseAlgorithm: pulumi.String("aws:kms"), KmsMasterKeyId: upstream.GetStringOutput(pulumi.String("keyArn")),
			},
		}},
	}); err != nil {
		return err
	}
	_, err = s3.NewBucketPolicy(ctx, "documents", &s3.BucketPolicyArgs{
		Bucket: bucket.Bucket,
		Policy: pulumi.Sprintf(`{"Statement":[{"Effect":"Deny","Resource":["%s","%s/*"]}]}`, bucket.Arn, bucket.Arn),
	})
	return err
}

func record(t *testing.T, data pulumi.RunFunc) (*graph.Graph, error) {
	t.Helper()
	return graph.Record(environment, []graph.Layer{{Name: contract.Security, Program: keys}, {Name: contract.Data, Program: data}})
}

func recorded(t *testing.T) *graph.Graph {
	t.Helper()
	g, err := record(t, stores)
	require.NoError(t, err)
	return g
}

func TestAPropertyKeepsAnEdgeToTheResourceOfAnotherLayer(t *testing.T) {
	g := recorded(t)
	key, bucket := g.Find(keyType, "documents"), g.Find(bucketType, "documents")
	encryption := g.Find(encryptionType, "documents")
	require.NotNil(t, key)
	assert.Equal(t, contract.Security, key.Layer)
	assert.Same(t, key, encryption.Reference("rules[0].applyServerSideEncryptionByDefault.kmsMasterKeyId", keyType))
	assert.Same(t, key, encryption.Reference("rules[*].applyServerSideEncryptionByDefault", keyType))
	assert.Nil(t, encryption.Reference("rules", bucketType))
	assert.Equal(t, []*graph.Resource{encryption}, g.Referrers(key, "", ""))
	assert.Equal(t, []*graph.Resource{encryption}, g.Referrers(bucket, encryptionType, "bucket"))
	assert.Equal(t, "arn:aws:kms:us-east-1:345678901234:key/"+key.ID, key.Output("arn"))
	assert.Equal(t, "cutover-prod-documents", bucket.ID)
}

func TestJSONIsFollowedAndAnARNWithMoreBehindItCounts(t *testing.T) {
	g := recorded(t)
	policy, bucket := g.Find(policyType, "documents"), g.Find(bucketType, "documents")
	var paths []string
	for _, edge := range policy.Edges() {
		assert.Same(t, bucket, edge.To)
		paths = append(paths, edge.Path)
	}
	assert.Contains(t, paths, "policy#Statement[0].Resource[0]")
	assert.Contains(t, paths, "policy#Statement[0].Resource[1]")
	assert.Equal(t, []*graph.Resource{bucket}, g.Owners("arn:aws:s3:::cutover-prod-documents/a/b"))
	assert.Empty(t, g.Owners("arn:aws:s3:::cutover-prod-documents-of-others/a"))
}

func TestRecordingIsTheSameEveryTime(t *testing.T) {
	first, second := recorded(t), recorded(t)
	require.Len(t, second.Resources(), len(first.Resources()))
	for i, r := range first.Resources() {
		assert.Equal(t, r.Resource, second.Resources()[i].Resource)
		assert.Len(t, second.Resources()[i].Edges(), len(r.Edges()))
	}
}

func TestAnOutputThatTheRecordingDoesNotKnowIsAnError(t *testing.T) {
	_, err := record(t, func(ctx *pulumi.Context) error {
		queue, err := sqs.NewQueue(ctx, "one", &sqs.QueueArgs{})
		if err != nil {
			return err
		}
		_, err = sqs.NewQueue(ctx, "two", &sqs.QueueArgs{Policy: queue.RedriveAllowPolicy})
		return err
	})
	require.ErrorContains(t, err, `aws:sqs/queue:Queue "two" of layer data: input "policy" comes from urn:pulumi:prod::data::aws:sqs/queue:Queue::one`)
}

func TestAProgramThatFailsIsNamed(t *testing.T) {
	_, err := graph.Record(environment, []graph.Layer{{Name: contract.Data, Program: stores, StackFile: filepath.Join(t.TempDir(), "missing.yaml")}})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "record layer data of prod")
}

func TestChangesTouchTheCopyOnly(t *testing.T) {
	g := recorded(t)
	const algorithm = "rules[0].applyServerSideEncryptionByDefault.sseAlgorithm"
	changed, err := g.With(
		graph.Set(encryptionType, "documents", algorithm, "AES256"),
		graph.Unset(encryptionType, "documents", "rules[0].applyServerSideEncryptionByDefault.kmsMasterKeyId"),
		graph.Rewrite(policyType, "documents", "policy", `"Deny"`, `"Allow"`),
		graph.Add(contract.Data, recording.Resource{Type: bucketType, Name: "other", Inputs: map[string]any{"bucket": "other-bucket"}}),
	)
	require.NoError(t, err)
	assert.Equal(t, "AES256", changed.Find(encryptionType, "documents").Text(algorithm))
	assert.Equal(t, "aws:kms", g.Find(encryptionType, "documents").Text(algorithm))
	assert.Empty(t, changed.Referrers(changed.Find(keyType, "documents"), encryptionType, ""))
	assert.Contains(t, changed.Find(policyType, "documents").Text("policy"), "Allow")
	assert.Equal(t, "other-bucket", changed.Find(bucketType, "other").ID)
	assert.Nil(t, g.Find(bucketType, "other"))

	removed, err := g.With(graph.Remove(policyType, "documents"))
	require.NoError(t, err)
	assert.Empty(t, removed.OfType(policyType))
}

func TestAChangeWithoutEffectIsAnError(t *testing.T) {
	g := recorded(t)
	for want, change := range map[string]graph.Change{
		`"other": is not registered once`:             graph.Remove(bucketType, "other"),
		`has no input "forceDestroy" to take away`:    graph.Unset(bucketType, "documents", "forceDestroy"),
		`has no place "rules[7].x"`:                   graph.Set(encryptionType, "documents", "rules[7].x", true),
		`policy does not contain aws:SecureTransport`: graph.Rewrite(policyType, "documents", "policy", "aws:SecureTransport", ""),
		`has no input "rules[0].no" to take away`:     graph.Unset(encryptionType, "documents", "rules[0].no"),
	} {
		_, err := g.With(change)
		require.ErrorContains(t, err, want)
	}
}

func TestPathsReadWhatIsThere(t *testing.T) {
	g := graph.New(environment, contract.Data, recording.Resource{Type: "aws:lb/targetGroup:TargetGroup", Name: "a", Inputs: map[string]any{
		"flag": false, "number": 3, "list": []any{map[string]any{"a": "x"}, map[string]any{"b": "y"}, map[string]any{"a": "z"}}, "texts": []string{"p", "q"},
	}})
	r := g.Find("aws:lb/targetGroup:TargetGroup", "a")
	assert.True(t, r.Is("flag", false))
	assert.False(t, r.Is("absent", false), "an absent value is not false")
	number, ok := r.Number("number")
	assert.True(t, ok)
	assert.InDelta(t, 3, number, 0)
	assert.Equal(t, []string{"x", "z"}, r.Texts("list[*].a"))
	assert.Equal(t, "y", r.Text("list[1].b"))
	assert.Equal(t, []string{"p", "q"}, r.Texts("texts"))
	assert.Len(t, r.Items("list"), 3)
	_, ok = r.Get("list[9]")
	assert.False(t, ok)
}

func TestAPhysicalNameIsAReferenceButATagIsNot(t *testing.T) {
	const cluster, providers = "aws:ecs/cluster:Cluster", "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders"
	g := graph.New(environment, contract.Services,
		recording.Resource{Type: cluster, Name: "blue", Inputs: map[string]any{"name": "cutover-prod-blue"}},
		recording.Resource{Type: providers, Name: "blue", Inputs: map[string]any{"clusterName": "cutover-prod-blue", "tags": map[string]any{"Name": "cutover-prod-blue"}}})
	edges := g.Find(providers, "blue").Edges()
	require.Len(t, edges, 1)
	assert.Equal(t, graph.Edge{Path: "clusterName", To: g.Find(cluster, "blue"), Output: "name"}, edges[0])
	assert.Equal(t, edges[0].To, g.ByURN(g.Find(cluster, "blue").URN))
}
