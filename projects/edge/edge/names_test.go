package edge

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/pulumitest"
	"github.com/cutover/cutover/shared/verify"
)

func testNames() naming.Namer { return naming.New("local").In(naming.Blue) }

// weighted lists the records under the public name by colour.
func weighted(recording *pulumitest.Recording) map[string]pulumitest.Resource {
	found := make(map[string]pulumitest.Resource)
	for _, each := range recording.OfType(record) {
		if set, ok := each.Inputs["setIdentifier"].(string); ok {
			found[set] = each
		}
	}
	return found
}

func TestPublicNameIsSplitByWeightWithAHealthCheckForEachColour(t *testing.T) {
	records := weighted(run(t, "local", nil))
	require.Len(t, records, 2)
	for color, weight := range map[string]int{"blue": 99, "green": 1} {
		inputs := records[color].Inputs
		require.Equal(t, "pay.local.cutover.example", inputs["name"])
		require.Equal(t, "A", inputs["type"])
		require.Nil(t, inputs["ttl"], "an alias takes the target's")
		require.Equal(t, color+"-admission-id", inputs["healthCheckId"])
		require.InEpsilon(t, weight, inputs["weightedRoutingPolicies"].([]any)[0].(map[string]any)["weight"], 0)
		alias := inputs["aliases"].([]any)[0].(map[string]any)
		require.Equal(t, false, alias["evaluateTargetHealth"], "one target group without tasks would take the whole colour away")
		require.Equal(t, color+"-alb.mock.example", alias["name"])
	}
}

// Route 53 answers records of weight 0 that are healthy when all others are not.
// So the check of a colour without a share stays unhealthy whatever its paths
// answer, and a colour that is not ready has no record.
func TestColourWithoutAShareIsClosed(t *testing.T) {
	for green, records := range map[string]int{`{"weight":0,"ready":false}`: 1, `{"weight":0,"ready":true}`: 2} {
		recording := run(t, "prod", map[string]string{"edge:green": green})
		require.Len(t, weighted(recording), records, green)
		require.Contains(t, weighted(recording), "blue")
		if records == 2 {
			inputs := weighted(recording)["green"].Inputs
			require.Zero(t, at(t, inputs, "weightedRoutingPolicies", 0, "weight"))
			require.Equal(t, "green-admission-id", inputs["healthCheckId"])
		}
		own := recording.Find(t, record, "green-own")
		require.Equal(t, "green.pay.cutover.example", own.Inputs["name"])
		require.Nil(t, own.Inputs["weightedRoutingPolicies"])
		for check, closed := range map[string]bool{
			"green-admission": true, "green-payments": false, "blue-admission": false, "blue-payments": false,
		} {
			inputs := recording.Find(t, healthCheck, check).Inputs
			require.Equal(t, closed, inputs["disabled"], check)
			require.Equal(t, closed, inputs["invertHealthcheck"], check)
		}
	}
}

func TestColoursThatMayBeGivenTrafficAreExported(t *testing.T) {
	ready := run(t, "prod", map[string]string{"edge:green": `{"weight":0,"ready":true}`}).Exports["readyColors"]
	require.Equal(t, []any{"blue", "green"}, ready)
	require.Equal(t, []any{"blue"}, run(t, "prod", nil).Exports["readyColors"])
}

func TestHealthChecksAskTheColoursOwnNameOnPaymentPathsOnly(t *testing.T) {
	recording := run(t, "local", nil)
	for _, color := range []string{"blue", "green"} {
		children := 0
		for _, service := range services(t) {
			if !service.Payments {
				for _, each := range recording.OfType(healthCheck) {
					require.NotEqual(t, color+"-"+service.Name, each.Name)
				}
				continue
			}
			children++
			check := recording.Find(t, healthCheck, color+"-"+service.Name).Inputs
			require.Equal(t, "HTTPS", check["type"])
			require.Equal(t, true, check["enableSni"])
			require.Equal(t, color+".pay.local.cutover.example", check["fqdn"])
			require.Equal(t, service.Health, check["resourcePath"])
		}
		for _, sum := range []string{color + "-payments", color + "-admission"} {
			all := recording.Find(t, healthCheck, sum).Inputs
			require.Equal(t, "CALCULATED", all["type"])
			require.Len(t, all["childHealthchecks"], children)
			require.InEpsilon(t, children, all["childHealthThreshold"], 0)
		}
	}
}

