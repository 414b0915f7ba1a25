package foundation_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/foundation/foundation"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/pulumitest"
)

func options(stack string) pulumitest.Options {
	return pulumitest.Options{Layer: contract.Foundation, Stack: stack, StackFile: "../Pulumi." + stack + ".yaml"}
}

func record(t *testing.T) *pulumitest.Recording {
	t.Helper()
	return pulumitest.MustRun(t, options("prod"), foundation.Program)
}

func TestEveryEnvironmentKeepsTheContract(t *testing.T) {
	for _, stack := range []string{"local", "staging", "prod"} {
		t.Run(stack, func(t *testing.T) {
			recording := pulumitest.MustRun(t, options(stack), foundation.Program)
			assert.Subset(t, recording.ExportKeys, contract.Keys[contract.FoundationOutputs]())
			assert.Len(t, recording.OfType("aws:ec2/vpc:Vpc"), 2)
		})
	}
}

func TestPreviewOnAnEmptyAccountRegistersTheSameResources(t *testing.T) {
	known := record(t)
	opts := options("prod")
	opts.DryRun = true
	preview := pulumitest.MustRun(t, opts, foundation.Program)
	require.Len(t, preview.Resources, len(known.Resources))
	assert.Equal(t, known.ExportKeys, preview.ExportKeys)
}

func TestWhatAWSOpensByDefaultIsClosed(t *testing.T) {
	recording := record(t)
	for _, token := range []string{"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"} {
		closed := recording.OfType(token)
		require.Len(t, closed, 2, token)
		for _, r := range closed {
			assert.Empty(t, r.Inputs["ingress"], r.Name)
			assert.Empty(t, r.Inputs["egress"], r.Name)
		}
	}
	gateway := recording.Find(t, "aws:ec2transitgateway/transitGateway:TransitGateway", "transit-gateway")
	for _, key := range []string{"autoAcceptSharedAttachments", "defaultRouteTableAssociation", "defaultRouteTablePropagation"} {
		assert.Equal(t, "disable", gateway.Inputs[key], key)
	}
	for _, subnet := range recording.OfType("aws:ec2/subnet:Subnet") {
		assert.Equal(t, false, subnet.Inputs["mapPublicIpOnLaunch"], subnet.Name)
	}
}

func TestOnlyThePublicTierLeadsToTheInternet(t *testing.T) {
	recording := record(t)
	var open []string
	for _, route := range recording.OfType("aws:ec2/route:Route") {
		if route.Inputs["gatewayId"] != nil || route.Inputs["destinationCidrBlock"] == "0.0.0.0/0" {
			open = append(open, route.Name)
		}
		assert.Nil(t, route.Inputs["natGatewayId"], route.Name)
	}
	assert.Equal(t, []string{"blue-public-default", "green-public-default"}, open)
	assert.Empty(t, recording.OfType("aws:ec2/natGateway:NatGateway"))
}

func TestRoutesBetweenColoursArePrivateToDatabaseAndBack(t *testing.T) {
	recording := record(t)
	open, dropped := make(map[string]string), make(map[string][]string)
	for _, route := range recording.OfType("aws:ec2transitgateway/route:Route") {
		destination, _ := route.Inputs["destinationCidrBlock"].(string)
		table, _ := route.Inputs["transitGatewayRouteTableId"].(string)
		if route.Inputs["blackhole"] == true {
			dropped[table] = append(dropped[table], destination)
			continue
		}
		open[route.Name] = destination
	}
	assert.Equal(t, map[string]string{
		"transit-blue-to-green-private":  "10.60.64.0/18",
		"transit-blue-to-green-database": "10.60.128.0/20",
		"transit-green-to-blue-private":  "10.50.64.0/18",
		"transit-green-to-blue-database": "10.50.128.0/20",
	}, open)
	assert.ElementsMatch(t, []string{"10.60.0.0/16", "10.30.0.0/16", "10.40.0.0/16"}, dropped["transit-blue-id"])
	assert.ElementsMatch(t, []string{"10.50.0.0/16", "10.30.0.0/16", "10.40.0.0/16"}, dropped["transit-green-id"])
}

