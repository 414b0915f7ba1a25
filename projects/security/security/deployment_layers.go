package security

import (
	"slices"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/iamdoc"
)

// network is the foundation layer. Its resources have ids, not names.
func (d deployment) network() []iamdoc.Statement {
	return []iamdoc.Statement{{Sid: "Network", Resources: d.arn("ec2", "*"), Actions: []string{
		"ec2:AssociateRouteTable", "ec2:AssociateTransitGatewayRouteTable", "ec2:AttachInternetGateway",
		"ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress",
		"ec2:CreateCustomerGateway", "ec2:CreateInternetGateway", "ec2:CreateNetworkAcl", "ec2:CreateNetworkAclEntry",
		"ec2:CreateRoute", "ec2:CreateRouteTable", "ec2:CreateSecurityGroup", "ec2:CreateSubnet", "ec2:CreateTags",
		"ec2:CreateTransitGateway", "ec2:CreateTransitGatewayRoute", "ec2:CreateTransitGatewayRouteTable",
		"ec2:CreateTransitGatewayVpcAttachment", "ec2:CreateVpc", "ec2:CreateVpcEndpoint", "ec2:CreateVpnConnection",
		"ec2:DeleteCustomerGateway", "ec2:DeleteInternetGateway", "ec2:DeleteNetworkAcl", "ec2:DeleteNetworkAclEntry",
		"ec2:DeleteRoute", "ec2:DeleteRouteTable", "ec2:DeleteSecurityGroup", "ec2:DeleteSubnet", "ec2:DeleteTags",
		"ec2:DeleteTransitGateway", "ec2:DeleteTransitGatewayRoute", "ec2:DeleteTransitGatewayRouteTable",
		"ec2:DeleteTransitGatewayVpcAttachment", "ec2:DeleteVpc", "ec2:DeleteVpcEndpoints", "ec2:DeleteVpnConnection",
		"ec2:DetachInternetGateway", "ec2:DisableTransitGatewayRouteTablePropagation", "ec2:DisassociateRouteTable",
		"ec2:DisassociateTransitGatewayRouteTable", "ec2:EnableTransitGatewayRouteTablePropagation",
		"ec2:ModifySecurityGroupRules", "ec2:ModifySubnetAttribute", "ec2:ModifyTransitGateway",
		"ec2:ModifyTransitGatewayVpcAttachment", "ec2:ModifyVpcAttribute", "ec2:ModifyVpcEndpoint",
		"ec2:ReplaceNetworkAclAssociation", "ec2:ReplaceNetworkAclEntry", "ec2:ReplaceRoute", "ec2:ReplaceRouteTableAssociation",
		"ec2:ReplaceTransitGatewayRoute", "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress",
		"ec2:SearchTransitGatewayRoutes", "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
		"ec2:UpdateSecurityGroupRuleDescriptionsIngress",
	}}}
}

