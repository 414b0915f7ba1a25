package checks

import (
	"encoding/json"
	"net/netip"
	"slices"
	"time"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/graph"
)

func gatewayDoesNothingByItself(s *Scope) {
	for _, gateway := range s.Each(gatewayType) {
		for _, option := range []string{"autoAcceptSharedAttachments", "defaultRouteTableAssociation", "defaultRouteTablePropagation"} {
			s.Expect(gateway.Text(option) == "disable", gateway, "by-itself", option, "disable")
		}
	}
}

// attachmentBits is the length of an attachment subnet's prefix: AWS advises a
// /28 of its own (Amazon VPC Transit Gateways guide, "Transit gateway design
// best practices").
const attachmentBits = 28

func attachmentsStandApart(s *Scope) {
	tables := make(map[*graph.Resource]*graph.Resource)
	for _, attachment := range s.Each(gatewayAttachmentType) {
		for _, option := range []string{"transitGatewayDefaultRouteTableAssociation", "transitGatewayDefaultRouteTablePropagation"} {
			s.Expect(attachment.Is(option, false), attachment, "no-default", option, "false")
		}
		subnets := ofType(attachment.References("subnetIds"), subnetType)
		for _, subnet := range subnets {
			network, err := netip.ParsePrefix(subnet.Text("cidrBlock"))
			s.Expect(err == nil && network.Bits() == attachmentBits, subnet, "own-subnets", "cidrBlock", "a /%d", attachmentBits)
			for _, acl := range s.Referrers(subnet, aclType, "subnetIds") {
				s.Expect(len(acl.References("subnetIds")) == len(subnets), acl, "own-acl", "subnetIds", "the subnets of %s alone", attachment)
			}
			s.Expect(len(s.Referrers(subnet, aclType, "subnetIds")) == 1, subnet, "own-acl", "", "a network ACL of its own")
		}
		associations := s.Referrers(attachment, gatewayAssociationType, "transitGatewayAttachmentId")
		s.Expect(len(associations) == 1, attachment, "own-table", "", "one association with a route table instead of %d", len(associations))
		for _, association := range associations {
			table := association.Reference("transitGatewayRouteTableId", gatewayTableType)
			s.Expect(table != nil && tables[table] == nil, association, "own-table", "transitGatewayRouteTableId", "a table that no other VPC is associated with")
			tables[table] = attachment
		}
	}
}

// environmentTables maps each gateway table that a VPC is associated with to the VPC.
func environmentTables(s *Scope) map[*graph.Resource]*graph.Resource {
	tables := make(map[*graph.Resource]*graph.Resource)
	for _, attachment := range s.OfType(gatewayAttachmentType) {
		for _, association := range s.Referrers(attachment, gatewayAssociationType, "transitGatewayAttachmentId") {
			if table := association.Reference("transitGatewayRouteTableId", gatewayTableType); table != nil {
				tables[table] = attachment.Reference("vpcId", vpcType)
			}
		}
	}
	return tables
}

func environmentsDropEachOther(s *Scope) {
	tables := environmentTables(s)
	for _, propagation := range s.Each(gatewayPropagationType) {
		_, isEnvironment := tables[propagation.Reference("transitGatewayRouteTableId", gatewayTableType)]
		s.Expect(!isEnvironment, propagation, "shared-only", "transitGatewayRouteTableId", "the shared table: no environment learns another's networks")
	}
	for _, table := range s.Each(gatewayTableType) {
		own, isEnvironment := tables[table]
		if !isEnvironment {
			continue
		}
		var drop []string
		for _, vpc := range s.OfType(vpcType) {
			if vpc != own {
				drop = append(drop, vpc.Text("cidrBlock"))
			}
		}
		for _, network := range append(drop, isolatedFrom(s)...) {
			dropped := slices.ContainsFunc(s.Referrers(table, gatewayRouteType, "transitGatewayRouteTableId"), func(route *graph.Resource) bool {
				return route.Is("blackhole", true) && route.Text("destinationCidrBlock") == network
			})
			s.Expect(dropped, table, "blackhole", "", "a blackhole for %s", network)
		}
	}
}

// isolatedFrom are the networks of other environments, of the network layer's
// configuration.
func isolatedFrom(s *Scope) []string {
	var networks []string
	_ = json.Unmarshal([]byte(s.Config(contract.Foundation)["foundation:isolatedFrom"]), &networks)
	return networks
}

// window is the sync window of the network layer's configuration.
type window struct {
	Open  bool   `json:"open"`
	Until string `json:"until"`
}

func syncWindow(s *Scope) window {
	var w window
	_ = json.Unmarshal([]byte(s.Config(contract.Foundation)["foundation:syncWindow"]), &w)
	return w
}

// current tells whether the window is open and its last day not over.
func (w window) current(now time.Time) bool {
	until, err := time.Parse(time.DateOnly, w.Until)
	return w.Open && err == nil && now.Before(until.AddDate(0, 0, 1))
}

func syncRoutesInTheWindow(s *Scope) {
	w := syncWindow(s)
	tables := environmentTables(s)
	for _, route := range s.Each(gatewayRouteType) {
		if route.Is("blackhole", true) {
			continue
		}
		own, isEnvironment := tables[route.Reference("transitGatewayRouteTableId", gatewayTableType)]
		target := route.Reference("transitGatewayAttachmentId", gatewayAttachmentType)
		if !isEnvironment || target == nil || target.Reference("vpcId", vpcType) == own {
			continue
		}
		s.Expect(w.current(s.now), route, "window", "destinationCidrBlock",
			"no route between environments unless foundation:syncWindow is open and its last day is not over (open %t, until %q)", w.Open, w.Until)
		s.Expect(isTier(s, target.Reference("vpcId", vpcType), route.Text("destinationCidrBlock")), route, "named-pair", "destinationCidrBlock",
			"the subnets of workloads or of data alone, never the whole network")
	}
}

// isTier tells whether a network holds workloads' or data subnets of a VPC and
// no others.
func isTier(s *Scope, vpc *graph.Resource, text string) bool {
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return false
	}
	for _, tier := range [][]*graph.Resource{workloadSubnets(s), dataSubnets(s)} {
		inside := slices.DeleteFunc(s.Referrers(vpc, subnetType, "vpcId"), func(subnet *graph.Resource) bool {
			cidr, err := netip.ParsePrefix(subnet.Text("cidrBlock"))
			return err != nil || !network.Overlaps(cidr)
		})
		if len(inside) > 0 && !slices.ContainsFunc(inside, func(subnet *graph.Resource) bool { return !slices.Contains(tier, subnet) }) {
			return true
		}
	}
	return false
}
