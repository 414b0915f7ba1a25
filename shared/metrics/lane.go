package metrics

import "slices"

// Store is a kind of store that lanes keep equal.
type Store string

// The stores.
const (
	Aurora   Store = "aurora"
	DynamoDB Store = "dynamodb"
	S3       Store = "s3"
)

// Direction is the way of a lane.
type Direction string

// The directions: forward leads from blue to green.
const (
	Forward Direction = "forward"
	Reverse Direction = "reverse"
)

// Lane identifies a lane in the dimensions of its metrics.
type Lane struct {
	Store     Store
	Name      string
	Direction Direction
}

// Lanes lists the lanes of a platform: the one of each direction that holds all
// tables of the database, the sessions, and both replicated buckets. Counters of
// rate limits are not replicated; they start empty on the new side. Whoever emits
// under another name is on no graph and under no alarm.
func Lanes() []Lane {
	var all []Lane
	for _, each := range []struct {
		store Store
		name  string
	}{{Aurora, "core"}, {DynamoDB, "sessions"}, {S3, "transaction-logs"}, {S3, "documents"}} {
		all = append(all, Lane{each.store, each.name + ".fwd", Forward}, Lane{each.store, each.name + ".rev", Reverse})
	}
	return all
}

// LanesOf lists the lanes over one kind of store.
func LanesOf(store Store) []Lane {
	return slices.DeleteFunc(Lanes(), func(l Lane) bool { return l.Store != store })
}

// Series is that of a metric with the dimensions of a lane; more are the values of
// the dimensions after those, such as the table of a load.
func (l Lane) Series(of Metric, platform string, more ...string) (Series, error) {
	return of.At(append([]string{platform, string(l.Store), l.Name, string(l.Direction)}, more...)...)
}
