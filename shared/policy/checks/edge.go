package checks

import (
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/document"
	"github.com/cutover/cutover/shared/policy/graph"
)

// edgeChecks are those of the rows of the layer of balancers and names.
var edgeChecks = []Check{
	{Row: "E-01", Run: listenersSpeakHTTPS},
	{Row: "E-02", Run: listenersNegotiateNewTLS},
	{Row: "E-03", Run: certificatesAreStrong},
	{Row: "E-04", Run: balancersDropBadRequests},
	{Row: "E-05", Run: balancersLog},
	{Row: "E-06", Run: balancersStay},
	{Row: "E-07", Run: balancersStandApart},
	{Row: "E-08", Run: targetsSpeakHTTPS},
	{Row: "E-09", Run: balancersHaveAFirewall},
	{Row: "E-10", Run: firewallRulesInOrder},
	{Row: "E-11", Run: largeBodiesAreBlocked},
	{Row: "E-12", Run: firewallLogs},
	{Row: "E-13", Run: zonesLogQueries},
	{Row: "E-14", Run: weightsLeadToHealth},
	{Row: "E-15", Run: zoneIsSigned},
}

// Type tokens of the layer of balancers and names.
const (
	listenerType    = "aws:lb/listener:Listener"
	targetType      = "aws:lb/targetGroup:TargetGroup"
	certificateType = "aws:acm/certificate:Certificate"
	recordType      = "aws:route53/record:Record"
	healthCheckType = "aws:route53/healthCheck:HealthCheck"
	zoneType        = "aws:route53/zone:Zone"
	webACLType      = "aws:wafv2/webAcl:WebAcl"
	alarmType       = "aws:cloudwatch/metricAlarm:MetricAlarm"
)

// tlsPolicy serves TLS 1.3, and 1.2 without CBC suites.
const tlsPolicy = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"

func listenersSpeakHTTPS(s *Scope) {
	for _, listener := range s.Each(listenerType) {
		port, _ := listener.Number("port")
		s.Expect(listener.Text("protocol") == "HTTPS", listener, "https", "protocol", "HTTPS")
		s.Expect(port == 443, listener, "https", "port", "443")
	}
}

func listenersNegotiateNewTLS(s *Scope) {
	for _, listener := range s.Each(listenerType) {
		s.Expect(listener.Text("sslPolicy") == tlsPolicy, listener, "tls", "sslPolicy", tlsPolicy)
	}
}

// keyAlgorithms are those of certificates, by strength.
var keyAlgorithms = []string{"RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"}

func certificatesAreStrong(s *Scope) {
	given := s.Config(contract.Edge)["edge:certificateArn"]
	for _, listener := range s.OfType(listenerType) {
		certificate := listener.Reference("certificateArn", certificateType)
		s.Expect(certificate != nil || given != "" && listener.Text("certificateArn") == given, listener, "ours", "certificateArn",
			"a certificate of ours, or the one that was given")
		if certificate == nil && given != "" {
			// How strong a certificate is that was given verify:edge asks ACM.
			s.See(listener)
			s.Expect(endIsWatched(s, func(alarm *graph.Resource) bool { return alarm.Text("dimensions.CertificateArn") == given }),
				listener, "watched", "", "an alarm on DaysToExpiry of the certificate that was given")
		}
	}
	for _, certificate := range s.Each(certificateType) {
		s.Expect(certificate.Text("validationMethod") == "DNS", certificate, "dns", "validationMethod", "DNS")
		s.Expect(slices.Contains(keyAlgorithms, certificate.Text("keyAlgorithm")), certificate, "strong", "keyAlgorithm", "one of %v", keyAlgorithms)
		_, imported := certificate.Get("privateKey")
		s.Expect(!imported, certificate, "by-acm", "privateKey", "nothing: ACM keeps the key")
		s.Expect(endIsWatched(s, func(alarm *graph.Resource) bool { return slices.Contains(alarm.References("dimensions"), certificate) }),
			certificate, "watched", "", "an alarm on DaysToExpiry")
	}
}

// endIsWatched tells whether an alarm on the end of a certificate is about this one.
func endIsWatched(s *Scope, about func(*graph.Resource) bool) bool {
	return slices.ContainsFunc(s.OfType(alarmType), func(r *graph.Resource) bool { return r.Text("metricName") == "DaysToExpiry" && about(r) })
}

func balancersDropBadRequests(s *Scope) {
	for _, balancer := range s.Each(balancerType) {
		s.Expect(balancer.Is("dropInvalidHeaderFields", true), balancer, "headers", "dropInvalidHeaderFields", "true")
		s.Expect(balancer.Text("desyncMitigationMode") == "strictest", balancer, "desync", "desyncMitigationMode", "strictest")
	}
}

// logDelivery writes the logs of balancers.
const logDelivery = "logdelivery.elasticloadbalancing.amazonaws.com"

