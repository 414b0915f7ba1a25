package policy_test

import (
	"slices"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/graph"
)

// Type tokens that the faults are made in.
const (
	vpcType                = "aws:ec2/vpc:Vpc"
	subnetType             = "aws:ec2/subnet:Subnet"
	routeType              = "aws:ec2/route:Route"
	routeTableType         = "aws:ec2/routeTable:RouteTable"
	internetGatewayType    = "aws:ec2/internetGateway:InternetGateway"
	aclType                = "aws:ec2/networkAcl:NetworkAcl"
	endpointType           = "aws:ec2/vpcEndpoint:VpcEndpoint"
	defaultGroupType       = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
	defaultACLType         = "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"
	gatewayType            = "aws:ec2transitgateway/transitGateway:TransitGateway"
	gatewayAttachmentType  = "aws:ec2transitgateway/vpcAttachment:VpcAttachment"
	gatewayTableType       = "aws:ec2transitgateway/routeTable:RouteTable"
	gatewayRouteType       = "aws:ec2transitgateway/route:Route"
	gatewayAssociationType = "aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation"
	gatewayPropagationType = "aws:ec2transitgateway/routeTablePropagation:RouteTablePropagation"
)

// addNetwork registers a resource of the network layer.
func addNetwork(token, name string, inputs map[string]any) graph.Change {
	return addTo(contract.Foundation, token, name, inputs)
}

// id stands for the id of a resource.
func id(token, name string) graph.Ref { return graph.Ref{Type: token, Name: name, Output: "id"} }

func foundationMutations() []mutation {
	return slices.Concat(foundationVPC(), foundationACLs(), foundationGateway(), foundationEndpoints())
}

func foundationVPC() []mutation {
	return []mutation{
		{row: "F-01", name: "default group not adopted", changes: one(graph.Remove(defaultGroupType, "blue-default-group"))},
		{row: "F-01", name: "default group open", changes: one(graph.Set(defaultGroupType, "blue-default-group", "ingress", []any{map[string]any{"protocol": "-1"}}))},
		{row: "F-02", name: "public addresses", changes: one(graph.Set(subnetType, "blue-public-us-east-1a", "mapPublicIpOnLaunch", true))},
		{row: "F-02", name: "public IPv6 addresses left to the default", changes: one(graph.Unset(subnetType, "blue-public-us-east-1a", "assignIpv6AddressOnCreation"))},
		{row: "F-03", name: "gateway in a VPC without public balancer", also: []string{"F-17"}, changes: one(addNetwork(internetGatewayType, "x", map[string]any{"vpcId": "vpc-unknown"}))},
		{row: "F-04", name: "way out of the private subnets", changes: one(addNetwork(routeType, "x", map[string]any{
			"routeTableId": id(routeTableType, "blue-private-routes"), "destinationCidrBlock": "198.51.100.0/24", "gatewayId": id(internetGatewayType, "blue-internet")}))},
		{row: "F-04", name: "inline route", changes: one(graph.Set(routeTableType, "blue-private-routes", "routes", []any{map[string]any{"cidrBlock": "0.0.0.0/0"}}))},
		{row: "F-05", name: "way out of the data subnets", changes: one(addNetwork(routeType, "x", map[string]any{
			"routeTableId": id(routeTableType, "blue-database-routes"), "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-x"}))},
		{row: "F-05", name: "data subnet in the main table", changes: one(graph.Remove("aws:ec2/routeTableAssociation:RouteTableAssociation", "blue-database-us-east-1a"))},
		{row: "F-15", name: "address of nothing", changes: one(addNetwork("aws:ec2/eip:Eip", "x", nil))},
		{row: "F-16", name: "peering", changes: one(addNetwork("aws:ec2/vpcPeeringConnection:VpcPeeringConnection", "x", nil))},
		{row: "F-16", name: "client VPN", changes: one(addNetwork("aws:ec2clientvpn/endpoint:Endpoint", "x", nil))},
		{row: "F-17", name: "gateway beside the excepted ones", also: []string{"F-03"}, changes: one(addNetwork(internetGatewayType, "x", map[string]any{"vpcId": "vpc-unknown"}))},
	}
}

// line is one line of a network ACL.
func line(number int, network string, first, last int) map[string]any {
	return map[string]any{"action": "allow", "ruleNo": number, "protocol": "6", "cidrBlock": network, "fromPort": first, "toPort": last}
}

