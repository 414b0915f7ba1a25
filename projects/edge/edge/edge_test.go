package edge

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/pulumitest"
)

// Type tokens of what the layer registers.
const (
	loadBalancer = "aws:lb/loadBalancer:LoadBalancer"
	listener     = "aws:lb/listener:Listener"
	listenerRule = "aws:lb/listenerRule:ListenerRule"
	targetGroup  = "aws:lb/targetGroup:TargetGroup"
	record       = "aws:route53/record:Record"
	healthCheck  = "aws:route53/healthCheck:HealthCheck"
	zone         = "aws:route53/zone:Zone"
	signingKey   = "aws:route53/keySigningKey:KeySigningKey"
	signatures   = "aws:route53/hostedZoneDnsSec:HostedZoneDnsSec"
	queryLog     = "aws:route53/queryLog:QueryLog"
	certificates = "aws:acm/certificate:Certificate"
	ingressRule  = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egressRule   = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
	bucketPolicy = "aws:s3/bucketPolicy:BucketPolicy"
	encryption   = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
)

func stackFile(t *testing.T, env string) string {
	t.Helper()
	file, err := filepath.Abs(filepath.Join("..", "Pulumi."+env+".yaml"))
	require.NoError(t, err)
	return file
}

func options(t *testing.T, env string) pulumitest.Options {
	t.Helper()
	return pulumitest.Options{
		Layer:     contract.Edge,
		Stack:     env,
		StackFile: stackFile(t, env),
		Upstream: map[contract.Layer]map[string]any{
			contract.Foundation: pulumitest.Exports[contract.FoundationOutputs](t),
			contract.Security:   pulumitest.Exports[contract.SecurityOutputs](t),
		},
		Computed: computed,
	}
}

// computed answers what ACM asks for, and the name servers of a zone.
func computed(r pulumitest.Resource) map[string]any {
	switch r.Type {
	case certificates:
		hosts := []any{r.Inputs["domainName"]}
		if more, ok := r.Inputs["subjectAlternativeNames"].([]any); ok {
			hosts = append(hosts, more...)
		}
		// The order is ACM's own.
		slices.Reverse(hosts)
		proofs := make([]any, len(hosts))
		for i, host := range hosts {
			proofs[i] = map[string]any{
				"domainName": host, "resourceRecordType": "CNAME",
				"resourceRecordName": "_proof." + host.(string) + ".", "resourceRecordValue": "_value.of." + host.(string) + ".",
			}
		}
		return map[string]any{"domainValidationOptions": proofs}
	case zone:
		return map[string]any{"nameServers": []any{"ns-1.example", "ns-2.example"}}
	case signingKey:
		return map[string]any{"dsRecord": "12345 13 2 ABCD"}
	case record:
		return map[string]any{"fqdn": r.Inputs["name"]}
	}
	return nil
}

func run(t *testing.T, env string, set map[string]string) *pulumitest.Recording {
	t.Helper()
	opts := options(t, env)
	opts.Config = set
	return pulumitest.MustRun(t, opts, Program)
}

func services(t *testing.T) []catalog.Service {
	t.Helper()
	listed, err := catalog.Load()
	require.NoError(t, err)
	return listed.Services
}

func TestEveryStackFileLoads(t *testing.T) {
	for _, env := range config.Names() {
		require.NoError(t, CheckConfig(stackFile(t, env)), env)
		run(t, env, nil)
	}
}

func TestExportsTheWholeContract(t *testing.T) {
	recording := run(t, "local", nil)
	for _, key := range contract.Keys[contract.EdgeOutputs]() {
		require.NotEmpty(t, recording.Exports[key], key)
	}
	require.Equal(t, "blue.pay.local.cutover.example", recording.Exports["blueName"])
	require.Len(t, recording.Exports["greenTargetGroupArns"], len(services(t)))
}

// On an empty account nothing upstream exists yet.
func TestPreviewWorksBeforeAnythingIsDeployed(t *testing.T) {
	opts := options(t, "prod")
	opts.Upstream, opts.DryRun = nil, true
	recording := pulumitest.MustRun(t, opts, Program)
	require.Len(t, recording.OfType(loadBalancer), 2)
	require.Len(t, recording.OfType(listenerRule), 2*len(services(t)))
}

func TestUpdateNamesTheLayerThatIsMissing(t *testing.T) {
	opts := options(t, "local")
	delete(opts.Upstream, contract.Security)
	_, err := pulumitest.Run(t, opts, Program)
	require.ErrorContains(t, err, `layer "security", stack "organization/security/local": has no outputs yet: run `+"`mage deploy:security` first")
}

