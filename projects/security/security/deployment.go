package security

import (
	"slices"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// deployment is what the pipeline may do: deploy every layer but this one.
// Whoever deploys this layer decides on keys, roles, boundaries and the audit;
// that is left to administrators of the account.
type deployment struct {
	place
	// stateKeyARN is the key of secrets in Pulumi's state; empty where there is none.
	stateKeyARN string
}

func newDeployment(at place, cfg Config) deployment {
	d := deployment{place: at}
	if key := cfg.Access.Deploy.StateKeyARN; key != nil {
		d.stateKeyARN = *key
	}
	return d
}

// deployedLayers are the layers that the pipeline deploys.
func deployedLayers() []contract.Layer {
	return slices.DeleteFunc(contract.Layers(), func(l contract.Layer) bool { return l == contract.Security })
}

// policies are the statements of the deploy role by policy, each within the size
// that IAM takes, and few enough to attach (IAM user guide, "IAM and AWS STS
// quotas": ten managed policies a role).
func (d deployment) policies() map[string][]iamdoc.Statement {
	return map[string][]iamdoc.Statement{
		"common":   slices.Concat(d.unscoped(), d.identities(), d.logs(), d.buckets(), d.state()),
		"network":  d.network(),
		"stores":   d.stores(),
		"entrance": d.entrance(),
		"runtime":  slices.Concat(d.containers(), d.functions()),
	}
}

func (d deployment) statements() []iamdoc.Statement {
	return slices.Concat(d.policies()["common"], d.network(), d.stores(), d.entrance(), d.containers(), d.functions())
}

// boundary is the ceiling of the deploy role. It has no items, objects or
// messages of customers; the state is no customer's.
func (d deployment) boundary() iamdoc.Document {
	noObjects := iamdoc.Statement{Sid: "NoObjects", Deny: true, Actions: []string{"s3:DeleteObject*", "s3:GetObject*", "s3:PutObject*"}}
	if d.stateBucket == "" {
		noObjects.Resources = everything()
	} else {
		noObjects.ExceptResources = []string{"arn:aws:s3:::" + d.stateBucket + "/*"}
	}
	keys := []string{"kms:CreateGrant", "kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:Generate*"}
	ceiling := append(verbs(d.statements()...), keys...)
	slices.Sort(ceiling)
	statements := []iamdoc.Statement{
		{Sid: "Ceiling", Actions: slices.Compact(ceiling), Resources: everything()},
		{Sid: "NoData", Deny: true, Resources: everything(), Actions: []string{
			"dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:GetRecords",
			"dynamodb:PartiQL*", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem",
			"rds-data:BatchExecuteStatement", "rds-data:ExecuteStatement", "rds-db:connect", "sqs:ReceiveMessage",
		}},
		noObjects,
		keepPolicies(d.global("iam", "policy/"+naming.System+"/"+string(contract.Security)+"/*")),
	}
	return iamdoc.Document{Statements: append(statements, safeguards()...)}
}

// unscoped are calls without a resource level: reads, and what gets its name when
// it is made. A mapping of events names the function that it calls.
func (d deployment) unscoped() []iamdoc.Statement {
	return []iamdoc.Statement{{Sid: "Account", Resources: everything(), Actions: []string{
		"acm:RequestCertificate", "backup-storage:MountCapsule", "ecs:DeregisterTaskDefinition", "logs:CreateLogDelivery", "logs:DeleteLogDelivery",
		"logs:DeleteQueryDefinition", "logs:DeleteResourcePolicy", "logs:PutQueryDefinition", "logs:PutResourcePolicy", "route53:CreateHealthCheck", "route53:CreateHostedZone",
		"servicediscovery:CreateHttpNamespace", "servicediscovery:TagResource", "servicediscovery:UntagResource", "sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Unsubscribe",
	}}, {
		Sid: "Mappings", Resources: everything(), Actions: []string{"lambda:CreateEventSourceMapping"},
		Conditions: iamdoc.Conditions{"ArnLike": {"lambda:FunctionArn": d.arn("lambda", "function:{-}")}},
	}, {
		Sid: "Tasks", Resources: everything(), Actions: []string{"ecs:ListTasks"},
		Conditions: iamdoc.Conditions{"ArnLike": {"ecs:cluster": d.arn("ecs", "cluster/{-}")}},
	}, {Sid: "Read", Resources: everything(), Actions: []string{
		"acm:ListCertificates", "application-autoscaling:Describe*", "cloudwatch:Describe*", "config:DescribeConfigRules", "ec2:Describe*",
		"ec2:GetTransitGatewayRouteTable*", "ecs:DescribeTaskDefinition", "elasticloadbalancing:Describe*", "kms:ListAliases",
		"lambda:ListEventSourceMappings", "logs:DescribeLogGroups", "logs:DescribeQueryDefinitions",
		"logs:DescribeResourcePolicies", "rds:DescribeDBEngineVersions", "rds:DescribeOrderableDBInstanceOptions", "route53:GetChange", "route53:ListHostedZones",
		"route53:ListHostedZonesByName", "servicediscovery:GetOperation",
		"servicediscovery:ListTagsForResource", "ssm:DescribeParameters", "states:ValidateStateMachineDefinition", "sts:GetCallerIdentity",
		"tag:GetResources", "wafv2:ListWebACLs",
	}}}
}

// identities lets the layers' policies be made and attached to the roles of
// workloads and of the operator. The roles themselves stay as they are, and
// those of the pipeline and of auditors get nothing.
func (d deployment) identities() []iamdoc.Statement {
	var policies []string
	for _, layer := range deployedLayers() {
		policies = append(policies, d.global("iam", "policy/"+naming.System+"/"+string(layer)+"/*")...)
	}
	path := "role/" + naming.System + "/" + string(contract.Security) + "/"
	names := naming.New(d.environment)
	var workloads []string
	for _, color := range naming.Colors() {
		workloads = append(workloads, path+names.In(color).Name(naming.Role, "*"))
	}
	workloads = append(workloads, path+names.Name(naming.Role, topicReports))
	receivers := append(slices.Clone(workloads), path+names.Name(naming.Role, operator))
	return []iamdoc.Statement{
		{Sid: "Policies", Resources: policies, Actions: []string{
			"iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:GetPolicy",
			"iam:GetPolicyVersion", "iam:ListEntitiesForPolicy", "iam:ListPolicyVersions", "iam:TagPolicy", "iam:UntagPolicy",
		}},
		{
			Sid: "Attach", Resources: d.global("iam", receivers...), Actions: []string{"iam:AttachRolePolicy", "iam:DetachRolePolicy"},
			Conditions: iamdoc.Conditions{"ArnLike": {"iam:PolicyARN": policies}},
		},
		{Sid: "ReadRoles", Resources: d.global("iam", path+"*"), Actions: []string{"iam:GetRole", "iam:ListAttachedRolePolicies"}},
		{
			Sid: "PassRoles", Resources: d.global("iam", workloads...), Actions: []string{"iam:PassRole"},
			Conditions: iamdoc.Conditions{"StringEquals": {"iam:PassedToService": {
				"backup.amazonaws.com", "ecs-tasks.amazonaws.com", "lambda.amazonaws.com", "monitoring.rds.amazonaws.com",
				"scheduler.amazonaws.com", "sns.amazonaws.com", "states.amazonaws.com",
			}}},
		},
		{
			Sid: "RolesOfServices", Resources: d.global("iam", "role/aws-service-role/*"), Actions: []string{"iam:CreateServiceLinkedRole"},
			Conditions: iamdoc.Conditions{"StringEquals": {"iam:AWSServiceName": {
				"dynamodb.application-autoscaling.amazonaws.com", "ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com",
				"elasticloadbalancing.amazonaws.com", "rds.amazonaws.com", "transitgateway.amazonaws.com", "wafv2.amazonaws.com",
			}}},
		},
	}
}

func (d deployment) logs() []iamdoc.Statement {
	return []iamdoc.Statement{
		{Sid: "LogGroups", Resources: d.arn("logs", "log-group:*"), Actions: []string{
			"logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:DeleteMetricFilter", "logs:DescribeMetricFilters",
			"logs:DescribeSubscriptionFilters", "logs:GetDataProtectionPolicy", "logs:ListTagsForResource", "logs:PutDataProtectionPolicy", "logs:PutMetricFilter",
			"logs:PutRetentionPolicy", "logs:PutSubscriptionFilter", "logs:TagResource", "logs:UntagResource",
		}},
	}
}

// buckets are those of the colours and of the migration's records; the audit's are this layer's.
func (d deployment) buckets() []iamdoc.Statement {
	own := d.records()
	for _, color := range naming.Colors() {
		own = append(own, d.place.buckets(color))
	}
	return []iamdoc.Statement{{Sid: "Buckets", Resources: own, Actions: []string{
		"s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:GetAccelerateConfiguration", "s3:GetBucket*",
		"s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration", "s3:ListBucket",
		"s3:PutBucketLogging", "s3:PutBucketNotification", "s3:PutBucketObjectLockConfiguration", "s3:PutBucketOwnershipControls",
		"s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging", "s3:PutBucketVersioning",
		"s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration", "s3:PutReplicationConfiguration",
	}}}
}

func (d deployment) state() []iamdoc.Statement {
	var statements []iamdoc.Statement
	if d.stateBucket != "" {
		bucket := "arn:aws:s3:::" + d.stateBucket
		statements = append(statements,
			iamdoc.Statement{Sid: "ListState", Resources: []string{bucket}, Actions: []string{"s3:ListBucket"}},
			iamdoc.Statement{Sid: "State", Resources: []string{bucket + "/*"}, Actions: []string{"s3:DeleteObject", "s3:GetObject", "s3:PutObject"}})
	}
	if d.stateKeyARN != "" {
		statements = append(statements, iamdoc.Statement{
			Sid: "SecretsOfState", Resources: []string{d.stateKeyARN}, Actions: []string{"kms:Decrypt", "kms:Encrypt"},
		})
	}
	return statements
}

// useKeys lets resources be made that a key encrypts: the service reads and
// hands on the key in the caller's name.
func (d deployment) useKeys(keys []string) []iamdoc.Statement {
	via := map[string][]string{"kms:ViaService": endpoints([]string{"backup", "dynamodb", "ecr", "lambda", "rds", "secretsmanager", "ssm", "states"})}
	return []iamdoc.Statement{
		{
			Sid: "UseKeys", Resources: keys, Actions: []string{"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*"},
			Conditions: iamdoc.Conditions{"StringEquals": via},
		},
		{
			Sid: "HandOnKeys", Resources: keys, Actions: []string{"kms:CreateGrant"},
			Conditions: iamdoc.Conditions{"StringEquals": via, "Bool": {"kms:GrantIsForAWSResource": {"true"}}},
		},
		{Sid: "NameKeys", Resources: keys, Actions: []string{"kms:DescribeKey"}},
	}
}
