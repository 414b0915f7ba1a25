package policy_test

import (
	"slices"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/graph"
	"github.com/cutover/cutover/shared/recording"
)

// Type tokens that the faults are made in.
const (
	providerType   = "pulumi:providers:aws"
	roleType       = "aws:iam/role:Role"
	policyType     = "aws:iam/policy:Policy"
	attachmentType = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	bucketType     = "aws:s3/bucketV2:BucketV2"
	bucketPolicy   = "aws:s3/bucketPolicy:BucketPolicy"
	blockType      = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
	encryptionType = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
	versioningType = "aws:s3/bucketVersioningV2:BucketVersioningV2"
	loggingType    = "aws:s3/bucketLoggingV2:BucketLoggingV2"
	ownershipType  = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
	lifecycleType  = "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"
	groupType      = "aws:ec2/securityGroup:SecurityGroup"
	ingressType    = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egressType     = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
	logGroupType   = "aws:cloudwatch/logGroup:LogGroup"
	functionType   = "aws:lambda/function:Function"
	clusterType    = "aws:rds/cluster:Cluster"
	keyType        = "aws:kms/key:Key"
	taskType       = "aws:ecs/taskDefinition:TaskDefinition"
)

// add registers a resource of the data layer with its own provider.
func add(token, name string, inputs map[string]any) graph.Change {
	return addTo(contract.Data, token, name, inputs)
}

func addTo(layer contract.Layer, token, name string, inputs map[string]any) graph.Change {
	return graph.Add(layer, recording.Resource{
		Type: token, Name: name, Inputs: inputs, Provider: "urn:pulumi:prod::" + string(layer) + "::pulumi:providers:aws::aws::id",
	})
}

func one(change graph.Change) []graph.Change { return []graph.Change{change} }

// allow writes one more statement into a policy document.
func allow(token, name, path, statement string) graph.Change {
	return graph.Rewrite(token, name, path, `{"Statement":[`, `{"Statement":[`+statement+`,`)
}

// someBucket is a bucket whose settings the faults are made in; ourPolicy and
// ourRole are a policy and a role of a workload.
const (
	someBucket = "blue-documents"
	ourPolicy  = "blue-payment-api-execution"
	ourRole    = "blue-payment-api-task"
)

func everyMutations() []mutation {
	return slices.Concat(everyInputs(), everyPolicies(), everyRoles(), everyBuckets(), everyBucketPolicies(), everyNetwork(), everyLogs())
}

func everyInputs() []mutation {
	const queue = "aws:sqs/queue:Queue"
	return []mutation{
		{row: "X-01", name: "layer without owner", changes: one(graph.Unset(providerType, "data:aws", "defaultTags.tags.Owner"))},
		{row: "X-01", name: "layer tagged as another environment", changes: one(graph.Set(providerType, "data:aws", "defaultTags.tags.Environment", "staging"))},
		{row: "X-01", name: "resource of the default provider", changes: one(graph.Alter(bucketType, someBucket, func(r *graph.Resource) { r.Provider = "" }))},
		{row: "X-01", name: "tag with a time", changes: one(graph.Set(bucketType, someBucket, "tags.Built", "2026-11-22T10:00:00Z"))},
		{row: "X-02", name: "access key in an environment", changes: one(graph.Set(functionType, "blue-canary", "environment.variables.KEY", "AKIA"+"IOSFODNN7EXAMPLE"))},
		{row: "X-02", name: "connection string with a password", changes: one(graph.Set(functionType, "blue-canary", "environment.variables.URL", "postgres://app:hunter2@db:5433/payments"))},
		{row: "X-02", name: "password that is no secret", also: []string{"D-04"}, changes: one(graph.Set(clusterType, "blue-database", "masterPassword", "correct horse"))},
		{row: "X-03", name: "instance", changes: one(add("aws:ec2/instance:Instance", "jump", nil))},
		{row: "X-03", name: "user", changes: one(add("aws:iam/user:User", "robot", nil))},
		{row: "X-03", name: "database that is no cluster", changes: one(add("aws:rds/instance:Instance", "small", nil))},
		{row: "X-04", name: "inline policy of a role", changes: one(graph.Set(roleType, ourRole, "inlinePolicies", []any{map[string]any{"name": "x"}}))},
		{row: "X-04", name: "inline policy beside a role", changes: one(add("aws:iam/rolePolicy:RolePolicy", "x", nil))},
		{row: "X-05", name: "all of a service", changes: one(allow(policyType, ourPolicy, "policy", `{"Effect":"Allow","Action":"sqs:*","Resource":"arn:aws:sqs:us-east-1:345678901234:x"}`))},
		{row: "X-05", name: "all but something", changes: one(allow(policyType, ourPolicy, "policy", `{"Effect":"Allow","NotAction":"iam:*","Resource":"arn:aws:sqs:us-east-1:345678901234:x"}`))},
		{row: "X-01", name: "queue outside of the stack's provider", changes: one(graph.Alter(queue, "blue-dead-letters", func(r *graph.Resource) { r.Provider = "" }))},
	}
}

