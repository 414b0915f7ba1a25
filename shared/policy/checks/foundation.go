package checks

import (
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/policy/graph"
)

// foundationChecks are those of the rows of the network layer.
var foundationChecks = []Check{
	{Row: "F-01", Run: defaultGroupsAreClosed},
	{Row: "F-02", Run: noPublicAddresses},
	{Row: "F-03", Run: internetGatewaysAtTheEdge},
	{Row: "F-04", Run: publicTablesOnly},
	{Row: "F-05", Run: noDefaultRouteForData},
	{Row: "F-06", Run: noOpenAdministration},
	{Row: "F-07", Run: aclsAreUsed},
	{Row: "F-08", Run: gatewayDoesNothingByItself},
	{Row: "F-09", Run: attachmentsStandApart},
	{Row: "F-10", Run: environmentsDropEachOther},
	{Row: "F-11", Run: syncRoutesInTheWindow},
	{Row: "F-12", Run: unreachable},
	{Row: "F-13", Run: endpointsForEveryAPI},
	{Row: "F-14", Run: endpointsAdmitOurOwn},
	{Row: "F-15", IfUsed: true, Run: addressesOfGateways},
	{Row: "F-16", Run: noOtherWaysIn},
	{Row: "F-17", Run: publicAccessIsBlocked},
}

func defaultGroupsAreClosed(s *Scope) {
	const defaultGroup = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
	for _, vpc := range s.Each(vpcType) {
		adopted := s.Referrers(vpc, defaultGroup, "vpcId")
		s.Expect(len(adopted) == 1, vpc, "adopted", "", "its default security group adopted")
		for _, group := range s.See(adopted...) {
			for _, direction := range []string{"ingress", "egress"} {
				_, set := group.Get(direction)
				s.Expect(!set, group, "closed", direction, "no rule")
			}
		}
	}
}

func noPublicAddresses(s *Scope) {
	for _, subnet := range s.Each(subnetType) {
		s.Expect(subnet.Is("mapPublicIpOnLaunch", false), subnet, "ipv4", "mapPublicIpOnLaunch", "false, set and not left out")
		s.Expect(subnet.Is("assignIpv6AddressOnCreation", false), subnet, "ipv6", "assignIpv6AddressOnCreation", "false, set and not left out")
	}
}

// publicSubnets are those of balancers that are not internal.
func publicSubnets(s *Scope) []*graph.Resource {
	var found []*graph.Resource
	for _, balancer := range s.OfType(balancerType) {
		if balancer.Is("internal", false) {
			found = append(found, ofType(balancer.References("subnets"), subnetType)...)
		}
	}
	return found
}

// dataSubnets are those of databases.
func dataSubnets(s *Scope) []*graph.Resource {
	var found []*graph.Resource
	for _, group := range s.OfType(subnetGroupType) {
		found = append(found, ofType(group.References("subnetIds"), subnetType)...)
	}
	return found
}

// attachmentSubnets are those of the transit gateway's interfaces.
func attachmentSubnets(s *Scope) []*graph.Resource {
	var found []*graph.Resource
	for _, attachment := range s.OfType(gatewayAttachmentType) {
		found = append(found, ofType(attachment.References("subnetIds"), subnetType)...)
	}
	return found
}

// workloadSubnets are those of tasks and functions.
func workloadSubnets(s *Scope) []*graph.Resource {
	var found []*graph.Resource
	for _, service := range s.OfType("aws:ecs/service:Service") {
		found = append(found, ofType(service.References("networkConfiguration.subnets"), subnetType)...)
	}
	for _, function := range s.OfType(functionType) {
		found = append(found, ofType(function.References("vpcConfig.subnetIds"), subnetType)...)
	}
	return found
}

func ofType(resources []*graph.Resource, token string) []*graph.Resource {
	return slices.DeleteFunc(slices.Clone(resources), func(r *graph.Resource) bool { return r.Type != token })
}

// tableOf returns the route table that a subnet is associated with.
func tableOf(s *Scope, subnet *graph.Resource) *graph.Resource {
	for _, association := range s.Referrers(subnet, routeTableAssociationType, "subnetId") {
		return association.Reference("routeTableId", routeTableType)
	}
	return nil
}

// subnetsOf returns the subnets associated with a route table.
func subnetsOf(s *Scope, table *graph.Resource) []*graph.Resource {
	var found []*graph.Resource
	for _, association := range s.Referrers(table, routeTableAssociationType, "routeTableId") {
		found = append(found, ofType(association.References("subnetId"), subnetType)...)
	}
	return found
}

func internetGatewaysAtTheEdge(s *Scope) {
	var edge []*graph.Resource
	for _, subnet := range publicSubnets(s) {
		edge = append(edge, subnet.Reference("vpcId", vpcType))
	}
	for _, gateway := range s.Each(internetGatewayType) {
		s.Expect(slices.Contains(edge, gateway.Reference("vpcId", vpcType)), gateway, "edge-vpc", "vpcId", "a VPC with a public balancer")
	}
}

func publicTablesOnly(s *Scope) {
	public := publicSubnets(s)
	for _, table := range s.Each(routeTableType) {
		_, inline := table.Get("routes")
		s.Expect(!inline, table, "no-inline", "routes", "nothing: routes are resources of their own")
	}
	for _, route := range s.Each(routeType) {
		if route.Reference("gatewayId", internetGatewayType) == nil {
			continue
		}
		table := route.Reference("routeTableId", routeTableType)
		ok := table != nil && !slices.ContainsFunc(subnetsOf(s, table), func(subnet *graph.Resource) bool { return !slices.Contains(public, subnet) })
		s.Expect(ok, route, "public-table", "routeTableId", "a table of public balancers' subnets alone")
	}
}

