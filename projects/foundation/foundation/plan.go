package foundation

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/apparentlymart/go-cidr/cidr"

	"github.com/cutover/cutover/shared/config"
)

// Tier is one of the kinds of subnet of a network.
type Tier string

// The tiers.
const (
	Public     Tier = "public"     // the balancer
	Private    Tier = "private"    // containers, functions, endpoints
	Database   Tier = "database"   // isolated: no route out of the platform
	Attachment Tier = "attachment" // the gateway's interfaces, /28 of their own
)

// Tiers lists every tier.
func Tiers() []Tier { return []Tier{Public, Private, Database, Attachment} }

// block is where a tier lies in its network: new bits and number. A tier is one
// contiguous network, so that a single route covers its three zones.
type block struct{ bits, number int }

var blocks = map[Tier]block{
	Public:     {bits: 4, number: 0},     // x.y.0.0/20
	Private:    {bits: 2, number: 1},     // x.y.64.0/18
	Database:   {bits: 4, number: 8},     // x.y.128.0/20
	Attachment: {bits: 10, number: 1020}, // x.y.255.0/26
}

// Plan is the address plan of one network.
type Plan struct {
	VPC     config.CIDR
	tiers   map[Tier]config.CIDR
	subnets map[Tier][]config.CIDR
}

// NewPlan cuts a /16 into its tiers and each tier into one subnet a zone.
func NewPlan(vpc config.CIDR) (Plan, error) {
	plan := Plan{VPC: vpc, tiers: make(map[Tier]config.CIDR), subnets: make(map[Tier][]config.CIDR)}
	for tier, at := range blocks {
		network, err := subnet(vpc, at.bits, at.number)
		if err != nil {
			return plan, fmt.Errorf("cut %s tier from %s: %w", tier, vpc, err)
		}
		plan.tiers[tier] = network
		for zone := range zoneCount {
			// Two more bits: four parts, of which the fourth stays free.
			part, err := subnet(network, 2, zone)
			if err != nil {
				return plan, fmt.Errorf("cut %s subnet %d from %s: %w", tier, zone, network, err)
			}
			plan.subnets[tier] = append(plan.subnets[tier], part)
		}
	}
	return plan, nil
}

// Tier returns the network that covers all subnets of a tier.
func (p Plan) Tier(t Tier) config.CIDR { return p.tiers[t] }

// Subnets returns the subnets of a tier, one a zone.
func (p Plan) Subnets(t Tier) []config.CIDR { return p.subnets[t] }

func subnet(base config.CIDR, bits, number int) (config.CIDR, error) {
	part, err := subnetOf(base.Prefix, block{bits: bits, number: number})
	return config.CIDR{Prefix: part}, err
}

// subnetOf cuts one block from a network.
func subnetOf(base netip.Prefix, at block) (netip.Prefix, error) {
	_, network, err := net.ParseCIDR(base.String())
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("parse network: %w", err)
	}
	part, err := cidr.Subnet(network, at.bits, at.number)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("subnet %d of %s with %d more bits: %w", at.number, base, at.bits, err)
	}
	prefix, err := netip.ParsePrefix(part.String())
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("parse subnet: %w", err)
	}
	return prefix, nil
}
