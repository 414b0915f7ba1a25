package services

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
)

// Config is the configuration of the layer of containers, in the namespace
// "services".
type Config struct {
	Environment config.Environment `config:"environment"`
	// Architecture is the processor the images are built for: ARM64 or X86_64.
	Architecture string `config:"architecture"`
	// Zones is over how many availability zones the tasks of a service are spread at
	// least, 1 to 3: that many run, one a zone. While environment.protect is true it
	// is at least 2, so that one zone can fail.
	Zones int `config:"zones"`
	// Scaling says for every service of the catalogue what its tasks are kept at.
	Scaling map[string]Scaling `config:"scaling"`
	// Blue and Green hold the release of every service of the catalogue.
	Blue  map[string]Release `config:"blue"`
	Green map[string]Release `config:"green"`
}

// Release is what runs of one service in one colour.
type Release struct {
	// Digest names the image in the service's own repository. A tag is refused:
	// what it points at can change between two starts of a task.
	Digest string `config:"digest"`
	// Tasks bounds how many tasks run.
	Tasks Tasks `config:"tasks"`
	// Secrets maps environment variables of the container to the ARNs of secrets
	// that are encrypted with the colour's key for secrets. Leave it out when there
	// are none.
	Secrets *map[string]string `config:"secrets"`
}

var (
	architectures = []string{"ARM64", "X86_64"}
	digest        = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	variable      = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,127}$`)
	// secret takes whole ARNs, with the six characters that Secrets Manager adds.
	secret = regexp.MustCompile(`^arn:aws:secretsmanager:` + config.Region + `:([0-9]{12}):secret:[A-Za-z0-9/_+=.@-]{1,512}-[A-Za-z0-9]{6}$`)
)

// Where is the environment that the layer stands in.
func (c Config) Where() config.Environment { return c.Environment }

// Validate checks every value, and that both colours run what the catalogue
// lists.
func (c Config) Validate(p *config.Problems) {
	c.Environment.Validate(p)
	p.Check(slices.Contains(architectures, c.Architecture), "architecture", c.Architecture, "one of "+strings.Join(architectures, ", "))
	listed, err := catalog.Load()
	if err != nil {
		p.Add("*", err, "a catalogue of services that can be read")
		return
	}
	least := 1
	if c.Environment.Protect {
		least = 2
	}
	p.Check(c.Zones >= least && c.Zones <= maxZones, "zones", c.Zones, fmt.Sprintf("a number of zones from %d to %d", least, maxZones))
	c.validateScaling(p, listed)
	for _, color := range naming.Colors() {
		c.validateColor(p, color, listed)
	}
}

func (c Config) validateColor(p *config.Problems, color naming.Color, listed catalog.Catalog) {
	services, own := listed.Names(), ownVariables(listed)
	releases := c.Releases(color)
	for _, service := range services {
		if _, found := releases[service]; !found {
			p.Add(fmt.Sprintf("%s.%s", color, service), nil, "the release of a service that stands in "+catalog.File)
		}
	}
	for _, service := range slices.Sorted(maps.Keys(releases)) {
		at := fmt.Sprintf("%s.%s", color, service)
		p.Check(slices.Contains(services, service), at, service, "a service of "+catalog.File+": "+strings.Join(services, ", "))
		c.validateRelease(p, at, releases[service], own)
	}
}

func (c Config) validateRelease(p *config.Problems, at string, release Release, own []string) {
	p.Check(digest.MatchString(release.Digest), at+".digest", release.Digest,
		"the digest of an image, sha256: and 64 hexadecimal digits; tags can move")
	release.Tasks.validate(p, at+".tasks", c.Zones)
	for _, name := range slices.Sorted(maps.Keys(release.secrets())) {
		arn := release.secrets()[name]
		free := variable.MatchString(name) && !slices.Contains(own, name)
		p.Check(free, at+".secrets", name, "names of environment variables such as CARD_NETWORK_KEY, but for "+strings.Join(own, ", "))
		parts := secret.FindStringSubmatch(arn)
		p.Check(parts != nil && parts[1] == c.Environment.AccountID, at+".secrets."+name, arn,
			"the whole ARN of a secret in account "+c.Environment.AccountID+" and region "+config.Region)
	}
}

func (r Release) secrets() map[string]string {
	if r.Secrets == nil {
		return nil
	}
	return *r.Secrets
}

// Releases returns the releases of one colour.
func (c Config) Releases(color naming.Color) map[string]Release {
	if color == naming.Blue {
		return c.Blue
	}
	return c.Green
}

// CheckConfig reads and validates a stack file without running the program.
func CheckConfig(stackFile string) error {
	_, err := config.ReadFile[Config](stackFile)
	return err
}