// stores is the data layer but for its function. Nothing reads rows, items,
// objects or secrets.
func (d deployment) stores() []iamdoc.Statement {
	return []iamdoc.Statement{
		{Sid: "Databases", Actions: []string{
			"rds:AddTagsToResource", "rds:CreateDBCluster", "rds:CreateDBClusterParameterGroup", "rds:CreateDBInstance",
			"rds:CreateDBParameterGroup", "rds:CreateDBSubnetGroup", "rds:CreateEventSubscription", "rds:DeleteDBCluster",
			"rds:DeleteDBClusterParameterGroup", "rds:DeleteDBInstance", "rds:DeleteDBParameterGroup", "rds:DeleteDBSubnetGroup",
			"rds:DeleteEventSubscription", "rds:DescribeDBClusterParameterGroups", "rds:DescribeDBClusterParameters",
			"rds:DescribeDBClusters", "rds:DescribeDBInstances", "rds:DescribeDBParameterGroups", "rds:DescribeDBParameters",
			"rds:DescribeDBSubnetGroups", "rds:DescribeEventSubscriptions", "rds:DescribeGlobalClusters", "rds:ListTagsForResource",
			"rds:ModifyDBCluster", "rds:ModifyDBClusterParameterGroup", "rds:ModifyDBInstance", "rds:ModifyDBParameterGroup",
			"rds:ModifyDBSubnetGroup", "rds:ModifyEventSubscription", "rds:RebootDBInstance", "rds:RemoveTagsFromResource",
			"rds:ResetDBClusterParameterGroup", "rds:RestoreDBClusterToPointInTime",
		}, Resources: slices.Concat(
			d.arn("rds", "cluster:{-}", "cluster-pg:{-}", "cluster-snapshot:{-}", "db:{-}", "es:{-}", "og:default:*", "pg:{-}", "subgrp:{-}"),
			d.global("rds", "global-cluster:*"))},
		{Sid: "Tables", Resources: d.arn("dynamodb", "table/{-}"), Actions: []string{
			"dynamodb:CreateTable", "dynamodb:DeleteTable", "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeKinesisStreamingDestination",
			"dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:ListTagsOfResource", "dynamodb:TagResource",
			"dynamodb:UntagResource", "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive",
		}},
		{Sid: "Scaling", Resources: d.arn("application-autoscaling", "scalable-target/*"), Actions: []string{
			"application-autoscaling:DeleteScalingPolicy", "application-autoscaling:DeleteScheduledAction", "application-autoscaling:DeregisterScalableTarget",
			"application-autoscaling:ListTagsForResource", "application-autoscaling:PutScalingPolicy", "application-autoscaling:PutScheduledAction",
			"application-autoscaling:RegisterScalableTarget", "application-autoscaling:TagResource",
		}},
		// The cluster's master secret has a name of RDS's.
		{Sid: "Secrets", Resources: d.arn("secretsmanager", "secret:{/}", "secret:rds!cluster-*"), Actions: []string{
			"secretsmanager:CancelRotateSecret", "secretsmanager:CreateSecret", "secretsmanager:DeleteResourcePolicy",
			"secretsmanager:DeleteSecret", "secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy",
			"secretsmanager:PutResourcePolicy", "secretsmanager:RotateSecret", "secretsmanager:TagResource",
			"secretsmanager:UntagResource", "secretsmanager:UpdateSecret", "secretsmanager:ValidateResourcePolicy",
		}},
		{Sid: "Parameters", Resources: d.arn("ssm", "parameter/{/}"), Actions: []string{
			"ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource",
			"ssm:PutParameter", "ssm:RemoveTagsFromResource",
		}},
		{Sid: "Backups", Resources: d.arn("backup", "backup-plan:*", "backup-vault:{-}"), Actions: []string{
			"backup:CreateBackupPlan", "backup:CreateBackupSelection", "backup:CreateBackupVault", "backup:DeleteBackupPlan",
			"backup:DeleteBackupSelection", "backup:DeleteBackupVault", "backup:DeleteBackupVaultAccessPolicy",
			"backup:DeleteBackupVaultLockConfiguration", "backup:DescribeBackupVault", "backup:GetBackupPlan",
			"backup:GetBackupSelection", "backup:GetBackupVaultAccessPolicy", "backup:ListRecoveryPointsByBackupVault", "backup:ListTags", "backup:PutBackupVaultAccessPolicy",
			"backup:PutBackupVaultLockConfiguration", "backup:TagResource", "backup:UntagResource", "backup:UpdateBackupPlan",
		}},
	}
}

