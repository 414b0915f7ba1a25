package catalog

import (
	"slices"
	"strings"
)

// Match tells whether a path pattern of an Application Load Balancer matches a
// path: case-sensitive, over the whole path, * for any number of characters
// (slashes among them) and ? for exactly one (Elastic Load Balancing user guide
// for Application Load Balancers, "Condition types for listener rules", path
// conditions). The path is taken as it is, without its query; what a balancer
// does to a path before is not this function's part.
func Match(pattern, path string) bool {
	// at follows the path; star and retry are where the last * stands and where the
	// path goes on if that takes one character more.
	at, star, retry := 0, -1, 0
	for i := 0; ; {
		switch {
		case i < len(pattern) && pattern[i] == '*':
			star, retry = i, at
			i++
		case i == len(pattern) && at == len(path):
			return true
		case i < len(pattern) && at < len(path) && (pattern[i] == '?' || pattern[i] == path[at]):
			i, at = i+1, at+1
		case star >= 0 && retry < len(path):
			retry++
			i, at = star+1, retry
		default:
			return false
		}
	}
}

// Overlap tells whether any path matches both patterns.
func Overlap(a, b string) bool {
	switch {
	case a == "" && b == "":
		return true
	case strings.HasPrefix(a, "*"):
		return Overlap(a[1:], b) || b != "" && Overlap(a, b[1:])
	case strings.HasPrefix(b, "*"):
		return Overlap(b, a)
	case a == "" || b == "":
		return false
	}
	return (a[0] == b[0] || a[0] == '?' || b[0] == '?') && Overlap(a[1:], b[1:])
}

// Covers tells whether all paths of inner are paths of outer. It may say no where
// the answer is yes: it takes no ? of outer for a wildcard of inner.
func Covers(outer, inner string) bool {
	return outer == inner || !strings.Contains(outer, "?") && Match(outer, inner)
}

// Route returns the service that a balancer sends a path to: that of the rule of
// the lowest priority number with a pattern that matches. Without one, the
// balancer answers 404.
func (c Catalog) Route(path string) (Service, bool) {
	ordered := slices.Clone(c.Services)
	slices.SortStableFunc(ordered, func(a, b Service) int { return a.Priority - b.Priority })
	for _, s := range ordered {
		if slices.ContainsFunc(s.Paths, func(pattern string) bool { return Match(pattern, path) }) {
			return s, true
		}
	}
	return Service{}, false
}
