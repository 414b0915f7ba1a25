//go:build provider

package emulator

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func keyPolicy() pulumi.String {
	return document(map[string]any{"Version": "2012-10-17", "Statement": []any{
		map[string]any{"Sid": "Administration", "Effect": "Allow", "Principal": map[string]any{"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*", "Resource": "*"},
		map[string]any{"Sid": "Logs", "Effect": "Allow", "Principal": map[string]any{"Service": "logs.us-east-1.amazonaws.com"}, "Action": []string{"kms:Encrypt", "kms:Decrypt"}, "Resource": "*",
			"Condition": map[string]any{"ArnLike": map[string]any{"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:us-east-1:123456789012:*"}}},
	}})
}

func addKey(p *plan, name string) *made {
	key := p.add("aws:kms/key:Key", name, pulumi.Map{
		"description": str(name), "policy": keyPolicy(), "enableKeyRotation": pulumi.Bool(true), "rotationPeriodInDays": pulumi.Int(180), "deletionWindowInDays": pulumi.Int(7),
	})
	p.add("aws:kms/alias:Alias", name, pulumi.Map{"name": str("alias/cutover/" + name), "targetKeyId": key.KeyID})
	return key
}

func TestProviderDeploysKeysLogsAndRoles(t *testing.T) {
	proveThroughProvider(t, func(p *plan) {
		key := addKey(p, "logs")
		group := p.add("aws:cloudwatch/logGroup:LogGroup", "app", pulumi.Map{"name": str("/cutover/app"), "retentionInDays": pulumi.Int(90), "kmsKeyId": key.Arn})
		p.add("aws:cloudwatch/logMetricFilter:LogMetricFilter", "errors", pulumi.Map{"name": str("errors"), "logGroupName": group.Name, "pattern": str("ERROR"),
			"metricTransformation": pulumi.Map{"name": str("Errors"), "namespace": str("Cutover"), "value": str("1"), "defaultValue": str("0")}})
		p.add("aws:cloudwatch/logResourcePolicy:LogResourcePolicy", "r53", pulumi.Map{"policyName": str("route53"), "policyDocument": document(map[string]any{"Version": "2012-10-17", "Statement": []any{
			map[string]any{"Effect": "Allow", "Principal": map[string]any{"Service": "route53.amazonaws.com"}, "Action": "logs:PutLogEvents", "Resource": "*"}}})})
		p.add("aws:cloudwatch/queryDefinition:QueryDefinition", "q", pulumi.Map{"name": str("slow"), "queryString": str("fields @timestamp"), "logGroupNames": pulumi.Array{group.Name}})
		boundary := p.add("aws:iam/policy:Policy", "boundary", pulumi.Map{"name": str("boundary"), "description": str("what a role may at most"), "policy": document(map[string]any{"Version": "2012-10-17", "Statement": []any{
			map[string]any{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}}})})
		role := p.add("aws:iam/role:Role", "task", pulumi.Map{"name": str("task"), "permissionsBoundary": boundary.Arn, "maxSessionDuration": pulumi.Int(3600), "description": str("task"), "assumeRolePolicy": document(map[string]any{
			"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": map[string]any{"Service": "ecs-tasks.amazonaws.com"},
				"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": "123456789012"}}}}})})
		p.add("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "own", pulumi.Map{"role": role.Name, "policyArn": boundary.Arn})
		p.add("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws", pulumi.Map{"role": role.Name, "policyArn": str("arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy")})
		p.add("aws:iam/rolePolicy:RolePolicy", "inline", pulumi.Map{"name": str("inline"), "role": role.Name, "policy": document(map[string]any{"Version": "2012-10-17", "Statement": []any{
			map[string]any{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}}})})
		p.add("aws:iam/accountPasswordPolicy:AccountPasswordPolicy", "pw", pulumi.Map{"minimumPasswordLength": pulumi.Int(14), "requireSymbols": pulumi.Bool(true), "maxPasswordAge": pulumi.Int(90), "passwordReusePrevention": pulumi.Int(4)})
		p.add("aws:iam/instanceProfile:InstanceProfile", "ip", pulumi.Map{"name": str("ip"), "role": role.Name})
		p.add("aws:iam/openIdConnectProvider:OpenIdConnectProvider", "oidc", pulumi.Map{"url": str("https://token.actions.example.com"), "clientIdLists": texts(str("sts.amazonaws.com")), "thumbprintLists": texts(str("6938fd4d98bab03faadb97b34396831e3780aea1"))})
		p.add("aws:kms/grant:Grant", "g", pulumi.Map{"name": str("grant"), "keyId": key.KeyID, "granteePrincipal": role.Arn, "operations": texts(str("Decrypt"))})
	})
}

