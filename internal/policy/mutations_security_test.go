package policy_test

import (
	"slices"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/graph"
)

// Type tokens that the faults are made in.
const (
	aliasType     = "aws:kms/alias:Alias"
	trailType     = "aws:cloudtrail/trail:Trail"
	lockType      = "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2"
	flowLogType   = "aws:ec2/flowLog:FlowLog"
	recorderType  = "aws:cfg/recorder:Recorder"
	channelType   = "aws:cfg/deliveryChannel:DeliveryChannel"
	packType      = "aws:cfg/conformancePack:ConformancePack"
	detectorType  = "aws:guardduty/detector:Detector"
	featureType   = "aws:guardduty/detectorFeature:DetectorFeature"
	passwordsType = "aws:iam/accountPasswordPolicy:AccountPasswordPolicy"
)

func securityMutations() []mutation {
	return slices.Concat(securityKeys(), securityRoles(), securityTrail(), securityLocks(), securityConfig(), securityDetection(), securityAccount())
}

func securityKeys() []mutation {
	const key = "blue-documents"
	statement := func(principal, actions, conditions string) graph.Change {
		return allow(keyType, key, "policy", `{"Sid":"Fault","Effect":"Allow","Principal":`+principal+`,"Action":[`+actions+`],"Resource":"*","Condition":{`+conditions+`}}`)
	}
	const (
		root   = `{"AWS":"arn:aws:iam::345678901234:root"}`
		s3     = `{"Service":"s3.amazonaws.com"}`
		via    = `"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com","kms:CallerAccount":"345678901234"}`
		source = `"StringEquals":{"aws:SourceAccount":"345678901234"}`
	)
	return []mutation{
		{row: "S-01", name: "no rotation", changes: one(graph.Set(keyType, key, "enableKeyRotation", false))},
		{row: "S-01", name: "rotation every two years", changes: one(graph.Set(keyType, key, "rotationPeriodInDays", 730))},
		{row: "S-01", name: "pair without alias", changes: one(graph.Remove(aliasType, "shared-zone"))},
		{row: "S-04", name: "signer of any account", also: []string{"S-03"}, changes: one(graph.Rewrite(keyType, "shared-zone", "policy", "aws:SourceA", "aws:PrincipalA"))},
		{row: "S-01", name: "domain without key", changes: one(graph.Set(aliasType, key, "name", "alias/cutover/prod/blue/others"))},
		{row: "S-01", name: "key without alias", changes: one(graph.Unset(aliasType, key, "targetKeyId"))},
		{row: "S-02", name: "seven days", changes: one(graph.Set(keyType, key, "deletionWindowInDays", 7))},
		{row: "S-02", name: "disabled", changes: one(graph.Set(keyType, key, "isEnabled", false))},
		{row: "S-02", name: "lockout possible", changes: one(graph.Set(keyType, key, "bypassPolicyLockoutSafetyCheck", true))},
		{row: "S-02", name: "not protected", changes: one(graph.Alter(keyType, key, func(r *graph.Resource) { r.Protect = false }))},
		{row: "S-03", name: "open principal", changes: one(statement(`"*"`, `"kms:Encrypt"`, via))},
		{row: "S-03", name: "wildcard of accounts", changes: one(statement(root, `"kms:Encrypt"`, `"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/x"}`))},
		{row: "S-03", name: "default policy", also: []string{"S-04"}, changes: one(graph.Unset(keyType, key, "policy"))},
		{row: "S-04", name: "administrators use the key", changes: one(statement(root, `"kms:PutKeyPolicy","kms:Decrypt"`, via))},
		{row: "S-04", name: "everything for the account", changes: one(statement(root, `"kms:*"`, via+`,"Bool":{"kms:GrantIsForAWSResource":"true"}`))},
		{row: "S-04", name: "use without a service", changes: one(statement(root, `"kms:Decrypt"`, ""))},
		{row: "S-04", name: "service without source", changes: one(statement(s3, `"kms:GenerateDataKey"`, ""))},
		{row: "S-04", name: "grants for anybody", changes: one(statement(s3, `"kms:CreateGrant"`, source))},
		{row: "S-04", name: "grant of everything", changes: one(add("aws:kms/grant:Grant", "x", nil))},
	}
}