func TestCertificateCoversEveryNameAndIsProvedByDNS(t *testing.T) {
	recording := run(t, "prod", nil)
	ordered := recording.Find(t, certificates, "certificate").Inputs
	require.Equal(t, "pay.cutover.example", ordered["domainName"])
	require.Equal(t, []any{"blue.pay.cutover.example", "green.pay.cutover.example"}, ordered["subjectAlternativeNames"])
	require.Equal(t, "DNS", ordered["validationMethod"])
	require.Equal(t, "RSA_2048", ordered["keyAlgorithm"])
	require.Nil(t, ordered["privateKey"])
	for _, host := range []string{"pay.cutover.example", "blue.pay.cutover.example", "green.pay.cutover.example"} {
		proof := recording.Find(t, record, "certificate-"+host).Inputs
		require.Equal(t, "_proof."+host, proof["name"])
		require.Equal(t, []any{"_value.of." + host}, proof["records"])
	}
}

func TestProofOfANameThatACMDoesNotAskForIsAnError(t *testing.T) {
	name := func(o acm.CertificateDomainValidationOption) *string { return o.ResourceRecordName }
	_, err := proofOf(nil, "pay.cutover.example", name)
	require.ErrorContains(t, err, `ACM asks for no proof of "pay.cutover.example"`)
}

func TestCertificateAndZoneCanBeGiven(t *testing.T) {
	given := "arn:aws:acm:us-east-1:123456789012:certificate/0f5c5f5e-0000-4000-8000-000000000000"
	recording := run(t, "local", map[string]string{"edge:certificateArn": given, "edge:zoneId": "Z0123456789ABC"})
	require.Empty(t, recording.OfType(certificates))
	require.Empty(t, recording.OfType(zone))
	require.Empty(t, recording.OfType(queryLog), "the owner of the zone logs its queries")
	require.Equal(t, given, recording.OfType(listener)[0].Inputs["certificateArn"])
	require.Equal(t, "Z0123456789ABC", recording.Exports["zoneId"])
	require.Empty(t, recording.Exports["nameServers"])
}

func TestZoneThatIsMadeLogsItsQueries(t *testing.T) {
	recording := run(t, "prod", nil)
	require.Len(t, recording.OfType(queryLog), 1)
	group := recording.Find(t, "aws:cloudwatch/logGroup:LogGroup", "zone-queries").Inputs
	require.Equal(t, "/aws/route53/cutover.example", group["name"])
	require.Equal(t, "security/blueLogsKeyArn", group["kmsKeyId"])
	require.InEpsilon(t, 90, group["retentionInDays"], 0)
	policy := recording.Find(t, "aws:cloudwatch/logResourcePolicy:LogResourcePolicy", "zone-queries").Inputs["policyDocument"]
	require.Contains(t, policy, `"aws:SourceAccount":["345678901234"]`)
	require.Contains(t, policy, `"Service":["route53.amazonaws.com"]`)
}

func TestZoneThatIsMadeIsSignedWithTheKeyForIt(t *testing.T) {
	recording := run(t, "prod", nil)
	key := recording.Find(t, signingKey, "zone").Inputs
	require.Equal(t, "security/zoneKeyArn", key["keyManagementServiceArn"])
	require.Equal(t, "ACTIVE", key["status"])
	require.Regexp(t, `^\w{3,128}$`, key["name"], "Route 53 takes letters, digits and underscores")
	signatures := recording.Find(t, signatures, "zone")
	require.Equal(t, "SIGNING", signatures.Inputs["signingStatus"])
	require.Equal(t, key["hostedZoneId"], signatures.Inputs["hostedZoneId"])
	require.Equal(t, "12345 13 2 ABCD", recording.Exports["dsRecord"])
}

