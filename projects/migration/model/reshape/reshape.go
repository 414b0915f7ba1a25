// Package reshape models how a replicated table gets columns while both lanes run:
// operators who plan, make and withdraw changes, the side that is written to and the
// passive one, two invocations of the lane between them and one of the lane back, and
// changes that nobody planned. Whoever acts may stand still between any two
// transactions for as long as it likes and go on with what it remembers, or be gone.
//
// A table is the set of its columns. Its one row has in each column the number of the
// last write, and in a column that was added since the default. Not in the model are
// indexes, partitions, buckets, loads, and the switch, which does not begin while a
// change is open.
package reshape

import "github.com/cutover/cutover/projects/migration/model/explore"

// Functions names, for each action, the function of the engine that it stands for.
// Actions of writers, changes by hand, and ends of processes stand for none.
var Functions = map[string]string{
	"try":                  "Change.rehearse",
	"write the plan down":  "Change.keep",
	"begin to make":        "Sides.find",
	"make":                 "Change.make",
	"note":                 "Change.done",
	"begin to withdraw":    "Withdraw",
	"look":                 "Change.absent",
	"withdraw":             "Change.withdrawn",
	"read the checkpoint":  "session.open",
	"read the source":      "catalog",
	"read the target":      "tablesOf",
	"meet a row":           "Applier.Apply",
	"meet another table":   "Decoder.relation",
	"meet an entry":        "session.reshape",
	"meet rows with entry": "feed.admit",
	"resume":               "Resume",
}

const (
	sides   = 2
	changes = 2 // as many numbers of changes
	columns = 4
	events  = 6 // of one log
	forward = 2 // invocations of the lane from the authority
	runners = forward + 1
	workers = 2 // operators
)

// authority is the side that is written to, and the source of the lane forward.
const (
	authority = iota
	passive
)

// Columns as a set of bits: that of the beginning, one for each change, and one that
// no change can add.
const (
	first = 1 << iota
	second
	third
	odd
)

// Kind of an event of a log.
const (
	row   = iota + 1
	entry // of the log of DDL
	mixed // an entry and a row in one transaction
)

// Event of a log. Shape is the table behind it.
type Event struct{ Kind, Shape uint8 }

// State of a change on one side.
const (
	none = iota
	planned
	done
	withdrawn
)

// Change is what was written down: the column, the table before and after it, and how
// far it is on each side. Its index is the order of its number.
type Change struct {
	Column, Former, Shape uint8
	State                 [sides]uint8
}

// Lane is a row of a target; Known is the table that it goes by.
type Lane struct {
	Position, Known uint8
	Halted          bool
}

// Step of an invocation.
const (
	off = iota
	opened
	half // has read one of the two catalogs
	both // and the other, but not what was written down
	running
)

// Runner is an invocation of a lane and what it remembers.
type Runner struct {
	At              uint8
	Position, Known uint8
	On, To, Tables  uint8          // source, target, and as of the position
	Seen            [changes]uint8 // states of changes on the target
}

// Step of an operator.
const (
	idle = iota
	tried
	keeping // the plan stands on one side
	making
	made // on the passive side
	noting
	noted // on the passive side
	withdrawing
	looked    // at the authority, which does not have it
	forgotten // the passive side has forgotten it
)

// Operator is a call of the commands that plan, make or withdraw.
type Operator struct {
	At                    uint8
	Change                uint8
	Column, Former, Shape uint8
}

// State of everything.
type State struct {
	Catalog   [sides]uint8
	Changes   [changes]Change
	Log       [sides][events]Event
	Len       [sides]uint8
	Rows      [sides][columns]uint8
	Lanes     [sides]Lane // by source
	Runners   [runners]Runner
	Operators [workers]Operator
	Unplanned bool // somebody has changed a table by hand
	Foreign   bool // and no plan can be made of it
	Wrong     bool // a row was read by another table than it was written by
}

// By is a way to change a table without the commands.
type By string

// What hands can do.
const (
	Nobody By = ""
	Hasty  By = "the authority first"
	Other  By = "what no plan has"
	Mixed  By = "rows in the same transaction"
	Silent By = "without an entry in the log of DDL"
)

