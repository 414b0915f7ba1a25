package reachability_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cutover/cutover/shared/reachability"
)

var (
	blueNet  = netip.MustParsePrefix("10.10.0.0/16")
	greenNet = netip.MustParsePrefix("10.20.0.0/16")
	app      = netip.MustParsePrefix("10.10.64.0/20")
	db       = netip.MustParsePrefix("10.20.128.0/22")
	anywhere = netip.MustParsePrefix("0.0.0.0/0")
)

// pair is the smallest network in which an application of one colour reaches a
// database of the other: application, database and one attachment subnet each.
func pair() reachability.Network {
	open := reachability.ACL{
		Ingress: []reachability.Rule{{Allow: true, Network: anywhere, Last: 65535}},
		Egress:  []reachability.Rule{{Allow: true, Network: anywhere, Last: 65535}},
	}
	return reachability.Network{
		Subnets: []reachability.Subnet{
			{ID: "app", VPC: "blue", CIDR: app, ACL: open, Routes: []reachability.Route{
				{Destination: blueNet, Target: reachability.Local}, {Destination: db, Target: reachability.Transit}}},
			{ID: "db", VPC: "green", CIDR: db, Routes: []reachability.Route{
				{Destination: greenNet, Target: reachability.Local}, {Destination: app, Target: reachability.Transit}},
				ACL: reachability.ACL{
					Ingress: []reachability.Rule{{Allow: true, Network: app, First: 5433, Last: 5433}},
					Egress:  []reachability.Rule{{Allow: true, Network: app, First: 1024, Last: 65535}},
				}},
			{ID: "blue-tgw", VPC: "blue", CIDR: netip.MustParsePrefix("10.10.255.0/28"), ACL: open},
			{ID: "green-tgw", VPC: "green", CIDR: netip.MustParsePrefix("10.20.255.0/28"), ACL: open},
		},
		Gateway: reachability.Gateway{Attachments: []reachability.Attachment{
			{ID: "a-blue", VPC: "blue", Subnets: []string{"blue-tgw"}, Table: []reachability.GatewayRoute{
				{Destination: greenNet}, {Destination: db, Attachment: "a-green"}}},
			{ID: "a-green", VPC: "green", Subnets: []string{"green-tgw"}, Table: []reachability.GatewayRoute{
				{Destination: blueNet}, {Destination: app, Attachment: "a-blue"}}},
		}},
	}
}

func open(n reachability.Network, from, to int) []int {
	return n.OpenPorts(n.Subnets[from], n.Subnets[to], 22, 5432, 8443)
}

func TestDeclaredPathIsOpenOnItsPortOnly(t *testing.T) {
	assert.Equal(t, []int{5433}, open(pair(), 0, 1))
	assert.Empty(t, open(pair(), 1, 0), "the database cannot begin a connection: its ACL takes no answers")
}

func TestEachThingOnThePathCanCloseIt(t *testing.T) {
	for name, cut := range map[string]func(n *reachability.Network){
		"no route out":             func(n *reachability.Network) { n.Subnets[0].Routes = n.Subnets[0].Routes[:1] },
		"no route back":            func(n *reachability.Network) { n.Subnets[1].Routes = n.Subnets[1].Routes[:1] },
		"ACL of the source":        func(n *reachability.Network) { n.Subnets[0].ACL.Egress = nil },
		"answers to the source":    func(n *reachability.Network) { n.Subnets[0].ACL.Ingress = nil },
		"ACL of the target":        func(n *reachability.Network) { n.Subnets[1].ACL.Ingress = nil },
		"answers of the target":    func(n *reachability.Network) { n.Subnets[1].ACL.Egress = nil },
		"ACL of the attachment":    func(n *reachability.Network) { n.Subnets[2].ACL.Ingress = nil },
		"ACL of the far one":       func(n *reachability.Network) { n.Subnets[3].ACL.Egress = nil },
		"gateway drops":            func(n *reachability.Network) { n.Gateway.Attachments[0].Table[1].Attachment = "" },
		"gateway drops answers":    func(n *reachability.Network) { n.Gateway.Attachments[1].Table[1].Attachment = "" },
		"no table":                 func(n *reachability.Network) { n.Gateway.Attachments[0].Table = nil },
		"not attached":             func(n *reachability.Network) { n.Gateway.Attachments = n.Gateway.Attachments[:1] },
		"denied before allowed":    func(n *reachability.Network) { deny(&n.Subnets[1].ACL.Ingress, blueNet) },
		"attached in other subnet": func(n *reachability.Network) { n.Gateway.Attachments[0].Subnets = nil },
	} {
		t.Run(name, func(t *testing.T) {
			n := pair()
			cut(&n)
			assert.Empty(t, open(n, 0, 1))
		})
	}
}

func deny(rules *[]reachability.Rule, network netip.Prefix) {
	*rules = append([]reachability.Rule{{Network: network, Last: 65535}}, *rules...)
}

func TestDenialOfAPartDoesNotCountAsIsolation(t *testing.T) {
	n := pair()
	deny(&n.Subnets[1].ACL.Ingress, netip.MustParsePrefix("10.10.64.0/24"))
	assert.Equal(t, []int{5433}, open(n, 0, 1))
}

func TestRouteInsideTheTargetIsSeen(t *testing.T) {
	n := pair()
	n.Gateway.Attachments[0].Table[1].Destination = netip.MustParsePrefix("10.20.128.7/32")
	assert.Equal(t, []int{5433}, open(n, 0, 1), "one host of the subnet can be reached")
}

func TestWiderRulesShow(t *testing.T) {
	n := pair()
	n.Subnets[1].ACL.Ingress[0].First, n.Subnets[1].ACL.Ingress[0].Last = 5000, 6000
	assert.Contains(t, open(n, 0, 1), 5432)
	assert.NotContains(t, open(n, 0, 1), 6001)
}

func TestInternetRouteIsSeen(t *testing.T) {
	s := reachability.Subnet{Routes: []reachability.Route{{Destination: anywhere, Target: reachability.Internet}}}
	assert.True(t, s.HasInternetRoute())
	assert.False(t, pair().Subnets[1].HasInternetRoute())
}
