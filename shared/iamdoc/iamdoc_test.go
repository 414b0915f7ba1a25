package iamdoc_test

import (
	"strings"
	"testing"
	"time"

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

func TestServiceThatDoesNotNameItsAccountIsNotShutOut(t *testing.T) {
	text, err := iamdoc.AssumeByService("backup.amazonaws.com", "123456789012").JSON()
	require.NoError(t, err)
	assert.NotContains(t, text, "Condition")
	reason, without := iamdoc.WithoutSourceAccount("backup.amazonaws.com")
	assert.True(t, without)
	assert.NotEmpty(t, reason)
	for _, service := range []string{"cloudtrail.amazonaws.com", "firehose.amazonaws.com", "s3.amazonaws.com"} {
		text, err := iamdoc.AssumeByService(service, "123456789012").JSON()
		require.NoError(t, err)
		assert.NotContains(t, text, "aws:SourceAccount", service)
		assert.Equal(t, service == "firehose.amazonaws.com", strings.Contains(text, `"sts:ExternalId":["123456789012"]`), service)
	}
	_, without = iamdoc.WithoutSourceAccount("lambda.amazonaws.com")
	assert.False(t, without)
}

func TestTrustOfPeopleDemandsAFreshSecondFactor(t *testing.T) {
	text, err := iamdoc.AssumeFromAccounts(iamdoc.Outsiders{
		AccountIDs: []string{"222233334444", "111122223333"}, ExternalID: "operators-1", MFAWithin: 15 * time.Minute,
	}).JSON()
	require.NoError(t, err)
	assert.JSONEq(t, `{"Version":"2012-10-17","Statement":[{"Sid":"AssumeFromAccounts","Effect":"Allow","Action":["sts:AssumeRole"],
		"Principal":{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::222233334444:root"]},
		"Condition":{"StringEquals":{"sts:ExternalId":["operators-1"]},"Bool":{"aws:MultiFactorAuthPresent":["true"]},
			"NumericLessThan":{"aws:MultiFactorAuthAge":["900"]}}}]}`, text)
}

// A session that bears its user's name is somebody; one that bears a name of the
// caller's choice is anybody.
func TestTrustOfNamedPeopleDemandsTheirOwnName(t *testing.T) {
	from := iamdoc.Outsiders{AccountIDs: []string{"111122223333"}, ExternalID: "operators-1"}
	text, err := iamdoc.AssumeFromAccounts(from).JSON()
	require.NoError(t, err)
	assert.NotContains(t, text, "RoleSessionName")
	from.Named = true
	text, err = iamdoc.AssumeFromAccounts(from).JSON()
	require.NoError(t, err)
	assert.Contains(t, text, `"StringEquals":{"sts:ExternalId":["operators-1"],"sts:RoleSessionName":["${aws:username}"]}`)
}

func TestExceptedResourcesBelongToRefusals(t *testing.T) {
	refusal := iamdoc.Statement{Sid: "NoItems", Deny: true, Actions: []string{"a:A"}, ExceptResources: []string{"arn:x"}}
	text, err := iamdoc.Document{Statements: []iamdoc.Statement{refusal}}.JSON()
	require.NoError(t, err)
	assert.Contains(t, text, `"NotResource":["arn:x"]`)
	refusal.Deny = false
	_, err = iamdoc.Document{Statements: []iamdoc.Statement{refusal}}.JSON()
	require.ErrorContains(t, err, `"NoItems"): excepted resources belong to a refusal`)
	refusal.Deny, refusal.Resources = true, []string{"*"}
	_, err = iamdoc.Document{Statements: []iamdoc.Statement{refusal}}.JSON()
	require.ErrorContains(t, err, "excepted resources")
}

func TestEveryUnscopedActionHasAReason(t *testing.T) {
	for _, action := range iamdoc.UnscopedActions() {
		reason, may := iamdoc.Unscoped(action)
		assert.True(t, may, action)
		assert.Greater(t, len(reason), 15, action)
		assert.Regexp(t, `^[a-z0-9-]+:[A-Z][A-Za-z0-9]+\*?$`, action)
	}
	_, may := iamdoc.Unscoped("s3:GetObject")
	assert.False(t, may)
}