func TestUpdateNamesTheServiceThatFoundationDoesNotKnow(t *testing.T) {
	opts := options(t, "local")
	delete(opts.Upstream[contract.Foundation]["blueServiceSecurityGroupIds"].(map[string]any), "reporting")
	_, err := pulumitest.Run(t, opts, Program)
	require.ErrorContains(t, err, `blue service security groups of the foundation layer: has no entry "reporting", only "payment-api, transaction-processor"`)
}

func TestBalancersTakeStrictHTTPSOnly(t *testing.T) {
	recording := run(t, "prod", nil)
	for _, color := range []string{"blue", "green"} {
		balancer := recording.Find(t, loadBalancer, color+"-alb")
		for property, want := range map[string]any{
			"name": "cutover-prod-" + color + "-alb", "loadBalancerType": "application", "internal": false,
			"dropInvalidHeaderFields": true, "desyncMitigationMode": "strictest", "enableDeletionProtection": true,
			"enableWafFailOpen": false, "enableZonalShift": true,
		} {
			require.Equal(t, want, balancer.Inputs[property], property)
		}
		require.True(t, balancer.Protect)
		require.Len(t, balancer.Inputs["subnets"], 3)
		bucket := "cutover-prod-" + color + "-alb-logs-345678901234"
		require.Equal(t, map[string]any{"enabled": true, "bucket": bucket, "prefix": "access"}, balancer.Inputs["accessLogs"])
		require.Equal(t, map[string]any{"enabled": true, "bucket": bucket, "prefix": "connection"}, balancer.Inputs["connectionLogs"])
	}
	require.Len(t, recording.OfType(listener), 2)
	for _, each := range recording.OfType(listener) {
		require.Equal(t, "max-age=31536000; includeSubDomains", each.Inputs["routingHttpResponseStrictTransportSecurityHeaderValue"])
		require.Equal(t, "nosniff", each.Inputs["routingHttpResponseXContentTypeOptionsHeaderValue"])
		require.Equal(t, false, each.Inputs["routingHttpResponseServerEnabled"])
		require.Equal(t, "HTTPS", each.Inputs["protocol"])
		require.InEpsilon(t, 443, each.Inputs["port"], 0)
		require.Equal(t, "ELBSecurityPolicy-TLS13-1-2-Res-2021-06", each.Inputs["sslPolicy"])
		action := each.Inputs["defaultActions"].([]any)[0].(map[string]any)
		require.Equal(t, "fixed-response", action["type"])
		require.Equal(t, "404", action["fixedResponse"].(map[string]any)["statusCode"])
	}
}

// The plugin from source is made of AWS provider 5.82, which refuses the headers
// and leaves zonal shift of application balancers alone.
func TestTheLocalProfileAsksForNothingThatItsPluginLacks(t *testing.T) {
	recording := run(t, "local", nil)
	for _, each := range recording.OfType(listener) {
		for property := range each.Inputs {
			require.NotContains(t, property, "routingHttpResponse")
		}
	}
	require.Equal(t, false, recording.Find(t, loadBalancer, "blue-alb").Inputs["enableZonalShift"])
}

func TestProtectionFollowsTheEnvironment(t *testing.T) {
	local := run(t, "local", nil).Find(t, loadBalancer, "blue-alb")
	require.Equal(t, false, local.Inputs["enableDeletionProtection"])
	require.False(t, local.Protect)
	require.True(t, run(t, "prod", nil).Find(t, zone, "zone").Protect)
	bucket := "aws:s3/bucketV2:BucketV2"
	require.Equal(t, true, run(t, "local", nil).Find(t, bucket, "blue-alb-logs").Inputs["forceDestroy"])
	require.Equal(t, false, run(t, "prod", nil).Find(t, bucket, "blue-alb-logs").Inputs["forceDestroy"])
	require.True(t, run(t, "prod", nil).Find(t, bucket, "blue-alb-logs").Protect)
}

