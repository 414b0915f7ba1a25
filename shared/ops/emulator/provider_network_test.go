//go:build provider

package emulator

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const anyone = "*"

func endpointPolicy() pulumi.String {
	return document(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Effect": "Allow", "Principal": anyone, "Action": "s3:GetObject", "Resource": "*",
		"Condition": map[string]any{"StringEquals": map[string]any{"aws:PrincipalAccount": "123456789012"}},
	}}})
}

func addVPC(p *plan, name, prefix string) (*made, []*made) {
	vpc := p.add("aws:ec2/vpc:Vpc", name, pulumi.Map{
		"cidrBlock": str(prefix + ".0.0/16"), "enableDnsHostnames": pulumi.Bool(true), "enableDnsSupport": pulumi.Bool(true),
		"tags": pulumi.StringMap{"Name": str(name)},
	})
	var subnets []*made
	for i, zone := range []string{"us-east-1a", "us-east-1b", "us-east-1c"} {
		subnets = append(subnets, p.add("aws:ec2/subnet:Subnet", name+"-"+zone, pulumi.Map{
			"vpcId": vpc.ID(), "cidrBlock": str(prefix + "." + string(rune('0'+i)) + ".0/24"), "availabilityZone": str(zone),
			"tags": pulumi.StringMap{"Name": str(name + zone)},
		}))
	}
	return vpc, subnets
}

func ids(all []*made) pulumi.Array {
	list := pulumi.Array{}
	for _, r := range all {
		list = append(list, r.ID())
	}
	return list
}

func TestProviderDeploysNetwork(t *testing.T) {
	proveThroughProvider(t, func(p *plan) {
		vpc, subnets := addVPC(p, "blue", "10.10")
		p.add("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "locked", pulumi.Map{"vpcId": vpc.ID()})
		p.add("aws:ec2/defaultNetworkAcl:DefaultNetworkAcl", "acl", pulumi.Map{"defaultNetworkAclId": vpc.DefaultNetworkACLID, "subnetIds": ids(subnets)})
		p.add("aws:ec2/defaultRouteTable:DefaultRouteTable", "main", pulumi.Map{"defaultRouteTableId": vpc.DefaultRouteTableID, "routes": pulumi.Array{}})
		igw := p.add("aws:ec2/internetGateway:InternetGateway", "igw", pulumi.Map{"vpcId": vpc.ID()})
		table := p.add("aws:ec2/routeTable:RouteTable", "public", pulumi.Map{"vpcId": vpc.ID(), "tags": pulumi.StringMap{"Name": str("public")}})
		p.add("aws:ec2/route:Route", "out", pulumi.Map{"routeTableId": table.ID(), "destinationCidrBlock": str("0.0.0.0/0"), "gatewayId": igw.ID()})
		p.add("aws:ec2/routeTableAssociation:RouteTableAssociation", "a", pulumi.Map{"routeTableId": table.ID(), "subnetId": subnets[0].ID()})
		group := p.add("aws:ec2/securityGroup:SecurityGroup", "sg", pulumi.Map{"vpcId": vpc.ID(), "name": str("blue-app"), "description": str("application")})
		other := p.add("aws:ec2/securityGroup:SecurityGroup", "db", pulumi.Map{"vpcId": vpc.ID(), "name": str("blue-db"), "description": str("database")})
		p.add("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "in", pulumi.Map{
			"securityGroupId": other.ID(), "referencedSecurityGroupId": group.ID(), "ipProtocol": str("tcp"), "fromPort": pulumi.Int(5432), "toPort": pulumi.Int(5432), "description": str("application"),
		})
		p.add("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "eg", pulumi.Map{
			"securityGroupId": group.ID(), "cidrIpv4": str("10.10.0.0/16"), "ipProtocol": str("tcp"), "fromPort": pulumi.Int(443), "toPort": pulumi.Int(443),
		})
		s3 := p.add("aws:ec2/vpcEndpoint:VpcEndpoint", "s3", pulumi.Map{
			"vpcId": vpc.ID(), "serviceName": str("com.amazonaws.us-east-1.s3"), "vpcEndpointType": str("Gateway"), "policy": endpointPolicy(),
			"routeTableIds": pulumi.Array{table.ID()}, "tags": pulumi.StringMap{"Name": str("s3")},
		})
		p.add("aws:ec2/vpcEndpoint:VpcEndpoint", "ddb", pulumi.Map{
			"vpcId": vpc.ID(), "serviceName": str("com.amazonaws.us-east-1.dynamodb"), "vpcEndpointType": str("Gateway"), "routeTableIds": pulumi.Array{table.ID()},
		})
		for _, service := range []string{"ecr.api", "ecr.dkr", "logs", "secretsmanager", "kms", "lambda", "sqs", "sts", "ssm", "monitoring", "sns"} {
			p.add("aws:ec2/vpcEndpoint:VpcEndpoint", service, pulumi.Map{
				"vpcId": vpc.ID(), "serviceName": str("com.amazonaws.us-east-1." + service), "vpcEndpointType": str("Interface"), "privateDnsEnabled": pulumi.Bool(true),
				"subnetIds": ids(subnets), "securityGroupIds": pulumi.Array{group.ID()}, "policy": endpointPolicy(),
			})
		}
		p.add("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "to-s3", pulumi.Map{
			"securityGroupId": group.ID(), "prefixListId": s3.PrefixListID, "ipProtocol": str("tcp"), "fromPort": pulumi.Int(443), "toPort": pulumi.Int(443),
		})
		acl := p.add("aws:ec2/networkAcl:NetworkAcl", "isolated", pulumi.Map{"vpcId": vpc.ID()})
		p.add("aws:ec2/networkAclRule:NetworkAclRule", "deny", pulumi.Map{"networkAclId": acl.ID(), "ruleNumber": pulumi.Int(100), "egress": pulumi.Bool(false), "protocol": str("-1"), "ruleAction": str("deny"), "cidrBlock": str("0.0.0.0/0")})
		logs := p.add("aws:cloudwatch/logGroup:LogGroup", "flow", pulumi.Map{"name": str("/vpc/flow"), "retentionInDays": pulumi.Int(90)})
		role := addRole(p, "flow", "vpc-flow-logs.amazonaws.com")
		p.add("aws:ec2/flowLog:FlowLog", "flow", pulumi.Map{"vpcId": vpc.ID(), "trafficType": str("ALL"), "logDestination": logs.Arn, "logDestinationType": str("cloud-watch-logs"), "iamRoleArn": role.Arn, "maxAggregationInterval": pulumi.Int(60)})
	})
}

