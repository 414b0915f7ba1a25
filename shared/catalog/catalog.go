// Package catalog is the one list of the platform's services. What a service
// is called, where it listens, which paths reach it and how big it is stands in
// catalog.yaml beside this file; this package reads and checks it.
package catalog

import (
	_ "embed"
	"fmt"
	"regexp"

	"github.com/cutover/cutover/shared/config"
)

//go:embed catalog.yaml
var source []byte

// File is where the catalogue stands, below the checkout.
const File = "shared/catalog/catalog.yaml"

// Writer is the service whose database user stands for all that write payments:
// with its login it is tried after a switch who may write.
const Writer = "payment-api"

// Service is one container service behind the balancer.
type Service struct {
	Name     string   `config:"name"`
	Port     int      `config:"port"`
	Paths    []string `config:"paths"`
	Priority int      `config:"priority"`
	// Health is the path of the health check, answered over TLS.
	Health string `config:"health"`
	// SlowStartSeconds is how long a new task takes a growing share of the requests,
	// 30 to 900, or 0 for its full share at once. DrainSeconds is how long a task
	// that goes may finish requests, 0 to 3600 (Elastic Load Balancing API
	// reference, TargetGroupAttribute).
	SlowStartSeconds int `config:"slowStartSeconds"`
	DrainSeconds     int `config:"drainSeconds"`
	// CPU is in CPU units, Memory in MiB.
	CPU    int `config:"cpu"`
	Memory int `config:"memory"`
	// Payments marks a path that the DNS health check watches: when it fails,
	// customers cannot pay.
	Payments bool `config:"payments"`
	// StopSeconds is what a task that is told to stop gets to end what it has in hand
	// before it is killed, 2 to 120.
	StopSeconds int `config:"stopSeconds"`
	// Stores says what the service does with each store of its colour.
	Stores Stores `config:"stores"`
	// Queue is the queue that the service takes work from; leave it out where there
	// is none.
	Queue *Queue `config:"queue"`
	// SendsTo names the services whose queues this one sends to.
	SendsTo []string `config:"sendsTo"`
	// Calls names the services of its colour that this one calls itself.
	Calls []string `config:"calls"`
}

// Stores says what a service does with the stores of the data layer beside the
// database. The data layer grants exactly that.
type Stores struct {
	Sessions        Access `config:"sessions"`
	RateLimits      Access `config:"rateLimits"`
	TransactionLogs Access `config:"transactionLogs"`
	Documents       Access `config:"documents"`
}

// Access is what a service does with a store.
type Access string

// The kinds of access; to write includes to read.
const (
	None  Access = "none"
	Read  Access = "read"
	Write Access = "write"
)

// Catalog is the whole list, in the order of the file.
type Catalog struct {
	Services []Service `config:"services"`
}

// Load reads the catalogue that was compiled in.
func Load() (Catalog, error) {
	listed, err := Parse(source)
	if err != nil {
		return Catalog{}, fmt.Errorf("read the catalogue of services: %w", err)
	}
	return listed, nil
}

// Parse reads a catalogue from YAML text.
func Parse(text []byte) (Catalog, error) {
	return config.ReadDocument[Catalog](File, text)
}

// ReadFile reads the catalogue of a checkout, as it stands now.
func ReadFile(path string) (Catalog, error) {
	return config.ReadDocumentFile[Catalog](path, File)
}

// Names lists the services in the order of the file.
func (c Catalog) Names() []string {
	names := make([]string, len(c.Services))
	for i, s := range c.Services {
		names[i] = s.Name
	}
	return names
}

var (
	name = regexp.MustCompile(`^[a-z][a-z0-9-]{1,30}[a-z0-9]$`)
	// path is what an ALB path pattern takes (Elastic Load Balancing API
	// reference, PathPatternConditionConfig: 128 characters).
	path   = regexp.MustCompile(`^/[A-Za-z0-9_.$/~"'@:+*?&-]{0,127}$`)
	health = regexp.MustCompile(`^/[A-Za-z0-9_./-]{1,127}$`)
)

// maxPaths keeps one condition per service: a condition takes three match
// evaluations (Elastic Load Balancing user guide, "Condition types for listener
// rules").
const maxPaths = 3

// Limits of a target group's attributes, in seconds.
const minSlowStart, maxSlowStart, maxDrain = 30, 900, 3600

// fargate lists the memory sizes that Fargate takes per CPU size (Amazon
// ECS developer guide, "Task CPU and memory"): first, last and step, in MiB.
// 256 takes 512 MiB as well, which fits no step and which no service needs.
var fargate = map[int][3]int{
	256:   {1024, 2048, 1024},
	512:   {1024, 4096, 1024},
	1024:  {2048, 8192, 1024},
	2048:  {4096, 16384, 1024},
	4096:  {8192, 30720, 1024},
	8192:  {16384, 61440, 4096},
	16384: {32768, 122880, 8192},
}

