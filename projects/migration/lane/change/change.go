// Package change holds what a lane carries from its source to its target: row
// changes in commit order, what kind of transaction they came in, and how a run
// of them is folded into one change a key. The package is pure: it reads no
// stream and writes no table.
package change

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pglogrepl"

	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// Kind is what is known of a value.
type Kind uint8

// The kinds of values.
const (
	Null      Kind = iota
	Unchanged      // stored out of line and left as it was; the stream does not carry it
	Text           // canonical text
)

// Value is one column of a row.
type Value struct {
	Kind Kind
	Text string
}

// Row has a value for every column of its table, in the table's order.
type Row []Value

// Complete tells whether no value is left out.
func (r Row) Complete() bool {
	for _, value := range r {
		if value.Kind == Unchanged {
			return false
		}
	}
	return true
}

// Bytes is about what the row takes in memory.
func (r Row) Bytes() int {
	total := 24 * len(r)
	for _, value := range r {
		total += len(value.Text)
	}
	return total
}

// Op is what was done.
type Op uint8

// The operations.
const (
	Insert Op = iota + 1
	Update
	Delete
	Truncate
)

// String is the operation in SQL's word.
func (o Op) String() string {
	return [...]string{"?", "INSERT", "UPDATE", "DELETE", "TRUNCATE"}[o]
}

// Change is one row message of a source transaction.
type Change struct {
	Table *relation.Table
	Op    Op
	// Old has the key's columns, or all with REPLICA IDENTITY FULL; nil when the
	// source did not send it, since the key did not change.
	Old Row
	New Row
	// Truncated are the tables of a TRUNCATE; Table is nil then.
	Truncated []*relation.Table
	// Commit and Ordinal name the change: the commit record of its transaction,
	// and how many row messages of it came before.
	Commit  pglogrepl.LSN
	Ordinal int64
	// Xid is the transaction's full id, At where the change itself stands in the
	// log.
	Xid uint64
	At  pglogrepl.LSN
}

// ErrNoKey tells that a change does not say which row it is about.
var ErrNoKey = errors.New("change carries no key")

// Settle fills what the new image leaves out from the old one, as far as the
// source sent it, and checks that the key is there.
func (c *Change) Settle() error {
	if c.Op == Update && c.Old != nil {
		for i, value := range c.New {
			if value.Kind == Unchanged && (c.Table.Identity == relation.IdentityFull || c.Table.IsKey(i)) {
				c.New[i] = c.Old[i]
			}
		}
	}
	for _, row := range []Row{c.Old, c.New} {
		for _, at := range c.keyOf(row) {
			if row[at].Kind != Text {
				return fmt.Errorf("%s of table %s: %w", c.Op, c.Table.FullName(), ErrNoKey)
			}
		}
	}
	if c.Op == Delete && c.Old == nil {
		return fmt.Errorf("%s of table %s: %w", c.Op, c.Table.FullName(), ErrNoKey)
	}
	return nil
}

// keyOf is the key's positions when there is a row to look at.
func (c *Change) keyOf(row Row) []int {
	if row == nil {
		return nil
	}
	return c.Table.Key
}

// Key is the key of the row that the change leaves, or of the one it deletes.
func (c *Change) Key() []string {
	if c.Op == Delete {
		return Key(c.Table, c.Old)
	}
	return Key(c.Table, c.New)
}

// Former is the key under which the row stood before.
func (c *Change) Former() []string {
	if c.Old != nil {
		return Key(c.Table, c.Old)
	}
	return Key(c.Table, c.New)
}

// Moves tells whether the change gives the row another key.
func (c *Change) Moves() bool {
	return c.Op == Update && c.Old != nil && join(c.Former()) != join(c.Key())
}

// Barrier tells whether the change cannot be folded with others: a TRUNCATE, or
// a new key for a row of which not all values are known.
func (c *Change) Barrier() bool {
	return c.Op == Truncate || c.Moves() && !c.New.Complete()
}

// Bytes is about what the change takes in memory.
func (c *Change) Bytes() int { return 96 + c.Old.Bytes() + c.New.Bytes() }

// Carried is how many bytes the values have that the stream brings for the change.
func (c *Change) Carried() (total int) {
	for _, row := range [...]Row{c.Old, c.New} {
		for i := range row {
			total += len(row[i].Text)
		}
	}
	return total
}

// Key takes the key out of a row.
func Key(table *relation.Table, row Row) []string {
	key := make([]string, len(table.Key))
	for i, at := range table.Key {
		key[i] = row[at].Text
	}
	return key
}

// join makes one text of a key. No text of PostgreSQL has a zero byte.
func join(key []string) string { return strings.Join(key, "\x00") }

// Authority is the source's authority row as a transaction left it.
type Authority struct {
	Epoch    int64
	Writable bool
	Attempt  string // "" for none
}

// Transaction is the frame of a source transaction.
type Transaction struct {
	// Commit is where its commit record starts, End the first byte after it: its
	// position.
	Commit, End pglogrepl.LSN
	// Xid is the full 64-bit id.
	Xid         uint64
	CommittedAt time.Time
}

// ItemKind is what a message of the stream is about.
type ItemKind uint8

// The kinds of items.
const (
	Marker ItemKind = iota + 1
	LaneRow
	ChunkRow
	AuthorityRow
	CanaryRow
	SchemaRow
	DataRow
)

// SchemaEntry is a row that a transaction added to its source's log of DDL.
type SchemaEntry struct {
	Tag, Object string
	// Fingerprint is the table's after the statement; nil where it is gone.
	Fingerprint []byte
}

// Item is one message within a source transaction.
type Item struct {
	Kind ItemKind
	// Change is set for DataRow and CanaryRow.
	Change Change
	// Authority is set for AuthorityRow.
	Authority *Authority
	// Schema is set for a SchemaRow that was added; nil is any other change of that log.
	Schema *SchemaEntry
}

// Piece is a part of a source transaction: all of it, if it is small.
type Piece struct {
	Transaction Transaction
	First, Last bool
	// Skipped is what was passed over before the first item, since the target has
	// it already.
	Skipped Profile
	Items   []Item
	// Reshapes is set on the last piece of a transaction that has entries of the log
	// of DDL: tables may look otherwise behind it.
	Reshapes bool
	// TooLarge is how many bytes the next message of the transaction has, when that is
	// more than may be read. Nothing follows such a piece.
	TooLarge int
	// Bytes is what the piece counts in the queue.
	Bytes int
}
