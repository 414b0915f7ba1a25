package edge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/config"
)

// FirewallConfig says what the firewall before both balancers lets through.
type FirewallConfig struct {
	// Allow are networks of partners and of probes of ours. Reputation lists and
	// rate limits leave them alone; what they send is inspected like anyone's.
	Allow []config.CIDR `config:"allow"`
	// Deny are networks that are refused before anything else is looked at.
	Deny []config.CIDR `config:"deny"`
	// Rate limits an address over all paths, PaymentRate on the payment paths of
	// the catalogue.
	Rate        RateLimit `config:"rate"`
	PaymentRate RateLimit `config:"paymentRate"`
	// Uploads are path patterns of services without payments whose bodies may be
	// larger than what a balancer hands to inspection.
	Uploads []string `config:"uploads"`
	// Count lists rules that count what they would refuse, for the time in which a
	// rule is rolled out. All but deny break control E-10 or E-11 meanwhile, so
	// that production needs an exception with a date for it.
	Count []string `config:"count"`
}

// RateLimit is how many requests an address may send within a window.
type RateLimit struct {
	// Limit is in requests, Window in seconds.
	Limit  int `config:"limit"`
	Window int `config:"window"`
}

// Limits of AWS WAF (API reference, RateBasedStatement and IPSet; developer guide,
// "AWS WAF quotas").
const (
	minRate      = 10
	maxRate      = 2_000_000_000
	maxAddresses = 10_000
)

// rateWindows are the evaluation windows that AWS WAF takes, in seconds.
var rateWindows = []int{60, 120, 300, 600}

func (c FirewallConfig) validate(p *config.Problems) {
	c.validateNetworks(p)
	c.Rate.validate(p, "firewall.rate")
	c.PaymentRate.validate(p, "firewall.paymentRate")
	tighter := int64(c.PaymentRate.Limit)*int64(c.Rate.Window) < int64(c.Rate.Limit)*int64(c.PaymentRate.Window)
	p.Check(tighter, "firewall.paymentRate.limit", c.PaymentRate.Limit,
		fmt.Sprintf("fewer requests per second than firewall.rate lets through (%d in %d s)", c.Rate.Limit, c.Rate.Window))
	c.validateUploads(p)
	for i, rule := range c.Count {
		key := fmt.Sprintf("firewall.count[%d]", i)
		p.Check(slices.Contains(firewallRules, rule), key, rule, "one of "+strings.Join(firewallRules, ", "))
		p.Check(!slices.Contains(c.Count[:i], rule), key, rule, "each rule once")
		p.Check(rule != bodySizeRule || len(c.Uploads) > 0, key, rule, "no such entry without firewall.uploads: there is no such rule then")
	}
}

func (c FirewallConfig) validateNetworks(p *config.Problems) {
	var keys []string
	var networks []config.CIDR
	for _, list := range []struct {
		key      string
		networks []config.CIDR
	}{{"firewall.allow", c.Allow}, {"firewall.deny", c.Deny}} {
		p.Check(len(list.networks) <= maxAddresses, list.key, len(list.networks), fmt.Sprintf("at most %d networks", maxAddresses))
		for i, network := range list.networks {
			key := fmt.Sprintf("%s[%d]", list.key, i)
			keys, networks = append(keys, key), append(networks, network)
			p.Check(!network.IsValid() || network.Bits() > 0, key, network, "a network of at least one leading bit, since AWS WAF takes no /0")
		}
	}
	config.Disjoint(p, keys, networks)
}

func (r RateLimit) validate(p *config.Problems, key string) {
	p.Check(r.Limit >= minRate && r.Limit <= maxRate, key+".limit", r.Limit, fmt.Sprintf("a number from %d to %d", minRate, maxRate))
	p.Check(slices.Contains(rateWindows, r.Window), key+".window", r.Window, fmt.Sprintf("one of %v seconds", rateWindows))
}

func (c FirewallConfig) validateUploads(p *config.Problems) {
	services, err := catalog.Load()
	if err != nil {
		p.Add("firewall.uploads", nil, "a catalogue of services that can be read: "+err.Error())
		return
	}
	for i, pattern := range c.Uploads {
		key := fmt.Sprintf("firewall.uploads[%d]", i)
		var owner *catalog.Service
		for _, service := range services.Services {
			if slices.ContainsFunc(service.Paths, func(outer string) bool { return catalog.Covers(outer, pattern) }) {
				owner = &service
			}
		}
		p.Check(owner != nil && !owner.Payments, key, pattern, "a path pattern below one of a service without payments, such as /reports/uploads/*")
	}
	expression := pathExpression(c.Uploads)
	p.Check(len(expression) <= maxExpression, "firewall.uploads", len(expression),
		fmt.Sprintf("patterns that make an expression of at most %d characters", maxExpression))
}