func addRole(p *plan, name, service string) *made {
	return p.add("aws:iam/role:Role", name, pulumi.Map{"name": str(name), "assumeRolePolicy": document(map[string]any{
		"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": map[string]any{"Service": service}}},
	})})
}

func TestProviderDeploysTransitGateway(t *testing.T) {
	proveThroughProvider(t, func(p *plan) {
		tgw := p.add("aws:ec2transitgateway/transitGateway:TransitGateway", "tgw", pulumi.Map{
			"description": str("between the colours"), "amazonSideAsn": pulumi.Int(64513), "defaultRouteTableAssociation": str("disable"), "defaultRouteTablePropagation": str("disable"),
			"dnsSupport": str("enable"), "vpnEcmpSupport": str("enable"), "autoAcceptSharedAttachments": str("disable"), "tags": pulumi.StringMap{"Name": str("tgw")},
		})
		tables, attachments := map[string]*made{}, map[string]*made{}
		colours := map[string]string{"blue": "10.10", "green": "10.20"}
		for _, colour := range []string{"blue", "green"} {
			vpc, subnets := addVPC(p, colour, colours[colour])
			attachments[colour] = p.add("aws:ec2transitgateway/vpcAttachment:VpcAttachment", colour, pulumi.Map{
				"transitGatewayId": tgw.ID(), "vpcId": vpc.ID(), "subnetIds": ids(subnets), "transitGatewayDefaultRouteTableAssociation": pulumi.Bool(false),
				"transitGatewayDefaultRouteTablePropagation": pulumi.Bool(false), "dnsSupport": str("enable"), "tags": pulumi.StringMap{"Name": str(colour)},
			})
			tables[colour] = p.add("aws:ec2transitgateway/routeTable:RouteTable", colour, pulumi.Map{"transitGatewayId": tgw.ID(), "tags": pulumi.StringMap{"Name": str(colour)}})
			p.add("aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation", colour, pulumi.Map{"transitGatewayAttachmentId": attachments[colour].ID(), "transitGatewayRouteTableId": tables[colour].ID()})
			rt := p.add("aws:ec2/routeTable:RouteTable", colour, pulumi.Map{"vpcId": vpc.ID()})
			p.add("aws:ec2/route:Route", colour, pulumi.Map{"routeTableId": rt.ID(), "destinationCidrBlock": str("10.0.0.0/8"), "transitGatewayId": tgw.ID()}, pulumi.DependsOn([]pulumi.Resource{attachments[colour]}))
		}
		for _, to := range []string{"blue", "green"} {
			for _, from := range []string{"blue", "green"} {
				p.add("aws:ec2transitgateway/routeTablePropagation:RouteTablePropagation", from+"-to-"+to, pulumi.Map{"transitGatewayAttachmentId": attachments[from].ID(), "transitGatewayRouteTableId": tables[to].ID()})
			}
			p.add("aws:ec2transitgateway/route:Route", "blackhole-"+to, pulumi.Map{"destinationCidrBlock": str("10.99.0.0/16"), "blackhole": pulumi.Bool(true), "transitGatewayRouteTableId": tables[to].ID()})
		}
		p.add("aws:ec2transitgateway/route:Route", "static", pulumi.Map{"destinationCidrBlock": str("10.20.1.0/24"), "transitGatewayAttachmentId": attachments["green"].ID(), "transitGatewayRouteTableId": tables["blue"].ID()})
	})
}

