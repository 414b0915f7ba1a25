package access_test

import (
	"slices"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/policy/access"
)

// tasksWith are the task roles of the services that work with a kind of store.
func (s scene) tasksWith(color naming.Color, store string) []access.Caller {
	users := map[string][]string{
		"sessions":         {"payment-api"},
		"documents":        {"payment-api", "transaction-processor", "reporting"},
		"compliance":       {"transaction-processor", "reporting"},
		"transaction-logs": {"payment-api", "transaction-processor", "reporting"},
	}
	var callers []access.Caller
	for _, service := range users[store] {
		callers = append(callers, s.role(color, service+"-task"))
	}
	return callers
}

// syncs are the sync functions of both colours: the window between them is open.
func (s scene) syncs() []access.Caller {
	var callers []access.Caller
	for _, color := range naming.Colors() {
		callers = append(callers, s.role(color, "sync"))
	}
	return callers
}

// movers are the functions that move data beside the lane, of some colours.
func (s scene) movers(functions []string, colors ...naming.Color) []access.Caller {
	var callers []access.Caller
	for _, color := range colors {
		for _, function := range functions {
			callers = append(callers, s.role(color, function))
		}
	}
	return callers
}

// everyMover are all of them.
func everyMover() []string { return []string{"chunk", "finalise", "install", "switch", "verify"} }

func (s scene) lambdaUsers(color naming.Color) []access.Caller {
	return append(s.movers(everyMover(), color), s.role(color, "sync"), s.role(color, "canary"), s.role(color, "rotation"), s.role("", "deploy"))
}

// item is the context of a call that names one item.
func item(key string) map[string][]string { return one("dynamodb:LeadingKeys", key) }

// dataRules: items are read and written by the services of their own colour; the
// control table gives each caller its own items.
func (s scene) dataRules() []access.Rule {
	control := []string{s.arn(tableType, "control-table")}
	var services, workers, readers []access.Caller
	for _, color := range naming.Colors() {
		services = append(services, s.tasks(color)...)
		workers = append(workers, s.role(color, "sync"))
		readers = append(readers, s.role(color, "sync"), s.role(color, "switch"))
	}
	administrator := []access.Caller{access.Administrator}
	operator := []access.Caller{s.role("", "operator")}
	rules := append(s.steeringRules(control, administrator, operator, readers), s.moverRules(control, services, workers)...)
	rules = append(rules, []access.Rule{
		{Name: "nobody reads the whole control table", Actions: []string{"dynamodb:Scan", "dynamodb:Query"}, On: control, May: administrator},
		{
			Name: "no workload deletes a table", Actions: []string{"dynamodb:DeleteTable", "dynamodb:UpdateContinuousBackups"},
			On: s.arns(tableType, ""), May: []access.Caller{access.Administrator, s.role("", "deploy")},
		},
	}...)
	for _, color := range naming.Colors() {
		rules = append(rules,
			access.Rule{
				Name: "a canary is its colour's", Actions: []string{"dynamodb:PutItem"}, On: control, With: item("canary#" + string(color)),
				May: append(slices.Clone(administrator), s.role(color, "canary")),
			},
			access.Rule{
				Name: "items of sessions", Actions: []string{"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"},
				On: []string{s.arn(tableType, string(color)+"-sessions")}, With: item("any"),
				May: slices.Concat(administrator, s.tasksWith(color, "sessions"), workers),
			},
			access.Rule{
				Name: "items of rate limits, which are not copied", Actions: []string{"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"},
				On: []string{s.arn(tableType, string(color)+"-rate-limits")}, With: item("any"),
				May: slices.Concat(administrator, s.tasksWith(color, "sessions")),
			},
			access.Rule{
				Name: "questions to the tables of the applications", Actions: []string{"dynamodb:Query"},
				On:  []string{s.arn(tableType, string(color)+"-sessions"), s.arn(tableType, string(color)+"-rate-limits")},
				May: slices.Concat(administrator, s.tasksWith(color, "sessions")),
			},
			access.Rule{
				Name: "every session at once, to copy them", Actions: []string{"dynamodb:Scan"},
				On: []string{s.arn(tableType, string(color)+"-sessions")}, May: slices.Concat(administrator, workers),
			},
			access.Rule{
				Name: "every counter at once", Actions: []string{"dynamodb:Scan"},
				On: []string{s.arn(tableType, string(color)+"-rate-limits")}, May: administrator,
			},
			access.Rule{
				Name: "nobody signs in to a database as its master", Actions: []string{"rds-db:connect"},
				On: []string{s.regional("rds-db", "dbuser:cluster-ANY/cutover_admin")}, May: administrator,
			})
	}
	return rules
}

