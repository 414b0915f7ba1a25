package schema

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// History are the changes that gave tables columns, oldest first.
type History []Change

// Load reads the history that a side has written down.
func Load(ctx context.Context, on relation.Querier) (History, error) {
	list, err := List(ctx, on)
	return slices.DeleteFunc(list, func(c Change) bool { return c.Kind != Columns || c.State == Withdrawn }), err
}

// AsOf are the tables of a source as they were when their fingerprints made
// fingerprint: without the columns of the newest changes, of as many as it takes.
// found is false when no number of them explains it.
func (h History) AsOf(tables []*relation.Table, fingerprint []byte) (former []*relation.Table, found bool) {
	former = tables
	for newest := len(h); ; newest-- {
		combined := relation.Combine(former)
		if slices.Equal(combined[:], fingerprint) {
			return former, true
		}
		if newest == 0 {
			return nil, false
		}
		former = h[newest-1].undone(former)
	}
}

// undone are the tables without what a change added to them.
func (c *Change) undone(tables []*relation.Table) []*relation.Table {
	former := slices.Clone(tables)
	for i, table := range former {
		if shapes, changed := c.Tables[table.ID]; changed && c.on(table) {
			former[i] = table.Without(c.Columns, shapes.FormerTypes)
		}
	}
	return former
}

// on tells whether a table has the columns of a change.
func (c *Change) on(table *relation.Table) bool {
	return !slices.ContainsFunc(c.Columns, func(name string) bool { return !table.Has(name) })
}

// Explain says how a target's table may be taken for the one that a lane knows:
// it may have columns that the lane's source will bring by a planned change, and,
// while nobody writes on the source, lack columns that an open change adds. nil is
// that it may; otherwise the error says what differs.
func (h History) Explain(known, target *relation.Table, sourceWritable bool) error {
	at, on := *target, *known
	at.ID = known.ID
	for _, c := range slices.Backward(h) {
		if shapes, changed := c.Tables[known.ID]; changed && !c.on(known) && c.on(&at) {
			at = *at.Without(c.Columns, shapes.FormerTypes)
		}
	}
	if at.Fingerprint() == on.Fingerprint() {
		return nil
	}
	for _, c := range slices.Backward(h) {
		shapes, changed := c.Tables[known.ID]
		if !changed || c.State != Planned || sourceWritable || !c.on(&on) || c.on(&at) {
			continue
		}
		if on = *on.Without(c.Columns, shapes.FormerTypes); on.Fingerprint() == at.Fingerprint() {
			return nil
		}
	}
	return fmt.Errorf("table %s: %s", known.FullName(), strings.Join(relation.Differences(known, target), "; "))
}

// Entry is a row of a source's log of DDL.
type Entry struct {
	Tag, Object string
	Fingerprint []byte
}

// Expect finds the planned change that a transaction of a source has made, given
// the tables as the lane knows them and what the transaction wrote into its log of
// DDL: all tables of the change, each with the fingerprint that was planned, and
// no other. The error says what was not expected.
func (h History) Expect(tables []*relation.Table, entries []Entry) (*Change, error) {
	byName := map[string]*relation.Table{}
	for _, table := range tables {
		byName[table.FullName()] = table
	}
	var expected *Change
	seen := map[int32]bool{}
	for _, entry := range entries {
		table := byName[entry.Object]
		if table == nil {
			return nil, fmt.Errorf("%s of %s, which is no table of the lane", entry.Tag, entry.Object)
		}
		c := h.next(table)
		switch {
		case entry.Tag != "ALTER TABLE" || c == nil || expected != nil && c.ID != expected.ID:
			return nil, fmt.Errorf("%s of table %s: no change of it is planned", entry.Tag, entry.Object)
		case !slices.Equal(entry.Fingerprint, fingerprintOf(c, table.ID)):
			return nil, fmt.Errorf("%s of table %s: it has not become what change %d plans", entry.Tag, entry.Object, c.ID)
		}
		expected = c
		seen[table.ID] = true
	}
	if expected == nil || len(seen) != len(expected.Tables) {
		return nil, fmt.Errorf("%d tables changed, the planned change has others", len(seen))
	}
	return expected, nil
}

func fingerprintOf(c *Change, table int32) []byte {
	print := c.Tables[table].Fingerprint
	return print[:]
}

// next is the oldest change that starts from a table as it is.
func (h History) next(table *relation.Table) *Change {
	for i := range h {
		if shapes, changed := h[i].Tables[table.ID]; changed && shapes.Former == table.Fingerprint() {
			return &h[i]
		}
	}
	return nil
}

// Since are the fingerprints that a table has after a change and after each later
// one.
func (h History) Since(c *Change, table int32) []relation.Fingerprint {
	var list []relation.Fingerprint
	for i := range h {
		if shapes, changed := h[i].Tables[table]; changed && h[i].ID >= c.ID {
			list = append(list, shapes.Fingerprint)
		}
	}
	return list
}

// After is the combined fingerprint of a lane's tables after a change.
func (c *Change) After(tables []*relation.Table) relation.Fingerprint {
	prints := map[string]relation.Fingerprint{}
	for _, table := range tables {
		prints[table.FullName()] = table.Fingerprint()
		if shapes, changed := c.Tables[table.ID]; changed {
			prints[table.FullName()] = shapes.Fingerprint
		}
	}
	return relation.CombineNamed(prints)
}
