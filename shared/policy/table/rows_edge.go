package table

import "github.com/cutover/cutover/shared/contract"

var edgeRows = []Row{
	{
		ID: "E-01", Severity: Must, Layer: contract.Edge,
		Title:        "Listeners speak HTTPS on 443 and nothing else",
		Controls:     []string{"ELB.1", "ELB.18"},
		Requirements: []string{"4.2.1", "2.2.5"},
		Rules: []Rule{
			{Identifier: "ELBV2_LISTENER_ENCRYPTION_IN_TRANSIT"},
			{Identifier: "ALB_HTTP_TO_HTTPS_REDIRECTION_CHECK"},
		},
	},
	{
		ID: "E-02", Severity: Must, Layer: contract.Edge,
		Title:        "Listeners negotiate TLS 1.2 or newer without weak suites",
		Controls:     []string{"ELB.17"},
		Requirements: []string{"4.2.1"},
		Rules: []Rule{
			{Identifier: "ELBV2_PREDEFINED_SECURITY_POLICY_SSL_CHECK", Parameters: []Parameter{set("sslPolicies", "ELBSecurityPolicy-TLS13-1-2-Res-2021-06")}},
		},
	},
	{
		ID: "E-03", Severity: Must, Layer: contract.Edge,
		Title:        "Certificates are ACM's, strong, validated by DNS and watched",
		Controls:     []string{"ACM.1", "ACM.2"},
		Requirements: []string{"4.2.1", "4.2.1.1"},
		Rules: []Rule{
			{Identifier: "ELBV2_ACM_CERTIFICATE_REQUIRED"},
			{Identifier: "ACM_CERTIFICATE_RSA_CHECK"},
			{Identifier: "ACM_CERTIFICATE_EXPIRATION_CHECK", Parameters: []Parameter{set("daysToExpiration", "30")}},
		},
	},
	{
		ID: "E-04", Severity: Must, Layer: contract.Edge,
		Title:        "Balancers drop invalid headers and desynchronised requests",
		Controls:     []string{"ELB.4", "ELB.12"},
		Requirements: []string{"6.2.4"},
		Rules: []Rule{
			{Identifier: "ALB_HTTP_DROP_INVALID_HEADER_ENABLED"},
			{Identifier: "ALB_DESYNC_MODE_CHECK", Parameters: []Parameter{set("desyncMode", "strictest")}},
		},
	},
	{
		ID: "E-05", Severity: Must, Layer: contract.Edge,
		Title:        "Balancers log accesses and connections to a bucket that they alone write",
		Controls:     []string{"ELB.5", "S3.17"},
		Requirements: []string{"10.2.1", "10.3.2"},
		Rules: []Rule{
			{Identifier: "ELB_LOGGING_ENABLED", Deployment: Single, Parameters: []Parameter{given("s3BucketNames", "BalancerLogBuckets")}},
		},
	},
	{
		ID: "E-06", Severity: Must, Layer: contract.Edge,
		Title:    "Balancers are protected from deletion and stand in several zones",
		Controls: []string{"ELB.6", "ELB.13"},
		Rules: []Rule{
			{Identifier: "ELB_DELETION_PROTECTION_ENABLED"},
			{Identifier: "ELBV2_MULTIPLE_AZ", Parameters: []Parameter{set("minAvailabilityZones", "2")}},
		},
	},
	{
		ID: "E-07", Severity: Must, Layer: contract.Edge,
		Title:        "Public balancers stand in public subnets and reach the services only",
		Requirements: []string{"1.4.2", "1.3.2"},
	},
	{
		ID: "E-08", Severity: Must, Layer: contract.Edge,
		Title:        "Balancers speak HTTPS to the tasks, for health too",
		Controls:     []string{"ELB.21", "ELB.22"},
		Requirements: []string{"4.2.1"},
		Rules: []Rule{
			{Identifier: "ELBV2_TARGETGROUP_PROTOCOL_ENCRYPTED"},
			{Identifier: "ELBV2_TARGETGROUP_HEALTHCHECK_PROTOCOL_ENCRYPTED", Deployment: Unconfirmed},
		},
	},
	{
		ID: "E-09", Severity: Must, Layer: contract.Edge,
		Title:        "Every balancer stands behind a web ACL that fails closed",
		Controls:     []string{"ELB.16"},
		Requirements: []string{"6.4.2"},
		Rules: []Rule{
			{Identifier: "ALB_WAF_ENABLED", Deployment: Single, Parameters: []Parameter{given("wafWebAclIds", "WebAclArns")}},
		},
	},
	{
		ID: "E-10", Severity: Must, Layer: contract.Edge,
		Title:        "The web ACL has the agreed rules in order",
		Controls:     []string{"WAF.10"},
		Requirements: []string{"6.4.2", "6.2.4"},
		Rules: []Rule{
			{Identifier: "WAFV2_WEBACL_NOT_EMPTY"},
			{Identifier: "WAFV2_RULEGROUP_NOT_EMPTY", Deployment: IfUsed},
		},
	},
	{
		ID: "E-11", Severity: Must, Layer: contract.Edge,
		Title:        "Large bodies are blocked but for the upload path",
		Requirements: []string{"6.4.2"},
	},
	{
		ID: "E-12", Severity: Must, Layer: contract.Edge,
		Title:        "The web ACL logs without secrets and counts every rule",
		Controls:     []string{"WAF.11", "WAF.12"},
		Requirements: []string{"10.2.1", "10.4.2", "3.5.1"},
		Rules: []Rule{
			{Identifier: "WAFV2_LOGGING_ENABLED"},
			{Identifier: "WAFV2_RULEGROUP_LOGGING_ENABLED"},
		},
	},
	{
		ID: "E-13", Severity: Must, Layer: contract.Edge,
		Title:        "Queries of the public zone are logged",
		Controls:     []string{"Route53.2"},
		Requirements: []string{"10.4.2"},
		Rules: []Rule{
			{Identifier: "ROUTE53_QUERY_LOGGING_ENABLED", Deployment: Unconfirmed},
		},
	},
	{
		ID: "E-14", Severity: Must, Layer: contract.Edge,
		Title:        "Weighted records carry a health check and never lead to an idle environment",
		Requirements: []string{"6.5.2", "4.2.1"},
	},
	{
		ID: "E-15", Severity: Should, Layer: contract.Edge,
		Title:        "The public zone is signed and responses demand HTTPS",
		Requirements: []string{"2.2.1"},
	},
}
