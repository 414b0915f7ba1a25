package checks

import (
	"net/netip"
	"slices"

	"github.com/cutover/cutover/shared/policy/graph"
	"github.com/cutover/cutover/shared/reachability"
)

// network builds what decides about paths between subnets from the registered
// resources: route tables, network ACLs, the transit gateway.
func network(s *Scope) reachability.Network {
	var n reachability.Network
	for _, subnet := range s.OfType(subnetType) {
		n.Subnets = append(n.Subnets, reachability.Subnet{
			ID: subnet.ID, Name: subnet.Name, VPC: idOf(subnet.Reference("vpcId", vpcType)), Zone: subnet.Text("availabilityZone"),
			CIDR: prefix(subnet.Text("cidrBlock")), Routes: routesOf(s, subnet), ACL: aclOf(s, subnet),
		})
	}
	for _, attachment := range s.OfType(gatewayAttachmentType) {
		joined := reachability.Attachment{ID: attachment.ID, VPC: idOf(attachment.Reference("vpcId", vpcType))}
		for _, subnet := range ofType(attachment.References("subnetIds"), subnetType) {
			joined.Subnets = append(joined.Subnets, subnet.ID)
		}
		for _, association := range s.Referrers(attachment, gatewayAssociationType, "transitGatewayAttachmentId") {
			joined.Table = append(joined.Table, gatewayRoutes(s, association.Reference("transitGatewayRouteTableId", gatewayTableType))...)
		}
		n.Gateway.Attachments = append(n.Gateway.Attachments, joined)
	}
	return n
}

func idOf(r *graph.Resource) string {
	if r == nil {
		return ""
	}
	return r.ID
}

func prefix(text string) netip.Prefix {
	parsed, _ := netip.ParsePrefix(text)
	return parsed
}

func routesOf(s *Scope, subnet *graph.Resource) []reachability.Route {
	routes := []reachability.Route{{Destination: prefix(subnet.Reference("vpcId", vpcType).Text("cidrBlock")), Target: reachability.Local}}
	table := tableOf(s, subnet)
	if table == nil {
		return routes
	}
	for _, route := range s.Referrers(table, routeType, "routeTableId") {
		if route.Text("destinationCidrBlock") == "" {
			continue
		}
		target := reachability.Internet
		if route.Reference("transitGatewayId", gatewayType) != nil {
			target = reachability.Transit
		}
		routes = append(routes, reachability.Route{Destination: prefix(route.Text("destinationCidrBlock")), Target: target})
	}
	return routes
}

// aclOf is the subnet's own network ACL; the default one, adopted empty, admits
// nothing.
func aclOf(s *Scope, subnet *graph.Resource) reachability.ACL {
	for _, acl := range s.Referrers(subnet, aclType, "subnetIds") {
		return reachability.ACL{Ingress: tcpRules(acl, "ingress"), Egress: tcpRules(acl, "egress")}
	}
	return reachability.ACL{}
}

// tcpRules are the lines that decide about TCP.
func tcpRules(acl *graph.Resource, direction string) []reachability.Rule {
	var rules []reachability.Rule
	for _, rule := range aclRules(acl, direction) {
		if slices.Contains([]string{"-1", "all", "6", "tcp"}, rule.protocol) {
			rules = append(rules, reachability.Rule{Allow: rule.allow, Network: prefix(rule.network), First: rule.first, Last: rule.last})
		}
	}
	return rules
}

func gatewayRoutes(s *Scope, table *graph.Resource) []reachability.GatewayRoute {
	if table == nil {
		return nil
	}
	var routes []reachability.GatewayRoute
	for _, route := range s.Referrers(table, gatewayRouteType, "transitGatewayRouteTableId") {
		routes = append(routes, reachability.GatewayRoute{
			Destination: prefix(route.Text("destinationCidrBlock")), Attachment: idOf(route.Reference("transitGatewayAttachmentId", gatewayAttachmentType)),
		})
	}
	for _, propagation := range s.Referrers(table, gatewayPropagationType, "transitGatewayRouteTableId") {
		attachment := propagation.Reference("transitGatewayAttachmentId", gatewayAttachmentType)
		if attachment != nil {
			routes = append(routes, reachability.GatewayRoute{Destination: prefix(attachment.Reference("vpcId", vpcType).Text("cidrBlock")), Attachment: attachment.ID})
		}
	}
	return routes
}

// Path is one direction in which two subnets can talk.
type Path struct {
	From, To *graph.Resource
	// Ports are the TCP ports at which connections can be made, among those at
	// which any network ACL changes.
	Ports []int
}

// Paths computes which subnets reach which, for the assessor: route tables,
// network ACLs and the gateway decide; security groups narrow the answer further.
func Paths(g *graph.Graph) []Path {
	s := &Scope{Graph: g, checked: make(map[*graph.Resource]bool)}
	n := network(s)
	subnets := s.OfType(subnetType)
	var found []Path
	for i, from := range n.Subnets {
		for j, to := range n.Subnets {
			if i == j {
				continue
			}
			if ports := n.OpenPorts(from, to); len(ports) > 0 {
				found = append(found, Path{From: subnets[i], To: subnets[j], Ports: ports})
			}
		}
	}
	return found
}

func unreachable(s *Scope) {
	s.Each(subnetType)
	data, public, workloads := dataSubnets(s), publicSubnets(s), workloadSubnets(s)
	s.Expect(len(data) > 0 && len(public) > 0, nil, "tiers", "", "subnets of databases and of public balancers to compute with")
	open := syncWindow(s).current(s.now)
	ports := databasePorts(s)
	for _, path := range Paths(s.Graph) {
		if path.From.Reference("vpcId", vpcType) != path.To.Reference("vpcId", vpcType) {
			sync := open && slices.Contains(workloads, path.From) && slices.Contains(data, path.To) && !slices.ContainsFunc(path.Ports, func(p int) bool { return !slices.Contains(ports, p) })
			s.Expect(sync, path.From, "isolated", "cidrBlock", "no way to %s on ports %v, but from workloads to the database's port in the sync window", path.To.Name, path.Ports)
			continue
		}
		s.Expect(!slices.Contains(public, path.From) || !slices.Contains(data, path.To), path.From, "data-from-public", "cidrBlock", "no way to the data subnet %s on ports %v", path.To.Name, path.Ports)
	}
}

// databasePorts are the ports of the databases.
func databasePorts(s *Scope) []int {
	var ports []int
	for _, cluster := range s.OfType(clusterType) {
		port, _ := cluster.Number("port")
		ports = append(ports, int(port))
	}
	return ports
}
