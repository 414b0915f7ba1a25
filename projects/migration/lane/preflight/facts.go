package preflight

import (
	"time"

	"github.com/cutover/cutover/shared/naming"
)

// Fact is what a source outside of both databases has answered. The zero value is
// that nobody has asked, which is unknown: it never holds.
type Fact[T any] struct {
	Value *T `json:"value,omitempty"`
	// Absent says why there is no such source in this environment.
	Absent string `json:"absent,omitempty"`
	// Unknown says why the source has not answered.
	Unknown string `json:"unknown,omitempty"`
}

// Known is a fact with an answer.
func Known[T any](value T) Fact[T] { return Fact[T]{Value: &value} }

// Answer makes a fact of what a source has answered.
func Answer[T any](value T, err error) Fact[T] {
	if err != nil {
		return Fact[T]{Unknown: err.Error()}
	}
	return Known(value)
}

// Facts are what checks need to know besides what the databases tell. They travel as
// JSON from whoever may ask to where the databases can be reached.
type Facts struct {
	// Rooms is how much each side can still store.
	Rooms map[naming.Color]Fact[Room] `json:"rooms,omitempty"`
	// Functions are the functions that move data to the lane's target.
	Functions Fact[[]Function] `json:"functions,omitzero"`
	// Window is the last moment at which the network between the sides is open.
	Window Fact[time.Time] `json:"window,omitzero"`
	// Names is the weighted public name.
	Names Fact[Names] `json:"names,omitzero"`
	// Alarms are those of the migration.
	Alarms Fact[[]Alarm] `json:"alarms,omitzero"`
	// Applications says whether there are any; who they are the databases tell.
	Applications Fact[bool] `json:"applications,omitzero"`
}

// Nowhere are the facts of an environment that has none of the sources.
func Nowhere(why string) Facts {
	var f Facts
	f.Functions.Absent, f.Window.Absent, f.Names.Absent, f.Alarms.Absent, f.Applications.Absent = why, why, why, why, why
	f.Rooms = map[naming.Color]Fact[Room]{}
	for _, side := range naming.Colors() {
		f.Rooms[side] = Fact[Room]{Absent: why}
	}
	return f
}

// Room is what a side can still store, in bytes.
type Room struct {
	// Volume is where tables and the log are.
	Volume int64 `json:"volume"`
	// Scratch is where indexes are sorted and decoded transactions wait; nil where that
	// is the volume.
	Scratch *int64 `json:"scratch,omitempty"`
}

// Function is one function as it is and as it was deployed to be.
type Function struct {
	Name string   `json:"name"`
	Is   Settings `json:"is"`
	Want Settings `json:"want"`
}

// Settings of a function.
type Settings struct {
	// Timeout is in seconds, Memory in MiB.
	Timeout int `json:"timeout"`
	Memory  int `json:"memory"`
	// AtOnce is the reserved concurrency; -1 for none.
	AtOnce int `json:"atOnce"`
}

// Names is a public name with a weighted record for each side.
type Names struct {
	Name    string   `json:"name"`
	Records []Record `json:"records"`
}

// Record is a side's weighted record.
type Record struct {
	Side   naming.Color `json:"side"`
	Weight int          `json:"weight"`
	// TTL is in seconds; 0 for an alias, whose TTL is Route 53's own.
	TTL int `json:"ttl"`
	// Shut tells that the health check answers that the side is not there, whatever the
	// side says.
	Shut bool `json:"shut"`
}

// Alarm is an alarm and how it stands.
type Alarm struct {
	Name string `json:"name"`
	// State is OK, ALARM or INSUFFICIENT_DATA; empty where there is no such alarm.
	State string `json:"state"`
	// Deaf tells that silence is no fault to it although that of what it watches is one.
	Deaf bool `json:"deaf,omitempty"`
}

// judge turns a fact into findings: where there is no such source the check says so,
// and where it has not answered the check does not hold.
func judge[T any](fact Fact[T], where, want string, look func(T) []Finding) []Finding {
	switch {
	case fact.Value != nil:
		return look(*fact.Value)
	case fact.Absent != "":
		return []Finding{{Status: NotHere, Where: where, Found: "not applicable here: " + fact.Absent}}
	case fact.Unknown != "":
		return []Finding{refuse(where, want, "cannot be known: %s", fact.Unknown)}
	default:
		return []Finding{refuse(where, want, "cannot be known: nobody has asked")}
	}
}

// note is a finding that only tells.
func note(where, found string, args ...any) Finding {
	f := refuse(where, "", found, args...)
	f.Status = Note
	return f
}

// warn is a finding that forbids nothing.
func warn(where, want, found string, args ...any) Finding {
	f := refuse(where, want, found, args...)
	f.Status = Warn
	return f
}