func everyPolicies() []mutation {
	statement := func(action, resource, condition string) string {
		return `{"Sid":"Fault","Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `","Condition":{` + condition + `}}`
	}
	const via = `"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}`
	return []mutation{
		{row: "X-06", name: "action on all resources", changes: one(allow(policyType, ourPolicy, "policy", statement("s3:GetObject", "*", "")))},
		{row: "X-06", name: "metrics into any namespace", changes: one(allow(policyType, ourPolicy, "policy", statement("cloudwatch:PutMetricData", "*", "")))},
		{row: "X-07", name: "decryption with any key", also: []string{"X-06"}, changes: one(allow(policyType, ourPolicy, "policy", statement("kms:Decrypt", "*", via)))},
		{row: "X-07", name: "decryption by alias", changes: one(allow(policyType, ourPolicy, "policy", statement("kms:Decrypt", "arn:aws:kms:us-east-1:345678901234:alias/cutover/prod/blue/secrets", via)))},
		{row: "X-07", name: "decryption without a service", changes: one(graph.Rewrite(policyType, "blue-canary", "policy", "kms:ViaService", "kms:CallerAccount"))},
		{row: "X-08", name: "any role", also: []string{"F-13"}, changes: one(allow(policyType, ourPolicy, "policy", statement("iam:PassRole", "arn:aws:iam::345678901234:role/*", `"StringEquals":{"iam:PassedToService":"lambda.amazonaws.com"}`)))},
		{row: "X-08", name: "to any service", also: []string{"F-13"}, changes: one(allow(policyType, ourPolicy, "policy", statement("iam:Pass*", "arn:aws:iam::345678901234:role/cutover/x", "")))},
		{row: "X-11", name: "full access", changes: one(graph.Set(attachmentType, "blue-payment-api-execution-on-execution", "policyArn", "arn:aws:iam::aws:policy/AmazonS3FullAccess"))},
	}
}

func everyRoles() []mutation {
	trust := func(principal, condition string) string {
		return `{"Statement":[{"Effect":"Allow","Principal":` + principal + `,"Action":"sts:AssumeRole","Condition":{` + condition + `}}]}`
	}
	set := func(principal, condition string) []graph.Change {
		return one(graph.Set(roleType, ourRole, "assumeRolePolicy", trust(principal, condition)))
	}
	const source = `"StringEquals":{"aws:SourceAccount":"345678901234"}`
	return []mutation{
		{row: "X-09", name: "trust in anyone", also: []string{"S-06"}, changes: set(`"*"`, source)},
		{row: "X-09", name: "service without source", changes: set(`{"Service":"ecs-tasks.amazonaws.com"}`, "")},
		{row: "X-09", name: "other account without external id", also: []string{"S-06"}, changes: set(`{"AWS":"arn:aws:iam::999999999999:root"}`, `"Bool":{"aws:MultiFactorAuthPresent":"true"}`)},
		{row: "X-09", name: "document that cannot be read", changes: one(graph.Set(roleType, ourRole, "assumeRolePolicy", ""))},
		{row: "X-10", name: "role without boundary", changes: one(graph.Unset(roleType, ourRole, "permissionsBoundary"))},
		{row: "X-10", name: "role without path", changes: one(graph.Set(roleType, ourRole, "path", "/"))},
		{row: "X-10", name: "long session", changes: one(graph.Set(roleType, ourRole, "maxSessionDuration", 43200))},
		{row: "X-10", name: "one role for two tasks", changes: one(graph.Set(taskType, "blue-reporting", "taskRoleArn", graph.Ref{Type: roleType, Name: ourRole, Output: "arn"}))},
	}
}