func noDefaultRouteForData(s *Scope) {
	for _, subnet := range s.See(slices.Concat(dataSubnets(s), attachmentSubnets(s))...) {
		table := tableOf(s, subnet)
		s.Expect(table != nil, subnet, "own-table", "", "an association with a route table: the VPC's main one is nobody's")
		if table == nil {
			continue
		}
		for _, route := range s.Referrers(table, routeType, "routeTableId") {
			s.Expect(!isDefault(route), route, "no-default", "destinationCidrBlock", "no default route in the table of %s", subnet)
		}
	}
}

func isDefault(route *graph.Resource) bool {
	return slices.Contains(world, route.Text("destinationCidrBlock")) || slices.Contains(world, route.Text("destinationIpv6CidrBlock"))
}

// aclRule is one line of a network ACL.
type aclRule struct {
	number      float64
	allow       bool
	network     string
	first, last int
	protocol    string
}

// aclRules returns the lines of one direction in the order they are applied.
func aclRules(acl *graph.Resource, direction string) []aclRule {
	var rules []aclRule
	for _, item := range acl.Items(direction) {
		rules = append(rules, readRule(item))
	}
	slices.SortFunc(rules, func(a, b aclRule) int { return int(a.number - b.number) })
	return rules
}

// readRule reads a line; one for all protocols has all ports.
func readRule(item map[string]any) aclRule {
	rule := aclRule{allow: item["action"] == "allow" || item["ruleAction"] == "allow"}
	rule.number, _ = item["ruleNo"].(float64)
	rule.protocol, _ = item["protocol"].(string)
	for _, input := range []string{"cidrBlock", "ipv6CidrBlock"} {
		if network, set := item[input].(string); set {
			rule.network = network
		}
	}
	from, _ := item["fromPort"].(float64)
	to, _ := item["toPort"].(float64)
	rule.first, rule.last = int(from), int(to)
	if rule.protocol == "-1" || rule.protocol == "all" {
		rule.first, rule.last = 0, maxPort
	}
	return rule
}

const maxPort = 65535

// administration are the ports of SSH and RDP.
var administration = []int{22, 3389}

func noOpenAdministration(s *Scope) {
	for _, acl := range s.Each(aclType) {
		for _, port := range administration {
			s.Expect(!admitsWorld(aclRules(acl, "ingress"), port), acl, "administration", "ingress", "no line that admits port %d from anywhere", port)
		}
	}
	for _, single := range s.Each("aws:ec2/networkAclRule:NetworkAclRule") {
		rule := readRule(single.Inputs)
		for _, port := range administration {
			s.Expect(single.Is("egress", true) || !admitsWorld([]aclRule{rule}, port), single, "administration", "cidrBlock", "no line that admits port %d from anywhere", port)
		}
	}
}

// admitsWorld applies the lines in order.
func admitsWorld(rules []aclRule, port int) bool {
	for _, rule := range rules {
		if slices.Contains(world, rule.network) && rule.first <= port && port <= rule.last {
			return rule.allow
		}
	}
	return false
}

func aclsAreUsed(s *Scope) {
	const defaultACL = "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"
	for _, acl := range s.Each(aclType) {
		s.Expect(len(acl.References("subnetIds")) > 0, acl, "used", "subnetIds", "at least one subnet")
	}
	for _, vpc := range s.Each(vpcType) {
		adopted := s.Referrers(vpc, defaultACL, "defaultNetworkAclId")
		s.Expect(len(adopted) == 1, vpc, "adopted", "", "its default network ACL adopted")
		for _, acl := range adopted {
			for _, direction := range []string{"ingress", "egress"} {
				_, set := acl.Get(direction)
				s.Expect(!set, acl, "closed", direction, "no line")
			}
		}
	}
}

func addressesOfGateways(s *Scope) {
	for _, address := range s.Each("aws:ec2/eip:Eip") {
		s.Expect(len(s.Referrers(address, "aws:ec2/natGateway:NatGateway", "allocationId")) == 1, address, "of-nat", "", "a NAT gateway that uses it")
	}
}

// otherWays are types that would let traffic in or out beside the gateways.
var otherWays = []string{"aws:ec2/vpcPeeringConnection", "aws:ec2/vpnConnection:", "aws:ec2clientvpn/", "aws:networkfirewall/"}

func noOtherWaysIn(s *Scope) {
	for _, r := range s.See(s.Resources()...) {
		s.Expect(!startsWithAny(r.Type, otherWays), r, "no-other-way", "", "no way into the networks beside the transit gateway")
	}
}

func publicAccessIsBlocked(s *Scope) {
	options := s.OfType("aws:vpc/blockPublicAccessOptions:BlockPublicAccessOptions", "aws:ec2/vpcBlockPublicAccessOptions:VpcBlockPublicAccessOptions")
	blocked := slices.ContainsFunc(options, func(r *graph.Resource) bool { return strings.HasPrefix(r.Text("internetGatewayBlockMode"), "block-") })
	for _, gateway := range s.Each(internetGatewayType) {
		s.Expect(blocked, gateway, "blocked", "", "public access to VPCs blocked, with an exclusion for the public subnets")
	}
}
