package security

import (
	"fmt"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// Purpose is what a key encrypts. Each purpose has a key of its own, so that
// who may read one kind of data may not read another.
type Purpose string

// The purposes of one colour's keys.
const (
	Database  Purpose = "database"  // cluster storage, snapshots, performance data, recovery points
	Secrets   Purpose = "secrets"   // secrets, confidential parameters, functions' environments
	Logs      Purpose = "logs"      // log groups
	Documents Purpose = "documents" // objects
	Sessions  Purpose = "sessions"  // DynamoDB tables of the applications
	Messaging Purpose = "messaging" // queues and topics
)

// The purposes of the keys that both colours share.
const (
	Images  Purpose = "images"  // container images
	Control Purpose = "control" // the control table with the authority token
	Records Purpose = "records" // proofs of switches, definitions and histories of the state machines
)

// Purposes lists the keys of one colour.
func Purposes() []Purpose {
	return []Purpose{Database, Secrets, Logs, Documents, Sessions, Messaging}
}

// SharedPurposes lists the keys of both colours together.
func SharedPurposes() []Purpose { return []Purpose{Images, Control, Records} }

// use says who uses the key of a purpose, and on which way.
type use struct {
	description string
	// via are the services through which roles use the key; each role needs a
	// policy that allows it, too.
	via []string
	// own are the kinds of roles of the key's colour, peer those of the other
	// colour, outside those that belong to neither. Nobody else can use the key,
	// administrators of the account neither, whatever their policies allow.
	own, peer, outside []string
	// grants tells that those services work with grants of their own.
	grants bool
	// services use the key by themselves, for this account.
	services []string
	// logs opens the key to CloudWatch Logs for the log groups of this account.
	logs bool
	// deliveries lets the delivery of logs read what a service encrypted with the
	// key and logs.
	deliveries bool
}

// The sync functions are the only ones that work on both colours.
var uses = map[Purpose]use{
	Database: {
		description: "storage and snapshots of the database, recovery points", via: []string{"backup", "rds"}, grants: true,
		own: []string{backup}, outside: []string{deploy},
	},
	// RDS makes the master user's secret through Secrets Manager.
	Secrets: {
		description: "secrets, confidential parameters and environments of functions",
		via:         []string{"lambda", "rds", "secretsmanager", "ssm"}, grants: true,
		own:  append([]string{task, execution, sync, canary, rotation}, movers()...),
		peer: append([]string{sync}, movers()...), outside: []string{deploy},
	},
	Logs: {description: "log groups", logs: true},
	Documents: {
		description: "objects", via: []string{"s3"},
		own: []string{task, sync, backup, replication}, peer: []string{sync, replication},
	},
	Sessions: {
		description: "tables of the applications", via: []string{"dynamodb"}, grants: true,
		own: []string{task, sync, backup}, peer: []string{sync}, outside: []string{deploy},
	},
	// CloudWatch, EventBridge, RDS events and Budgets publish to encrypted topics
	// only where the key admits them (Amazon SNS developer guide, "Key management").
	Messaging: {
		description: "queues and topics", via: []string{"sns", "sqs"},
		own:      append([]string{task, sync, canary, scheduler, rotation}, movers()...),
		services: []string{"budgets.amazonaws.com", "cloudwatch.amazonaws.com", "events.amazonaws.com", "events.rds.amazonaws.com"},
	},
	Images: {
		description: "container images", via: []string{"ecr"}, grants: true,
		own: []string{execution}, outside: []string{deploy},
	},
	Control: {
		description: "control table", via: []string{"dynamodb"}, grants: true,
		own: append([]string{task, sync, canary, backup}, movers()...), outside: []string{deploy, operator},
	},
	// Whoever makes, starts or looks at a state machine uses its key in the name of
	// Step Functions (AWS Step Functions developer guide, "Data at rest encryption").
	Records: {
		description: "proofs of switches, definitions and histories of the state machines", via: []string{"s3", "states"},
		own: []string{switching, closing, states}, outside: []string{deploy, operator}, deliveries: true,
	},
}

// administration is what administrators do with a key. It neither reads data
// nor makes grants, which would let others read (AWS KMS developer guide, "Allows
// key administrators to administer the KMS key").
func administration() []string {
	return []string{
		"kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey",
		"kms:DisableKeyRotation", "kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus",
		"kms:ListGrants", "kms:ListKeyPolicies", "kms:ListKeyRotations", "kms:ListResourceTags", "kms:PutKeyPolicy",
		"kms:RevokeGrant", "kms:RotateKeyOnDemand", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
	}
}

// cryptography is what encrypting and decrypting services ask for.
func cryptography() []string {
	return []string{"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"}
}

// keyPolicy separates administration from use. Administration is left to the
// account's IAM policies and can never be locked away (AWS KMS developer guide,
// "Default key policy"). Use is for the named roles alone, on the way through one
// of the named services: an administrator who calls KMS, or the service, with
// rights over all keys is refused.
func keyPolicy(purpose Purpose, color naming.Color, roles roster) (iamdoc.Document, error) {
	how, known := uses[purpose]
	if !known {
		return iamdoc.Document{}, fmt.Errorf("key policy for purpose %q: expected one of %v or %v", purpose, Purposes(), SharedPurposes())
	}
	document := iamdoc.Document{Statements: []iamdoc.Statement{{
		Sid: "Administration", Principals: root(roles.accountID), Actions: administration(), Resources: thisKey(),
	}}}
	if len(how.via) > 0 {
		document.Statements = append(document.Statements, how.throughServices(
			roles.accountID, roles.users(purpose, color), roles.granters(purpose, color))...)
	}
	document.Statements = append(document.Statements, how.byServices(roles.accountID)...)
	return document, nil
}

func root(accountID string) iamdoc.Principals {
	return iamdoc.Principals{AWS: []string{iamdoc.Root(accountID)}}
}

// thisKey is the resource of every statement of a key policy.
func thisKey() []string { return []string{"*"} }

// throughServices lets roles use the key by way of a service, and makers of
// resources hand it on to the service. No roles means every principal of the
// account that has a policy for it.
func (u use) throughServices(accountID string, users, granters []string) []iamdoc.Statement {
	way := func(arns []string) map[string][]string {
		keys := map[string][]string{"kms:CallerAccount": {accountID}, "kms:ViaService": endpoints(u.via)}
		if arns != nil {
			keys["aws:PrincipalArn"] = arns
		}
		return keys
	}
	statements := []iamdoc.Statement{{
		Sid: "UseThroughServices", Principals: root(accountID), Actions: cryptography(), Resources: thisKey(),
		Conditions: iamdoc.Conditions{"StringEquals": way(users)},
	}}
	if u.grants {
		statements = append(statements, iamdoc.Statement{
			Sid: "GrantsOfServices", Principals: root(accountID), Actions: []string{"kms:CreateGrant"}, Resources: thisKey(),
			Conditions: iamdoc.Conditions{"StringEquals": way(granters), "Bool": {"kms:GrantIsForAWSResource": {"true"}}},
		})
	}
	return statements
}

// byServices lets services use the key by themselves, for this account.
func (u use) byServices(accountID string) []iamdoc.Statement {
	var statements []iamdoc.Statement
	if len(u.services) > 0 {
		statements = append(statements, iamdoc.Statement{
			Sid: "UseByServices", Principals: iamdoc.Principals{Services: u.services},
			Actions: []string{"kms:Decrypt", "kms:GenerateDataKey*"}, Resources: thisKey(),
			Conditions: iamdoc.Conditions{"StringEquals": {"aws:SourceAccount": {accountID}}},
		})
	}
	if u.logs {
		statements = append(statements, iamdoc.Statement{
			Sid: "UseByLogs", Principals: iamdoc.Principals{Services: endpoints([]string{"logs"})},
			Actions: append(cryptography(), "kms:DescribeKey"), Resources: thisKey(),
			Conditions: iamdoc.Conditions{"ArnLike": {
				"kms:EncryptionContext:aws:logs:arn": {"arn:aws:logs:" + config.Region + ":" + accountID + ":log-group:*"},
			}},
		})
	}
	if u.deliveries {
		statements = append(statements, iamdoc.Statement{
			Sid: "ReadByDeliveriesOfLogs", Principals: iamdoc.Principals{Services: []string{"delivery.logs.amazonaws.com"}},
			Actions: []string{"kms:Decrypt"}, Resources: thisKey(),
			Conditions: iamdoc.Conditions{
				"StringEquals": {"aws:SourceAccount": {accountID}},
				"ArnLike":      {"kms:EncryptionContext:SourceArn": {"arn:aws:logs:" + config.Region + ":" + accountID + ":*"}},
			},
		})
	}
	return statements
}

// endpoints are the names of services in the platform's region, as
// kms:ViaService and regional service principals write them.
func endpoints(services []string) []string {
	names := make([]string, len(services))
	for i, service := range services {
		names[i] = service + "." + config.Region + ".amazonaws.com"
	}
	return names
}