// moverRules: who may write is written by the functions that switch, and once by
// those that install; lanes are run by the sync functions, started by operators.
func (s scene) moverRules(control []string, services, workers []access.Caller) []access.Rule {
	administrator, operator := []access.Caller{access.Administrator}, []access.Caller{s.role("", "operator")}
	of := func(functions ...string) []access.Caller { return s.movers(functions, naming.Colors()...) }
	get, put := []string{"dynamodb:GetItem"}, []string{"dynamodb:PutItem"}
	rules := []access.Rule{
		{
			Name: "the authority is read by services and sync functions", Actions: get, On: control,
			With: item("authority"), May: slices.Concat(administrator, services, workers, operator, of("finalise", "install", "switch")),
		},
		{
			Name: "the authority is written by those who switch or install", Actions: put, On: control,
			With: item("authority"), May: slices.Concat(administrator, of("install", "switch")),
		},
		{
			Name: "a switch is written by those who switch, and in the end by those who end", Actions: put, On: control, With: item("switch"),
			May: slices.Concat(administrator, of("finalise", "switch")),
		},
		{
			Name: "confirmations are read by those who end the migration, discard a change or open a side by force", Actions: get, On: control, With: item("closing#AROA:ann"),
			May: slices.Concat(administrator, of("finalise", "install", "switch")),
		},
		{
			Name: "an operator confirms under an own name", Actions: put, On: control, Callers: s.everyRole(),
			With: with(item("closing#AROA:ann"), one("aws:userid", "AROA:ann")), May: operator,
		},
		{
			Name: "and nobody under another's", Actions: []string{"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}, On: control, Callers: s.everyRole(),
			With: with(item("closing#AROA:bob"), one("aws:userid", "AROA:ann")),
		},
		{
			Name: "lanes are read by all that move data", Actions: get, On: control, With: item("lane#orders"),
			May: slices.Concat(administrator, workers, operator, of(everyMover()...)),
		},
		{
			Name: "lanes are written by those who run and start them", Actions: put, On: control, With: item("lane#orders"),
			May: slices.Concat(administrator, workers, operator, of("finalise", "install")),
		},
		{
			Name: "the progress of a load is written by those who load", Actions: put, On: control, With: item("load#orders"),
			May: slices.Concat(administrator, workers, of("chunk")),
		},
		{Name: "what comparisons tell, for operators", Actions: get, On: control, With: item("verify#orders"), May: slices.Concat(administrator, operator, of("verify"))},
		{Name: "what comparisons tell", Actions: put, On: control, With: item("verify#orders"), May: slices.Concat(administrator, of("verify"))},
		{Name: "what checks of databases tell", Actions: put, On: control, With: item("check#orders"), May: slices.Concat(administrator, of("install"))},
		{Name: "items are put as a whole", Actions: []string{"dynamodb:UpdateItem"}, On: control, With: item("lane#orders"), May: administrator},
	}
	for _, key := range []string{"authority", "switch", "lane#orders", "traffic"} {
		rules = append(rules, access.Rule{
			Name: "nobody deletes decisions: " + key, Actions: []string{"dynamodb:DeleteItem"}, On: control, With: item(key), May: administrator,
		})
	}
	return rules
}

// objectRules: objects are read by the services of their own colour, written
// below each writer's prefix with the bucket's key over TLS 1.2 or newer; what
// is evidence is nobody's to delete.
func (s scene) objectRules() []access.Rule {
	trail, archive := s.arn(bucketType, "evidence-trail")+"/a", s.arn(bucketType, "evidence-archive")+"/a"
	delivery := []access.Caller{s.role("", "archive-delivery")}
	evidence := []string{trail, archive}
	var rules []access.Rule
	for _, color := range naming.Colors() {
		rules = append(rules, s.bucketRules(color)...)
	}
	roles := s.everyRole()
	return append(rules,
		access.Rule{
			Name: "proofs are read by those who switch or end the migration and by operators", Actions: []string{"s3:GetObject"}, Callers: roles,
			On:  []string{s.arn(bucketType, "records-proofs") + "/switch/a.json"},
			May: append(s.movers([]string{"finalise", "switch"}, naming.Colors()...), s.role("", "operator")),
		},
		access.Rule{
			Name: "proofs are put by those who switch", Actions: []string{"s3:PutObject"}, Callers: roles,
			On:   []string{s.arn(bucketType, "records-proofs") + "/switch/a.json"},
			With: one("s3:x-amz-server-side-encryption-aws-kms-key-id", s.arn(keyType, "shared-records")),
			May:  s.movers([]string{"switch"}, naming.Colors()...),
		},
		access.Rule{
			Name: "the closing record is put by those who end the migration, too", Actions: []string{"s3:PutObject"}, Callers: roles,
			On:   []string{s.arn(bucketType, "records-proofs") + "/switch/a.closing.json", s.arn(bucketType, "records-proofs") + "/switch/a.closing.7.draft.json"},
			With: one("s3:x-amz-server-side-encryption-aws-kms-key-id", s.arn(keyType, "shared-records")),
			May:  s.movers([]string{"finalise", "switch"}, naming.Colors()...),
		},
		access.Rule{
			Name: "why a load has failed is read by machines and operators", Actions: []string{"s3:GetObject"}, Callers: roles,
			On:  []string{s.arn(bucketType, "records-runs") + "/backfill/a.json"},
			May: append(s.movers([]string{"states"}, naming.Colors()...), s.role("", "operator")),
		},
		access.Rule{
			Name: "other results of runs by machines alone", Actions: []string{"s3:GetObject"}, Callers: roles,
			On:  []string{s.arn(bucketType, "records-runs") + "/verification/a.json", s.arn(bucketType, "records-runs") + "/a.json"},
			May: s.movers([]string{"states"}, naming.Colors()...),
		},
		access.Rule{
			Name: "proofs are deleted by no role", Actions: []string{"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"}, Callers: roles,
			On: []string{s.arn(bucketType, "records-proofs") + "/switch/a.json"},
		},
		access.Rule{
			Name: "the trail is read by no role", Actions: []string{"s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"}, On: []string{trail}, Callers: roles,
		},
		access.Rule{
			Name: "the archive is its delivery's", Actions: []string{"s3:GetObject", "s3:PutObject"}, On: []string{archive}, Callers: roles,
			With: one("s3:x-amz-server-side-encryption-aws-kms-key-id", s.arn(keyType, "evidence-audit")), May: delivery,
		},
		access.Rule{
			Name: "evidence is deleted by no role", Actions: []string{"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"},
			On: evidence, Callers: roles,
		},
		access.Rule{
			Name: "buckets of evidence keep their settings", Callers: roles,
			Actions: []string{"s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:PutLifecycleConfiguration", "s3:PutEncryptionConfiguration", "s3:DeleteBucket"},
			On:      s.arns(bucketType, "evidence-"),
		})
}

func (s scene) bucketRules(color naming.Color) []access.Rule {
	logs, documents := s.arn(bucketType, string(color)+"-transaction-logs"), s.arn(bucketType, string(color)+"-documents")
	key := s.arn(keyType, string(color)+"-documents")
	administrator := []access.Caller{access.Administrator}
	own := with(one("s3:x-amz-server-side-encryption", "aws:kms"), one("s3:x-amz-server-side-encryption-aws-kms-key-id", key))
	put := []string{"s3:PutObject"}
	everything := []string{logs + "/payment-api/a", documents + "/reporting/a"}
	rules := []access.Rule{
		{
			Name: "transaction logs are read by their colour", Actions: []string{"s3:GetObject", "s3:GetObjectVersion"}, On: []string{logs + "/payment-api/a"},
			May: slices.Concat(administrator, s.tasksWith(color, "transaction-logs"), s.syncs(), []access.Caller{s.role(color, "backup")}),
		},
		{
			Name: "documents are read by their colour", Actions: []string{"s3:GetObject", "s3:GetObjectVersion"}, On: []string{documents + "/reporting/a"},
			May: slices.Concat(administrator, s.tasksWith(color, "compliance"), s.syncs(), []access.Caller{s.role(color, "backup")}),
		},
		{
			Name: "transaction logs are written below the writer's prefix", Actions: put, On: []string{logs + "/payment-api/a"}, With: own,
			May: append(slices.Clone(administrator), s.role(color, "payment-api-task")),
		},
		{
			Name: "documents are written below the writer's prefix", Actions: put, On: []string{documents + "/reporting/a"}, With: own,
			May: append(slices.Clone(administrator), s.role(color, "reporting-task")),
		},
		{
			Name: "versions are read for replicas by their colour's replication", On: everything,
			Actions: []string{"s3:GetObjectVersionForReplication", "s3:GetObjectRetention", "s3:GetObjectLegalHold"},
			May:     append(slices.Clone(administrator), s.role(color, "replication")),
		},
		{
			Name: "replicas are written by the other colour's replication", On: everything,
			Actions: []string{"s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"},
			May:     append(slices.Clone(administrator), s.role(color.Other(), "replication")),
		},
		{
			Name: "documents are written below the writer's prefix", Actions: put, On: []string{documents + "/transaction-processor/a"}, With: own,
			May: append(slices.Clone(administrator), s.role(color, "transaction-processor-task")),
		},
		{
			Name: "transaction logs are written below the writer's prefix", Actions: put, On: []string{logs + "/transaction-processor/a"}, With: own,
			May: append(slices.Clone(administrator), s.role(color, "transaction-processor-task")),
		},
		{Name: "nothing is written beside the prefixes", Actions: put, On: []string{logs + "/a", documents + "/a"}, With: own, May: administrator},
		{Name: "no put without encryption", Actions: put, On: everything},
		{Name: "no put with keys of S3", Actions: put, On: everything, With: one("s3:x-amz-server-side-encryption", "AES256")},
		{
			Name: "no put with another key", Actions: put, On: everything,
			With: with(own, one("s3:x-amz-server-side-encryption-aws-kms-key-id", s.arn(keyType, string(color.Other())+"-documents"))),
		},
		{
			Name: "no object is deleted by a role", Actions: []string{"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"},
			On: everything, May: administrator,
		},
	}
	return append(rules, s.transportRules(color)...)
}

// transportRules: not even administrators and services come without TLS 1.2.
func (s scene) transportRules(color naming.Color) []access.Rule {
	var on []string
	for _, bucket := range slices.Concat(s.arns(bucketType, string(color)+"-"), s.arns(bucketType, "evidence-")) {
		on = append(on, bucket+"/any")
	}
	callers := append(s.everyRole(), access.Administrator, service("logging.s3"), service("logdelivery.elasticloadbalancing"), service("cloudtrail"))
	actions := []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}
	return []access.Rule{
		{Name: "no plain transport", Actions: actions, On: on, Callers: callers, With: one("aws:SecureTransport", "false")},
		{Name: "no TLS older than 1.2", Actions: actions, On: on, Callers: callers, With: one("s3:TlsVersion", "1.1")},
	}
}

