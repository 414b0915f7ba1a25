package change

import (
	"errors"
	"fmt"

	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// ErrSequence tells that two changes of one key cannot have followed each other
// on the source: an insert over a row, a change of a row that is gone.
var ErrSequence = errors.New("changes of one key contradict each other")

// Result is what a run of changes leaves to be done to one key.
type Result uint8

// The results.
const (
	Nothing Result = iota
	Inserted
	Updated
	Replaced
	Deleted
)

// Entry is the collapsed change of one key.
type Entry struct {
	Result Result
	Key    []string
	// Row is the image to write; nil for a deletion. In an update the values that
	// are Unchanged stay as they are.
	Row Row
}

// Fold is all that is to be done to one table, one entry a key.
type Fold struct {
	Table   *relation.Table
	Entries []Entry
	places  map[string]int
}

// Collapse folds changes of rows, in order, into one change a key. Tolerant
// tells for which tables a row may be there, or be missing, against
// expectation: there an insert and its deletion leave a deletion. Barriers must
// not be among the changes.
func Collapse(changes []Change, tolerant func(*relation.Table) bool) ([]*Fold, error) {
	var folds []*Fold
	index := map[*relation.Table]*Fold{}
	for i := range changes {
		c := &changes[i]
		fold := index[c.Table]
		if fold == nil {
			fold = &Fold{Table: c.Table, places: map[string]int{}}
			index[c.Table] = fold
			folds = append(folds, fold)
		}
		if err := fold.add(c, tolerant(c.Table)); err != nil {
			return nil, fmt.Errorf("table %s: %w", c.Table.FullName(), err)
		}
	}
	return folds, nil
}

// add folds one change in.
func (f *Fold) add(c *Change, tolerant bool) error {
	switch {
	case c.Op == Delete:
		return f.put(c.Former(), Deleted, nil, tolerant)
	case c.Moves():
		if err := f.put(c.Former(), Deleted, nil, tolerant); err != nil {
			return err
		}
		return f.put(c.Key(), Inserted, c.New, tolerant)
	case c.Op == Update:
		return f.put(c.Key(), Updated, c.New, tolerant)
	default:
		return f.put(c.Key(), Inserted, c.New, tolerant)
	}
}

// put follows the entry of key, if there is one, by the next change.
func (f *Fold) put(key []string, next Result, row Row, tolerant bool) error {
	name := join(key)
	place, known := f.places[name]
	if !known {
		f.places[name] = len(f.Entries)
		f.Entries = append(f.Entries, Entry{Result: next, Key: key, Row: row})
		return nil
	}
	return f.Entries[place].follow(next, row, tolerant)
}

// follow is the table of what an earlier and a later change make together.
func (e *Entry) follow(next Result, row Row, tolerant bool) error {
	switch {
	case next == Inserted && e.Result == Nothing:
		e.Result, e.Row = Inserted, row
	case next == Inserted && e.Result == Deleted:
		e.Result, e.Row = Replaced, row
	case next == Updated && (e.Result == Inserted || e.Result == Updated || e.Result == Replaced):
		e.Row = merge(e.Row, row)
	case next == Deleted && e.Result == Inserted && !tolerant:
		e.Result, e.Row = Nothing, nil
	case next == Deleted && (e.Result == Inserted || e.Result == Updated || e.Result == Replaced):
		e.Result, e.Row = Deleted, nil
	default:
		return ErrSequence
	}
	return nil
}

// merge lays the later image over the earlier one; what the later leaves out
// keeps the earlier value. Rows of the stream are not changed.
func merge(earlier, later Row) Row {
	merged := make(Row, len(later))
	for i, value := range later {
		if value.Kind == Unchanged {
			value = earlier[i]
		}
		merged[i] = value
	}
	return merged
}

// Group is a part of a batch that is written at once: a run of changes that may
// be folded, or one barrier.
type Group struct {
	Changes []Change
	Barrier bool
}

// Groups cuts changes at their barriers.
func Groups(changes []Change) []Group {
	var groups []Group
	start := 0
	for i := range changes {
		if !changes[i].Barrier() {
			continue
		}
		if i > start {
			groups = append(groups, Group{Changes: changes[start:i]})
		}
		groups = append(groups, Group{Changes: changes[i : i+1], Barrier: true})
		start = i + 1
	}
	if start < len(changes) {
		groups = append(groups, Group{Changes: changes[start:]})
	}
	return groups
}
