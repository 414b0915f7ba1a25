package document_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/document"
	"github.com/cutover/cutover/shared/policy/graph"
	"github.com/cutover/cutover/shared/recording"
)

const (
	policyType = "aws:s3/bucketPolicy:BucketPolicy"
	bucketType = "aws:s3/bucketV2:BucketV2"
)

func withPolicy(inputs map[string]any) *graph.Graph {
	return graph.New(graph.Environment{Name: "prod", AccountID: "345678901234", Region: "us-east-1"}, contract.Data,
		recording.Resource{Type: bucketType, Name: "b", Inputs: map[string]any{"bucket": "cutover-b"}},
		recording.Resource{Type: policyType, Name: "b", Inputs: inputs})
}

func TestSpellingsMeanTheSame(t *testing.T) {
	for name, text := range map[string]string{
		"lists": `{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Deny","Principal":{"AWS":["*"]},"Action":["s3:*"],
			"Resource":["arn:aws:s3:::cutover-b"],"Condition":{"Bool":{"aws:SecureTransport":["false"]}}}]}`,
		"single values": `{"Version":"2012-10-17","Statement":{"Sid":"A","Effect":"Deny","Principal":"*","Action":"s3:*",
			"Resource":"arn:aws:s3:::cutover-b","Condition":{"Bool":{"aws:SecureTransport":false}}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			policies, problems := document.All(withPolicy(map[string]any{"bucket": "cutover-b", "policy": text}))
			require.Empty(t, problems)
			require.Len(t, policies, 1)
			assert.Equal(t, bucketType, policies[0].Target().Type)
			assert.Equal(t, document.Document{Version: "2012-10-17", Statements: []document.Statement{{
				Sid: "A", Deny: true, Principals: document.Principals{"AWS": {"*"}},
				Actions: []string{"s3:*"}, Resources: []string{"arn:aws:s3:::cutover-b"},
				Conditions: document.Conditions{"Bool": {"aws:SecureTransport": {"false"}}},
			}}}, policies[0].Document)
		})
	}
}

func TestWhatCannotBeReadIsAProblem(t *testing.T) {
	for want, inputs := range map[string]map[string]any{
		`"b": policy: has no known text, expected JSON`:                   {"bucket": "cutover-b"},
		`"b": policy: is not JSON`:                                        {"policy": "{"},
		`"b": policy: has no statement`:                                   {"policy": "{}"},
		`"b": policy: statement 0 has the effect "allow", expected Allow`: {"policy": `{"Statement":{"Effect":"allow"}}`},
		`json: cannot unmarshal number into Go`:                           {"policy": `{"Statement":{"Effect":"Allow","Action":7}}`},
	} {
		_, problems := document.All(withPolicy(inputs))
		require.Len(t, problems, 1, want)
		require.ErrorContains(t, problems[0], want)
	}
}

func TestConditionsAreFoundWhateverTheirLetters(t *testing.T) {
	conditions := document.Conditions{"StringEquals": {"AWS:sourceaccount": {"1"}}, "StringLike": {"aws:SourceAccount": {"2"}}}
	values, found := conditions.Values("aws:SourceAccount")
	assert.True(t, found)
	assert.Equal(t, []string{"1", "2"}, values)
	values, _ = conditions.Values("aws:SourceAccount", "StringLike")
	assert.Equal(t, []string{"2"}, values)
	assert.True(t, conditions.Has("aws:SourceArn", "aws:SourceAccount"))
	assert.False(t, conditions.Has("aws:SourceArn"))
}
