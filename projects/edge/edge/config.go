package edge

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
)

// Config is the configuration of the layer of balancers and names, in the
// namespace "edge".
type Config struct {
	Environment config.Environment `config:"environment"`
	// Domain is the zone that all names stand in, for example cutover.example.
	Domain string `config:"domain"`
	// PublicName is the name that customers call: Domain or a name below it.
	PublicName string `config:"publicName"`
	// ZoneID names a public zone of Domain that exists. Left out, this layer makes
	// the zone, and the parent domain has to delegate to its name servers.
	ZoneID *string `config:"zoneId"`
	// Signed tells that the zone is signed (DNSSEC): by this layer the one that it
	// makes, by its owner one that was given, which verification then expects.
	Signed bool `config:"signed"`
	// CertificateARN names a certificate that exists and covers PublicName. Left
	// out, this layer orders one and proves the names through the zone.
	CertificateARN *string `config:"certificateArn"`
	Blue           Traffic `config:"blue"`
	Green          Traffic `config:"green"`
	// ZonalShift lets operators and AWS move a balancer's traffic out of an ailing
	// zone. ResponseHeaders makes the balancers demand HTTPS of browsers and hide
	// what they are. Both are true but where AWS provider 5.82 deploys, which is what
	// the plugin from source is made of: it sets neither for application balancers.
	ZonalShift      bool `config:"zonalShift"`
	ResponseHeaders bool `config:"responseHeaders"`
	// Firewall is what stands before the balancers of both colours.
	Firewall FirewallConfig `config:"firewall"`
}

// Traffic says how much of the public traffic a colour gets.
type Traffic struct {
	// Weight is the colour's part of the sum of all weights, 0 to 255, and 0 for a
	// colour that is not ready. The health check of one of weight 0 is closed, since
	// Route 53 answers records of weight 0 that are healthy when all others are not
	// (Route 53 developer guide, "How Amazon Route 53 chooses records when health
	// checking is configured").
	Weight int `config:"weight"`
	// Ready tells whether the colour may be given customers. One that is not has no
	// record under the public name at all.
	Ready bool `config:"ready"`
}

// open tells whether the colour gets a share of the public traffic.
func (t Traffic) open() bool { return t.Ready && t.Weight > 0 }

// Limits of the Route 53 API (ResourceRecordSet, Weight) and of ACM (API
// reference, RequestCertificate: the first name of a certificate).
const (
	maxWeight      = 255
	maxName        = 253
	maxCertificate = 64
)

var (
	// dnsName takes lower-case host names of at least two labels.
	dnsName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
	zoneID  = regexp.MustCompile(`^Z[A-Z0-9]{1,31}$`)
	// certificate takes ARNs of the region that the balancers are in.
	certificate = regexp.MustCompile(`^arn:aws:acm:` + config.Region + `:[0-9]{12}:certificate/[A-Za-z0-9-]{1,64}$`)
)

// Where is the environment that the layer stands in.
func (c Config) Where() config.Environment { return c.Environment }

// Validate checks every value and the relations between the colours.
func (c Config) Validate(p *config.Problems) {
	c.Environment.Validate(p)
	c.validateNames(p)
	c.Firewall.validate(p)
	open := false
	for _, color := range naming.Colors() {
		traffic := c.Traffic(color)
		traffic.validate(p, string(color))
		open = open || traffic.open()
	}
	p.Check(open, "blue.weight", c.Blue.Weight, "a weight above 0 of at least one colour that is ready, since otherwise nothing answers under the public name")
}

func (c Config) validateNames(p *config.Problems) {
	p.Check(isName(c.Domain, maxName), "domain", c.Domain, "a domain in lower case, such as cutover.example")
	p.Check(isName(c.PublicName, maxCertificate), "publicName", c.PublicName,
		fmt.Sprintf("a host name in lower case of at most %d characters", maxCertificate))
	below := c.PublicName == c.Domain || strings.HasSuffix(c.PublicName, "."+c.Domain)
	p.Check(below, "publicName", c.PublicName, fmt.Sprintf("the domain %q or a name below it", c.Domain))
	if c.ZoneID != nil {
		p.Check(zoneID.MatchString(*c.ZoneID), "zoneId", *c.ZoneID, "the id of a hosted zone, such as Z0123456789ABC, or no such key")
	}
	if c.CertificateARN != nil {
		p.Check(certificate.MatchString(*c.CertificateARN), "certificateArn", *c.CertificateARN,
			"the ARN of an ACM certificate in "+config.Region+", or no such key")
	}
}

func isName(name string, longest int) bool {
	return len(name) <= longest && dnsName.MatchString(name)
}

func (t Traffic) validate(p *config.Problems, color string) {
	key := color + ".weight"
	p.Check(t.Weight >= 0 && t.Weight <= maxWeight, key, t.Weight, fmt.Sprintf("a number from 0 to %d", maxWeight))
	p.Check(t.Ready || t.Weight <= 0, key, t.Weight, fmt.Sprintf("0 while %s.ready is false", color))
}

// Traffic returns the part of one colour.
func (c Config) Traffic(color naming.Color) Traffic {
	if color == naming.Blue {
		return c.Blue
	}
	return c.Green
}

// readyColors lists the colours that may be given traffic, blue first.
func (c Config) readyColors() []string {
	ready := []string{}
	for _, color := range naming.Colors() {
		if c.Traffic(color).Ready {
			ready = append(ready, string(color))
		}
	}
	return ready
}

// colorName is the name that always reaches one colour.
func (c Config) colorName(color naming.Color) string { return string(color) + "." + c.PublicName }

// CheckConfig reads and validates a stack file without running the program.
func CheckConfig(stackFile string) error {
	_, err := config.ReadFile[Config](stackFile)
	return err
}