func balancersLog(s *Scope) {
	for _, balancer := range s.Each(balancerType) {
		for _, logs := range []string{"accessLogs", "connectionLogs"} {
			s.Expect(balancer.Is(logs+".enabled", true), balancer, "logs", logs+".enabled", "true")
			bucket := balancer.Reference(logs+".bucket", bucketType)
			s.Expect(bucket != nil, balancer, "bucket", logs+".bucket", "a bucket of ours")
			if bucket == nil {
				continue
			}
			for _, holder := range s.Referrers(bucket, bucketPolicyType, "bucket") {
				expectDeliveryOnly(s, holder)
			}
		}
	}
}

// expectDeliveryOnly demands that log delivery writes for balancers of this
// account, and nobody else.
func expectDeliveryOnly(s *Scope, holder *graph.Resource) {
	policy, err := document.Read(holder, "policy")
	s.Expect(err == nil, holder, "readable", "policy", "a policy document that is known")
	for _, statement := range policy.Statements {
		if statement.Deny {
			continue
		}
		s.Expect(slices.Equal(statement.Principals["Service"], []string{logDelivery}) && len(statement.Principals) == 1, holder, "delivery-only", "policy",
			"%s alone in statement %q", logDelivery, statement.Sid)
		sources, _ := statement.Conditions.Values("aws:SourceArn")
		ours := len(sources) > 0 && !slices.ContainsFunc(sources, func(source string) bool {
			return !strings.HasPrefix(source, "arn:aws:elasticloadbalancing:"+s.Environment.Region+":"+s.Environment.AccountID+":loadbalancer/")
		})
		s.Expect(ours, holder, "own-balancers", "policy", "aws:SourceArn of this account's balancers in statement %q", statement.Sid)
	}
}

func balancersStay(s *Scope) {
	for _, balancer := range s.Each(balancerType) {
		s.Expect(balancer.Is("enableDeletionProtection", true) || !s.Production(), balancer, "protected", "enableDeletionProtection", "true")
		zones, want := zonesOf(ofType(balancer.References("subnets"), subnetType)), 2
		if s.Production() {
			want = 3
		}
		s.Expect(len(zones) >= want, balancer, "zones", "subnets", "subnets in %d zones instead of %v", want, zones)
		s.Expect(balancer.Is("enableZonalShift", true), balancer, "zonal-shift", "enableZonalShift", "true")
	}
}

func balancersStandApart(s *Scope) {
	data, workloads := dataSubnets(s), workloadSubnets(s)
	for _, balancer := range s.Each(balancerType) {
		for _, subnet := range ofType(balancer.References("subnets"), subnetType) {
			private := slices.Contains(data, subnet) || slices.Contains(workloads, subnet)
			s.Expect(private == balancer.Is("internal", true), balancer, "own-subnets", "subnets", "public subnets for a public balancer, private ones for an internal one")
		}
		groups := ofType(balancer.References("securityGroups"), groupType)
		s.Expect(len(groups) > 0, balancer, "group", "securityGroups", "a security group of ours")
		for _, group := range groups {
			expectBalancerGroup(s, group)
		}
	}
}

// expectBalancerGroup demands 443 in, and out only to groups that listen on the
// port of a target.
func expectBalancerGroup(s *Scope, group *graph.Resource) {
	var ports []float64
	for _, target := range s.OfType(targetType) {
		port, _ := target.Number("port")
		ports = append(ports, port)
	}
	for _, rule := range s.Referrers(group, ingressType, "securityGroupId") {
		from, _ := rule.Number("fromPort")
		to, _ := rule.Number("toPort")
		s.Expect(from == 443 && to == 443, rule, "in", "fromPort", "443 alone")
	}
	for _, rule := range s.Referrers(group, egressType, "securityGroupId") {
		from, _ := rule.Number("fromPort")
		to, _ := rule.Number("toPort")
		s.Expect(rule.Reference("referencedSecurityGroupId", groupType) != nil && from == to && slices.Contains(ports, from), rule, "out", "referencedSecurityGroupId",
			"a service's group on the port of its target group")
	}
}

func targetsSpeakHTTPS(s *Scope) {
	var probed []string
	for _, check := range s.OfType(healthCheckType) {
		probed = append(probed, check.Text("resourcePath"))
	}
	for _, target := range s.Each(targetType) {
		s.Expect(target.Text("protocol") == "HTTPS", target, "https", "protocol", "HTTPS")
		s.Expect(target.Text("targetType") == "ip", target, "https", "targetType", "ip")
		s.Expect(target.Text("healthCheck.protocol") == "HTTPS", target, "health", "healthCheck.protocol", "HTTPS")
	}
	for _, path := range probed {
		known := slices.ContainsFunc(s.OfType(targetType), func(r *graph.Resource) bool { return r.Text("healthCheck.path") == path })
		s.Expect(path == "" || known, nil, "same-path", "", "a target group whose health path is %s, which Route 53 probes", path)
	}
}

