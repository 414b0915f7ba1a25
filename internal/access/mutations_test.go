package access_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/policy/graph"
)

const (
	bucketPolicyType = "aws:s3/bucketPolicy:BucketPolicy"
	queuePolicyType  = "aws:sqs/queuePolicy:QueuePolicy"
	topicPolicyType  = "aws:sns/topicPolicy:TopicPolicy"
	secretPolicyType = "aws:secretsmanager/secretPolicy:SecretPolicy"
	trust            = "assumeRolePolicy"
)

// mutation is a fault in the documents of production and what the table has to
// say about it: who, which action, on what.
type mutation struct {
	changes []graph.Change
	want    []string
}

// mutations are faults that a careless change would bring.
func mutations() map[string]mutation {
	in := func(token, name, path, from, to string) []graph.Change {
		return []graph.Change{graph.Rewrite(token, name, path, from, to)}
	}
	return map[string]mutation{
		"an action more on the authority": {
			in(policyType, "blue-control-table", "policy", `["dynamodb:GetItem"],"Condition"`, `["dynamodb:GetItem","dynamodb:PutItem"],"Condition"`),
			[]string{"cutover-prod-blue-sync can dynamodb:PutItem on", "table/cutover-prod-control"},
		},
		"an action less": {
			in(policyType, "outsiders-deploy-stores", "policy", `"rds:CreateDBCluster",`, ""),
			[]string{"cutover-prod-deploy cannot rds:CreateDBCluster on", "cluster:cutover-prod-"},
		},
		"the whole table instead of one item": {
			in(policyType, "green-control-canary", "policy", `"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["canary#green"]},"Null":{"dynamodb:LeadingKeys":["false"]}`,
				`"Bool":{"aws:SecureTransport":["true"]}`),
			[]string{"a canary is its colour's", "cutover-prod-green-canary can dynamodb:PutItem"},
		},
		"the other colour's table": {
			in(policyType, "blue-payment-api-stores", "policy", "table/cutover-prod-blue-sessions", "table/cutover-prod-green-sessions"),
			[]string{"cutover-prod-blue-payment-api-task can dynamodb:GetItem on", "table/cutover-prod-green-sessions"},
		},
		"all prefixes of a bucket": {
			in(policyType, "blue-reporting-stores", "policy", "documents-345678901234/reporting/*", "documents-345678901234/*"),
			[]string{"documents are written below the writer's prefix", "cutover-prod-blue-reporting-task can s3:PutObject on", "/transaction-processor/a"},
		},
		"the other service's prefix": {
			in(policyType, "blue-transaction-processor-stores", "policy", "documents-345678901234/transaction-processor/*", "documents-345678901234/*"),
			[]string{"documents are written below the writer's prefix", "cutover-prod-blue-transaction-processor-task can s3:PutObject"},
		},
		"no second factor for operators": {
			in(roleType, "outsiders-operator", trust, `"Bool":{"aws:MultiFactorAuthPresent":["true"]},`, ""),
			[]string{"no fresh second factor, or another's name, for operator", "arn:aws:iam::789012345678:user/someone can sts:AssumeRole on", "role/cutover/security/cutover-prod-operator"},
		},
		"a second factor of any age for auditors": {
			in(roleType, "outsiders-audit", trust, `"NumericLessThan":{"aws:MultiFactorAuthAge":["3600"]},`, ""),
			[]string{"no fresh second factor, or another's name, for audit", "can sts:AssumeRole on"},
		},
		"a second factor where there is one": {
			[]graph.Change{
				graph.Rewrite(roleType, "outsiders-operator", trust, `"Bool":`, `"BoolIfExists":`),
				graph.Rewrite(roleType, "outsiders-operator", trust, `"NumericLessThan":`, `"NumericLessThanIfExists":`),
			},
			[]string{"no fresh second factor, or another's name, for operator", "can sts:AssumeRole on"},
		},
		"a name of the caller's choice for operators": {
			in(roleType, "outsiders-operator", trust, `,"sts:RoleSessionName":["${aws:username}"]`, ""),
			[]string{"another's name, for operator", "arn:aws:iam::789012345678:user/someone can sts:AssumeRole on", "role/cutover/security/cutover-prod-operator"},
		},
		"confirmations under any name": {
			in(policyType, "operator-control-table", "policy", "closing#${aws:userid}", "closing#AROA:bob"),
			[]string{"and nobody under another's", "cutover-prod-operator can dynamodb:PutItem"},
		},
		"no external id for the pipeline": {
			in(roleType, "outsiders-deploy", trust, `"Condition":{"StringEquals":{"sts:ExternalId":["cutover-prod-deploy"]}},`, ""),
			[]string{"no external id for deploy", "arn:aws:iam::567890123456:user/someone can sts:AssumeRole"},
		},
		"another account among the operators": {
			in(roleType, "outsiders-operator", trust, `"arn:aws:iam::789012345678:root"`, `"arn:aws:iam::789012345678:root","arn:aws:iam::999999999999:root"`),
			[]string{"outsiders take operator", "arn:aws:iam::999999999999:user/someone can sts:AssumeRole"},
		},
		"a role for functions of any account": {
			in(roleType, "blue-sync", trust, `"Condition":{"StringEquals":{"aws:SourceAccount":["345678901234"]}},`, ""),
			[]string{"a role is not taken for another account", "lambda.amazonaws.com can sts:AssumeRole", "cutover-prod-blue-sync"},
		},
		"a role for another service": {
			in(roleType, "green-rotation", trust, "lambda.amazonaws.com", "ec2.amazonaws.com"),
			[]string{"ec2.amazonaws.com can sts:AssumeRole", "lambda.amazonaws.com cannot sts:AssumeRole"},
		},
		"plain transport": {
			in(bucketPolicyType, "blue-documents", "policy", `"aws:SecureTransport"`, `"aws:ViaAWSService"`),
			[]string{"no plain transport", "can s3:GetObject on arn:aws:s3:::cutover-prod-blue-documents-345678901234"},
		},
		"old TLS": {
			in(bucketPolicyType, "evidence-trail", "policy", `"s3:TlsVersion":["1.2"]`, `"s3:TlsVersion":["1.0"]`),
			[]string{"no TLS older than 1.2", "can s3:", "cutover-prod-trail"},
		},
		"a put without our key": {
			in(bucketPolicyType, "blue-transaction-logs", "policy", "ArnNotEqualsIfExists", "ArnEquals"),
			[]string{"no put with keys of S3", "cutover-prod-blue-payment-api-task can s3:PutObject"},
		},
		"an open bucket": {
			in(bucketPolicyType, "green-documents", "policy", `"Statement":[`, `"Statement":[{"Action":["s3:GetObject"],"Effect":"Allow","Principal":"*","Resource":["arn:aws:s3:::cutover-prod-green-documents-345678901234/*"]},`),
			[]string{"documents are read by their colour", "cutover-prod-blue-payment-api-task can s3:GetObject on arn:aws:s3:::cutover-prod-green-documents"},
		},
		"a key for whoever calls": {
			in(keyType, "blue-documents", "policy", `,"kms:ViaService":["s3.us-east-1.amazonaws.com"]`, ""),
			[]string{"nobody calls a key without a service", "cutover-prod-blue-backup can kms:Decrypt"},
		},
		"administrators that read": {
			in(keyType, "green-secrets", "policy", `"kms:CancelKeyDeletion"`, `"kms:CancelKeyDeletion","kms:Decrypt"`),
			[]string{"nobody calls a key without a service", "role/Administrator can kms:Decrypt"},
		},
		"grants for anybody": {
			in(keyType, "green-database", "policy", `"Bool":{"kms:GrantIsForAWSResource":["true"]},`, ""),
			[]string{"grants are for services", "cutover-prod-green-backup can kms:CreateGrant"},
		},
		"logs of other accounts": {
			in(keyType, "blue-logs", "policy", "arn:aws:logs:us-east-1:345678901234:log-group:*", "arn:aws:logs:us-east-1:*:log-group:*"),
			[]string{"log groups of another account", "logs.us-east-1.amazonaws.com can kms:Decrypt"},
		},
		"alarms of other accounts": {
			in(keyType, "green-messaging", "policy", `"Condition":{"StringEquals":{"aws:SourceAccount":["345678901234"]}},`, ""),
			[]string{"publishers of another account's alarms", "cloudwatch.amazonaws.com can kms:GenerateDataKey"},
		},
		"events of other accounts": {
			in(topicPolicyType, "evidence-events", "policy", `"aws:SourceAccount":["345678901234"]`, `"aws:SourceAccount":["345678901234","999999999999"]`),
			[]string{"and of no other account", "can sns:Publish"},
		},
		"a queue over plain transport": {
			in(queuePolicyType, "blue-dead-letters", "policy", `"aws:SecureTransport"`, `"aws:ViaAWSService"`),
			[]string{"no message over plain transport", "cutover-prod-blue-sync can sqs:SendMessage"},
		},
		"work over plain transport": {
			in(queuePolicyType, "green-transaction-processor", "policy", `"aws:SecureTransport"`, `"aws:ViaAWSService"`),
			[]string{"no message over plain transport", "cutover-prod-green-payment-api-task can sqs:SendMessage"},
		},
		"work of the other colour": {
			in(policyType, "blue-transaction-processor-queues", "policy", "cutover-prod-blue-transaction-processor", "cutover-prod-green-transaction-processor"),
			[]string{
				"work is taken by its service: cutover-prod-blue-transaction-processor-task cannot sqs:ReceiveMessage",
				"cutover-prod-blue-transaction-processor-task can sqs:ReceiveMessage on arn:aws:sqs:us-east-1:345678901234:cutover-prod-green-transaction-processor",
			},
		},
		"a sender that takes work": {
			in(policyType, "green-payment-api-queues", "policy", `"sqs:SendMessage"`, `"sqs:SendMessage","sqs:ReceiveMessage"`),
			[]string{"work is taken by its service", "cutover-prod-green-payment-api-task can sqs:ReceiveMessage"},
		},
		"a receiver that sends": {
			in(policyType, "blue-transaction-processor-queues", "policy", `"sqs:ReceiveMessage"`, `"sqs:ReceiveMessage","sqs:SendMessage"`),
			[]string{"work is sent by the service that takes payments", "cutover-prod-blue-transaction-processor-task can sqs:SendMessage"},
		},
		"no boundary for what AWS keeps": {
			[]graph.Change{graph.Unset(roleType, "blue-backup", "permissionsBoundary")},
			[]string{"cutover-prod-blue-backup can s3:GetObject on arn:aws:s3:::cutover-prod-green-documents", "cutover-prod-blue-backup can cloudtrail:StopLogging"},
		},
		"a policy on the other colour's role": {
			[]graph.Change{graph.Set(attachmentType, "blue-payment-api-stores-on-task", "role", "cutover-prod-green-payment-api-task")},
			[]string{"cutover-prod-green-payment-api-task can dynamodb:GetItem on", "cutover-prod-blue-payment-api-task cannot dynamodb:GetItem on"},
		},
		"any role passed": {
			in(policyType, "outsiders-deploy-common", "policy", `"iam:PassedToService":["backup`, `"iam:PassedToService":["ec2.amazonaws.com","backup`),
			[]string{"and to no other service", "cutover-prod-deploy can iam:PassRole"},
		},
		"any policy attached": {
			in(policyType, "outsiders-deploy-common", "policy", `"iam:PolicyARN":[`, `"iam:PolicyARN":["arn:aws:iam::aws:policy/*",`),
			[]string{"cutover-prod-deploy can iam:AttachRolePolicy"},
		},
		"another environment's state": {
			[]graph.Change{
				graph.Rewrite(policyType, "outsiders-deploy-common", "policy", "arn:aws:s3:::cutover-state-prod/*", "arn:aws:s3:::cutover-state-*/*"),
				graph.Rewrite(policyType, "outsiders-deploy-boundary", "policy", "arn:aws:s3:::cutover-state-prod/*", "arn:aws:s3:::cutover-state-*/*"),
			},
			[]string{"the pipeline has no other environment's state", "cutover-prod-deploy can s3:GetObject"},
		},
		"another service's secret": {
			in(secretPolicyType, "blue-payment-api", "policy", "cutover-prod-blue-payment-api-task", "cutover-prod-blue-reporting-task"),
			[]string{"cutover-prod-blue-reporting-task can secretsmanager:GetSecretValue on", "secret:cutover/prod/blue/database/payment_api"},
		},
		"a task that writes its secret": {
			[]graph.Change{
				graph.Rewrite(secretPolicyType, "green-reporting", "policy", `"Statement":[`,
					`"Statement":[{"Action":["secretsmanager:PutSecretValue"],"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::345678901234:role/cutover/security/cutover-prod-green-reporting-task"]},"Resource":["*"]},`),
			},
			[]string{"secret is written by the rotation", "cutover-prod-green-reporting-task can secretsmanager:PutSecretValue on"},
		},
		"the master's secret of another cluster": {
			in(policyType, "blue-rotation", "policy", "secret:rds!cluster-", "secret:rds!other-"),
			[]string{"the master's secret is read by the rotation: cutover-prod-blue-rotation cannot secretsmanager:GetSecretValue on"},
		},
		"every item for operators": {
			in(policyType, "operator-control-table", "policy", `"dynamodb:LeadingKeys":["traffic","traffic#*"]`, `"dynamodb:LeadingKeys":["*"]`),
			[]string{"cutover-prod-operator can dynamodb:PutItem on", "the authority is written by those who switch or install"},
		},
		"releases that operators write": {
			in(policyType, "operator-control-table", "policy", `"dynamodb:LeadingKeys":["traffic","traffic#*"]`, `"dynamodb:LeadingKeys":["traffic","traffic#*","release*"]`),
			[]string{"no role rewrites releases: release#3: cutover-prod-operator can dynamodb:PutItem on"},
		},
		"every name for operators": {
			in(policyType, "operator-traffic", "policy", `"route53:ChangeResourceRecordSetsNormalizedRecordNames":["pay.cutover.example"],`, ""),
			[]string{"operators move no other name: cutover-prod-operator can route53:ChangeResourceRecordSets on arn:aws:route53:::hostedzone/"},
		},
		"records that operators delete": {
			in(policyType, "operator-traffic", "policy", `"route53:ChangeResourceRecordSetsActions":["UPSERT"],`, ""),
			[]string{"operators delete no record: cutover-prod-operator can route53:ChangeResourceRecordSets on"},
		},
		"a change without a name": {
			in(policyType, "operator-traffic", "policy", `,"Null":{"route53:ChangeResourceRecordSetsNormalizedRecordNames":["false"]}`, ""),
			[]string{"operators name the record: cutover-prod-operator can route53:ChangeResourceRecordSets on"},
		},
		"auditors that read objects": {
			[]graph.Change{
				graph.Rewrite(policyType, "outsiders-audit", "policy", `"s3:GetBucket*"`, `"s3:GetBucket*","s3:GetObject"`),
				graph.Rewrite(policyType, "outsiders-audit", "policy", `"arn:aws:s3:::cutover-prod-*"`, `"arn:aws:s3:::cutover-prod-*","arn:aws:s3:::cutover-prod-*/*"`),
				graph.Rewrite(policyType, "outsiders-audit", "policy", `"s3:GetObject*"`, `"s3:GetObjectAny"`),
				graph.Rewrite(policyType, "outsiders-people-boundary", "policy", `"s3:GetObject*"`, `"s3:GetObjectAny"`),
			},
			[]string{"cutover-prod-audit can s3:GetObject on arn:aws:s3:::cutover-prod-blue-transaction-logs"},
		},
	}
}