func securityRoles() []mutation {
	return []mutation{
		{row: "S-05", name: "workloads may stop the trail", changes: one(graph.Rewrite(policyType, "shared-boundary", "policy", `"cloudtrail:StopLogging",`, ""))},
		{row: "S-05", name: "people may change boundaries", changes: one(graph.Rewrite(policyType, "outsiders-people-boundary", "policy", "iam:PutRolePermissionsBoundary", "iam:GetRole"))},
		{row: "S-06", name: "operators without a second factor", changes: one(graph.Rewrite(roleType, "outsiders-operator", "assumeRolePolicy", `{"aws:MultiFactorAuthPresent":["true"]}`, `{"aws:MultiFactorAuthPresent":["false"]}`))},
		{row: "S-06", name: "another role for principals", changes: one(graph.Set(roleType, ourRole, "assumeRolePolicy",
			`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::345678901234:root"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]}`))},
	}
}

func securityTrail() []mutation {
	return []mutation{
		{row: "S-11", name: "one region", changes: one(graph.Set(trailType, "trail", "isMultiRegionTrail", false))},
		{row: "S-11", name: "stopped", changes: one(graph.Set(trailType, "trail", "enableLogging", false))},
		{row: "S-11", name: "writes only", changes: one(graph.Set(trailType, "trail", "advancedEventSelectors[0].fieldSelectors", []any{
			map[string]any{"field": "eventCategory", "equals": []string{"Management"}}, map[string]any{"field": "readOnly", "equals": []string{"false"}}}))},
		{row: "S-12", name: "no validation", changes: one(graph.Set(trailType, "trail", "enableLogFileValidation", false))},
		{row: "S-12", name: "key of another domain", changes: one(graph.Set(trailType, "trail", "kmsKeyId", graph.Ref{Type: keyType, Name: "blue-logs", Output: "arn"}))},
		{row: "S-12", name: "no log group", also: []string{"O-07", "X-22"}, changes: one(graph.Unset(trailType, "trail", "cloudWatchLogsGroupArn"))},
		{row: "S-13", name: "no objects", changes: one(graph.Set(trailType, "trail", "advancedEventSelectors[1].fieldSelectors", []any{}))},
		{row: "S-15", name: "accepted flows only", changes: one(graph.Set(flowLogType, "blue", "trafficType", "ACCEPT"))},
		{row: "S-15", name: "gateway without log", changes: one(graph.Remove(flowLogType, "transit"))},
		{row: "S-15", name: "ten minutes", changes: one(graph.Set(flowLogType, "green", "maxAggregationInterval", 600))},
	}
}

func securityLocks() []mutation {
	const bucket = "evidence-archive"
	return []mutation{
		{row: "S-14", name: "no lock", also: []string{"X-23"}, changes: one(graph.Remove(lockType, bucket))},
		{row: "S-14", name: "lock that can be lifted", changes: one(graph.Set(lockType, bucket, "rule.defaultRetention.mode", "GOVERNANCE"))},
		{row: "S-14", name: "thirty days", changes: one(graph.Set(lockType, "evidence-trail", "rule.defaultRetention.days", 30))},
		{row: "S-14", name: "bucket that goes with its objects", changes: one(graph.Set(bucketType, bucket, "forceDestroy", true))},
		{row: "S-14", name: "writers of other accounts", changes: one(allow(bucketPolicy, "evidence-trail", "policy",
			`{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"*"}`))},
		{row: "X-23", name: "archive switched off", changes: one(graph.Remove("aws:cloudwatch/logAccountPolicy:LogAccountPolicy", "archive"))},
		{row: "X-23", name: "a group left out of the archive", changes: one(graph.Set("aws:cloudwatch/logAccountPolicy:LogAccountPolicy", "archive",
			"selectionCriteria", `LogGroupName NOT IN ["/cutover/prod/archive-delivery","/cutover/prod/trail"]`))},
	}
}