// everyRole lists the roles alone.
func (s scene) everyRole() []access.Caller {
	var callers []access.Caller
	for _, role := range s.g.OfType(roleType) {
		callers = append(callers, access.Caller{Role: role.Text("name")})
	}
	return callers
}

// messageRules: a queue takes messages of its colour over TLS, from those who send
// to it; work is taken by the service whose queue it is, what was set aside by no
// role.
func (s scene) messageRules() []access.Rule {
	var rules []access.Rule
	for _, color := range naming.Colors() {
		queue := []string{s.arn(queueType, string(color)+"-dead-letters")}
		rules = append(rules,
			access.Rule{
				Name: "failures are set aside by what failed", Actions: []string{"sqs:SendMessage"}, On: queue,
				May: append(s.movers(everyMover(), color), access.Administrator, s.role(color, "sync"), s.role(color, "canary"), s.role(color, "scheduler")),
			},
			access.Rule{
				Name: "no role takes failures away", Actions: []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:PurgeQueue"}, On: queue,
				May: []access.Caller{access.Administrator},
			},
			access.Rule{
				Name: "no message over plain transport", Actions: []string{"sqs:SendMessage", "sqs:ReceiveMessage"},
				On: s.arns(queueType, string(color)+"-"), With: one("aws:SecureTransport", "false"),
			})
		rules = append(rules, s.workRules(color)...)
	}
	return append(rules,
		access.Rule{
			Name: "the account's events are published by services of this account", Actions: []string{"sns:Publish"},
			On: []string{s.arn(topicType, "evidence-events")}, With: one("aws:SourceAccount", s.account()),
			Callers: []access.Caller{service("config"), service("events"), service("events.rds"), service("s3")},
			May:     []access.Caller{service("config"), service("events"), service("events.rds")},
		},
		access.Rule{
			Name: "and of no other account", Actions: []string{"sns:Publish"}, On: []string{s.arn(topicType, "evidence-events")},
			With:    one("aws:SourceAccount", "999999999999"),
			Callers: []access.Caller{service("config"), service("events"), service("events.rds")},
		},
		access.Rule{
			Name: "what becomes of messages is written by their reports alone", Actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"},
			On: s.reportStreams(), Callers: s.everyRole(), May: []access.Caller{s.role("", "topic-reports")},
		},
		access.Rule{
			Name: "and reports write nowhere else", Actions: []string{"logs:CreateLogStream", "logs:PutLogEvents", "logs:CreateLogGroup", "sns:Publish"},
			Callers: []access.Caller{s.role("", "topic-reports")},
			On: []string{
				s.arn(logGroupType, "trail") + ":log-stream:any", s.arn(logGroupType, "alarms-page-failed"),
				s.regional("logs", "log-group:sns/us-east-1/"+s.account()+"/other:log-stream:any"), s.arn(topicType, "alarms-page"),
			},
		})
}

