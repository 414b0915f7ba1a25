package edge

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/cutover/cutover/projects/edge/routing"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

const (
	// zoneCount is how many availability zones each balancer stands in.
	zoneCount = 3
	// renewBefore is when a certificate counts as near its end; ACM has renewed its
	// own long before (AWS Security Hub control ACM.1).
	renewBefore = 30 * 24 * time.Hour
)

func (c *colorVerifier) checkBalancer(ctx context.Context) error {
	f := verify.About("balancer %s", c.color)
	answer, err := c.balancers.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{LoadBalancerArns: []string{c.text("loadBalancerArn")}})
	if err != nil {
		return f.Failed(err)
	}
	for _, balancer := range answer.LoadBalancers {
		if balancer.State != nil {
			f.Equal("state", balancer.State.Code, types.LoadBalancerStateEnumActive)
		}
		f.Equal("scheme", balancer.Scheme, types.LoadBalancerSchemeEnumInternetFacing)
		f.Equal("name", aws.ToString(balancer.LoadBalancerName), balancerName(c.names))
		zones := make(map[string]bool)
		for _, zone := range balancer.AvailabilityZones {
			zones[aws.ToString(zone.ZoneName)] = true
		}
		f.Expect(len(zones) == zoneCount, "stands in zones %v, expected %d", slices.Sorted(maps.Keys(zones)), zoneCount)
		f.Expect(slices.Equal(balancer.SecurityGroups, []string{c.text("albSecurityGroupId")}), "has security groups %v, expected its own alone", balancer.SecurityGroups)
	}
	return f.Err()
}

// attributes are what the balancer is told besides, by their names in the API
// (Elastic Load Balancing API reference, LoadBalancerAttribute).
func (c *colorVerifier) attributes() map[string]string {
	bucket := c.names.Global(naming.Bucket, c.cfg.Environment.AccountID, logsBucket)
	return map[string]string{
		"deletion_protection.enabled":                     strconv.FormatBool(c.cfg.Environment.Protect),
		"access_logs.s3.enabled":                          "true",
		"access_logs.s3.bucket":                           bucket,
		"access_logs.s3.prefix":                           accessPrefix,
		"connection_logs.s3.enabled":                      "true",
		"connection_logs.s3.bucket":                       bucket,
		"connection_logs.s3.prefix":                       connectionPrefix,
		"routing.http.drop_invalid_header_fields.enabled": "true",
		"routing.http.desync_mitigation_mode":             "strictest",
		"waf.fail_open.enabled":                           "false",
		"zonal_shift.config.enabled":                      strconv.FormatBool(c.cfg.ZonalShift),
		"idle_timeout.timeout_seconds":                    strconv.Itoa(idleTimeout),
	}
}

func (c *colorVerifier) checkAttributes(ctx context.Context) error {
	f := verify.About("balancer %s", c.color)
	answer, err := c.balancers.DescribeLoadBalancerAttributes(ctx, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: aws.String(c.text("loadBalancerArn"))})
	if err != nil {
		return f.Failed(err)
	}
	found := make(map[string]string)
	for _, attribute := range answer.Attributes {
		found[aws.ToString(attribute.Key)] = aws.ToString(attribute.Value)
	}
	expectAttributes(f, found, c.attributes())
	return f.Err()
}

// expectAttributes compares in the order of the names, so that two runs say the same.
func expectAttributes(f *verify.Findings, found, want map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		f.Equal(name, found[name], want[name])
	}
}

// checkListener expects HTTPS and nothing else.
func (c *colorVerifier) checkListener(ctx context.Context) error {
	f := verify.About("listeners of balancer %s", c.color)
	answer, err := c.balancers.DescribeListeners(ctx, &elb.DescribeListenersInput{LoadBalancerArn: aws.String(c.text("loadBalancerArn"))})
	if err != nil {
		return f.Failed(err)
	}
	f.Equal("number", len(answer.Listeners), 1)
	for _, listener := range answer.Listeners {
		f.Equal("protocol", listener.Protocol, types.ProtocolEnumHttps)
		f.Equal("port", aws.ToInt32(listener.Port), int32(https))
		f.Equal("TLS policy", aws.ToString(listener.SslPolicy), tlsPolicy)
		for _, certificate := range listener.Certificates {
			f.Equal("certificate", aws.ToString(certificate.CertificateArn), c.Text("certificateArn"))
		}
	}
	f.Include(c.checkResponseHeaders(ctx))
	return f.Err()
}

