package foundation

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/reachability"
	"github.com/cutover/cutover/shared/verify"
)

// Verify asks EC2, not the state, whether the networks are what the layer
// promises: every tier in three zones, no way to the internet but from the
// public tier, and between the colours nothing but private tier to database
// port. The error joins all that is not so.
func Verify(ctx context.Context, args verify.Args) error {
	promised, err := readPromise(args.Outputs)
	if err != nil {
		return err
	}
	network, err := reachability.Read(ctx, ec2.NewFromConfig(args.AWS), promised.gateway, promised.vpc[naming.Blue], promised.vpc[naming.Green])
	if err != nil {
		return fmt.Errorf("read the networks: %w", err)
	}
	return errors.Join(promised.checkTiers(network), promised.checkInternet(network), promised.checkIsolation(network))
}

// promise is what the outputs say about both networks.
type promise struct {
	gateway string
	vpc     map[naming.Color]string
	tiers   map[naming.Color]map[Tier]netip.Prefix
}

func readPromise(outputs map[string]any) (promise, error) {
	p := promise{vpc: make(map[naming.Color]string), tiers: make(map[naming.Color]map[Tier]netip.Prefix)}
	var problems []error
	text := func(key string) string {
		value, ok := outputs[key].(string)
		if !ok {
			problems = append(problems, fmt.Errorf("output %q of the network layer: is %v, expected text", key, outputs[key]))
		}
		return value
	}
	p.gateway = text("transitGatewayId")
	for _, color := range naming.Colors() {
		p.vpc[color] = text(string(color) + "VpcId")
		p.tiers[color] = make(map[Tier]netip.Prefix)
		network, err := netip.ParsePrefix(text(string(color) + "VpcCidr"))
		if err != nil {
			problems = append(problems, fmt.Errorf("output %sVpcCidr of the network layer: %w", color, err))
			continue
		}
		for tier, at := range blocks {
			part, err := subnetOf(network, at)
			problems = append(problems, err)
			p.tiers[color][tier] = part
		}
	}
	return p, errors.Join(problems...)
}

// place tells to which colour and tier a subnet belongs.
func (p promise) place(s reachability.Subnet) (naming.Color, Tier, bool) {
	for color, vpc := range p.vpc {
		for tier, network := range p.tiers[color] {
			if s.VPC == vpc && network.Contains(s.CIDR.Addr()) {
				return color, tier, true
			}
		}
	}
	return "", "", false
}

func (p promise) checkTiers(network reachability.Network) error {
	zones := make(map[string][]string)
	var problems []error
	for _, s := range network.Subnets {
		color, tier, known := p.place(s)
		if !known {
			problems = append(problems, fmt.Errorf("subnet %s (%s) in %s: belongs to no tier of the address plan", s.ID, s.CIDR, s.VPC))
			continue
		}
		at := fmt.Sprintf("%s %s", color, tier)
		if !slices.Contains(zones[at], s.Zone) {
			zones[at] = append(zones[at], s.Zone)
		}
	}
	for _, color := range naming.Colors() {
		for _, tier := range Tiers() {
			at := fmt.Sprintf("%s %s", color, tier)
			if len(zones[at]) != zoneCount {
				problems = append(problems, fmt.Errorf("%s tier: has subnets in zones %v, expected %d zones", at, zones[at], zoneCount))
			}
		}
	}
	return errors.Join(problems...)
}

func (p promise) checkInternet(network reachability.Network) error {
	var problems []error
	for _, s := range network.Subnets {
		if _, tier, _ := p.place(s); tier != Public && s.HasInternetRoute() {
			problems = append(problems, fmt.Errorf("subnet %s (%s tier): has a route to the internet, expected none outside the public tier", s.ID, tier))
		}
	}
	return errors.Join(problems...)
}

// checkIsolation compares every pair of subnets of different colours with the
// only path that is declared.
func (p promise) checkIsolation(network reachability.Network) error {
	var problems []error
	for _, from := range network.Subnets {
		for _, to := range network.Subnets {
			if from.VPC == to.VPC {
				continue
			}
			_, source, _ := p.place(from)
			_, target, _ := p.place(to)
			for _, port := range network.OpenPorts(from, to) {
				if source != Private || target != Database || port != catalog.DatabasePort {
					problems = append(problems, fmt.Errorf("subnet %s (%s) can reach %s (%s) on port %d, expected only private to database on port %d",
						from.Name, from.CIDR, to.Name, to.CIDR, port, catalog.DatabasePort))
				}
			}
		}
	}
	return errors.Join(problems...)
}