// entrance is the edge layer.
func (d deployment) entrance() []iamdoc.Statement {
	return []iamdoc.Statement{
		{Sid: "Balancers", Actions: []string{
			"elasticloadbalancing:AddTags", "elasticloadbalancing:CreateListener", "elasticloadbalancing:CreateLoadBalancer",
			"elasticloadbalancing:CreateRule", "elasticloadbalancing:CreateTargetGroup", "elasticloadbalancing:DeleteListener",
			"elasticloadbalancing:DeleteLoadBalancer", "elasticloadbalancing:DeleteRule", "elasticloadbalancing:DeleteTargetGroup",
			"elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyListenerAttributes",
			"elasticloadbalancing:ModifyLoadBalancerAttributes", "elasticloadbalancing:ModifyRule",
			"elasticloadbalancing:ModifyTargetGroup", "elasticloadbalancing:ModifyTargetGroupAttributes",
			"elasticloadbalancing:RemoveTags", "elasticloadbalancing:SetRulePriorities", "elasticloadbalancing:SetSecurityGroups",
			"elasticloadbalancing:SetSubnets", "elasticloadbalancing:SetWebACL",
		}, Resources: d.arn("elasticloadbalancing", "loadbalancer/app/{-}", "listener/app/{-}", "listener-rule/app/{-}", "targetgroup/{-}")},
		{Sid: "Certificates", Resources: d.arn("acm", "certificate/*"), Actions: []string{
			"acm:AddTagsToCertificate", "acm:DeleteCertificate", "acm:DescribeCertificate", "acm:ListTagsForCertificate",
			"acm:RemoveTagsFromCertificate", "acm:UpdateCertificateOptions",
		}},
		// The names of the databases are data's.
		{Sid: "Names", Actions: []string{
			"route53:ActivateKeySigningKey", "route53:AssociateVPCWithHostedZone", "route53:ChangeResourceRecordSets", "route53:ChangeTagsForResource",
			"route53:CreateKeySigningKey", "route53:CreateQueryLoggingConfig", "route53:DeactivateKeySigningKey",
			"route53:DeleteHealthCheck", "route53:DeleteHostedZone", "route53:DeleteKeySigningKey",
			"route53:DeleteQueryLoggingConfig", "route53:DisableHostedZoneDNSSEC", "route53:DisassociateVPCFromHostedZone", "route53:EnableHostedZoneDNSSEC", "route53:GetDNSSEC", "route53:GetHealthCheck", "route53:GetHostedZone",
			"route53:GetQueryLoggingConfig", "route53:ListQueryLoggingConfigs", "route53:ListResourceRecordSets",
			"route53:ListTagsForResource", "route53:UpdateHealthCheck", "route53:UpdateHostedZoneComment",
		}, Resources: []string{
			"arn:aws:route53:::healthcheck/*", "arn:aws:route53:::hostedzone/*", "arn:aws:route53:::queryloggingconfig/*",
		}},
		{Sid: "Firewall", Resources: d.arn("wafv2", "regional/webacl/{-}", "regional/ipset/{-}", "regional/managedruleset/*"), Actions: []string{
			"wafv2:CreateIPSet", "wafv2:CreateWebACL", "wafv2:DeleteIPSet", "wafv2:DeleteLoggingConfiguration", "wafv2:DeleteWebACL",
			"wafv2:GetIPSet", "wafv2:GetLoggingConfiguration", "wafv2:GetWebACL", "wafv2:ListTagsForResource",
			"wafv2:PutLoggingConfiguration", "wafv2:TagResource", "wafv2:UntagResource", "wafv2:UpdateIPSet", "wafv2:UpdateWebACL",
		}},
		{
			// The rules of other layers stay theirs: a rule has its layer's tag.
			Sid: "Rules", Resources: d.arn("config", "config-rule/*"), Actions: []string{
				"config:ListTagsForResource", "config:PutConfigRule", "config:TagResource", "config:UntagResource",
			},
			Conditions: iamdoc.Conditions{"StringEqualsIfExists": {"aws:ResourceTag/Layer": {string(contract.Edge)}}},
		},
		{Sid: "FirewallOnBalancers", Actions: []string{
			"wafv2:AssociateWebACL", "wafv2:DisassociateWebACL", "wafv2:GetWebACLForResource",
		}, Resources: slices.Concat(d.arn("elasticloadbalancing", "loadbalancer/app/{-}"), d.arn("wafv2", "regional/webacl/{-}"))},
	}
}

// containers is the services layer.
func (d deployment) containers() []iamdoc.Statement {
	return []iamdoc.Statement{
		{Sid: "Containers", Actions: []string{
			"ecs:CreateCluster", "ecs:CreateService", "ecs:DeleteCluster", "ecs:DeleteService",
			"ecs:DescribeClusters", "ecs:DescribeServices", "ecs:DescribeTasks", "ecs:ListTagsForResource", "ecs:PutClusterCapacityProviders",
			"ecs:RegisterTaskDefinition", "ecs:TagResource", "ecs:UntagResource", "ecs:UpdateCluster", "ecs:UpdateClusterSettings",
			"ecs:UpdateService",
		}, Resources: d.arn("ecs", "cluster/{-}", "service/{-}", "task/{-}", "task-definition/{-}")},
		// Namespaces have ids in their ARNs and names in a request alone.
		{Sid: "Calls", Resources: d.arn("servicediscovery", "namespace/*"), Actions: []string{
			"servicediscovery:DeleteNamespace", "servicediscovery:GetNamespace", "servicediscovery:UpdateHttpNamespace",
		}},
		{Sid: "Images", Resources: d.arn("ecr", "repository/{/}"), Actions: []string{
			"ecr:BatchGetImage", "ecr:CreateRepository", "ecr:DeleteLifecyclePolicy", "ecr:DeleteRepository", "ecr:DescribeImages",
			"ecr:DescribeRepositories", "ecr:GetLifecyclePolicy", "ecr:GetRepositoryPolicy", "ecr:ListTagsForResource",
			"ecr:PutImageScanningConfiguration", "ecr:PutImageTagMutability", "ecr:PutLifecyclePolicy", "ecr:TagResource",
			"ecr:UntagResource",
		}},
	}
}

