package iamdoc_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/iamdoc"
)

func TestDocumentsRenderAsTheIAMGrammarSays(t *testing.T) {
	text, err := iamdoc.Document{Statements: []iamdoc.Statement{
		{Sid: "Read", Actions: []string{"s3:GetObject", "s3:GetBucketLocation"}, Resources: []string{"arn:aws:s3:::b/*"}},
		{Deny: true, Principals: iamdoc.Principals{Anyone: true}, Actions: []string{"s3:*"}, Resources: []string{"arn:aws:s3:::b"},
			Conditions: iamdoc.Conditions{"Bool": {"aws:SecureTransport": {"false"}}}},
	}}.JSON()
	require.NoError(t, err)
	assert.JSONEq(t, `{"Version":"2012-10-17","Statement":[
		{"Sid":"Read","Effect":"Allow","Action":["s3:GetBucketLocation","s3:GetObject"],"Resource":["arn:aws:s3:::b/*"]},
		{"Effect":"Deny","Principal":"*","Action":["s3:*"],"Resource":["arn:aws:s3:::b"],"Condition":{"Bool":{"aws:SecureTransport":["false"]}}}]}`, text)
}

func TestOrderOfTheInputDoesNotChangeTheText(t *testing.T) {
	render := func(actions ...string) string {
		text, err := iamdoc.Document{Statements: []iamdoc.Statement{{Actions: actions}}}.JSON()
		require.NoError(t, err)
		return text
	}
	assert.Equal(t, render("a:A", "b:B"), render("b:B", "a:A"))
}

func TestEmptyDocumentsAndStatementsAreRefused(t *testing.T) {
	_, err := iamdoc.Document{}.JSON()
	assert.ErrorContains(t, err, "no statements")
	_, err = iamdoc.Document{Statements: []iamdoc.Statement{{Sid: "X"}}}.JSON()
	assert.ErrorContains(t, err, `"X"): no actions`)
}

func TestServiceTrustIsBoundToTheAccount(t *testing.T) {
	text, err := iamdoc.AssumeByService("lambda.amazonaws.com", "123456789012").JSON()
	require.NoError(t, err)
	assert.Contains(t, text, `"aws:SourceAccount":["123456789012"]`)
	assert.Contains(t, text, `"Service":["lambda.amazonaws.com"]`)
}