// Model is the machine; its zero value changes nothing.
type Model struct {
	Changes, Writes, Operators int
	// First is the side on which plans are written down first: either may be.
	First uint8
	// Twice lets two invocations of the lane forward work at the same time.
	Twice     bool
	Withdraws bool
	// Anew has all plans be of one column, and keeps the last number from being
	// withdrawn while a side lacks the column: what was made by hand can be planned
	// afterwards.
	Anew bool
	By   By
	// Without leaves out one rule.
	Without Rule
}

// Rule of the engine that a model can leave out.
type Rule string

// The rules.
const (
	PassiveFirst Rule = "passive side first"     // a change is made there before it is on the authority
	NoteLast     Rule = "note last"              // done is what both sides have
	Hold         Rule = "hold"                   // a change is made and withdrawn under the lock of its row
	Leave        Rule = "leave"                  // a withdrawn change is written down where it was not known
	Decided      Rule = "decided"                // what one side has forgotten the other forgets as well
	Unheard      Rule = "unheard"                // what the passive side has not heard of nobody can have made
	OneOpen      Rule = "one open"               // nothing is planned while a change is open
	OneSnapshot  Rule = "one snapshot"           // the target's tables and changes are read together
	SourceFirst  Rule = "source first"           // what its tables show is among the changes read later
	Compare      Rule = "compare"                // an entry must have the fingerprint that was planned
	Present      Rule = "present"                // the target has what the authority gets
	Describe     Rule = "describe"               // rows must be of the table that the lane knows
	AsOf         Rule = "as of"                  // a lane that was away takes off what it has not come to
	Explain      Rule = "explain"                // the target may have what is to come
	StartOver    Rule = "start over"             // the tables are read anew behind a change
	Together     Rule = "together"               // position and fingerprint are one update
	Claim        Rule = "claim"                  // of the checkpoint
	NoRows       Rule = "no rows with the entry" // a transaction that has both halts the lane
)

var _ explore.Model[State] = Model{}

// Initial has the same table on both sides, and both lanes at the beginning.
func (m Model) Initial() []State {
	return []State{{Catalog: [sides]uint8{first, first}, Lanes: [sides]Lane{{Known: first}, {Known: first}}}}
}

// shape is the table of a side behind the first n events of its log.
func (s *State) shape(side, n uint8) uint8 {
	shape := uint8(first)
	for _, e := range s.Log[side][:n] {
		shape = e.Shape
	}
	return shape
}

// value is what the row has in a column behind the first n events of the authority.
func (s *State) value(column int, n uint8) (number uint8) {
	for at, e := range s.Log[authority][:n] {
		if e.Kind != entry && e.Shape&(1<<column) != 0 {
			number = uint8(at + 1)
		}
	}
	return number
}

// Broken checks the invariants.
func (m Model) Broken(s State) string {
	if s.Wrong {
		return "a row was read by another table than it was written by"
	}
	for source, lane := range s.Lanes {
		switch from := uint8(source); {
		case lane.Known != s.shape(from, lane.Position):
			return "a lane knows another table than its source had at its position"
		case from == authority && lane.Known&^s.Catalog[passive] != 0:
			return "the lane is past a change that its target does not have"
		case lane.Known&odd != 0 || s.met(from, mixed, lane.Position):
			return "a lane is past a change that nobody planned"
		case lane.Halted && !s.Unplanned:
			return "a change that was planned has halted a lane"
		}
	}
	for column := range columns {
		lane := s.Lanes[authority]
		if lane.Known&(1<<column) != 0 && s.Rows[passive][column] != s.value(column, lane.Position) {
			return "the target is not the source at the lane's position"
		}
	}
	return ""
}

// met tells whether an event of a kind is among the first n of a log.
func (s *State) met(side, kind, n uint8) bool {
	for _, e := range s.Log[side][:n] {
		if e.Kind == kind {
			return true
		}
	}
	return false
}

// Good is that both sides are alike and no change is open, or that a lane stands
// before a change that nobody planned and nobody can plan.
func (m Model) Good(s State) bool {
	if s.Foreign {
		return s.Lanes[authority].Halted || s.Lanes[passive].Halted
	}
	for _, c := range s.Changes {
		for _, state := range c.State {
			if state == planned {
				return false
			}
		}
	}
	for source, lane := range s.Lanes {
		if lane.Halted || lane.Position != s.Len[source] {
			return false
		}
	}
	return s.Catalog[authority] == s.Catalog[passive] && s.Rows[authority] == s.Rows[passive]
}
