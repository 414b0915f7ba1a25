package apply

import (
	"fmt"
	"slices"

	"github.com/cutover/cutover/projects/migration/lane/change"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// planned is a statement with what it must do.
type planned struct {
	statement
	// exact demands that the statement meets as many rows as it brings.
	exact bool
}

// planner knows what a lane expects of its tables.
type planner struct {
	lane string
	// tolerant says for which tables rows may be there, or be missing, against
	// expectation.
	tolerant func(*relation.Table) bool
	// loading are the tables of which chunks are still to come.
	loading map[int32]bool
	// xid is the newest source transaction among the changes.
	xid uint64
}

// plan turns folds into statements: all deletions first, then updates, then
// inserts, so that a unique value that one row gives up is free for another; at
// last the tombstones of tables that are being loaded.
func (p planner) plan(folds []*change.Fold) []planned {
	var deletions, updates, inserts, graves []planned
	for _, fold := range folds {
		sorted := sort(fold)
		if p.loading[fold.Table.ID] {
			graves = append(graves, sorted.graves(p.lane, fold.Table, p.xid)...)
		}
		if p.tolerant(fold.Table) {
			d, u, i := sorted.tolerant(p.lane, fold.Table, p.grave(fold.Table))
			deletions, updates, inserts = append(deletions, d...), append(updates, u...), append(inserts, i...)
			continue
		}
		d, u, i := sorted.strict(fold.Table)
		deletions, updates, inserts = append(deletions, d...), append(updates, u...), append(inserts, i...)
	}
	return slices.Concat(deletions, updates, inserts, graves)
}

// grave is the transaction for which partial leaves tombstones, 0 for none.
func (p planner) grave(table *relation.Table) uint64 {
	if p.loading[table.ID] {
		return p.xid
	}
	return 0
}

// sorted are a fold's entries by what is to be done.
type sorted struct {
	deleted, inserted, replaced []change.Row
	updated                     []mask
}

// mask are updates that carry the same columns.
type mask struct {
	columns []int
	rows    []change.Row
}

// sort divides a fold's entries.
func sort(fold *change.Fold) sorted {
	var s sorted
	masks := map[string]int{}
	columns := rest(fold.Table)
	for _, entry := range fold.Entries {
		switch entry.Result {
		case change.Nothing:
		case change.Deleted:
			s.deleted = append(s.deleted, keyed(fold.Table, entry.Key))
		case change.Inserted:
			s.inserted = append(s.inserted, entry.Row)
		case change.Replaced:
			s.replaced = append(s.replaced, entry.Row)
		case change.Updated:
			given, name := columns, ""
			if !entry.Row.Complete() {
				given = carried(entry.Row, columns)
				name = fmt.Sprint(given)
			}
			at, known := masks[name]
			if !known {
				at = len(s.updated)
				masks[name] = at
				s.updated = append(s.updated, mask{columns: given})
			}
			s.updated[at].rows = append(s.updated[at].rows, entry.Row)
		}
	}
	return s
}

// keyed is a row with nothing but its key.
func keyed(table *relation.Table, key []string) change.Row {
	row := make(change.Row, len(table.Columns))
	for i, at := range table.Key {
		row[at] = change.Value{Kind: change.Text, Text: key[i]}
	}
	return row
}

// strict meets every row that it expects and no other.
func (s sorted) strict(table *relation.Table) (deletions, updates, inserts []planned) {
	if len(s.deleted) > 0 {
		deletions = append(deletions, planned{deletion(table, s.deleted), true})
	}
	if len(s.replaced) > 0 {
		updates = append(updates, planned{update(table, s.replaced, rest(table)), true})
	}
	for _, m := range s.updated {
		updates = append(updates, planned{update(table, m.rows, m.columns), true})
	}
	if len(s.inserted) > 0 {
		inserts = append(inserts, planned{insertion(table, s.inserted), true})
	}
	return deletions, updates, inserts
}

// tolerant overwrites what is there, ignores what is gone, and asks for a repair
// where a row is missing that the change does not carry in full.
func (s sorted) tolerant(lane string, table *relation.Table, grave uint64) (deletions, updates, inserts []planned) {
	if len(s.deleted) > 0 {
		deletions = append(deletions, planned{deletion(table, s.deleted), false})
	}
	whole := append(s.replaced, s.inserted...)
	for _, m := range s.updated {
		if len(m.columns) == len(rest(table)) {
			whole = append(whole, m.rows...)
		} else {
			updates = append(updates, planned{partial(lane, table, m.rows, m.columns, grave), false})
		}
	}
	if len(whole) > 0 {
		inserts = append(inserts, planned{upsert(table, whole), false})
	}
	return deletions, updates, inserts
}
