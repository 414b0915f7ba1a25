// Package reachability computes which subnets can talk to which over which TCP
// ports, from nothing but what the EC2 API says about route tables, network ACLs
// and the Transit Gateway. It leaves out security groups, which only narrow the
// answer further, and it errs on the side of "reachable": a rule that covers a
// part of a subnet counts as covering it.
package reachability

import (
	"net/netip"
	"slices"
)

// Network is everything that decides about paths between subnets.
type Network struct {
	Subnets []Subnet
	Gateway Gateway
}

// Subnet is one subnet with the rules that apply to it.
type Subnet struct {
	ID   string
	Name string // of the Name tag
	VPC  string
	Zone string
	CIDR netip.Prefix
	// Routes are those of the subnet's route table.
	Routes []Route
	// ACL is the network ACL associated with the subnet.
	ACL ACL
}

// Target says where a route leads.
type Target string

// The targets. An empty target leads nowhere.
const (
	Local    Target = "local"
	Transit  Target = "transit gateway"
	Internet Target = "internet" // internet gateway, NAT gateway or instance
	Private  Target = "private"  // endpoint of an AWS service
)

// Route is one line of a VPC route table.
type Route struct {
	Destination netip.Prefix
	Target      Target
}

// ACL is a network ACL, both directions in the order of rule numbers.
type ACL struct{ Ingress, Egress []Rule }

// Rule is one line of a network ACL. First and Last are TCP ports.
type Rule struct {
	Allow       bool
	Network     netip.Prefix
	First, Last int
}

// Gateway is a Transit Gateway.
type Gateway struct {
	Attachments []Attachment
}

// Attachment joins a VPC to the gateway. Table holds the routes that traffic
// from this VPC sees; nil when the attachment is associated with no table.
type Attachment struct {
	ID      string
	VPC     string
	Subnets []string
	Table   []GatewayRoute
}

// GatewayRoute is one active line of a gateway route table. A blackhole has no
// attachment.
type GatewayRoute struct {
	Destination netip.Prefix
	Attachment  string
}

// HasInternetRoute tells whether anything in the subnet's table leads out.
func (s Subnet) HasInternetRoute() bool {
	return slices.ContainsFunc(s.Routes, func(r Route) bool { return r.Target == Internet })
}

// The ports that clients take for a new connection on Amazon Linux (Amazon VPC
// user guide, "Custom network ACLs: ephemeral ports"). A network ACL keeps no
// state: it cannot tell an answer from a server's port to a client's port from a
// connection that a program begins at the server's own port. Such programs are
// left to the security groups.
const (
	clientFirst = 32768
	clientLast  = 61000
)

// OpenPorts lists the TCP ports on which a connection from one subnet to the
// other can be made and answered, among the ports at which any rule changes and
// the extra ones.
func (n Network) OpenPorts(from, to Subnet, extra ...int) []int {
	if !n.answers(to, from) {
		return nil
	}
	var open []int
	for _, port := range n.candidates(extra) {
		if n.delivers(from, to, port) {
			open = append(open, port)
		}
	}
	return open
}

// answers tells whether any port of client can be reached from server.
func (n Network) answers(server, client Subnet) bool {
	return slices.ContainsFunc(n.candidates([]int{clientFirst, clientLast}), func(port int) bool {
		return port >= clientFirst && port <= clientLast && n.delivers(server, client, port)
	})
}

// candidates are the ports at which some answer may differ from its neighbours.
func (n Network) candidates(extra []int) []int {
	ports := slices.Clone(extra)
	for _, s := range n.Subnets {
		for _, r := range slices.Concat(s.ACL.Ingress, s.ACL.Egress) {
			ports = append(ports, r.First-1, r.First, r.Last, r.Last+1)
		}
	}
	slices.Sort(ports)
	ports = slices.Compact(ports)
	return slices.DeleteFunc(ports, func(p int) bool { return p < 1 || p > 65535 })
}

// delivers tells whether a packet to a port gets from one subnet into the other.
func (n Network) delivers(from, to Subnet, port int) bool {
	if from.ID == to.ID {
		return true
	}
	if !permits(from.ACL.Egress, to.CIDR, port) || !permits(to.ACL.Ingress, from.CIDR, port) {
		return false
	}
	targets := destinations(from.Routes, to.CIDR)
	if from.VPC == to.VPC {
		return slices.Contains(targets, Local)
	}
	return slices.Contains(targets, Transit) && n.transits(from, to, port)
}

// transits follows a packet through the gateway.
func (n Network) transits(from, to Subnet, port int) bool {
	source, found := n.attachment(from.VPC)
	if !found || !n.passesBorder(source, from.CIDR, port, ingress) {
		return false
	}
	for _, id := range nextHops(source.Table, to.CIDR) {
		target, found := n.attachment(to.VPC)
		if found && target.ID == id && n.passesBorder(target, to.CIDR, port, egress) {
			return true
		}
	}
	return false
}

type direction int

const (
	ingress direction = iota // what the VPC sends to the gateway
	egress                   // what the gateway sends into the VPC
)

// passesBorder asks the ACLs of the attachment's own subnets.
func (n Network) passesBorder(a Attachment, peer netip.Prefix, port int, d direction) bool {
	return slices.ContainsFunc(n.Subnets, func(s Subnet) bool {
		if !slices.Contains(a.Subnets, s.ID) {
			return false
		}
		rules := s.ACL.Ingress
		if d == egress {
			rules = s.ACL.Egress
		}
		return permits(rules, peer, port)
	})
}

func (n Network) attachment(vpc string) (Attachment, bool) {
	i := slices.IndexFunc(n.Gateway.Attachments, func(a Attachment) bool { return a.VPC == vpc })
	if i < 0 {
		return Attachment{}, false
	}
	return n.Gateway.Attachments[i], true
}

// permits applies the rules in order. A denial counts only when it covers the
// whole peer network, an allowance when it touches it.
func permits(rules []Rule, peer netip.Prefix, port int) bool {
	for _, r := range rules {
		if port < r.First || port > r.Last {
			continue
		}
		if r.Allow && r.Network.Overlaps(peer) {
			return true
		}
		if !r.Allow && covers(r.Network, peer) {
			return false
		}
	}
	return false
}

func covers(network, part netip.Prefix) bool {
	return network.Bits() <= part.Bits() && network.Contains(part.Addr())
}

// destinations are the targets that packets to a network can take: that of the
// longest route that covers it and those of routes inside it.
func destinations(routes []Route, network netip.Prefix) []Target {
	var targets []Target
	longest := -1
	var best Target
	for _, r := range routes {
		switch {
		case covers(r.Destination, network) && r.Destination.Bits() > longest:
			longest, best = r.Destination.Bits(), r.Target
		case covers(network, r.Destination):
			targets = append(targets, r.Target)
		}
	}
	return append(targets, best)
}

func nextHops(routes []GatewayRoute, network netip.Prefix) []string {
	var hops []string
	longest := -1
	best := ""
	for _, r := range routes {
		switch {
		case covers(r.Destination, network) && r.Destination.Bits() > longest:
			longest, best = r.Destination.Bits(), r.Attachment
		case covers(network, r.Destination):
			hops = append(hops, r.Attachment)
		}
	}
	return slices.DeleteFunc(append(hops, best), func(id string) bool { return id == "" })
}
