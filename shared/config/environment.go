package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// Region is the only region the platform runs in.
const Region = "us-east-1"

// Names lists the environments that exist, the default first.
func Names() []string { return []string{"local", "staging", "prod"} }

// Environment is what every layer of one environment is told alike, under the
// key "environment". A check over all seven stack files keeps them equal.
type Environment struct {
	// AccountID is the AWS account this environment lives in; the provider and
	// the runner both refuse any other.
	AccountID string `config:"accountId"`
	Region    string `config:"region"`
	// Owner, CostCenter and DataClass become tags on every resource.
	Owner      string `config:"owner"`
	CostCenter string `config:"costCenter"`
	DataClass  string `config:"dataClass"`
	// Backend is the URL of Pulumi's state; a relative file URL is below the
	// checkout.
	Backend string `config:"backend"`
	// SecretsProvider encrypts secrets in the state: "passphrase" or a KMS URL.
	SecretsProvider string `config:"secretsProvider"`
	// MaxRetries is how often the provider repeats a failed API call, 1 to 25.
	MaxRetries int `config:"maxRetries"`
	// Protect guards stateful resources against deletion, in Pulumi and in AWS.
	Protect bool `config:"protect"`
}

var (
	accountID = regexp.MustCompile(`^[0-9]{12}$`)
	// tagValue is the set of characters that all services take in a tag value
	// (AWS Tagging documentation, "Tag naming limits and requirements").
	tagValue    = regexp.MustCompile(`^[A-Za-z0-9 _.:/=+@-]{1,256}$`)
	dataClasses = []string{"cardholder", "internal"}
)

// Validate checks the shared settings.
func (e Environment) Validate(p *Problems) {
	p.Check(accountID.MatchString(e.AccountID), "environment.accountId", e.AccountID, "an AWS account id of 12 digits, quoted")
	p.Check(e.Region == Region, "environment.region", e.Region, Region)
	p.Check(tagValue.MatchString(e.Owner), "environment.owner", e.Owner, "a tag value of 1 to 256 characters")
	p.Check(tagValue.MatchString(e.CostCenter), "environment.costCenter", e.CostCenter, "a tag value of 1 to 256 characters")
	p.Check(slices.Contains(dataClasses, e.DataClass), "environment.dataClass", e.DataClass, "one of "+strings.Join(dataClasses, ", "))
	p.Check(e.MaxRetries >= 1 && e.MaxRetries <= 25, "environment.maxRetries", e.MaxRetries, "a number from 1 to 25")
	p.Check(e.Protect || p.Stack() != Production, "environment.protect", e.Protect,
		"true in "+Production+": deletion protection, of Pulumi and of AWS, guards data and keys there")
	p.Check(knownScheme(e.Backend, "file://", "s3://", "https://"), "environment.backend", e.Backend, "a URL that starts with file://, s3:// or https://")
	p.Check(e.SecretsProvider == "passphrase" || knownScheme(e.SecretsProvider, "awskms://"),
		"environment.secretsProvider", e.SecretsProvider, `"passphrase" or a URL that starts with awskms://`)
}

func knownScheme(url string, schemes ...string) bool {
	return slices.ContainsFunc(schemes, func(s string) bool {
		return strings.HasPrefix(url, s) && len(url) > len(s)
	})
}

// CIDR is an IPv4 network in canonical form, for example 10.20.0.0/16.
type CIDR struct{ netip.Prefix }

// UnmarshalText reads a network and refuses host bits and IPv6.
func (c *CIDR) UnmarshalText(text []byte) error {
	want := &Expected{Want: "an IPv4 network in CIDR form without host bits, such as 10.20.0.0/16"}
	prefix, err := netip.ParsePrefix(string(text))
	if err != nil || !prefix.Addr().Is4() || prefix.Masked() != prefix {
		return want
	}
	c.Prefix = prefix
	return nil
}

// ParseCIDR returns the network that text names.
func ParseCIDR(text string) (CIDR, error) {
	var c CIDR
	if err := c.UnmarshalText([]byte(text)); err != nil {
		return c, fmt.Errorf("network %q: %w", text, err)
	}
	return c, nil
}

// Disjoint adds a problem for each pair of networks that overlap. Keys and
// networks correspond by position.
func Disjoint(p *Problems, keys []string, networks []CIDR) {
	for i := range networks {
		for j := i + 1; j < len(networks); j++ {
			if networks[i].IsValid() && networks[j].IsValid() && networks[i].Overlaps(networks[j].Prefix) {
				p.Add(keys[j], networks[j], fmt.Sprintf("a network that does not overlap %s (%s)", keys[i], networks[i]))
			}
		}
	}
}