func TestEveryServiceHasItsRuleAndTargetGroup(t *testing.T) {
	recording := run(t, "prod", nil)
	for _, color := range []string{"blue", "green"} {
		for _, service := range services(t) {
			group := recording.Find(t, targetGroup, color+"-"+service.Name).Inputs
			require.Equal(t, "HTTPS", group["protocol"])
			require.Equal(t, "ip", group["targetType"])
			require.InEpsilon(t, service.Port, group["port"], 0)
			require.Equal(t, "foundation/"+color+"VpcId", group["vpcId"])
			check := group["healthCheck"].(map[string]any)
			require.Equal(t, "HTTPS", check["protocol"])
			require.Equal(t, service.Health, check["path"])
			require.InEpsilon(t, service.DrainSeconds, group["deregistrationDelay"], 0)
			require.InEpsilon(t, service.SlowStartSeconds, group["slowStart"], 0)
			rule := recording.Find(t, listenerRule, color+"-"+service.Name).Inputs
			require.InEpsilon(t, service.Priority, rule["priority"], 0)
			condition := rule["conditions"].([]any)[0].(map[string]any)
			require.Len(t, condition["pathPattern"].(map[string]any)["values"], len(service.Paths))
		}
	}
}

// Elastic Load Balancing refuses longer names and more condition values; the
// emulator takes them (API reference, CreateTargetGroup; quotas).
func TestNamesAndRulesKeepTheLimitsOfElasticLoadBalancing(t *testing.T) {
	for _, env := range config.Names() {
		recording := run(t, env, nil)
		names := make(map[any]bool)
		for _, token := range []string{loadBalancer, targetGroup} {
			for _, each := range recording.OfType(token) {
				name := each.Inputs["name"].(string)
				require.Regexp(t, `^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$`, name)
				require.False(t, strings.HasPrefix(name, "internal-"), name)
				require.False(t, names[token+name], name)
				names[token+name] = true
			}
		}
		for _, rule := range recording.OfType(listenerRule) {
			condition := rule.Inputs["conditions"].([]any)[0].(map[string]any)
			values := condition["pathPattern"].(map[string]any)["values"].([]any)
			require.NotEmpty(t, values)
			require.LessOrEqual(t, len(values), 3)
		}
		for _, group := range recording.OfType(targetGroup) {
			check := group.Inputs["healthCheck"].(map[string]any)
			require.Less(t, check["timeout"], check["interval"])
			require.Equal(t, "round_robin", group.Inputs["loadBalancingAlgorithmType"], "slow start needs it")
		}
	}
}

// Another port makes another target group, which has to exist beside the old
// one for a moment; AWS refuses two of one name.
func TestTargetGroupNameChangesWithThePort(t *testing.T) {
	service := services(t)[0]
	before := targetGroupName(testNames(), service)
	service.Port++
	require.NotEqual(t, before, targetGroupName(testNames(), service))
}

func TestBalancerGroupAdmitsHTTPSAndLeavesToTheServicesOnly(t *testing.T) {
	recording := run(t, "local", nil)
	require.Len(t, recording.OfType(ingressRule), 2)
	for _, rule := range recording.OfType(ingressRule) {
		require.Equal(t, "0.0.0.0/0", rule.Inputs["cidrIpv4"])
		require.InEpsilon(t, 443, rule.Inputs["fromPort"], 0)
		require.InEpsilon(t, 443, rule.Inputs["toPort"], 0)
		require.NotEmpty(t, rule.Inputs["description"])
	}
	require.Len(t, recording.OfType(egressRule), 2*len(services(t)))
	for _, rule := range recording.OfType(egressRule) {
		require.Nil(t, rule.Inputs["cidrIpv4"])
		require.Contains(t, rule.Inputs["referencedSecurityGroupId"], "ServiceSecurityGroupIds/")
		require.Equal(t, rule.Inputs["fromPort"], rule.Inputs["toPort"])
	}
}

func TestLogBucketTakesOnlyItsOwnBalancersLogs(t *testing.T) {
	recording := run(t, "prod", nil)
	policy := recording.Find(t, bucketPolicy, "green-alb-logs").Inputs["policy"].(string)
	require.Contains(t, policy, `"Principal":{"Service":["logdelivery.elasticloadbalancing.amazonaws.com"]}`)
	require.Contains(t, policy, `"ArnLike":{"aws:SourceArn":["arn:aws:elasticloadbalancing:us-east-1:345678901234:loadbalancer/app/cutover-prod-green-alb/*"]}`)
	require.Contains(t, policy, `"arn:aws:s3:::cutover-prod-green-alb-logs-345678901234/access/AWSLogs/345678901234/*"`)
	require.Contains(t, policy, `"Bool":{"aws:SecureTransport":["false"]}`)
	// Delivery of balancer logs cannot use a key of ours; the emulator would take one.
	rule := recording.Find(t, encryption, "green-alb-logs").Inputs["rules"].([]any)[0].(map[string]any)
	require.Equal(t, map[string]any{"sseAlgorithm": "AES256"}, rule["applyServerSideEncryptionByDefault"])
}