func TestProviderDeploysAurora(t *testing.T) {
	proveThroughProvider(t, func(p *plan) {
		vpc, subnets := addVPC(p, "blue", "10.10")
		key, cloneKey := addKey(p, "aurora"), addKey(p, "clone")
		group := p.add("aws:ec2/securityGroup:SecurityGroup", "db", pulumi.Map{"vpcId": vpc.ID(), "name": str("db"), "description": str("database")})
		subnetGroup := p.add("aws:rds/subnetGroup:SubnetGroup", "db", pulumi.Map{"name": str("cutover-blue"), "description": str("isolated"), "subnetIds": ids(subnets)})
		parameters := p.add("aws:rds/clusterParameterGroup:ClusterParameterGroup", "pg", pulumi.Map{"name": str("cutover-blue"), "family": str("aurora-postgresql14"), "description": str("logical replication, TLS"), "parameters": pulumi.Array{
			pulumi.Map{"name": str("rds.logical_replication"), "value": str("1"), "applyMethod": str("pending-reboot")},
			pulumi.Map{"name": str("rds.force_ssl"), "value": str("1"), "applyMethod": str("immediate")},
		}})
		instanceParameters := p.add("aws:rds/parameterGroup:ParameterGroup", "pgi", pulumi.Map{"name": str("cutover-blue-instance"), "family": str("aurora-postgresql14"), "description": str("instance"), "parameters": pulumi.Array{
			pulumi.Map{"name": str("log_min_duration_statement"), "value": str("500"), "applyMethod": str("immediate")},
		}})
		monitoring := addRole(p, "rds-monitoring", "monitoring.rds.amazonaws.com")
		cluster := p.add("aws:rds/cluster:Cluster", "blue", pulumi.Map{
			"clusterIdentifier": str("cutover-blue"), "engine": str("aurora-postgresql"), "engineVersion": str("14.6"), "engineMode": str("provisioned"), "databaseName": str("payments"), "masterUsername": str("cutover"),
			"manageMasterUserPassword": pulumi.Bool(true), "masterUserSecretKmsKeyId": key.KeyID, "storageEncrypted": pulumi.Bool(true), "kmsKeyId": key.Arn, "dbSubnetGroupName": subnetGroup.Name,
			"dbClusterParameterGroupName": parameters.Name, "vpcSecurityGroupIds": pulumi.Array{group.ID()}, "backupRetentionPeriod": pulumi.Int(35), "preferredBackupWindow": str("02:00-03:00"), "preferredMaintenanceWindow": str("sun:04:00-sun:05:00"),
			"copyTagsToSnapshot": pulumi.Bool(true), "deletionProtection": pulumi.Bool(false), "skipFinalSnapshot": pulumi.Bool(true), "enabledCloudwatchLogsExports": texts(str("postgresql")), "iamDatabaseAuthenticationEnabled": pulumi.Bool(true),
			"availabilityZones": texts(str("us-east-1a"), str("us-east-1b"), str("us-east-1c")), "applyImmediately": pulumi.Bool(true), "port": pulumi.Int(5432), "tags": pulumi.StringMap{"Name": str("blue")},
		})
		// A clone has the source's names; all else is its own.
		p.add("aws:rds/cluster:Cluster", "clone", pulumi.Map{
			"clusterIdentifier": str("cutover-green"), "engine": str("aurora-postgresql"), "engineVersion": str("14.6"),
			"restoreToPointInTime":     pulumi.Map{"sourceClusterIdentifier": cluster.ClusterIdentifier, "restoreType": str("copy-on-write"), "useLatestRestorableTime": pulumi.Bool(true)},
			"manageMasterUserPassword": pulumi.Bool(true), "masterUserSecretKmsKeyId": cloneKey.KeyID, "storageEncrypted": pulumi.Bool(true), "kmsKeyId": cloneKey.Arn, "dbSubnetGroupName": subnetGroup.Name,
			"dbClusterParameterGroupName": parameters.Name, "vpcSecurityGroupIds": pulumi.Array{group.ID()}, "backupRetentionPeriod": pulumi.Int(7), "preferredBackupWindow": str("06:00-07:00"), "preferredMaintenanceWindow": str("sun:08:00-sun:09:00"),
			"copyTagsToSnapshot": pulumi.Bool(true), "deletionProtection": pulumi.Bool(false), "skipFinalSnapshot": pulumi.Bool(true), "enabledCloudwatchLogsExports": texts(str("postgresql")), "iamDatabaseAuthenticationEnabled": pulumi.Bool(true),
			"port": pulumi.Int(5432), "tags": pulumi.StringMap{"Name": str("green")},
		}, pulumi.IgnoreChanges([]string{"restoreToPointInTime"}))
		for i, zone := range []string{"us-east-1a", "us-east-1b", "us-east-1c"} {
			p.add("aws:rds/clusterInstance:ClusterInstance", zone, pulumi.Map{
				"identifier": str("cutover-blue-" + string(rune('0'+i))), "clusterIdentifier": cluster.ClusterIdentifier, "engine": str("aurora-postgresql"), "engineVersion": str("14.6"), "instanceClass": str("db.r6g.large"), "availabilityZone": str(zone),
				"dbParameterGroupName": instanceParameters.Name, "dbSubnetGroupName": subnetGroup.Name, "promotionTier": pulumi.Int(i), "performanceInsightsEnabled": pulumi.Bool(true), "performanceInsightsKmsKeyId": key.Arn, "performanceInsightsRetentionPeriod": pulumi.Int(7),
				"monitoringInterval": pulumi.Int(60), "monitoringRoleArn": monitoring.Arn, "autoMinorVersionUpgrade": pulumi.Bool(false), "publiclyAccessible": pulumi.Bool(false), "copyTagsToSnapshot": pulumi.Bool(true), "applyImmediately": pulumi.Bool(true), "caCertIdentifier": str("rds-ca-rsa2048-g1"),
			})
		}
		topic := p.add("aws:sns/topic:Topic", "rds", pulumi.Map{"name": str("rds-events")})
		p.add("aws:rds/eventSubscription:EventSubscription", "e", pulumi.Map{"name": str("failover"), "snsTopic": topic.Arn, "sourceType": str("db-cluster"), "sourceIds": pulumi.Array{cluster.ID()}, "eventCategories": texts(str("failover"))})
	})
}

