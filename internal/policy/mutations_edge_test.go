package policy_test

import "github.com/cutover/cutover/shared/policy/graph"

// Type tokens that the faults are made in.
const (
	listenerType    = "aws:lb/listener:Listener"
	targetType      = "aws:lb/targetGroup:TargetGroup"
	balancerType    = "aws:lb/loadBalancer:LoadBalancer"
	certificateType = "aws:acm/certificate:Certificate"
	recordType      = "aws:route53/record:Record"
	zoneType        = "aws:route53/zone:Zone"
	healthCheckType = "aws:route53/healthCheck:HealthCheck"
	webACLType      = "aws:wafv2/webAcl:WebAcl"
	wafLogsType     = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
	signaturesType  = "aws:route53/hostedZoneDnsSec:HostedZoneDnsSec"
	signingKeyType  = "aws:route53/keySigningKey:KeySigningKey"
	wafBeforeType   = "aws:wafv2/webAclAssociation:WebAclAssociation"
)

// firewallMutations are faults of the web ACL. Its rules are, in order: deny,
// reputation, limit, limit of payments, known bad inputs, common rules, SQL
// injection, size of bodies.
func firewallMutations() []mutation {
	const firewall = "firewall"
	counts := map[string]any{"count": map[string]any{}}
	set := func(path string, value any) []graph.Change { return one(graph.Set(webACLType, firewall, path, value)) }
	return []mutation{
		{row: "E-09", name: "balancer without firewall", changes: one(graph.Remove(wafBeforeType, "green-alb"))},
		{row: "E-09", name: "firewall of others", changes: one(graph.Set(wafBeforeType, "blue-alb", "webAclArn", "arn:aws:wafv2:us-east-1:999999999999:regional/webacl/x/1"))},
		{row: "E-10", name: "rules out of order", changes: set("rules[4].priority", 900)},
		{row: "E-10", name: "group that only counts", changes: set("rules[6].overrideAction", counts)},
		{row: "E-10", name: "limit that only counts", changes: set("rules[2].action", counts)},
		{row: "E-10", name: "no limit for payments", changes: one(graph.Unset(webACLType, firewall, "rules[3].statement.rateBasedStatement.scopeDownStatement"))},
		{row: "E-10", name: "before a distribution", changes: set("scope", "CLOUDFRONT")},
		{row: "E-11", name: "large bodies counted and let through", changes: set("rules[7].priority", -1)},
		{row: "E-11", name: "large bodies counted twice", changes: set("rules[7].action", counts)},
		{row: "E-11", name: "another rule counted", changes: set("rules[5].statement.managedRuleGroupStatement.ruleActionOverrides[0].name", "CrossSiteScripting_BODY")},
		{row: "E-12", name: "no log", changes: one(graph.Remove(wafLogsType, firewall))},
		{row: "E-12", name: "cookies in the log", changes: one(graph.Set(wafLogsType, firewall, "redactedFields[2].singleHeader.name", "host"))},
		{row: "E-12", name: "query in the log", changes: one(graph.Set(wafLogsType, firewall, "redactedFields[0]", map[string]any{"method": map[string]any{}}))},
		{row: "E-12", name: "rule without metrics", changes: set("rules[0].visibilityConfig.cloudwatchMetricsEnabled", false)},
		{row: "S-17", name: "firewalls unwatched", changes: one(graph.Remove("aws:cfg/rule:Rule", "alb-waf-enabled"))},
	}
}

