package services

import (
	"fmt"
	"maps"
	"slices"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/config"
)

const (
	// maxTasks is what a service with a balancer can have of tasks (Amazon ECS service
	// quotas, "Tasks per service", and Elastic Load Balancing, "Targets per target
	// group", 1000 by default).
	maxTasks = 1000
	maxZones = 3
)

// Tasks bounds how many tasks of a service run in one colour. Autoscaling moves
// between the bounds; a deployment leaves the number as it finds it.
type Tasks struct {
	// Min is at least one a zone (key "zones"), Max at least Min and at most 1000. Both
	// 0 make the service without tasks, which is how the repositories come to be
	// before the first image is pushed.
	Min int `config:"min"`
	Max int `config:"max"`
}

func (t Tasks) validate(p *config.Problems, at string, zones int) {
	if t.Min == 0 && t.Max == 0 {
		return
	}
	p.Check(t.Min >= zones, at+".min", t.Min, fmt.Sprintf("at least %d, one task for each of the zones, or 0 with a max of 0", zones))
	p.Check(t.Max >= t.Min && t.Max <= maxTasks, at+".max", t.Max, fmt.Sprintf("a number from min, %d, to %d", t.Min, maxTasks))
}

// Scaling says what autoscaling keeps the tasks of a service at, in either
// colour. The most demanding of the figures decides (Application Auto Scaling
// user guide, "Target tracking scaling policies", multiple policies).
type Scaling struct {
	// CPUPercent and MemoryPercent are averages over the tasks, 10 to 90.
	CPUPercent    int `config:"cpuPercent"`
	MemoryPercent int `config:"memoryPercent"`
	// RequestsPerTarget is how many requests one task answers in a minute, 1 to
	// 100000.
	RequestsPerTarget int `config:"requestsPerTarget"`
	// BacklogPerTask is how many messages may wait for each task, 1 to 100000: the
	// wait that is bearable through the time that one message takes. It is demanded
	// where the catalogue gives the service a queue and refused elsewhere.
	BacklogPerTask *int `config:"backlogPerTask"`
	// Schedule changes the least number of tasks by the clock, under names of ours.
	// Leave it out where load has no hours.
	Schedule *map[string]Scheduled `config:"schedule"`
}

const (
	leastPercent, mostPercent = 10, 90
	maxLoad                   = 100000
)

func (c Config) validateScaling(p *config.Problems, listed catalog.Catalog) {
	for _, service := range listed.Names() {
		_, found := c.Scaling[service]
		p.Check(found, "scaling."+service, nil, "the scaling of a service that stands in "+catalog.File)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Scaling)) {
		at := "scaling." + name
		service, known := listed.Find(name)
		p.Check(known, at, name, "a service of "+catalog.File)
		c.Scaling[name].validate(p, at, service.Queue != nil)
	}
}

func (s Scaling) validate(p *config.Problems, at string, queue bool) {
	for key, percent := range map[string]int{"cpuPercent": s.CPUPercent, "memoryPercent": s.MemoryPercent} {
		p.Check(percent >= leastPercent && percent <= mostPercent, at+"."+key, percent, fmt.Sprintf("a percentage from %d to %d", leastPercent, mostPercent))
	}
	p.Check(s.RequestsPerTarget >= 1 && s.RequestsPerTarget <= maxLoad, at+".requestsPerTarget", s.RequestsPerTarget,
		fmt.Sprintf("requests a minute from 1 to %d", maxLoad))
	if s.Schedule != nil {
		validateSchedule(p, at+".schedule", *s.Schedule)
	}
	backlog := at + ".backlogPerTask"
	switch {
	case s.BacklogPerTask == nil:
		p.Check(!queue, backlog, nil, "how many messages may wait for each task, as the service has a queue")
	case !queue:
		p.Add(backlog, *s.BacklogPerTask, "nothing: "+catalog.File+" gives the service no queue")
	default:
		p.Check(*s.BacklogPerTask >= 1 && *s.BacklogPerTask <= maxLoad, backlog, *s.BacklogPerTask, fmt.Sprintf("a number of messages from 1 to %d", maxLoad))
	}
}
