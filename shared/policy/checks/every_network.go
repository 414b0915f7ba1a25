package checks

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/policy/graph"
)

// world are the networks that mean anywhere.
var world = []string{"0.0.0.0/0", "::/0"}

// sources are the inputs of a rule that name its other end.
var sources = []string{"cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"}

func rulesStandAlone(s *Scope) {
	for _, old := range s.OfType("aws:ec2/securityGroupRule:SecurityGroupRule") {
		s.Expect(false, old, "rule-type", "", "%s or %s", ingressType, egressType)
	}
	for _, group := range s.Each(groupType) {
		for _, direction := range []string{"ingress", "egress"} {
			_, set := group.Get(direction)
			s.Expect(!set, group, "no-inline", direction, "nothing: rules are resources of their own")
		}
	}
	for _, rule := range s.Each(ingressType, egressType) {
		s.Expect(rule.Text("description") != "", rule, "description", "description", "what the rule is for")
		var set int
		for _, source := range sources {
			if rule.Text(source) != "" {
				set++
			}
		}
		s.Expect(set == 1, rule, "one-source", "", "one of %s instead of %d", strings.Join(sources, ", "), set)
	}
}

func nothingOpenToTheWorld(s *Scope) {
	for _, rule := range s.Each(ingressType) {
		for _, input := range []string{"cidrIpv4", "cidrIpv6"} {
			if slices.Contains(world, rule.Text(input)) {
				s.Expect(isPublicHTTPS(s, rule), rule, "world", input, "no rule for anywhere, but for port 443 of the public balancer's group")
			}
		}
	}
}

// isPublicHTTPS tells whether a rule opens port 443 alone, of a group that
// public balancers alone use.
func isPublicHTTPS(s *Scope, rule *graph.Resource) bool {
	from, _ := rule.Number("fromPort")
	to, _ := rule.Number("toPort")
	group := rule.Reference("securityGroupId", groupType)
	if group == nil || from != 443 || to != 443 || rule.Text("ipProtocol") != "tcp" {
		return false
	}
	var public, others int
	for _, user := range s.Referrers(group, "", "") {
		switch {
		case user.Type == balancerType && user.Is("internal", false):
			public++
		case user.Type != ingressType && user.Type != egressType:
			others++
		}
	}
	return public > 0 && others == 0
}

// widest is the shortest prefix that a named peer may have.
const widest = 16

func nothingLeavesToTheWorld(s *Scope) {
	for _, rule := range s.Each(egressType) {
		s.Expect(!slices.Contains(world, rule.Text("cidrIpv6")) && rule.Text("cidrIpv6") == "", rule, "world", "cidrIpv6", "nothing: the platform has no IPv6 destinations")
		if text := rule.Text("cidrIpv4"); text != "" {
			network, err := netip.ParsePrefix(text)
			s.Expect(err == nil && network.Addr().IsPrivate() && network.Bits() >= widest, rule, "world", "cidrIpv4",
				"a prefix list, a group, or a private network of a peer of at least /%d", widest)
		}
	}
}