func zonesLogQueries(s *Scope) {
	for _, zone := range s.Each(zoneType) {
		if private(zone) {
			continue
		}
		s.Expect(len(s.Referrers(zone, "aws:route53/queryLog:QueryLog", "zoneId")) == 1, zone, "logged", "", "one query log")
	}
	for _, holder := range s.Each("aws:cloudwatch/logResourcePolicy:LogResourcePolicy") {
		policy, err := document.Read(holder, "policyDocument")
		s.Expect(err == nil, holder, "readable", "policyDocument", "a policy document that is known")
		for _, statement := range policy.Statements {
			scoped := len(statement.Resources) > 0 && !slices.ContainsFunc(statement.Resources, func(resource string) bool { return len(s.Owners(resource)) == 0 })
			accounts, _ := statement.Conditions.Values("aws:SourceAccount")
			s.Expect(scoped && slices.Equal(accounts, []string{s.Environment.AccountID}), holder, "scoped", "policyDocument",
				"a declared log group and this account in statement %q", statement.Sid)
		}
	}
}

func weightsLeadToHealth(s *Scope) {
	var weighted, positive int
	for _, record := range s.OfType(recordType) {
		policies := record.Items("weightedRoutingPolicies")
		if len(policies) == 0 {
			continue
		}
		s.See(record)
		weighted++
		weight, _ := policies[0]["weight"].(float64)
		if weight >= 1 {
			positive++
		}
		s.Expect(record.Is("aliases[0].evaluateTargetHealth", false), record, "target-health", "aliases[0].evaluateTargetHealth", "false: one group without tasks would take the whole balancer away")
		check := record.Reference("healthCheckId", healthCheckType)
		s.Expect(check != nil, record, "own-check", "healthCheckId", "a health check of its own")
		if check == nil {
			continue
		}
		disabled, inverted := check.Is("disabled", true), check.Is("invertHealthcheck", true)
		if weight == 0 {
			s.Expect(disabled && inverted, record, "closed", "healthCheckId", "a health check that is disabled and inverted while the weight is 0")
			continue
		}
		s.Expect(!disabled && !inverted, record, "open", "healthCheckId", "a health check that follows the paths while there is a weight")
	}
	s.Expect(weighted > 0 && positive > 0, nil, "some-weight", "", "a weighted record with a weight: without any the name leads nowhere")
	for _, check := range s.Each(healthCheckType) {
		if check.Text("type") == "CALCULATED" {
			children := ofType(check.References("childHealthchecks"), healthCheckType)
			s.Expect(len(children) == len(check.Texts("childHealthchecks")) && len(children) > 0, check, "https", "childHealthchecks", "checks of ours")
			continue
		}
		s.Expect(check.Text("type") == "HTTPS", check, "https", "type", "HTTPS, or CALCULATED over such")
		s.Expect(check.Is("enableSni", true), check, "https", "enableSni", "true")
	}
}

// Type tokens of the signatures of zones.
const (
	signaturesType = "aws:route53/hostedZoneDnsSec:HostedZoneDnsSec"
	signingKeyType = "aws:route53/keySigningKey:KeySigningKey"
)

// expectSignatures demands that a zone is signed by an active key of ours, made for
// signing.
func expectSignatures(s *Scope, zone *graph.Resource) {
	signatures := s.Referrers(zone, signaturesType, "hostedZoneId")
	s.Expect(len(signatures) == 1, zone, "signed", "", "DNSSEC")
	for _, each := range signatures {
		s.Expect(each.Text("signingStatus") == "SIGNING", each, "signed", "signingStatus", "SIGNING")
	}
	keys := s.Referrers(zone, signingKeyType, "hostedZoneId")
	s.Expect(len(keys) >= 1, zone, "signed", "", "a key-signing key")
	for _, key := range keys {
		pair := key.Reference("keyManagementServiceArn", keyType)
		s.Expect(pair != nil && signs(pair) && pair.Text("customerMasterKeySpec") == "ECC_NIST_P256", key, "key", "keyManagementServiceArn", "an ECC_NIST_P256 pair of ours")
		s.Expect(key.Text("status") == "ACTIVE", key, "signed", "status", "ACTIVE")
	}
	for _, metric := range []string{"DNSSECInternalFailure", "DNSSECKeySigningKeysNeedingAction"} {
		watched := slices.ContainsFunc(s.OfType(alarmType), func(r *graph.Resource) bool {
			return r.Text("metricName") == metric && slices.Contains(r.References("dimensions"), zone)
		})
		s.Expect(watched, zone, "watched", "", "an alarm on %s", metric)
	}
}

func zoneIsSigned(s *Scope) {
	for _, zone := range s.Each(zoneType) {
		if private(zone) {
			continue
		}
		expectSignatures(s, zone)
	}
	if _, given := s.Config(contract.Edge)["edge:zoneId"]; given {
		s.Expect(s.Config(contract.Edge)["edge:signed"] == "true", nil, "signed", "", "edge:signed of a zone that was given, so that verification asks whether its owner signs it")
	}
	for _, listener := range s.Each(listenerType) {
		s.Expect(listener.Text("routingHttpResponseStrictTransportSecurityHeaderValue") != "", listener, "headers", "routingHttpResponseStrictTransportSecurityHeaderValue", "a value that demands HTTPS")
		s.Expect(listener.Is("routingHttpResponseServerEnabled", false), listener, "headers", "routingHttpResponseServerEnabled", "false")
	}
}