// functions is the migration and the observability layer, and the function of
// the data layer.
func (d deployment) functions() []iamdoc.Statement {
	return []iamdoc.Statement{
		{Sid: "Functions", Resources: d.arn("lambda", "function:{-}", "event-source-mapping:*"), Actions: []string{
			"lambda:AddPermission", "lambda:CreateFunction", "lambda:DeleteEventSourceMapping",
			"lambda:DeleteFunction", "lambda:DeleteFunctionConcurrency", "lambda:DeleteFunctionEventInvokeConfig",
			"lambda:GetEventSourceMapping", "lambda:GetFunction", "lambda:GetFunctionCodeSigningConfig",
			"lambda:GetFunctionConcurrency", "lambda:GetFunctionConfiguration", "lambda:GetFunctionEventInvokeConfig",
			"lambda:GetFunctionRecursionConfig", "lambda:GetPolicy", "lambda:InvokeFunction", "lambda:ListTags", "lambda:ListVersionsByFunction", "lambda:PublishVersion",
			"lambda:PutFunctionConcurrency", "lambda:PutFunctionEventInvokeConfig",
			"lambda:PutFunctionRecursionConfig", "lambda:RemovePermission", "lambda:TagResource",
			"lambda:UntagResource", "lambda:UpdateEventSourceMapping", "lambda:UpdateFunctionCode",
			"lambda:UpdateFunctionConfiguration", "lambda:UpdateFunctionEventInvokeConfig",
		}},
		{Sid: "Schedules", Resources: d.arn("scheduler", "schedule/{-}/{-}", "schedule-group/{-}"), Actions: []string{
			"scheduler:CreateSchedule", "scheduler:CreateScheduleGroup", "scheduler:DeleteSchedule", "scheduler:DeleteScheduleGroup",
			"scheduler:GetSchedule", "scheduler:GetScheduleGroup", "scheduler:ListTagsForResource", "scheduler:TagResource",
			"scheduler:UntagResource", "scheduler:UpdateSchedule",
		}},
		{Sid: "Events", Resources: d.arn("events", "rule/{-}"), Actions: []string{
			"events:DeleteRule", "events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule", "events:PutRule",
			"events:PutTargets", "events:RemoveTargets", "events:TagResource", "events:UntagResource",
		}},
		{Sid: "StateMachines", Resources: d.arn("states", "stateMachine:{-}"), Actions: []string{
			"states:CreateStateMachine", "states:DeleteStateMachine", "states:DescribeStateMachine", "states:ListStateMachineVersions",
			"states:ListTagsForResource", "states:TagResource", "states:UntagResource", "states:UpdateStateMachine",
		}},
		{Sid: "Messages", Resources: slices.Concat(d.arn("sqs", "{-}"), d.arn("sns", "{-}")), Actions: []string{
			"sns:CreateTopic", "sns:DeleteTopic", "sns:GetTopicAttributes", "sns:ListTagsForResource", "sns:SetTopicAttributes",
			"sns:Subscribe", "sns:TagResource", "sns:UntagResource",
			"sqs:CreateQueue", "sqs:DeleteQueue", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags",
			"sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue",
		}},
		{Sid: "Watch", Actions: []string{
			"cloudwatch:DeleteAlarms", "cloudwatch:DeleteDashboards", "cloudwatch:GetDashboard", "cloudwatch:ListTagsForResource",
			"cloudwatch:PutCompositeAlarm", "cloudwatch:PutDashboard", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource",
			"cloudwatch:UntagResource",
		}, Resources: slices.Concat(d.arn("cloudwatch", "alarm:{-}"), []string{"arn:aws:cloudwatch::" + d.accountID + ":dashboard/" + d.fill("{-}")})},
	}
}
