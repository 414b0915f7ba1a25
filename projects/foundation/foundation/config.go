package foundation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cutover/cutover/shared/config"
)

// Config is the configuration of the network layer, in the namespace "foundation".
type Config struct {
	Environment config.Environment `config:"environment"`
	// Zones are the three availability zones of both networks.
	Zones []string `config:"zones"`
	Blue  VPC      `config:"blue"`
	Green VPC      `config:"green"`
	// TransitGatewayASN is the gateway's private autonomous system number.
	TransitGatewayASN int `config:"transitGatewayAsn"`
	// SyncWindow opens the paths between the colours that the migration needs.
	SyncWindow SyncWindow `config:"syncWindow"`
	// IsolatedFrom lists networks of other environments; traffic to them is
	// dropped at the gateway.
	IsolatedFrom []config.CIDR `config:"isolatedFrom"`
	// OnPremises joins the legacy datacenter; leave it out when there is none.
	OnPremises *OnPremises `config:"onPremises"`
}

// VPC is the configuration of one colour's network.
type VPC struct {
	// CIDR is a /16; its tiers are cut from it by a fixed plan.
	CIDR config.CIDR `config:"cidr"`
}

// SyncWindow says whether, and until which day, data may flow between colours.
type SyncWindow struct {
	Open bool `config:"open"`
	// Until is the last day, as in 2027-01-31.
	Until Day `config:"until"`
}

// lastDay is the last day of an open window, empty for a closed one.
func (w SyncWindow) lastDay() string {
	if !w.Open {
		return ""
	}
	return w.Until.Format(time.DateOnly)
}

// OnPremises is the attachment of the datacenter: by VPN or by Direct Connect.
type OnPremises struct {
	CIDRs []config.CIDR `config:"cidrs"`
	// CustomerGatewayID makes a site-to-site VPN to this customer gateway.
	CustomerGatewayID *string `config:"customerGatewayId"`
	// DirectConnectGatewayID associates this Direct Connect gateway.
	DirectConnectGatewayID *string `config:"directConnectGatewayId"`
}

// Day is a calendar day in UTC.
type Day struct{ time.Time }

// UnmarshalText reads a day.
func (d *Day) UnmarshalText(text []byte) error {
	day, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return &config.Expected{Want: "a day such as 2027-01-31, quoted"}
	}
	d.Time = day
	return nil
}

const zoneCount = 3

// Where is the environment that the layer stands in.
func (c Config) Where() config.Environment { return c.Environment }

// Validate checks every value and the relations between networks.
func (c Config) Validate(p *config.Problems) {
	c.Environment.Validate(p)
	c.validateZones(p)
	keys, networks := []string{"blue.cidr", "green.cidr"}, []config.CIDR{c.Blue.CIDR, c.Green.CIDR}
	for i, network := range networks {
		p.Check(network.Bits() == 16 && network.Addr().IsPrivate(), keys[i], network, "a private /16 network")
	}
	for i, network := range c.IsolatedFrom {
		keys, networks = append(keys, fmt.Sprintf("isolatedFrom[%d]", i)), append(networks, network)
	}
	if c.OnPremises != nil {
		for i, network := range c.OnPremises.CIDRs {
			keys, networks = append(keys, fmt.Sprintf("onPremises.cidrs[%d]", i)), append(networks, network)
		}
		c.OnPremises.validate(p)
	}
	config.Disjoint(p, keys, networks)
	privateASN := c.TransitGatewayASN >= 64512 && c.TransitGatewayASN <= 65534
	p.Check(privateASN, "transitGatewayAsn", c.TransitGatewayASN, "a private 16-bit ASN from 64512 to 65534")
	if c.SyncWindow.Open {
		p.Check(c.SyncWindow.Until.After(time.Now().Add(-24*time.Hour)), "syncWindow.until", c.SyncWindow.Until.Format(time.DateOnly),
			"a day that is not over while syncWindow.open is true; close the window or move the day")
	}
}

func (c Config) validateZones(p *config.Problems) {
	p.Check(len(c.Zones) == zoneCount, "zones", strings.Join(c.Zones, ", "), fmt.Sprintf("exactly %d availability zones", zoneCount))
	for i, zone := range c.Zones {
		key := fmt.Sprintf("zones[%d]", i)
		p.Check(len(zone) == len(config.Region)+1 && strings.HasPrefix(zone, config.Region), key, zone, "a zone of "+config.Region)
		p.Check(!slices.Contains(c.Zones[:i], zone), key, zone, "a zone that is not listed before")
	}
}

func (o OnPremises) validate(p *config.Problems) {
	p.Check(len(o.CIDRs) > 0, "onPremises.cidrs", nil, "at least one network of the datacenter")
	p.Check((o.CustomerGatewayID == nil) != (o.DirectConnectGatewayID == nil), "onPremises", "",
		"either customerGatewayId or directConnectGatewayId")
}

// CheckConfig reads and validates a stack file without running the program.
func CheckConfig(stackFile string) error {
	_, err := config.ReadFile[Config](stackFile)
	return err
}
