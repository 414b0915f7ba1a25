package change

// Class is what a source transaction is to the lane.
type Class uint8

// The classes, in the order in which they are tried.
const (
	Echo        Class = iota + 1 // made by the engine itself; dropped and counted
	Forged                       // pretends to be an echo, or changes what only the engine changes
	Authorising                  // changes the authority row: the in-band sign of fence and release
	Bookkeeping                  // the engine's own rows only
	Canary                       // a canary of the source
	Schema                       // carries an entry of the DDL log
	Ordinary                     // an application's write
	Rogue                        // a write on a side that is not writable
	Empty                        // nothing of interest
	Passed                       // rogue or forged, and operators have decided to pass it over
)

// String is the class in a word.
func (c Class) String() string {
	return [...]string{"?", "echo", "forged", "authority", "bookkeeping", "canary", "schema", "ordinary", "rogue", "empty", "passed over"}[c]
}

// Profile is what has been seen of one source transaction. The zero value is a
// transaction without items.
type Profile struct {
	items         int
	marked        bool // the first item is the marker
	proven        bool // … and the second the change of a lane or chunk row
	marker        bool // a marker anywhere
	own           bool // a lane or chunk row
	authority     bool
	canary        bool
	schema        bool
	data          bool
	chunk, strewn bool // a chunk row; a marker that is not in first place
}

// Add takes note of the next item.
func (p *Profile) Add(kind ItemKind) {
	p.items++
	switch kind {
	case Marker:
		p.marker = true
		if p.items == 1 {
			p.marked = true
		} else {
			p.strewn = true
		}
	case LaneRow, ChunkRow:
		p.own = true
		p.chunk = p.chunk || kind == ChunkRow
		if p.items == 2 && p.marked {
			p.proven = true
		}
	case AuthorityRow:
		p.authority = true
	case CanaryRow:
		p.canary = true
	case SchemaRow:
		p.schema = true
	case DataRow:
		p.data = true
	}
}

// Mixed tells whether rows came in the transaction.
func (p Profile) Mixed() bool { return p.data || p.canary }

// Reshapes tells whether an entry of the log of DDL came in the transaction.
func (p Profile) Reshapes() bool { return p.schema }

// Class decides what the transaction is, by all that has been seen of it; first
// match wins. Anyone can emit a marker, but only the engine can change a lane or
// chunk row, so a marker counts with that proof only.
func (p Profile) Class(writable bool) Class {
	switch {
	case p.marked && p.proven && !p.schema:
		return Echo
	case p.marker, p.data && (p.own || p.authority), p.schema && (p.own || p.authority):
		return Forged
	case p.authority && !p.chunk:
		return Authorising
	case p.own:
		return Bookkeeping
	case p.schema:
		return Schema
	case p.data && writable:
		return Ordinary
	case p.data:
		return Rogue
	case p.canary:
		return Canary
	default:
		return Empty
	}
}