func TestZoneIsLeftUnsignedWhereItsOwnerSignsItOrNobodyShould(t *testing.T) {
	for name, set := range map[string]map[string]string{
		"given": {"edge:zoneId": "Z0123456789ABC"}, "not to be signed": {"edge:signed": "false"},
	} {
		recording := run(t, "local", set)
		require.Empty(t, recording.OfType(signingKey), name)
		require.Empty(t, recording.OfType(signatures), name)
		require.Equal(t, "", recording.Exports["dsRecord"], name)
	}
}

func TestSignaturesAreAskedForOfTheOneWhoMakesThem(t *testing.T) {
	told := func(serves string, keys ...dnstypes.KeySigningKey) *route53.GetDNSSECOutput {
		return &route53.GetDNSSECOutput{Status: &dnstypes.DNSSECStatus{ServeSignature: aws.String(serves)}, KeySigningKeys: keys}
	}
	key := func(status, record string) dnstypes.KeySigningKey {
		return dnstypes.KeySigningKey{Name: aws.String("first"), Status: aws.String(status), DSRecord: aws.String(record)}
	}
	const ours = "12345 13 2 ABCD"
	given := aws.String("Z0123456789ABC")
	for name, c := range map[string]struct {
		zone   *string
		signed bool
		told   *route53.GetDNSSECOutput
		want   string
	}{
		"signed":                  {nil, true, told("SIGNING", key("ACTIVE", ours)), ""},
		"nothing told":            {nil, true, &route53.GetDNSSECOutput{}, "are not served"},
		"not signed":              {nil, true, told("NOT_SIGNING", key("ACTIVE", ours)), "are not served: Route 53 says NOT_SIGNING , expected SIGNING"},
		"key lost":                {nil, true, told("ACTION_NEEDED", key("ACTION_NEEDED", ours)), "need the key first, which is ACTION_NEEDED"},
		"another key":             {nil, true, told("SIGNING", key("ACTIVE", "9 13 2 EF")), `none of the 1 keys whose record for the parent is "12345 13 2 ABCD"`},
		"signed behind our back":  {nil, false, told("SIGNING", key("ACTIVE", ours)), "exist while edge:signed is false"},
		"unsigned":                {nil, false, told("NOT_SIGNING"), ""},
		"given and signed":        {given, true, told("SIGNING", key("ACTIVE", "9 13 2 EF")), ""},
		"given and not signed":    {given, true, told("NOT_SIGNING"), "are not served"},
		"given, whatever its own": {given, false, told("SIGNING"), ""},
	} {
		v := blueVerifier(t).verifier
		v.Outputs["dsRecord"] = ours
		v.cfg.ZoneID, v.cfg.Signed = c.zone, c.signed
		err := v.judgeSignatures(verify.About("signatures of z"), c.told)
		t.Run(name, func(t *testing.T) { said(t, err, c.want) })
	}
}

func TestArgumentsAreJudgedTogether(t *testing.T) {
	_, err := pulumitest.Run(t, options(t, "local"), func(ctx *pulumi.Context) error {
		_, err := NewBalancer(ctx, "blue", &BalancerArgs{})
		require.ErrorContains(t, err, "balancer services: none")
		require.ErrorContains(t, err, "balancer certificate: is missing")
		require.ErrorContains(t, err, "balancer web ACL: is missing")
		require.ErrorContains(t, err, "balancer account id: is empty")

		_, err = NewEntrance(ctx, "blue", &EntranceArgs{Traffic: Traffic{Weight: 1}})
		require.ErrorContains(t, err, "entrance weight: got 1, expected 0 to 255, and 0 for a colour that is not ready")
		require.ErrorContains(t, err, "no service of the catalogue has payments: true")

		_, err = NewZone(ctx, "zone", &ZoneArgs{})
		require.ErrorContains(t, err, "zone domain: is empty")
		require.ErrorContains(t, err, "zone log key: is missing")

		_, err = NewCertificate(ctx, "certificate", &CertificateArgs{})
		require.ErrorContains(t, err, "certificate name: is empty")
		return nil
	})
	require.NoError(t, err)
}
