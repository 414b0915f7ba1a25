package security

import (
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// The purposes of the account's own keys.
const (
	Audit  Purpose = "audit"  // trail, archive, configuration history, log groups of neither colour
	Events Purpose = "events" // the topic of the account's events
)

// auditUse says who encrypts evidence: Firehose, through grants and in S3, for
// the archive; Config for the history; CloudWatch Logs. Readers come through S3.
func auditUse() use {
	return use{
		description: "trail, log archive and configuration history", via: []string{"firehose", "s3"}, grants: true,
		services: []string{configService}, logs: true,
	}
}

// eventsUse says who publishes to the topic of the account's events.
func eventsUse() use {
	return use{description: "events of the account", via: []string{"sns"}, services: eventPublishers()}
}

// auditKeyPolicy is the policy of the audit key. CloudTrail names its trail as
// source and in the encryption context (AWS CloudTrail user guide, "Configure
// AWS KMS key policies for CloudTrail").
func auditKeyPolicy(trail, accountID string) iamdoc.Document {
	document := accountKeyPolicy(auditUse(), accountID)
	source := map[string][]string{"aws:SourceArn": {trail}}
	service := iamdoc.Principals{Services: []string{trailService}}
	document.Statements = append(document.Statements,
		iamdoc.Statement{
			Sid: "UseByTrail", Principals: service, Actions: []string{"kms:GenerateDataKey*"}, Resources: thisKey(),
			Conditions: iamdoc.Conditions{
				"StringEquals": source,
				"StringLike":   {"kms:EncryptionContext:aws:cloudtrail:arn": {"arn:aws:cloudtrail:*:" + accountID + ":trail/*"}},
			},
		},
		iamdoc.Statement{
			Sid: "LookByTrail", Principals: service, Actions: []string{"kms:DescribeKey"}, Resources: thisKey(),
			Conditions: iamdoc.Conditions{"StringEquals": source},
		})
	return document
}

// accountKeyPolicy separates administration from use, as keyPolicy does. Those
// who make and read evidence are no workloads of the platform, so their own
// policies name them.
func accountKeyPolicy(how use, accountID string) iamdoc.Document {
	statements := []iamdoc.Statement{{
		Sid: "Administration", Principals: root(accountID), Actions: administration(), Resources: thisKey(),
	}}
	statements = append(statements, how.throughServices(accountID, nil, nil)...)
	return iamdoc.Document{Statements: append(statements, how.byServices(accountID)...)}
}

// trailName is the name of the account's trail; key and bucket know the trail by
// it before it exists.
func trailName(names naming.Namer) string { return names.Name(naming.Trail, "audit") }

func trailARN(names naming.Namer, accountID string) string {
	return "arn:aws:cloudtrail:" + config.Region + ":" + accountID + ":trail/" + trailName(names)
}