func TestProviderDeploysTransitGatewayWithDefaultTables(t *testing.T) {
	proveThroughProvider(t, func(p *plan) {
		tgw := p.add("aws:ec2transitgateway/transitGateway:TransitGateway", "tgw", pulumi.Map{})
		vpc, subnets := addVPC(p, "blue", "10.10")
		p.add("aws:ec2transitgateway/vpcAttachment:VpcAttachment", "in", pulumi.Map{"transitGatewayId": tgw.ID(), "vpcId": vpc.ID(), "subnetIds": ids(subnets)})
		other, more := addVPC(p, "green", "10.20")
		p.add("aws:ec2transitgateway/vpcAttachment:VpcAttachment", "out", pulumi.Map{"transitGatewayId": tgw.ID(), "vpcId": other.ID(), "subnetIds": ids(more),
			"transitGatewayDefaultRouteTableAssociation": pulumi.Bool(false), "transitGatewayDefaultRouteTablePropagation": pulumi.Bool(false)})
	})
}

func TestProviderDeploysVPNToTransitGateway(t *testing.T) {
	proveThroughProvider(t, func(p *plan) {
		tgw := p.add("aws:ec2transitgateway/transitGateway:TransitGateway", "tgw", pulumi.Map{"defaultRouteTableAssociation": str("disable"), "defaultRouteTablePropagation": str("disable")})
		customer := p.add("aws:ec2/customerGateway:CustomerGateway", "onprem", pulumi.Map{"bgpAsn": str("65010"), "ipAddress": str("198.51.100.7"), "type": str("ipsec.1"), "deviceName": str("onprem")})
		vpn := p.add("aws:ec2/vpnConnection:VpnConnection", "onprem", pulumi.Map{"customerGatewayId": customer.ID(), "transitGatewayId": tgw.ID(), "type": str("ipsec.1"), "staticRoutesOnly": pulumi.Bool(true), "tags": pulumi.StringMap{"Name": str("onprem")}})
		table := p.add("aws:ec2transitgateway/routeTable:RouteTable", "onprem", pulumi.Map{"transitGatewayId": tgw.ID()})
		p.add("aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation", "onprem", pulumi.Map{"transitGatewayAttachmentId": vpn.TransitGatewayAttachmentID, "transitGatewayRouteTableId": table.ID()})
		p.add("aws:ec2transitgateway/route:Route", "onprem", pulumi.Map{"destinationCidrBlock": str("192.168.0.0/16"), "transitGatewayAttachmentId": vpn.TransitGatewayAttachmentID, "transitGatewayRouteTableId": table.ID()})
	})
}

func TestProviderDeploysZoneQueryLog(t *testing.T) {
	proveThroughProvider(t, func(p *plan) {
		zone := p.add("aws:route53/zone:Zone", "z", pulumi.Map{"name": str("pay.example.com"), "comment": str("payments")})
		logs := p.add("aws:cloudwatch/logGroup:LogGroup", "z", pulumi.Map{"name": str("/aws/route53/pay.example.com"), "retentionInDays": pulumi.Int(90)})
		grant := p.add("aws:cloudwatch/logResourcePolicy:LogResourcePolicy", "z", pulumi.Map{"policyName": str("route53"), "policyDocument": document(map[string]any{"Version": "2012-10-17", "Statement": []any{
			map[string]any{"Effect": "Allow", "Principal": map[string]any{"Service": "route53.amazonaws.com"}, "Action": []string{"logs:CreateLogStream", "logs:PutLogEvents"}, "Resource": "arn:aws:logs:*:*:log-group:/aws/route53/*"}}})})
		p.add("aws:route53/queryLog:QueryLog", "z", pulumi.Map{"zoneId": zone.ID(), "cloudwatchLogGroupArn": logs.Arn}, pulumi.DependsOn([]pulumi.Resource{grant}))
	})
}