// reportStreams are streams of the reports of every topic.
func (s scene) reportStreams() []string {
	var streams []string
	for _, topic := range s.g.OfType(topicType) {
		for _, end := range []string{"-delivered", "-failed"} {
			streams = append(streams, s.arn(logGroupType, topic.Name+end)+":log-stream:any")
		}
	}
	return streams
}

// workRules are those of the queue of the transaction processor.
func (s scene) workRules(color naming.Color) []access.Rule {
	const owner = "transaction-processor"
	work := []string{s.arn(queueType, string(color)+"-"+owner)}
	aside := []string{s.arn(queueType, string(color)+"-"+owner+"-dead-letters")}
	administrator, processor := []access.Caller{access.Administrator}, s.role(color, owner+"-task")
	return []access.Rule{
		{
			Name: "work is sent by the service that takes payments", Actions: []string{"sqs:SendMessage"}, On: work,
			May: append(slices.Clone(administrator), s.role(color, "payment-api-task")),
		},
		{
			Name: "work is taken by its service", Actions: []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"},
			On: work, May: append(slices.Clone(administrator), processor),
		},
		{Name: "no role empties a queue of work", Actions: []string{"sqs:PurgeQueue"}, On: work, May: administrator},
		{
			Name: "no role touches work that was set aside", On: aside, May: administrator,
			Actions: []string{"sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:PurgeQueue"},
		},
	}
}