// Validate checks every service and the relations between them.
func (c Catalog) Validate(p *config.Problems) {
	p.Check(len(c.Services) > 0, "services", nil, "at least one service")
	seen := make(map[string]string)
	for i, s := range c.Services {
		at := fmt.Sprintf("services[%d]", i)
		s.validate(p, at)
		c.validateMessages(p, at, s)
		c.validateRules(p, at, s, c.Services[:i])
		c.validateCalls(p, at, s)
		for _, claim := range s.claims() {
			if owner, taken := seen[claim]; taken {
				p.Add(at, claim, "a value that "+owner+" does not use")
			}
			seen[claim] = s.Name
		}
	}
}

// claims lists what no two services may share.
func (s Service) claims() []string {
	return []string{"name " + s.Name, fmt.Sprintf("port %d", s.Port), fmt.Sprintf("priority %d", s.Priority)}
}

// validateRules checks the path rules of s against those of the services before
// it in the file: which of two overlapping patterns wins has to be decided by
// priority, and a pattern that an earlier rule takes whole leads nowhere.
func (c Catalog) validateRules(p *config.Problems, at string, s Service, before []Service) {
	for i, pattern := range s.Paths {
		key := fmt.Sprintf("%s.paths[%d]", at, i)
		for _, other := range before {
			for _, taken := range other.Paths {
				same := other.Priority == s.Priority && Overlap(taken, pattern)
				p.Check(!same, key, pattern, fmt.Sprintf("another priority than %d, or no path of %s of %s, which has the same", s.Priority, taken, other.Name))
			}
		}
		for _, other := range c.Services {
			for _, taken := range other.Paths {
				hidden := other.Name != s.Name && other.Priority <= s.Priority && Covers(taken, pattern)
				p.Check(!hidden, key, pattern, fmt.Sprintf("a pattern that %s of %s does not take first", taken, other.Name))
			}
		}
	}
	owner, routed := c.Route(s.Health)
	p.Check(s.Health == "" || routed && owner.Name == s.Name, at+".health", s.Health,
		"a path that one of the service's own patterns matches, so that the check takes the way of a request")
}

func (s Service) validate(p *config.Problems, at string) {
	p.Check(name.MatchString(s.Name), at+".name", s.Name, "3 to 32 lower-case letters, digits and dashes")
	p.Check(s.Port >= 1024 && s.Port <= 65535, at+".port", s.Port, "a port from 1024 to 65535 (the container is not root)")
	p.Check(s.Priority >= 1 && s.Priority <= 50000, at+".priority", s.Priority, "a number from 1 to 50000")
	p.Check(health.MatchString(s.Health), at+".health", s.Health, "a health path such as /payments/health")
	p.Check(len(s.Paths) >= 1 && len(s.Paths) <= maxPaths, at+".paths", s.Paths, fmt.Sprintf("1 to %d path patterns", maxPaths))
	for i, pattern := range s.Paths {
		p.Check(path.MatchString(pattern), fmt.Sprintf("%s.paths[%d]", at, i), pattern, "a path pattern such as /payments/*")
	}
	p.Check(s.SlowStartSeconds == 0 || s.SlowStartSeconds >= minSlowStart && s.SlowStartSeconds <= maxSlowStart, at+".slowStartSeconds", s.SlowStartSeconds,
		fmt.Sprintf("0, or a number from %d to %d", minSlowStart, maxSlowStart))
	p.Check(s.DrainSeconds >= 0 && s.DrainSeconds <= maxDrain, at+".drainSeconds", s.DrainSeconds, fmt.Sprintf("a number from 0 to %d", maxDrain))
	s.Stores.validate(p, at+".stores")
	p.Check(s.StopSeconds >= minStop && s.StopSeconds <= maxStop, at+".stopSeconds", s.StopSeconds, fmt.Sprintf("%d to %d seconds, which AWS Fargate gives", minStop, maxStop))
	range_, known := fargate[s.CPU]
	p.Check(known, at+".cpu", s.CPU, "a size of Fargate: 256, 512, 1024, 2048, 4096, 8192 or 16384")
	if known {
		fits := s.Memory >= range_[0] && s.Memory <= range_[1] && (s.Memory-range_[0])%range_[2] == 0
		p.Check(fits, at+".memory", s.Memory, fmt.Sprintf("%d to %d MiB in steps of %d, which Fargate takes for cpu %d", range_[0], range_[1], range_[2], s.CPU))
	}
}

func (s Stores) validate(p *config.Problems, at string) {
	for key, access := range map[string]Access{
		"sessions": s.Sessions, "rateLimits": s.RateLimits, "transactionLogs": s.TransactionLogs, "documents": s.Documents,
	} {
		known := access == None || access == Read || access == Write
		p.Check(known, at+"."+key, access, fmt.Sprintf("%s, %s or %s", None, Read, Write))
	}
}

// DatabasePort is the port of the databases of both colours. It is not the
// default of PostgreSQL (AWS Security Hub control RDS.23).
const DatabasePort = 5433