func everyBuckets() []mutation {
	const byDefault = "rules[0].applyServerSideEncryptionByDefault."
	return []mutation{
		{row: "X-12", name: "public ACLs", changes: one(graph.Set(blockType, someBucket, "blockPublicAcls", false))},
		{row: "X-12", name: "no public access block", changes: one(graph.Remove(blockType, someBucket))},
		{row: "X-12", name: "inline setting", changes: one(graph.Set(bucketType, someBucket, "acl", "public-read"))},
		{row: "X-12", name: "open access point", changes: one(add("aws:s3/accessPoint:AccessPoint", "x", map[string]any{"bucket": "x"}))},
		{row: "X-14", name: "no encryption", changes: one(graph.Remove(encryptionType, someBucket))},
		{row: "X-14", name: "keys of S3", changes: one(graph.Set(encryptionType, someBucket, byDefault+"sseAlgorithm", "AES256"))},
		{row: "X-14", name: "key of another account", changes: one(graph.Set(encryptionType, someBucket, byDefault+"kmsMasterKeyId", "arn:aws:kms:us-east-1:999999999999:key/x"))},
		{row: "X-14", name: "no bucket key", changes: one(graph.Set(encryptionType, someBucket, "rules[0].bucketKeyEnabled", false))},
		{row: "X-15", name: "suspended versions", changes: one(graph.Set(versioningType, someBucket, "versioningConfiguration.status", "Suspended"))},
		{row: "X-16", name: "no access log", changes: one(graph.Remove(loggingType, someBucket))},
		{row: "X-16", name: "access log elsewhere", changes: one(graph.Set(loggingType, someBucket, "targetBucket", graph.Ref{Type: bucketType, Name: someBucket, Output: "id"}))},
		{row: "X-17", name: "ACLs of writers", changes: one(graph.Set(ownershipType, someBucket, "rule.objectOwnership", "ObjectWriter"))},
		{row: "X-17", name: "ACL", changes: one(add("aws:s3/bucketAclV2:BucketAclV2", "x", nil))},
		{row: "X-18", name: "objects for ever", changes: one(graph.Set(lifecycleType, someBucket, "rules", []any{map[string]any{
			"status": "Enabled", "abortIncompleteMultipartUpload": map[string]any{"daysAfterInitiation": 7}, "noncurrentVersionExpiration": map[string]any{"noncurrentDays": 90},
		}}))},
		{row: "X-18", name: "unfinished uploads for ever", changes: one(graph.Set(lifecycleType, someBucket, "rules", []any{map[string]any{
			"status": "Enabled", "expiration": map[string]any{"days": 7}, "noncurrentVersionExpiration": map[string]any{"noncurrentDays": 90},
		}}))},
		{row: "X-18", name: "rules switched off", changes: one(graph.Set(lifecycleType, someBucket, "rules", []any{map[string]any{
			"status": "Disabled", "abortIncompleteMultipartUpload": map[string]any{}, "expiration": map[string]any{}, "noncurrentVersionExpiration": map[string]any{},
		}}))},
	}
}