func TestClosedWindowLeavesNoRouteBetweenColours(t *testing.T) {
	opts := options("prod")
	opts.Config = map[string]string{"foundation:syncWindow": `{"open": false, "until": "2020-01-01"}`}
	recording := pulumitest.MustRun(t, opts, foundation.Program)
	assert.Equal(t, "2027-06-30", record(t).Exports["syncWindowUntil"])
	assert.Empty(t, recording.Exports["syncWindowUntil"])
	for _, route := range recording.OfType("aws:ec2transitgateway/route:Route") {
		assert.Equal(t, true, route.Inputs["blackhole"], route.Name)
	}
	for _, acl := range recording.OfType("aws:ec2/networkAcl:NetworkAcl") {
		if strings.Contains(acl.Name, "attachment") {
			assert.Empty(t, acl.Inputs["ingress"], acl.Name)
		}
	}
}

func TestEveryEndpointIsBoundToTheAccount(t *testing.T) {
	endpoints := record(t).OfType("aws:ec2/vpcEndpoint:VpcEndpoint")
	assert.Len(t, endpoints, 30, "two gateway and thirteen interface endpoints in each colour")
	for _, endpoint := range endpoints {
		policy, _ := endpoint.Inputs["policy"].(string)
		assert.Contains(t, policy, `"aws:PrincipalAccount":["345678901234"]`, endpoint.Name)
		assert.Contains(t, policy, `"aws:ResourceAccount":["345678901234"]`, endpoint.Name)
		if endpoint.Inputs["vpcEndpointType"] == "Interface" {
			assert.Equal(t, true, endpoint.Inputs["privateDnsEnabled"], endpoint.Name)
		}
	}
}

func TestSecurityGroupRulesNameOneSourceAndNoOpenNetwork(t *testing.T) {
	recording := record(t)
	for _, group := range recording.OfType("aws:ec2/securityGroup:SecurityGroup") {
		assert.Nil(t, group.Inputs["ingress"], group.Name)
		assert.Nil(t, group.Inputs["egress"], group.Name)
	}
	rules := append(recording.OfType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"),
		recording.OfType("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")...)
	assert.NotEmpty(t, rules)
	for _, rule := range rules {
		sources := 0
		for _, key := range []string{"cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"} {
			if rule.Inputs[key] != nil {
				sources++
			}
		}
		assert.Equal(t, 1, sources, rule.Name)
		assert.NotEqual(t, "0.0.0.0/0", rule.Inputs["cidrIpv4"], rule.Name)
		assert.NotEmpty(t, rule.Inputs["description"], rule.Name)
	}
}

func TestNetworkACLsKeepToTheQuotaOfAWS(t *testing.T) {
	// Amazon VPC quotas: 20 rules per network ACL and direction.
	for _, acl := range record(t).OfType("aws:ec2/networkAcl:NetworkAcl") {
		for _, direction := range []string{"ingress", "egress"} {
			rules, _ := acl.Inputs[direction].([]any)
			assert.LessOrEqual(t, len(rules), 20, "%s %s", acl.Name, direction)
		}
	}
}

func TestDatacenterIsJoinedByVPNOrDirectConnect(t *testing.T) {
	for name, tc := range map[string]struct{ gateway, token string }{
		"VPN":            {`"customerGatewayId": "cgw-0123"`, "aws:ec2/vpnConnection:VpnConnection"},
		"Direct Connect": {`"directConnectGatewayId": "0123"`, "aws:directconnect/gatewayAssociation:GatewayAssociation"},
	} {
		t.Run(name, func(t *testing.T) {
			opts := options("prod")
			opts.Config = map[string]string{"foundation:onPremises": `{"cidrs": ["192.168.0.0/20"], ` + tc.gateway + `}`}
			recording := pulumitest.MustRun(t, opts, foundation.Program)
			assert.Len(t, recording.OfType(tc.token), 1)
			recording.Find(t, "aws:ec2transitgateway/route:Route", "transit-blue-to-datacenter-192.168.0.0/20")
			recording.Find(t, "aws:ec2/route:Route", "transit-green-to-datacenter-192.168.0.0/20")
		})
	}
}

func TestBadNetworkArgumentsAreAllReported(t *testing.T) {
	err := (&foundation.NetworkArgs{Zones: []string{"a"}}).Validate()
	assert.ErrorContains(t, err, "network zones: got 1, expected 3")
	assert.ErrorContains(t, err, "account id: is empty")
	assert.ErrorContains(t, err, "network services: none")
	err = (&foundation.TransitGatewayArgs{ASN: 1}).Validate()
	assert.ErrorContains(t, err, "network of colour blue is missing")
	assert.ErrorContains(t, err, "ASN: got 1")
}
