package traffic

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/cutover/cutover/shared/naming"
)

// Entrance is what one colour's traffic needs, as the deployment of the edge
// layer left it.
type Entrance struct {
	Ready bool `json:"ready"`
	// Endpoint is the balancer's DNS name and EndpointZone the zone that it is in.
	Endpoint     string `json:"endpoint"`
	EndpointZone string `json:"endpointZone"`
	// HealthCheck is the check of the weighted record, which is made to fail while
	// the colour gets no traffic; Payments measures the same paths and never is.
	HealthCheck string `json:"healthCheck"`
	Payments    string `json:"payments"`
	// TargetGroups are the ARNs by service.
	TargetGroups map[string]string `json:"targetGroups"`
}

// Place is where the traffic of an environment is moved.
type Place struct {
	ZoneID     string   `json:"zoneId"`
	PublicName string   `json:"publicName"`
	Blue       Entrance `json:"blue"`
	Green      Entrance `json:"green"`
}

// Of returns one colour's entrance.
func (p Place) Of(color naming.Color) Entrance {
	if color == naming.Blue {
		return p.Blue
	}
	return p.Green
}

// Release is a deployment of the edge layer that succeeded: what the traffic was
// split like, and what stood behind it.
type Release struct {
	Number int64     `json:"number"`
	Time   time.Time `json:"time"`
	Who    string    `json:"who"`
	Reason string    `json:"reason,omitempty"`
	// Commit of the program and the configuration; Dirty when the checkout had
	// changes besides.
	Commit string `json:"commit"`
	Dirty  bool   `json:"dirty,omitempty"`
	Split  Split  `json:"split"`
	Place  Place  `json:"place"`
	// Parts are digests of what the layer consists of, by part: records, rules,
	// firewall, balancers, other.
	Parts map[string]string `json:"parts"`
}

// Differs lists the parts of a release that are not those given, sorted.
func (r Release) Differs(parts map[string]string) []string {
	var differing []string
	for _, name := range slices.Sorted(maps.Keys(r.Parts)) {
		if parts[name] != r.Parts[name] {
			differing = append(differing, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		if _, known := r.Parts[name]; !known {
			differing = append(differing, name)
		}
	}
	return differing
}

// ParseRelease reads the number of a release.
func ParseRelease(text string) (int64, error) {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 1 {
		return 0, fmt.Errorf("release %q: expected a number that rollback:list shows", text)
	}
	return number, nil
}
