// Package steering moves the traffic of an environment: it changes the weighted
// records of the public name and their health checks through the Route 53 API,
// asks the gates before a step up, and keeps what was decided in the control
// table, with a copy beside the state. It needs neither Pulumi nor its state, so
// that the way back does not hang on a deployment; bringing Pulumi's state in
// line, asking people and exit codes are package ops's.
package steering

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/traffic"
)

// DNS reads and changes the public name's records and their health checks.
type DNS interface {
	// Find returns the id of the public zone of a domain; an error that names all
	// of them when there are several.
	Find(ctx context.Context, domain string) (zoneID string, err error)
	// Observe reads what Route 53 has for the public name.
	Observe(ctx context.Context, place traffic.Place) (Reality, error)
	// Apply makes the records and checks that differ from the split equal to it and
	// returns the id of the change, "" when no record changed. It is safe to
	// repeat. An error does not mean that nothing was done.
	Apply(ctx context.Context, place traffic.Place, real Reality, split traffic.Split) (changeID string, err error)
	// InSync tells whether all of Route 53's servers answer a change.
	InSync(ctx context.Context, changeID string) (bool, error)
}

// Table is the control table. An item is read consistently.
type Table interface {
	// Get returns ErrAbsent when there is no such item.
	Get(ctx context.Context, key string) (Item, error)
	// Put writes all items or none. Each replaces revision Rev-1, or is made when
	// Rev is 1; ErrConflict when another revision stands there.
	Put(ctx context.Context, items ...Item) error
}

// Item is one item of the control table.
type Item struct {
	Key    string
	Rev    int64 // from 1
	Fields map[string]string
}

// Vault keeps small documents beside Pulumi's state.
type Vault interface {
	// Read returns ErrAbsent when there is no such document.
	Read(ctx context.Context, name string) ([]byte, error)
	Write(ctx context.Context, name string, text []byte) error
	// List returns the names that begin with prefix, sorted.
	List(ctx context.Context, prefix string) ([]string, error)
}

// What stores answer besides failures of their own.
var (
	ErrAbsent   = errors.New("there is none")
	ErrConflict = errors.New("somebody else wrote it meanwhile")
)

// Site is what configuration says of the public name.
type Site struct {
	Domain, PublicName string
	// ZoneID is the zone that was given, "" where the edge layer makes it.
	ZoneID string
	// Split is that of a new environment.
	Split traffic.Split
}

// Controller moves traffic in one environment.
type Controller struct {
	Site  Site
	DNS   DNS
	Table Table
	Vault Vault
	// Authority reads the item control.AuthorityItem where that is not in the table;
	// nil where it is.
	Authority func(ctx context.Context) (Item, error)
	// Now is the clock, Sleep waits.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
	// Who acts: user@host.
	Who string
	// Fault is called at named points of a move; for tests.
	Fault func(point string) error
}

// at runs the fault of a point.
func (c *Controller) at(point string) error {
	if c.Fault == nil {
		return nil
	}
	return c.Fault(point)
}

// Reality is what Route 53 has for the public name.
type Reality struct {
	Blue  Side `json:"blue"`
	Green Side `json:"green"`
}

// Side is one colour's weighted record and its health check.
type Side struct {
	// Exists tells whether there is a record; a colour that is not ready has none.
	Exists bool `json:"exists"`
	Weight int  `json:"weight"`
	// HealthCheck is the record's, Shut whether it is made to fail, HalfShut
	// whether it is only inverted or only disabled, which somebody did by hand.
	HealthCheck string `json:"healthCheck"`
	Shut        bool   `json:"shut"`
	HalfShut    bool   `json:"halfShut,omitempty"`
	// Endpoint and EndpointZone are what the record leads to, Evaluate whether
	// Route 53 looks at the balancer's own health besides.
	Endpoint     string `json:"endpoint"`
	EndpointZone string `json:"endpointZone"`
	Evaluate     bool   `json:"evaluate,omitempty"`
}

// Of returns one colour's side.
func (r Reality) Of(color naming.Color) Side {
	if color == naming.Blue {
		return r.Blue
	}
	return r.Green
}

// Split is what the records answer.
func (r Reality) Split() traffic.Split {
	return traffic.Split{Blue: r.Blue.Weight, Green: r.Green.Weight}
}

// Is tells whether records and checks are as a split wants them.
func (r Reality) Is(split traffic.Split) bool {
	for _, color := range naming.Colors() {
		side := r.Of(color)
		if side.Weight != split.Weight(color) {
			return false
		}
		if side.Exists && (side.Shut != split.Shut(color) || side.HalfShut) {
			return false
		}
	}
	return r.Split() == split
}

// String tells weights and health checks in words.
func (r Reality) String() string {
	text := r.Split().String()
	for _, color := range naming.Colors() {
		switch side := r.Of(color); {
		case !side.Exists:
			text += fmt.Sprintf("; %s has no record", color)
		case side.HalfShut:
			text += fmt.Sprintf("; the health check of %s was changed by hand", color)
		case side.Shut:
			text += fmt.Sprintf("; %s is shut", color)
		}
	}
	return text
}