func foundationACLs() []mutation {
	return []mutation{
		{row: "F-06", name: "SSH from anywhere", changes: one(graph.Set(aclType, "blue-public-acl", "ingress", []any{line(100, "0.0.0.0/0", 0, 1023), line(200, "10.50.0.0/16", 1024, 65535)}))},
		{row: "F-06", name: "RDP from anywhere, as a line of its own", changes: one(addNetwork("aws:ec2/networkAclRule:NetworkAclRule", "x", map[string]any{
			"cidrBlock": "0.0.0.0/0", "ruleAction": "allow", "fromPort": 3389, "toPort": 3389, "protocol": "tcp"}))},
		{row: "F-07", name: "ACL of nothing", changes: one(addNetwork(aclType, "x", nil))},
		{row: "F-07", name: "default ACL not adopted", changes: one(graph.Remove(defaultACLType, "blue-default-acl"))},
		{row: "F-07", name: "default ACL open", changes: one(graph.Set(defaultACLType, "blue-default-acl", "ingress", []any{line(100, "10.50.0.0/16", 0, 65535)}))},
		{row: "F-12", name: "data subnets open to the whole network", changes: []graph.Change{
			graph.Set(aclType, "blue-database-acl", "ingress", []any{line(100, "10.50.0.0/16", 5433, 5433)}),
			graph.Set(aclType, "blue-database-acl", "egress", []any{line(100, "10.50.0.0/16", 1024, 65535)}),
		}},
	}
}

func foundationGateway() []mutation {
	const longAgo = `{"open":true,"until":"2020-01-01"}`
	return []mutation{
		{row: "F-08", name: "attachments of others", changes: one(graph.Set(gatewayType, "transit-gateway", "autoAcceptSharedAttachments", "enable"))},
		{row: "F-08", name: "default association left to AWS", changes: one(graph.Unset(gatewayType, "transit-gateway", "defaultRouteTableAssociation"))},
		{row: "F-09", name: "default propagation", changes: one(graph.Set(gatewayAttachmentType, "transit-blue", "transitGatewayDefaultRouteTablePropagation", true))},
		{row: "F-09", name: "both colours in one table", changes: one(graph.Set(gatewayAssociationType, "transit-blue", "transitGatewayRouteTableId", id(gatewayTableType, "transit-green")))},
		{row: "F-09", name: "attachment in the subnets of workloads", changes: one(graph.Set(gatewayAttachmentType, "transit-blue", "subnetIds", []any{id(subnetType, "blue-private-us-east-1a")}))},
		{row: "F-10", name: "green learns of blue", changes: one(graph.Set(gatewayPropagationType, "transit-blue", "transitGatewayRouteTableId", id(gatewayTableType, "transit-green")))},
		{row: "F-10", name: "no blackhole", changes: one(graph.Remove(gatewayRouteType, "transit-blue-drops-green"))},
		{row: "F-10", name: "staging not dropped", changes: one(graph.Configure(contract.Foundation, "foundation:isolatedFrom", `["10.99.0.0/16"]`))},
		{row: "F-11", name: "window over", also: []string{"F-12", "M-08"}, changes: one(graph.Configure(contract.Foundation, "foundation:syncWindow", longAgo))},
		{row: "F-11", name: "whole network instead of a tier", changes: one(graph.Set(gatewayRouteType, "transit-blue-to-green-private", "destinationCidrBlock", "10.60.0.0/16"))},
		{row: "F-12", name: "colours meet outside of the window", also: []string{"F-11", "M-08"}, changes: one(graph.Configure(contract.Foundation, "foundation:syncWindow", `{"open":false}`))},
	}
}

func foundationEndpoints() []mutation {
	return []mutation{
		{row: "F-13", name: "endpoint missing", changes: one(graph.Remove(endpointType, "blue-kms"))},
		{row: "F-13", name: "function that calls an API without an endpoint", changes: one(allow(policyType, "blue-canary", "policy", `{"Effect":"Allow","Action":"states:StartExecution","Resource":"arn:aws:states:us-east-1:345678901234:stateMachine:x"}`))},
		{row: "F-13", name: "endpoint without names", changes: one(graph.Set(endpointType, "blue-kms", "privateDnsEnabled", false))},
		{row: "F-13", name: "endpoint in one zone", changes: one(graph.Set(endpointType, "blue-kms", "subnetIds", []any{id(subnetType, "blue-private-us-east-1a")}))},
		{row: "F-13", name: "gateway endpoint without the workloads' table", changes: one(graph.Set(endpointType, "blue-s3", "routeTableIds", []any{id(routeTableType, "blue-public-routes")}))},
		{row: "F-14", name: "open endpoint", changes: one(graph.Unset(endpointType, "blue-kms", "policy"))},
		{row: "F-14", name: "principals of others", changes: one(graph.Rewrite(endpointType, "blue-kms", "policy", `"aws:PrincipalAccount":["345678901234"],`, ""))},
		{row: "F-14", name: "resources of others", changes: one(graph.Rewrite(endpointType, "blue-sqs", "policy", `"aws:ResourceAccount"`, `"aws:SourceAccount"`))},
		{row: "F-14", name: "no image layers", changes: one(graph.Rewrite(endpointType, "blue-s3", "policy", "starport-layer-bucket", "another-bucket"))},
	}
}
