package iamdoc

import (
	"strconv"
	"time"
)

// withoutSourceAccount are the services that take roles and do not document
// that they name the account they act for; a condition on it would keep them
// out. A role can be handed to a service by principals of its own account only
// (IAM user guide, "Grant a user permissions to pass a role to an AWS service").
var withoutSourceAccount = map[string]string{
	"backup.amazonaws.com": `AWS Backup developer guide, "IAM service roles": the trust policy has no condition; ` +
		`"Cross-service confused deputy prevention" speaks of resource policies only`,
	firehose: `Amazon Data Firehose developer guide, "Allow Firehose to assume an IAM role": the account stands in sts:ExternalId`,
	"sns.amazonaws.com": `Amazon SNS developer guide, "Prerequisites for configuring delivery status logging": nothing is said of a ` +
		`condition of the role's trust policy`,
	"s3.amazonaws.com": `Amazon S3 user guide, "Setting up permissions for live replication": the trust policy has no condition`,
	"cloudtrail.amazonaws.com": `AWS CloudTrail user guide, "Role policy document for CloudTrail to use CloudWatch Logs for ` +
		`monitoring": the role does not support aws:SourceArn and aws:SourceAccount`,
}

// firehose names the account it acts for in another way than the others.
const firehose = "firehose.amazonaws.com"

// WithoutSourceAccount returns the reason why the trust policy of a service has
// no aws:SourceAccount, and whether there is one.
func WithoutSourceAccount(service string) (string, bool) {
	reason, known := withoutSourceAccount[service]
	return reason, known
}

// AssumeByService is the trust policy of a role that one AWS service assumes on
// behalf of this account only (IAM user guide, "The confused deputy problem").
func AssumeByService(service, accountID string) Document {
	statement := Statement{
		Sid:        "AssumeByService",
		Principals: Principals{Services: []string{service}},
		Actions:    []string{"sts:AssumeRole"},
	}
	_, without := WithoutSourceAccount(service)
	switch {
	case service == firehose:
		statement.Conditions = Conditions{"StringEquals": {"sts:ExternalId": {accountID}}}
	case !without:
		statement.Conditions = Conditions{"StringEquals": {"aws:SourceAccount": {accountID}}}
	}
	return Document{Statements: []Statement{statement}}
}

// Outsiders are the principals of other accounts that may take a role. Which of
// their own principals may ask for it those accounts say.
type Outsiders struct {
	// AccountIDs are the trusted accounts, 12 digits each.
	AccountIDs []string
	// ExternalID is what a request has to name (IAM user guide, "Access to AWS
	// accounts owned by third parties"). It is an identifier, not a secret.
	ExternalID string
	// MFAWithin is how long ago a second factor may have been given; 0 where a
	// machine takes the role, which has none.
	MFAWithin time.Duration
	// Named lets in users of IAM alone, in sessions that bear their name: what such a
	// session is written down under is then AWS's word and not the caller's (IAM user
	// guide, "AWS global condition context keys", sts:RoleSessionName).
	Named bool
}

// AssumeFromAccounts is the trust policy of a role for outsiders. A request
// without a second factor lacks both keys, and neither operator matches what is
// not there (IAM user guide, "Secure API access with MFA").
func AssumeFromAccounts(from Outsiders) Document {
	statement := Statement{
		Sid:        "AssumeFromAccounts",
		Principals: Principals{AWS: roots(from.AccountIDs)},
		Actions:    []string{"sts:AssumeRole"},
		Conditions: Conditions{"StringEquals": {"sts:ExternalId": {from.ExternalID}}},
	}
	if from.Named {
		statement.Conditions["StringEquals"]["sts:RoleSessionName"] = []string{"${aws:username}"}
	}
	if from.MFAWithin > 0 {
		statement.Conditions["Bool"] = map[string][]string{"aws:MultiFactorAuthPresent": {"true"}}
		statement.Conditions["NumericLessThan"] = map[string][]string{
			"aws:MultiFactorAuthAge": {strconv.Itoa(int(from.MFAWithin.Seconds()))},
		}
	}
	return Document{Statements: []Statement{statement}}
}

func roots(accountIDs []string) []string {
	arns := make([]string, len(accountIDs))
	for i, id := range accountIDs {
		arns[i] = Root(id)
	}
	return arns
}

// Root is the principal that stands for an account: for all of its principals
// that the account's own policies let through.
func Root(accountID string) string { return "arn:aws:iam::" + accountID + ":root" }
