package access_test

import (
	"slices"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/policy/access"
)

// cryptography is what reveals data or makes it.
func cryptography() []string { return []string{"kms:Decrypt", "kms:GenerateDataKey"} }

func (s scene) via(service string) map[string][]string {
	return with(one("kms:CallerAccount", s.account()), one("kms:ViaService", service+".us-east-1.amazonaws.com"))
}

// keyRules: a key is used through its services, by the roles that work with what
// it encrypts, and administered by nobody of them.
func (s scene) keyRules() []access.Rule {
	all := s.arns(keyType, "")
	rules := []access.Rule{
		{Name: "nobody calls a key without a service", Actions: cryptography(), On: all, With: one("kms:CallerAccount", s.account())},
		{Name: "nobody uses a key through a service that is not its own", Actions: cryptography(), On: all, With: s.via("ec2")},
		{
			Name: "administrators alone administer keys", On: all,
			Actions: []string{"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:EnableKeyRotation", "kms:RevokeGrant"},
			May:     []access.Caller{access.Administrator},
		},
		{
			Name: "grants are for services", Actions: []string{"kms:CreateGrant"}, On: all,
			With: with(s.via("rds"), one("kms:GrantIsForAWSResource", "false")),
		},
	}
	for _, color := range naming.Colors() {
		rules = append(rules, s.colorKeyRules(color)...)
	}
	rules = append(rules, s.sharedKeyRules()...)
	return append(rules, s.serviceKeyRules()...)
}

func (s scene) colorKeyRules(color naming.Color) []access.Rule {
	key := func(purpose string) []string { return []string{s.arn(keyType, string(color)+"-"+purpose)} }
	deploy, backup := s.role("", "deploy"), s.role(color, "backup")
	return []access.Rule{
		{Name: "key of the database", Actions: cryptography(), On: key("database"), With: s.via("rds"), May: []access.Caller{deploy, backup}},
		{
			Name: "key of the database, grants", Actions: []string{"kms:CreateGrant"}, On: key("database"),
			With: with(s.via("rds"), one("kms:GrantIsForAWSResource", "true")), May: []access.Caller{deploy, backup},
		},
		{
			Name: "key of environments of functions", Actions: []string{"kms:Decrypt"}, On: key("secrets"), With: s.via("lambda"),
			May: s.lambdaUsers(color),
		},
		{
			Name: "key of logins", Actions: []string{"kms:Decrypt"}, On: key("secrets"), With: s.via("secretsmanager"),
			May: slices.Concat(s.loginUsers(color), s.movers(everyMover(), naming.Colors()...),
				[]access.Caller{deploy, s.role(color, "rotation"), s.role(color.Other(), "sync")}),
		},
		{
			Name: "key of new logins", Actions: []string{"kms:GenerateDataKey"}, On: key("secrets"), With: s.via("secretsmanager"),
			May: []access.Caller{deploy, s.role(color, "rotation")},
		},
		{
			Name: "key of objects, reading", Actions: []string{"kms:Decrypt"}, On: key("documents"), With: s.via("s3"),
			May: slices.Concat(s.tasksWith(color, "documents"), s.syncs(), []access.Caller{backup, s.role(color, "replication")}),
		},
		{
			Name: "key of objects, writing", Actions: []string{"kms:GenerateDataKey"}, On: key("documents"), With: s.via("s3"),
			May: slices.Concat(s.tasksWith(color, "documents"), []access.Caller{backup, s.role(color.Other(), "replication")}),
		},
		{
			Name: "key of sessions", Actions: []string{"kms:Decrypt"}, On: key("sessions"), With: s.via("dynamodb"),
			May: slices.Concat(s.tasksWith(color, "sessions"), s.syncs(), []access.Caller{deploy, backup}),
		},
		{
			Name: "key of messages, to send them", Actions: []string{"kms:GenerateDataKey"}, On: key("messaging"), With: s.via("sqs"),
			May: append(s.movers(everyMover(), color), s.role(color, "sync"), s.role(color, "canary"), s.role(color, "scheduler"), s.role(color, "payment-api-task")),
		},
		{
			Name: "key of messages", Actions: []string{"kms:Decrypt"}, On: key("messaging"), With: s.via("sqs"),
			May: append(s.movers(everyMover(), color),
				s.role(color, "sync"), s.role(color, "canary"), s.role(color, "scheduler"), s.role(color, "payment-api-task"), s.role(color, "transaction-processor-task")),
		},
	}
}

// loginUsers are the roles of a colour that read logins to its database.
func (s scene) loginUsers(color naming.Color) []access.Caller {
	users := append(s.tasks(color), s.role(color, "sync"))
	for _, service := range s.services {
		users = append(users, s.role(color, service+"-execution"))
	}
	return users
}