func securityConfig() []mutation {
	return []mutation{
		{row: "S-08", name: "rule of stale keys missing", also: []string{"S-17"}, changes: one(graph.Rewrite(packType, "pci-account", "templateBody", "ACCESS_KEYS_ROTATED", "SSH_ALLOWED"))},
		{row: "S-09", name: "rule of the root user twice", also: []string{"S-17"}, changes: one(add("aws:cfg/rule:Rule", "x", map[string]any{
			"source": map[string]any{"owner": "AWS", "sourceIdentifier": "IAM_ROOT_ACCESS_KEY_CHECK"}}))},
		{row: "S-16", name: "some types only", changes: one(graph.Set(recorderType, "recorder", "recordingGroup.allSupported", false))},
		{row: "S-16", name: "not started", changes: one(graph.Set("aws:cfg/recorderStatus:RecorderStatus", "recorder", "isEnabled", false))},
		{row: "S-16", name: "started before the channel", changes: one(graph.Alter("aws:cfg/recorderStatus:RecorderStatus", "recorder", func(r *graph.Resource) { r.Dependencies = nil }))},
		{row: "S-16", name: "history without key", changes: one(graph.Unset(channelType, "recorder", "s3KmsKeyArn"))},
		{row: "S-16", name: "short history", changes: one(graph.Set("aws:cfg/retentionConfiguration:RetentionConfiguration", "recorder", "retentionPeriodInDays", 30))},
		{row: "S-17", name: "pack missing", changes: one(graph.Remove(packType, "pci-workload"))},
		{row: "S-17", name: "rule that no row names", changes: one(add("aws:cfg/rule:Rule", "x", map[string]any{
			"source": map[string]any{"owner": "AWS", "sourceIdentifier": "S3_BUCKET_MFA_DELETE_ENABLED"}}))},
	}
}

func securityDetection() []mutation {
	return []mutation{
		{row: "S-10", name: "no analyser", changes: one(graph.Remove("aws:accessanalyzer/analyzer:Analyzer", "detection"))},
		{row: "S-10", name: "no contact", changes: one(graph.Remove("aws:account/alternativeContact:AlternativeContact", "account-security"))},
		{row: "S-10", name: "no support", changes: one(graph.Remove(attachmentType, "account-support"))},
		{row: "S-18", name: "detector off", changes: one(graph.Set(detectorType, "detection", "enable", false))},
		{row: "S-18", name: "no watch over logins", changes: one(graph.Remove(featureType, "detection-RDS_LOGIN_EVENTS"))},
		{row: "S-18", name: "no watch over containers", changes: one(graph.Set(featureType, "detection-RUNTIME_MONITORING", "additionalConfigurations", []any{}))},
		{row: "S-19", name: "functions not scanned", changes: one(graph.Set("aws:inspector2/enabler:Enabler", "detection", "resourceTypes", []string{"ECR"}))},
		{row: "S-20", name: "paused", changes: one(graph.Set("aws:macie2/account:Account", "detection", "status", "PAUSED"))},
		{row: "S-21", name: "without the standard", changes: one(graph.Remove("aws:securityhub/standardsSubscription:StandardsSubscription", "detection-pci"))},
	}
}

func securityAccount() []mutation {
	return []mutation{
		{row: "S-07", name: "short passwords", changes: one(graph.Set(passwordsType, "account", "minimumPasswordLength", 8))},
		{row: "S-07", name: "passwords for ever", changes: one(graph.Unset(passwordsType, "account", "maxPasswordAge"))},
		{row: "S-07", name: "old passwords again", changes: one(graph.Set(passwordsType, "account", "passwordReusePrevention", 4))},
		{row: "S-07", name: "letters only", changes: one(graph.Set(passwordsType, "account", "requireNumbers", false))},
		{row: "S-22", name: "public policies of buckets", changes: one(graph.Set("aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", "account", "blockPublicPolicy", false))},
		{row: "S-22", name: "plain volumes", changes: one(graph.Set("aws:ebs/encryptionByDefault:EncryptionByDefault", "account", "enabled", false))},
		{row: "S-22", name: "public documents", changes: one(graph.Set("aws:ssm/serviceSetting:ServiceSetting", "account", "settingValue", "Enable"))},
		{row: "S-22", name: "public snapshots", changes: one(graph.Remove("aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess", "account"))},
		{row: "S-23", name: "two detectors", also: []string{"S-18"}, changes: one(add(detectorType, "x", map[string]any{"enable": true}))},
		{row: "S-23", name: "singletons of the organisation", changes: one(graph.Configure(contract.Security, "security:accountBaseline", "assume"))},
	}
}