// second lists faults behind which another document still refuses: nothing may
// follow from one of them alone.
func second() map[string][]graph.Change {
	return map[string][]graph.Change{
		"the pipeline's policies, not its boundary, let it read objects": {
			graph.Rewrite(policyType, "outsiders-deploy-common", "policy", `"s3:GetBucket*"`, `"s3:GetBucket*","s3:GetObject"`),
			graph.Rewrite(policyType, "outsiders-deploy-common", "policy", `"arn:aws:s3:::cutover-prod-blue-*"`, `"arn:aws:s3:::cutover-prod-blue-*","arn:aws:s3:::cutover-prod-blue-*/*"`),
		},
		"the pipeline's policies, not its boundary, let it change boundaries": {
			graph.Rewrite(policyType, "outsiders-deploy-common", "policy", "policy/cutover/data/*", "policy/cutover/*"),
		},
		"the auditors' policy, not their boundary, lets them read objects": {
			graph.Rewrite(policyType, "outsiders-audit", "policy", `"s3:GetBucket*"`, `"s3:GetBucket*","s3:GetObject"`),
			graph.Rewrite(policyType, "outsiders-audit", "policy", `"arn:aws:s3:::cutover-prod-*"`, `"arn:aws:s3:::cutover-prod-*","arn:aws:s3:::cutover-prod-*/*"`),
			graph.Rewrite(policyType, "outsiders-audit", "policy", `"s3:GetObject*"`, `"s3:GetObjectAny"`),
		},
		"a task's policy, not its boundary, lets it delete a table": {
			graph.Rewrite(policyType, "blue-payment-api-stores", "policy", `"dynamodb:DescribeTable"`, `"dynamodb:DescribeTable","dynamodb:DeleteTable"`),
		},
		"a task's policy, not the key, lets it use the other colour's objects": {
			graph.Rewrite(policyType, "blue-reporting-stores", "policy", `"kms:Decrypt","kms:GenerateDataKey*"`, `"kms:Decrypt","kms:Encrypt","kms:GenerateDataKey*"`),
		},
		"the operators' trust lacks the factor, not its age": {
			graph.Rewrite(roleType, "outsiders-operator", trust, `"Bool":`, `"BoolIfExists":`),
		},
	}
}

func TestASecondDocumentHoldsWhereOneFails(t *testing.T) {
	whole := newScene(t, "prod")
	for name, changes := range second() {
		t.Run(name, func(t *testing.T) {
			faulty, err := whole.g.With(changes...)
			require.NoError(t, err)
			assert.Empty(t, scene{t: t, g: faulty, services: whole.services}.violations())
		})
	}
}

func TestEachFaultIsFoundWithRoleActionAndResource(t *testing.T) {
	whole := newScene(t, "prod")
	require.Empty(t, whole.violations(), "without a fault")
	for name, m := range mutations() {
		t.Run(name, func(t *testing.T) {
			faulty, err := whole.g.With(m.changes...)
			require.NoError(t, err)
			found := strings.Join(scene{t: t, g: faulty, services: whole.services}.violations(), "\n")
			for _, want := range m.want {
				assert.Contains(t, found, want)
			}
		})
	}
}