func (s scene) sharedKeyRules() []access.Rule {
	deploy := s.role("", "deploy")
	control := []access.Caller{deploy, s.role("", "operator")}
	for _, color := range naming.Colors() {
		control = append(control, s.role(color, "sync"), s.role(color, "canary"), s.role(color, "backup"))
		control = append(control, s.tasks(color)...)
		control = append(control, s.movers(everyMover(), color)...)
	}
	return []access.Rule{
		{
			Name: "key of the control table", Actions: []string{"kms:Decrypt"}, On: []string{s.arn(keyType, "shared-control")},
			With: s.via("dynamodb"), May: control,
		},
		{
			Name: "key of records, through the machines", Actions: []string{"kms:Decrypt"}, On: []string{s.arn(keyType, "shared-records")},
			With: s.via("states"), May: append(s.movers([]string{"states"}, naming.Colors()...), deploy, s.role("", "operator")),
		},
		{
			Name: "key of records, to keep them", Actions: []string{"kms:GenerateDataKey"}, On: []string{s.arn(keyType, "shared-records")},
			With: s.via("s3"), May: s.movers([]string{"finalise", "states", "switch"}, naming.Colors()...),
		},
		{
			Name: "key of records, to read them", Actions: []string{"kms:Decrypt"}, On: []string{s.arn(keyType, "shared-records")},
			With: s.via("s3"), May: append(s.movers([]string{"finalise", "states", "switch"}, naming.Colors()...), s.role("", "operator")),
		},
		{
			Name: "proofs are signed by those who switch or end the migration", Actions: []string{"kms:Sign"}, On: []string{s.arn(keyType, "shared-proof-signatures")},
			With: with(one("kms:CallerAccount", s.account()), one("kms:SigningAlgorithm", "ECDSA_SHA_256"), one("kms:MessageType", "DIGEST")),
			May:  s.movers([]string{"finalise", "switch"}, naming.Colors()...),
		},
		{
			Name: "with one algorithm", Actions: []string{"kms:Sign"}, On: []string{s.arn(keyType, "shared-proof-signatures")},
			With: with(one("kms:CallerAccount", s.account()), one("kms:SigningAlgorithm", "ECDSA_SHA_256"), one("kms:MessageType", "RAW")),
		},
		{
			Name: "proofs are hashed by those who switch", Actions: []string{"kms:GenerateMac"}, On: []string{s.arn(keyType, "shared-proof-hashes")},
			With: with(one("kms:CallerAccount", s.account()), one("kms:MacAlgorithm", "HMAC_SHA_256")),
			May:  s.movers([]string{"switch"}, naming.Colors()...),
		},
		{
			Name: "key of images", Actions: []string{"kms:Decrypt"}, On: []string{s.arn(keyType, "shared-images")},
			With: s.via("ecr"), May: []access.Caller{deploy},
		},
		{Name: "key of the zone, by nobody of the account", Actions: []string{"kms:Sign"}, On: []string{s.arn(keyType, "shared-zone")}},
		{
			Name: "key of the zone, for zones of this account", Actions: []string{"kms:Sign", "kms:GetPublicKey"}, On: []string{s.arn(keyType, "shared-zone")},
			With:    with(one("aws:SourceAccount", s.account()), one("aws:SourceArn", "arn:aws:route53:::hostedzone/Z1")),
			Callers: []access.Caller{service("dnssec-route53"), service("route53"), service("logs.us-east-1")}, May: []access.Caller{service("dnssec-route53")},
		},
		{
			Name: "key of the zone, for zones of others", Actions: []string{"kms:Sign"}, On: []string{s.arn(keyType, "shared-zone")},
			With:    with(one("aws:SourceAccount", "999999999999"), one("aws:SourceArn", "arn:aws:route53:::hostedzone/Z1")),
			Callers: []access.Caller{service("dnssec-route53")},
		},
	}
}

// serviceKeyRules: services use a key by themselves for this account only.
func (s scene) serviceKeyRules() []access.Rule {
	logs := access.Caller{Service: "logs.us-east-1.amazonaws.com"}
	publishers := []access.Caller{service("cloudwatch"), service("events"), service("events.rds"), service("budgets")}
	of := func(account string) map[string][]string {
		return one("kms:EncryptionContext:aws:logs:arn", "arn:aws:logs:us-east-1:"+account+":log-group:/cutover/any")
	}
	keys := []string{s.arn(keyType, "blue-logs"), s.arn(keyType, "green-logs")}
	messaging := []string{s.arn(keyType, "blue-messaging"), s.arn(keyType, "green-messaging")}
	return []access.Rule{
		{
			Name: "log groups of this account", Actions: cryptography(), On: keys, With: of(s.account()),
			Callers: append([]access.Caller{logs}, publishers...), May: []access.Caller{logs},
		},
		{Name: "log groups of another account", Actions: cryptography(), On: keys, With: of("999999999999"), Callers: []access.Caller{logs}},
		{
			Name: "publishers of this account's alarms", Actions: cryptography(), On: messaging, With: one("aws:SourceAccount", s.account()),
			Callers: append([]access.Caller{logs, service("sns")}, publishers...), May: publishers,
		},
		{
			Name: "publishers of another account's alarms", Actions: cryptography(), On: messaging,
			With: one("aws:SourceAccount", "999999999999"), Callers: publishers,
		},
	}
}