func everyBucketPolicies() []mutation {
	foreign := func(action string) graph.Change {
		return allow(bucketPolicy, someBucket, "policy", `{"Sid":"Fault","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"`+action+`","Resource":"*"}`)
	}
	return []mutation{
		{row: "X-12", name: "open bucket policy", also: []string{"X-17"}, changes: one(allow(bucketPolicy, someBucket, "policy", `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}`))},
		{row: "X-13", name: "plain transport", changes: one(graph.Rewrite(bucketPolicy, someBucket, "policy", `{"aws:SecureTransport":["false"]}`, `{"aws:SecureTransport":["true"]}`))},
		{row: "X-13", name: "TLS 1.0", changes: one(graph.Rewrite(bucketPolicy, someBucket, "policy", `{"s3:TlsVersion":["1.2"]}`, `{"s3:TlsVersion":["1.0"]}`))},
		{row: "X-13", name: "refusal of plain transport for some only", changes: one(graph.Rewrite(bucketPolicy, someBucket, "policy",
			`{"Bool":{"aws:SecureTransport":["false"]}}`, `{"Bool":{"aws:SecureTransport":["false"]},"StringEquals":{"aws:PrincipalAccount":["345678901234"]}}`))},
		{row: "X-17", name: "other account may change the policy", changes: one(foreign("s3:PutBucketPolicy"))},
		{row: "X-17", name: "other account may do anything", changes: one(foreign("s3:*"))},
	}
}

func everyNetwork() []mutation {
	const rule = "blue-alb-https"
	return []mutation{
		{row: "X-19", name: "inline rule", changes: one(graph.Set(groupType, "blue-sync", "egress", []any{map[string]any{"protocol": "-1"}}))},
		{row: "X-19", name: "rule without description", changes: one(graph.Unset(ingressType, rule, "description"))},
		{row: "X-19", name: "rule of the old type", changes: one(add("aws:ec2/securityGroupRule:SecurityGroupRule", "x", nil))},
		{row: "X-20", name: "SSH for the world", also: []string{"E-07"}, changes: []graph.Change{graph.Set(ingressType, rule, "fromPort", 22), graph.Set(ingressType, rule, "toPort", 22)}},
		{row: "X-20", name: "database for the world", also: []string{"D-03"}, changes: one(addTo(contract.Data, ingressType, "world", map[string]any{
			"securityGroupId": graph.Ref{Type: groupType, Name: "blue-database", Output: "id"}, "cidrIpv4": "0.0.0.0/0", "fromPort": 5433, "toPort": 5433, "ipProtocol": "tcp", "description": "x"}))},
		{row: "X-21", name: "way out to the world", changes: []graph.Change{
			graph.Unset(egressType, "blue-sync-to-apis", "referencedSecurityGroupId"), graph.Set(egressType, "blue-sync-to-apis", "cidrIpv4", "0.0.0.0/0")}},
	}
}

func everyLogs() []mutation {
	return []mutation{
		{row: "X-22", name: "log group without key", changes: one(graph.Unset(logGroupType, "blue-payment-api", "kmsKeyId"))},
		{row: "X-22", name: "log group with the key of another domain", changes: one(graph.Set(logGroupType, "blue-payment-api", "kmsKeyId", graph.Ref{Type: keyType, Name: "blue-secrets", Output: "arn"}))},
		{row: "X-22", name: "log of the database not declared", also: []string{"D-07"}, changes: one(graph.Set(logGroupType, "blue-database", "name", "elsewhere"))},
		{row: "X-22", name: "log of a function not declared", also: []string{"M-05"}, changes: one(graph.Unset(functionType, "blue-canary", "loggingConfig"))},
		{row: "X-22", name: "metrics of the operating system not declared", changes: one(graph.Set(logGroupType, "monitoring-operating-system", "name", "elsewhere"))},
		{row: "X-23", name: "thirty days", changes: one(graph.Set(logGroupType, "blue-payment-api", "retentionInDays", 30))},
		{row: "X-23", name: "for ever", changes: one(graph.Unset(logGroupType, "blue-payment-api", "retentionInDays"))},
	}
}