// checkResponseHeaders looks at what the listener adds to responses and takes away,
// by the names of the API (Elastic Load Balancing API reference, ListenerAttribute).
func (c *colorVerifier) checkResponseHeaders(ctx context.Context) error {
	if !c.cfg.ResponseHeaders {
		return nil
	}
	f := verify.About("responses of balancer %s", c.color)
	answer, err := c.balancers.DescribeListenerAttributes(ctx, &elb.DescribeListenerAttributesInput{ListenerArn: aws.String(c.text("listenerArn"))})
	if err != nil {
		return f.Failed(err)
	}
	found := make(map[string]string)
	for _, attribute := range answer.Attributes {
		found[aws.ToString(attribute.Key)] = aws.ToString(attribute.Value)
	}
	expectAttributes(f, found, map[string]string{
		"routing.http.response.server.enabled":                         "false",
		"routing.http.response.strict_transport_security.header_value": transportSecurity,
		"routing.http.response.x_content_type_options.header_value":    contentOptions,
	})
	return f.Err()
}

func (v *verifier) checkCertificate(ctx context.Context) error {
	f := verify.About("certificate of %s", v.cfg.PublicName)
	answer, err := v.certificates.DescribeCertificate(ctx, &acm.DescribeCertificateInput{CertificateArn: aws.String(v.Text("certificateArn"))})
	if err != nil {
		return f.Failed(err)
	}
	v.judgeCertificate(f, answer.Certificate)
	return f.Err()
}

// strongKeys are the key algorithms that a balancer's clients may be offered (control
// E-03). ACM writes them with hyphens in some answers and with underscores in others.
var strongKeys = []string{"RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"}

// judgeCertificate judges one that was given as it does one of ours: how strong it is
// and when it ends depend on whoever made it, and nobody renews it.
func (v *verifier) judgeCertificate(f *verify.Findings, found *acmtypes.CertificateDetail) {
	f.Equal("status", found.Status, acmtypes.CertificateStatusIssued)
	algorithm := strings.ReplaceAll(string(found.KeyAlgorithm), "-", "_")
	f.Expect(slices.Contains(strongKeys, algorithm), "has a key %s, expected one of %v", algorithm, strongKeys)
	end := aws.ToTime(found.NotAfter)
	f.Expect(end.Sub(v.now) > renewBefore, "ends on %s, expected more than %d days from now", end.Format(time.DateOnly), int(renewBefore.Hours()/24))
	hosts := []string{v.cfg.PublicName}
	for _, color := range naming.Colors() {
		hosts = append(hosts, v.cfg.colorName(color))
	}
	for _, host := range hosts {
		f.Expect(slices.ContainsFunc(found.SubjectAlternativeNames, func(name string) bool { return namesHost(name, host) }),
			"covers %v, expected %s too", found.SubjectAlternativeNames, host)
	}
}

// namesHost tells whether a name of a certificate is host or a wildcard one label
// above it.
func namesHost(name, host string) bool {
	parent, wild := strings.CutPrefix(name, "*.")
	_, above, _ := strings.Cut(host, ".")
	return name == host || wild && parent == above
}

// checkRules compares the rules with the catalogue.
func (c *colorVerifier) checkRules(ctx context.Context) error {
	f := verify.About("rules of balancer %s", c.color)
	table, err := routing.Read(ctx, c.balancers, c.text("listenerArn"))
	if err != nil {
		return f.Failed(err)
	}
	f.Equal("answer to all other paths", table.Default, "404")
	f.Include(c.judgeRules(table, c.Texts(c.output("targetGroupArns"))))
	return f.Err()
}

// judgeRules expects one rule for each service and no other; groups are ARNs by
// service.
func (c *colorVerifier) judgeRules(table routing.Table, groups map[string]string) error {
	f := verify.About("rules of balancer %s", c.color)
	found := make(map[int]routing.Rule)
	for _, rule := range table.Rules {
		found[rule.Priority] = rule
	}
	for _, service := range c.services.Services {
		rule, exists := found[service.Priority]
		delete(found, service.Priority)
		if !exists {
			f.Expect(false, "has none of priority %d, expected that of %s", service.Priority, service.Name)
			continue
		}
		f.Expect(sameSet(rule.Patterns, service.Paths), "priority %d takes %v, expected %v of %s", service.Priority, rule.Patterns, service.Paths, service.Name)
		f.Expect(rule.TargetGroupARN == groups[service.Name], "priority %d leads to %q, expected the group of %s", service.Priority, rule.TargetGroupARN, service.Name)
	}
	for _, priority := range slices.Sorted(maps.Keys(found)) {
		f.Expect(false, "priority %d takes %v, expected no such rule", priority, found[priority].Patterns)
	}
	return f.Err()
}

// sameSet compares without order.
func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// groupName names a target group as an operator knows it.
func (c *colorVerifier) groupName(service string) string {
	return fmt.Sprintf("targets of %s %s", c.color, service)
}