// steeringRules: operators write what they decide about the traffic and read the
// releases. The pipeline touches no item: it finds both beside the state.
func (s scene) steeringRules(control []string, administrator, operator, workers []access.Caller) []access.Rule {
	movers := slices.Concat(administrator, operator)
	var rules []access.Rule
	for _, key := range []string{"traffic", "traffic#17"} {
		readers := movers
		if key == "traffic" {
			readers = slices.Concat(movers, workers)
		}
		rules = append(rules,
			access.Rule{Name: "operators write the traffic: " + key, Actions: []string{"dynamodb:PutItem"}, On: control, With: item(key), May: movers},
			access.Rule{Name: "who reads the traffic: " + key, Actions: []string{"dynamodb:GetItem"}, On: control, With: item(key), May: readers},
			access.Rule{Name: "nobody deletes the traffic: " + key, Actions: []string{"dynamodb:DeleteItem"}, On: control, With: item(key), May: administrator},
		)
	}
	for _, key := range []string{"release", "release#3"} {
		rules = append(rules,
			access.Rule{Name: "no role rewrites releases: " + key, Actions: []string{"dynamodb:PutItem"}, On: control, With: item(key), May: administrator},
			access.Rule{Name: "operators read releases: " + key, Actions: []string{"dynamodb:GetItem"}, On: control, With: item(key), May: movers},
		)
	}
	return append(rules, access.Rule{
		Name: "operators do not write without naming the item", Actions: []string{"dynamodb:PutItem"}, On: control, May: administrator,
	})
}