func TestProviderDeploysBuckets(t *testing.T) {
	proveThroughProvider(t, func(p *plan) {
		key := addKey(p, "s3")
		logs := p.add("aws:s3/bucketV2:BucketV2", "logs", pulumi.Map{"bucket": str("cutover-access-logs"), "forceDestroy": pulumi.Bool(true)})
		bucket := p.add("aws:s3/bucketV2:BucketV2", "compliance", pulumi.Map{"bucket": str("cutover-compliance"), "objectLockEnabled": pulumi.Bool(true), "tags": pulumi.StringMap{"class": str("pci")}})
		arg := func(more pulumi.Map) pulumi.Map { more["bucket"] = bucket.ID(); return more }
		p.add("aws:s3/bucketVersioningV2:BucketVersioningV2", "v", arg(pulumi.Map{"versioningConfiguration": pulumi.Map{"status": str("Enabled")}}))
		p.add("aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", "e", arg(pulumi.Map{"rules": pulumi.Array{pulumi.Map{"bucketKeyEnabled": pulumi.Bool(true), "applyServerSideEncryptionByDefault": pulumi.Map{"sseAlgorithm": str("aws:kms"), "kmsMasterKeyId": key.Arn}}}}))
		p.add("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "b", arg(pulumi.Map{"blockPublicAcls": pulumi.Bool(true), "blockPublicPolicy": pulumi.Bool(true), "ignorePublicAcls": pulumi.Bool(true), "restrictPublicBuckets": pulumi.Bool(true)}))
		p.add("aws:s3/bucketOwnershipControls:BucketOwnershipControls", "o", arg(pulumi.Map{"rule": pulumi.Map{"objectOwnership": str("BucketOwnerEnforced")}}))
		p.add("aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2", "l", arg(pulumi.Map{"rule": pulumi.Map{"defaultRetention": pulumi.Map{"mode": str("COMPLIANCE"), "days": pulumi.Int(365)}}}))
		p.add("aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", "c", arg(pulumi.Map{"rules": pulumi.Array{pulumi.Map{"id": str("archive"), "status": str("Enabled"), "filter": pulumi.Map{"prefix": str("")},
			"transitions":                 pulumi.Array{pulumi.Map{"days": pulumi.Int(90), "storageClass": str("STANDARD_IA")}, pulumi.Map{"days": pulumi.Int(365), "storageClass": str("GLACIER")}},
			"noncurrentVersionExpiration": pulumi.Map{"noncurrentDays": pulumi.Int(365), "newerNoncurrentVersions": pulumi.Int(3)}, "expiration": pulumi.Map{"days": pulumi.Int(2557)}, "abortIncompleteMultipartUpload": pulumi.Map{"daysAfterInitiation": pulumi.Int(7)}}}}))
		p.add("aws:s3/bucketPolicy:BucketPolicy", "p", arg(pulumi.Map{"policy": document(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Sid": "TLS", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": []string{"arn:aws:s3:::cutover-compliance", "arn:aws:s3:::cutover-compliance/*"}, "Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}}}}})}))
		receive := p.add("aws:s3/bucketPolicy:BucketPolicy", "logs", pulumi.Map{"bucket": logs.ID(), "policy": document(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Principal": map[string]any{"Service": "logging.s3.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::cutover-access-logs/*"}}})})
		p.add("aws:s3/bucketLoggingV2:BucketLoggingV2", "a", arg(pulumi.Map{"targetBucket": logs.ID(), "targetPrefix": str("compliance/")}), pulumi.DependsOn([]pulumi.Resource{receive}))
		p.add("aws:s3/bucketNotification:BucketNotification", "n", arg(pulumi.Map{"eventbridge": pulumi.Bool(true)}))
		p.add("aws:s3/bucketMetric:BucketMetric", "m", arg(pulumi.Map{"name": str("EntireBucket")}))
		p.add("aws:s3/bucketIntelligentTieringConfiguration:BucketIntelligentTieringConfiguration", "t", arg(pulumi.Map{"name": str("EntireBucket"), "tierings": pulumi.Array{pulumi.Map{"accessTier": str("ARCHIVE_ACCESS"), "days": pulumi.Int(125)}}}))
		data := p.add("aws:s3/bucketV2:BucketV2", "data", pulumi.Map{"bucket": str("cutover-data"), "forceDestroy": pulumi.Bool(true)})
		tls := p.add("aws:s3/bucketPolicy:BucketPolicy", "data", pulumi.Map{"bucket": data.ID(), "policy": document(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": []string{"arn:aws:s3:::cutover-data", "arn:aws:s3:::cutover-data/*"}, "Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}}}}})})
		p.add("aws:s3/bucketObjectv2:BucketObjectv2", "obj", pulumi.Map{"bucket": data.ID(), "key": str("readme"), "content": str("hello")}, pulumi.DependsOn([]pulumi.Resource{tls}))
	})
}

func TestProviderDeploysTables(t *testing.T) {
	proveThroughProvider(t, func(p *plan) {
		key := addKey(p, "ddb")
		table := p.add("aws:dynamodb/table:Table", "sessions", pulumi.Map{
			"name": str("sessions"), "billingMode": str("PAY_PER_REQUEST"), "hashKey": str("pk"), "rangeKey": str("sk"), "streamEnabled": pulumi.Bool(true), "streamViewType": str("NEW_AND_OLD_IMAGES"), "deletionProtectionEnabled": pulumi.Bool(false),
			"attributes":             pulumi.Array{pulumi.Map{"name": str("pk"), "type": str("S")}, pulumi.Map{"name": str("sk"), "type": str("S")}, pulumi.Map{"name": str("user"), "type": str("S")}},
			"globalSecondaryIndexes": pulumi.Array{pulumi.Map{"name": str("by-user"), "hashKey": str("user"), "rangeKey": str("sk"), "projectionType": str("INCLUDE"), "nonKeyAttributes": texts(str("state"))}},
			"ttl":                    pulumi.Map{"attributeName": str("expires"), "enabled": pulumi.Bool(true)}, "pointInTimeRecovery": pulumi.Map{"enabled": pulumi.Bool(true)}, "serverSideEncryption": pulumi.Map{"enabled": pulumi.Bool(true), "kmsKeyArn": key.Arn},
		})
		p.add("aws:dynamodb/table:Table", "limits", pulumi.Map{"name": str("limits"), "billingMode": str("PROVISIONED"), "readCapacity": pulumi.Int(5), "writeCapacity": pulumi.Int(5), "hashKey": str("pk"), "attributes": pulumi.Array{pulumi.Map{"name": str("pk"), "type": str("S")}}})
		target := p.add("aws:appautoscaling/target:Target", "read", pulumi.Map{"serviceNamespace": str("dynamodb"), "resourceId": str("table/limits"), "scalableDimension": str("dynamodb:table:ReadCapacityUnits"), "minCapacity": pulumi.Int(5), "maxCapacity": pulumi.Int(50), "tags": pulumi.StringMap{"layer": str("data")}})
		p.add("aws:appautoscaling/policy:Policy", "read", pulumi.Map{"name": str("read"), "policyType": str("TargetTrackingScaling"), "serviceNamespace": str("dynamodb"), "resourceId": target.ID(), "scalableDimension": str("dynamodb:table:ReadCapacityUnits"),
			"targetTrackingScalingPolicyConfiguration": pulumi.Map{"targetValue": pulumi.Float64(70), "predefinedMetricSpecification": pulumi.Map{"predefinedMetricType": str("DynamoDBReadCapacityUtilization")}}})
		p.add("aws:dynamodb/resourcePolicy:ResourcePolicy", "rp", pulumi.Map{"resourceArn": table.Arn, "policy": document(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Deny", "Principal": "*", "Action": "dynamodb:DeleteTable", "Resource": "*"}}})})
		p.add("aws:dynamodb/contributorInsights:ContributorInsights", "ci", pulumi.Map{"tableName": table.Name})
		p.add("aws:dynamodb/tableItem:TableItem", "authority", pulumi.Map{"tableName": str("limits"), "hashKey": str("pk"), "item": str(`{"pk":{"S":"authority"},"owner":{"S":"blue"}}`)}, pulumi.DependsOn([]pulumi.Resource{target}))
	})
}

func TestProviderDeploysSecretsAndParameters(t *testing.T) {
	proveThroughProvider(t, func(p *plan) {
		key := addKey(p, "secrets")
		secret := p.add("aws:secretsmanager/secret:Secret", "db", pulumi.Map{"name": str("cutover/db"), "description": str("database"), "kmsKeyId": key.Arn, "recoveryWindowInDays": pulumi.Int(0)})
		p.add("aws:secretsmanager/secretVersion:SecretVersion", "db", pulumi.Map{"secretId": secret.ID(), "secretString": str(`{"username":"cutover"}`)})
		p.add("aws:secretsmanager/secretPolicy:SecretPolicy", "db", pulumi.Map{"secretArn": secret.Arn, "policy": document(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:DeleteSecret", "Resource": "*"}}})})
		function := addFunction(p, "rotation", nil)
		permit := p.add("aws:lambda/permission:Permission", "sm", pulumi.Map{"statementId": str("secretsmanager"), "function": function.Name, "action": str("lambda:InvokeFunction"), "principal": str("secretsmanager.amazonaws.com")})
		p.add("aws:secretsmanager/secretRotation:SecretRotation", "db", pulumi.Map{"secretId": secret.ID(), "rotationLambdaArn": function.Arn, "rotationRules": pulumi.Map{"automaticallyAfterDays": pulumi.Int(30)}, "rotateImmediately": pulumi.Bool(false)}, pulumi.DependsOn([]pulumi.Resource{permit}))
		p.add("aws:ssm/parameter:Parameter", "p", pulumi.Map{"name": str("/cutover/local/endpoint"), "type": str("String"), "value": str("db.internal"), "description": str("endpoint"), "tier": str("Standard")})
		p.add("aws:ssm/parameter:Parameter", "s", pulumi.Map{"name": str("/cutover/local/limit"), "type": str("SecureString"), "keyId": key.Arn, "value": str("7")})
		p.add("aws:ssm/parameter:Parameter", "l", pulumi.Map{"name": str("/cutover/local/list"), "type": str("StringList"), "value": str("a,b")})
	})
}
