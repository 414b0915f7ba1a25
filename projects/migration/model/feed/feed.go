// Package feed models how a lane copies a base and follows the log: two keys, a few
// transactions, two loaders, two appliers, crashes, a lost slot and the new
// generation after it, and a key, which stands for a table, that is loaded anew. Any process may stand still between two of its actions for
// as long as it likes and then go on with what it remembers.
//
// It does not model SQL, deadlines, or transactions of the engine itself.
package feed

import "github.com/cutover/cutover/projects/migration/model/explore"

// Functions names, for each action, the function of the engine that it stands for.
// Actions of writers, and faults, stand for none.
var Functions = map[string]string{
	"make slot":    "creation.slot",
	"settle":       "creation.settle",
	"read chunk":   "Loader.copy",
	"commit chunk": "Loader.note",
	"end load":     "session.loaded",
	"read state":   "session.gather",
	"apply":        "Applier.Apply",
	"confirm":      "Reader.Flushed",
	"read repair":  "session.truth",
	"write repair": "Applier.Repair",
	"reload":       "Reload.begin",
}

const (
	keys   = 2
	most   = 3 // transactions
	copies = 2 // of loader and applier
	// before is the value of a row that was there from the beginning; a transaction
	// writes its own number.
	before = 9
)

// Stage of a transaction.
const (
	unborn = iota
	begun
	logged // its commit is in the log, and may be decoded
	visible
)

// Kind of a transaction.
const (
	putFirst = iota
	putSecond
	deleteFirst
	putBoth
	kinds
)

// Phase of the lane.
const (
	absent = iota
	loading
	following
	halted
	regaining // a new generation whose keys are compared one by one
)

// Txn is a transaction of the source. Its index is the order of its id.
type Txn struct{ Stage, Kind uint8 }

// Loader has read a chunk of a load; Key 0 is none.
type Loader struct{ Key, Value, Until, Load uint8 }

// Applier remembers the lane's row.
type Applier struct {
	On       bool
	Position uint8
	Gen      uint8
	Loads    [keys]uint8
}

// Repair has read a key; Key 0 is none.
type Repair struct{ Key, Value, Until, Position, Gen uint8 }

// State of everything.
type State struct {
	Txns [most]Txn
	Log  [most]uint8 // numbers of transactions in order of commit
	Len  uint8

	Slot      bool
	Base      uint8
	Confirmed uint8
	Settling  bool
	Bound     uint8

	Phase    uint8
	Gen      uint8
	Position uint8
	Rows     [keys]uint8
	Tombs    [keys]bool
	Done     [keys]bool // loaded, or compared in this generation
	After    uint8      // position at which base and stream are the source
	Loads    [keys]uint8
	Least    [keys]uint8 // a chunk of this load shows what has a smaller id

	Loaders  [copies]Loader
	Appliers [copies]Applier
	Repair   Repair
	Crashes  uint8
	Lost     bool // the slot was lost once
}

// Model is the machine; its zero value has no fault and keeps every rule.
type Model struct {
	Transactions int
	Crashes      int
	LoseSlot     bool
	// Interleaved lets changes be applied while the base is loaded.
	Interleaved bool
	// Reload lets a key be loaded anew, once, while the lane follows.
	Reload bool
	// Without leaves out one rule.
	Without Rule
}

// Rule of the engine that a model can leave out.
type Rule string

// The rules.
const (
	Settle         Rule = "settle"           // before the first chunk is read
	OwnBound       Rule = "own bound"        // settle up to an id of one's own, not to the end of a snapshot
	Claim          Rule = "claim"            // of the checkpoint
	ChunkClaim     Rule = "chunk claim"      // of the chunk
	Tombstones     Rule = "tombstones"       // of rows deleted while their table loads
	StreamWins     Rule = "stream wins"      // over a chunk that was read before
	Until          Rule = "until"            // strict only after the last position that was read
	RepairSettle   Rule = "repair settle"    // a repair shows all that is applied
	RepairClaim    Rule = "repair claim"     // nothing was applied since the repair read
	ConfirmedFirst Rule = "commit, then ack" // the source is told what is committed
	NewBase        Rule = "new base"         // a new generation compares every key again
	ReloadSettle   Rule = "reload settle"    // a chunk of a later load shows all that was applied before it
	LoadNumber     Rule = "load number"      // of the chunk is the table's
	ReloadClaim    Rule = "reload claim"     // whoever applies looks again after a load has begun
)

var _ explore.Model[State] = Model{}

// Initial is an empty target and a source with a row under the first key.
func (m Model) Initial() []State { return []State{{}} }

// writes tells what a transaction leaves under a key; 0 is no row.
func (s *State) writes(number uint8, key int) (value uint8, touched bool) {
	switch s.Txns[number-1].Kind {
	case putFirst:
		return number, key == 0
	case putSecond:
		return number, key == 1
	case deleteFirst:
		return 0, key == 0
	default:
		return number, true
	}
}

// source is the value under a key after the first n transactions of the log that
// are shown.
func (s *State) source(key int, n uint8, shown func(number uint8) bool) uint8 {
	var value uint8
	if key == 0 {
		value = before
	}
	for _, number := range s.Log[:n] {
		if v, touched := s.writes(number, key); touched && shown(number) {
			value = v
		}
	}
	return value
}

func (s *State) all(uint8) bool            { return true }
func (s *State) visible(number uint8) bool { return s.Txns[number-1].Stage == visible }
func (s *State) snapshot(key int) uint8    { return s.source(key, s.Len, s.visible) }
func (s *State) ended(below uint8) bool    { return s.endedIn(s.Txns[:min(below, most)]) }
func (s *State) endedIn(txns []Txn) bool {
	for _, t := range txns {
		if t.Stage == begun || t.Stage == logged {
			return false
		}
	}
	return true
}

// born is how many transactions have an id, which is the next id as well.
func (s *State) born() (n uint8) {
	for _, t := range s.Txns {
		if t.Stage != unborn {
			n++
		}
	}
	return n
}

// snapshotEnd is the id above the last that has ended.
func (s *State) snapshotEnd() (end uint8) {
	for i, t := range s.Txns {
		if t.Stage == visible {
			end = uint8(i + 1)
		}
	}
	return end
}

// newest is one more than the largest id that this generation has applied.
func (s *State) newest() (id uint8) {
	for at := s.Base; at < s.Position; at++ {
		id = max(id, s.Log[at])
	}
	return id
}

// strict tells whether the lane claims to equal the source at its position.
func (s *State) strict() bool {
	for _, done := range s.Done {
		if !done {
			return false
		}
	}
	return (s.Phase == following || s.Phase == regaining) && s.Position >= s.After
}

// Broken checks the invariants.
func (m Model) Broken(s State) string {
	if s.Slot && !s.Settling && s.Phase != halted && s.Confirmed > s.Position {
		return "I03: the source was told more than is applied"
	}
	if s.strict() {
		for key := range keys {
			if s.Rows[key] != s.source(key, s.Position, s.all) {
				return "I04: the target is not the source at any of its commits"
			}
		}
	}
	return ""
}

// Good is a lane that has applied all there is.
func (m Model) Good(s State) bool {
	return s.strict() && s.Position == s.Len && s.ended(most)
}
