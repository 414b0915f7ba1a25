package access_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/access"
	"github.com/cutover/cutover/shared/policy/graph"
	"github.com/cutover/cutover/shared/recording"
)

const (
	roleType       = "aws:iam/role:Role"
	policyType     = "aws:iam/policy:Policy"
	attachmentType = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	bucketType     = "aws:s3/bucketV2:BucketV2"

	account = "111122223333"
	object  = "arn:aws:s3:::strongbox/a"
)

var reader, monitor = access.Caller{Role: "reader"}, access.Caller{Role: "monitor"}

func text(statements string) string {
	return `{"Version":"2012-10-17","Statement":[` + statements + `]}`
}

// world has a role that reads a bucket, and one with a policy that AWS keeps
// under a boundary.
func world() *graph.Graph {
	trust := text(`{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}`)
	resource := func(token, name string, inputs map[string]any) recording.Resource {
		return recording.Resource{Type: token, Name: name, Inputs: inputs}
	}
	policy := func(name, statements string) recording.Resource {
		return resource(policyType, name, map[string]any{"name": name, "path": "/", "policy": text(statements)})
	}
	return graph.New(graph.Environment{Name: "local", AccountID: account, Region: "us-east-1"}, contract.Security,
		resource(roleType, "reader", map[string]any{"name": "reader", "path": "/", "assumeRolePolicy": trust}),
		resource(roleType, "monitor", map[string]any{
			"name": "monitor", "path": "/", "assumeRolePolicy": trust, "permissionsBoundary": "arn:aws:iam::" + account + ":policy/ceiling",
		}),
		policy("read", `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::strongbox/*"}`),
		policy("ceiling", `{"Effect":"Allow","Action":"logs:PutLogEvents","Resource":"*"}`),
		resource(attachmentType, "reader", map[string]any{"role": "reader", "policyArn": "arn:aws:iam::" + account + ":policy/read"}),
		resource(attachmentType, "monitor", map[string]any{"role": "monitor", "policyArn": "arn:aws:iam::aws:policy/service-role/Any"}),
		resource(bucketType, "box", map[string]any{"bucket": "strongbox"}),
		resource("aws:s3/bucketPolicy:BucketPolicy", "box", map[string]any{"bucket": "strongbox", "policy": text(
			`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::strongbox/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`)}),
	)
}

func made(t *testing.T, changes ...graph.Change) (*access.World, error) {
	t.Helper()
	g, err := world().With(changes...)
	require.NoError(t, err)
	return access.New(g)
}

func TestRulesHoldExactlyForWhoMay(t *testing.T) {
	w, err := made(t)
	require.NoError(t, err)
	assert.Equal(t, []string{"monitor", "reader"}, w.Roles())
	for name, rule := range map[string]access.Rule{
		"identity":                  {Actions: []string{"s3:GetObject"}, On: []string{object}, May: []access.Caller{reader, access.Administrator}},
		"policy of the bucket":      {Actions: []string{"s3:GetObject"}, On: []string{object}, With: map[string][]string{"aws:SecureTransport": {"false"}}},
		"kept by AWS, in its place": {Actions: []string{"logs:PutLogEvents"}, On: []string{"arn:aws:logs:us-east-1:" + account + ":log-group:x"}, May: []access.Caller{monitor, access.Administrator}},
		"trust": {
			Actions: []string{"sts:AssumeRole"}, On: []string{"arn:aws:iam::" + account + ":role/reader"},
			Callers: []access.Caller{reader, {Service: "lambda.amazonaws.com"}, {Stranger: "arn:aws:iam::999999999999:root"}},
			May:     []access.Caller{{Service: "lambda.amazonaws.com"}},
		},
		"another account's bucket": {Actions: []string{"s3:GetObject"}, On: []string{"arn:aws:s3:::other/a"}, Callers: []access.Caller{reader}},
	} {
		rule.Name = name
		found, err := w.Check([]access.Rule{rule})
		require.NoError(t, err, name)
		assert.Empty(t, found, name)
	}
}

func TestViolationsNameRuleCallerActionAndResource(t *testing.T) {
	w, err := made(t)
	require.NoError(t, err)
	found, err := w.Check([]access.Rule{{
		Name: "objects", Actions: []string{"s3:GetObject"}, On: []string{object}, Callers: []access.Caller{reader, monitor}, May: []access.Caller{monitor},
	}})
	require.NoError(t, err)
	require.Len(t, found, 2)
	assert.Equal(t, "objects: reader can s3:GetObject on arn:aws:s3:::strongbox/a: allowed by read, statement 0", found[0].String())
	assert.Contains(t, found[1].String(), "objects: monitor cannot s3:GetObject on arn:aws:s3:::strongbox/a: not allowed:")
}

func TestARuleThatTriesNothingIsAnError(t *testing.T) {
	w, err := made(t)
	require.NoError(t, err)
	whole := access.Rule{Name: "empty", Actions: []string{"s3:GetObject"}, On: []string{object}}
	for name, c := range map[string]struct {
		change func(*access.Rule)
		want   string
	}{
		"no actions":     {func(r *access.Rule) { r.Actions = nil }, "tries nothing"},
		"no resources":   {func(r *access.Rule) { r.On = nil }, "tries nothing"},
		"no ARN":         {func(r *access.Rule) { r.On = []string{""} }, "tries nothing"},
		"no callers":     {func(r *access.Rule) { r.Callers = []access.Caller{} }, "tries nothing"},
		"may, tries not": {func(r *access.Rule) { r.May = []access.Caller{{Role: "gone"}} }, "gone may, but does not try"},
		"no such role":   {func(r *access.Rule) { r.Callers = []access.Caller{{Role: "gone"}} }, `role "gone" is not registered: registered are monitor, reader`},
	} {
		rule := whole
		c.change(&rule)
		_, err := w.Check([]access.Rule{rule})
		require.ErrorContains(t, err, c.want, name)
		require.ErrorContains(t, err, "empty: ", name)
	}
}

func TestWhatLeadsNowhereIsAnError(t *testing.T) {
	_, err := made(t,
		graph.Set(attachmentType, "reader", "role", "gone"),
		graph.Set(attachmentType, "monitor", "policyArn", "arn:aws:iam::"+account+":policy/gone"),
		graph.Set(roleType, "monitor", "permissionsBoundary", "arn:aws:iam::"+account+":policy/lost"),
		graph.Unset(policyType, "read", "policy"),
		graph.Set("aws:s3/bucketPolicy:BucketPolicy", "box", "bucket", "another-box"),
	)
	for _, part := range []string{`role "gone" is not registered`, "policy/gone\" is not registered", "policy/lost is not registered", "has no known text", "the resource that the policy belongs to is not registered"} {
		require.ErrorContains(t, err, part)
	}
}