func edgeMutations() []mutation {
	const (
		listener = "blue-https"
		balancer = "blue-alb"
		target   = "blue-payment-api"
	)
	return []mutation{
		{row: "E-01", name: "plain listener", changes: one(graph.Set(listenerType, listener, "protocol", "HTTP"))},
		{row: "E-01", name: "port 80", changes: one(graph.Set(listenerType, listener, "port", 80))},
		{row: "E-02", name: "old TLS", changes: one(graph.Set(listenerType, listener, "sslPolicy", "ELBSecurityPolicy-2016-08"))},
		{row: "E-03", name: "short key", changes: one(graph.Set(certificateType, "certificate", "keyAlgorithm", "RSA_1024"))},
		{row: "E-03", name: "proof by mail", changes: one(graph.Set(certificateType, "certificate", "validationMethod", "EMAIL"))},
		{row: "E-03", name: "certificate of others", changes: one(graph.Set(listenerType, listener, "certificateArn", "arn:aws:acm:us-east-1:999999999999:certificate/x"))},
		{row: "E-04", name: "invalid headers", changes: one(graph.Set(balancerType, balancer, "dropInvalidHeaderFields", false))},
		{row: "E-04", name: "defensive", changes: one(graph.Set(balancerType, balancer, "desyncMitigationMode", "defensive"))},
		{row: "E-05", name: "no access log", changes: one(graph.Set(balancerType, balancer, "accessLogs.enabled", false))},
		{row: "E-05", name: "no connection log", changes: one(graph.Unset(balancerType, balancer, "connectionLogs"))},
		{row: "E-05", name: "writer beside log delivery", changes: one(allow(bucketPolicy, "blue-alb-logs", "policy",
			`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::345678901234:role/x"},"Action":"s3:PutObject","Resource":"*"}`))},
		{row: "E-06", name: "not protected", changes: one(graph.Set(balancerType, balancer, "enableDeletionProtection", false))},
		{row: "E-06", name: "two zones in production", changes: one(graph.Set(balancerType, balancer, "subnets", []any{id(subnetType, "blue-public-us-east-1a"), id(subnetType, "blue-public-us-east-1b")})), also: []string{"F-04"}},
		{row: "E-06", name: "zone that nobody can leave", changes: one(graph.Set(balancerType, balancer, "enableZonalShift", false))},
		{row: "E-15", name: "zone not signed", changes: one(graph.Remove(signaturesType, "zone"))},
		{row: "E-15", name: "signatures that are off", changes: one(graph.Set(signaturesType, "zone", "signingStatus", "NOT_SIGNING"))},
		{row: "E-15", name: "nobody hears of a key that fails", changes: one(graph.Remove(alarmType, "zone-key-ailing"))},
		{row: "E-15", name: "key that is off", changes: one(graph.Set(signingKeyType, "zone", "status", "INACTIVE"))},
		{row: "E-15", name: "key that encrypts", changes: one(graph.Set(signingKeyType, "zone", "keyManagementServiceArn", graph.Ref{Type: keyType, Name: "shared-control", Output: "arn"}))},
		{row: "E-15", name: "listener that names its server", changes: one(graph.Set(listenerType, listener, "routingHttpResponseServerEnabled", true))},
		{row: "E-15", name: "browsers that may come without TLS", changes: one(graph.Unset(listenerType, listener, "routingHttpResponseStrictTransportSecurityHeaderValue"))},
		{row: "E-07", name: "way to a port of nothing", changes: one(graph.Set(egressType, "blue-alb-to-payment-api", "toPort", 9000))},
		{row: "E-07", name: "another port in", changes: one(graph.Set(ingressType, "blue-alb-https", "fromPort", 400)), also: []string{"X-20"}},
		{row: "E-08", name: "plain to the task", changes: one(graph.Set(targetType, target, "protocol", "HTTP"))},
		{row: "E-08", name: "plain health", changes: one(graph.Set(targetType, target, "healthCheck.protocol", "HTTP"))},
		{row: "E-08", name: "Route 53 probes another path", changes: one(graph.Set(healthCheckType, target, "resourcePath", "/"))},
		{row: "E-09", name: "fails open", changes: one(graph.Set(balancerType, balancer, "enableWafFailOpen", true))},
		{row: "E-13", name: "queries not logged", changes: one(graph.Remove("aws:route53/queryLog:QueryLog", "zone-queries"))},
		{row: "E-13", name: "Route 53 of other accounts", changes: one(graph.Rewrite("aws:cloudwatch/logResourcePolicy:LogResourcePolicy", "zone-queries", "policyDocument", "aws:SourceAccount", "aws:SourceOrgID"))},
		{row: "E-14", name: "weight 0 with an open check", changes: one(graph.Set(recordType, "blue-public", "weightedRoutingPolicies[0].weight", 0))},
		{row: "E-14", name: "health of all target groups", changes: one(graph.Set(recordType, "blue-public", "aliases[0].evaluateTargetHealth", true))},
		{row: "E-14", name: "share of a closed colour", changes: one(graph.Set(healthCheckType, "blue-admission", "invertHealthcheck", true))},
		{row: "E-14", name: "no health check", changes: one(graph.Unset(recordType, "blue-public", "healthCheckId"))},
		{row: "E-14", name: "health over HTTP", changes: one(graph.Set(healthCheckType, target, "type", "HTTP"))},
	}
}
