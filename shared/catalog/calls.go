package catalog

import (
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/config"
)

// ConnectPort is where the proxy beside a service listens for calls of other
// services; what the balancer sends goes to the service's own port.
const ConnectPort = 9443

// CallersOf lists the services that call one, in the order of the file.
func (c Catalog) CallersOf(name string) []string {
	var callers []string
	for _, s := range c.Services {
		if slices.Contains(s.Calls, name) {
			callers = append(callers, s.Name)
		}
	}
	return callers
}

// CalledFirst lists the services so that each comes after those that it calls.
func (c Catalog) CalledFirst() []Service {
	var ordered []Service
	var add func(s Service)
	add = func(s Service) {
		if slices.ContainsFunc(ordered, func(o Service) bool { return o.Name == s.Name }) {
			return
		}
		for _, name := range s.Calls {
			if called, known := c.Find(name); known {
				add(called)
			}
		}
		ordered = append(ordered, s)
	}
	for _, s := range c.Services {
		add(s)
	}
	return ordered
}

// validateCalls checks that calls lead to services and never back: Service Connect
// tells a task only of services that were there when it started.
func (c Catalog) validateCalls(p *config.Problems, at string, s Service) {
	p.Check(s.Port != ConnectPort, at+".port", s.Port, "another port than that of the proxies")
	for i, name := range s.Calls {
		key := at + ".calls"
		p.Check(slices.Contains(c.Names(), name) && name != s.Name, key, name, "another service of the catalogue: "+strings.Join(c.Names(), ", "))
		p.Check(!slices.Contains(s.Calls[:i], name), key, name, "each service once")
		p.Check(!c.reaches(name, s.Name, nil), key, name, "a service that does not call this one, itself or through others")
	}
}

// reaches tells whether calls lead from one service to another.
func (c Catalog) reaches(from, to string, seen []string) bool {
	if slices.Contains(seen, from) {
		return false
	}
	s, _ := c.Find(from)
	return slices.ContainsFunc(s.Calls, func(next string) bool {
		return next == to || c.reaches(next, to, append(seen, from))
	})
}
