package change_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/change"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// item is a table with a key, a short value and one that may be stored out of
// line.
func item() *relation.Table {
	return &relation.Table{
		ID: 1, Schema: "public", Name: "item", Identity: relation.IdentityDefault, KeyIndex: "item_pkey",
		Columns: []relation.Column{
			{Name: "id", Type: "bigint", NotNull: true},
			{Name: "long", Type: "text", Toastable: true},
			{Name: "short", Type: "text"},
		},
		Key: []int{0},
	}
}

func text(s string) change.Value {
	if s == "u" {
		return change.Value{Kind: change.Unchanged}
	}
	return change.Value{Kind: change.Text, Text: s}
}

func row(values ...string) change.Row {
	all := make(change.Row, len(values))
	for i, value := range values {
		all[i] = text(value)
	}
	return all
}

func insert(t *relation.Table, values ...string) change.Change {
	return change.Change{Table: t, Op: change.Insert, New: row(values...)}
}

func update(t *relation.Table, values ...string) change.Change {
	return change.Change{Table: t, Op: change.Update, New: row(values...)}
}

func remove(t *relation.Table, key string) change.Change {
	return change.Change{Table: t, Op: change.Delete, Old: change.Row{text(key), {}, {}}}
}

func move(t *relation.Table, from string, values ...string) change.Change {
	return change.Change{Table: t, Op: change.Update, Old: change.Row{text(from), {}, {}}, New: row(values...)}
}

func always(answer bool) func(*relation.Table) bool {
	return func(*relation.Table) bool { return answer }
}

func TestTwoChangesOfOneKeyMakeOne(t *testing.T) {
	table := item()
	entry := func(result change.Result, values ...string) change.Entry {
		e := change.Entry{Result: result, Key: []string{"1"}}
		if values != nil {
			e.Row = row(values...)
		}
		return e
	}
	for name, test := range map[string]struct {
		changes          []change.Change
		strict, tolerant change.Entry
	}{
		"insert, update": {[]change.Change{insert(table, "1", "L", "a"), update(table, "1", "u", "b")},
			entry(change.Inserted, "1", "L", "b"), entry(change.Inserted, "1", "L", "b")},
		"insert, delete": {[]change.Change{insert(table, "1", "L", "a"), remove(table, "1")},
			entry(change.Nothing), entry(change.Deleted)},
		"insert, delete, insert": {[]change.Change{insert(table, "1", "L", "a"), remove(table, "1"), insert(table, "1", "M", "b")},
			entry(change.Inserted, "1", "M", "b"), entry(change.Replaced, "1", "M", "b")},
		"update, update": {[]change.Change{update(table, "1", "L", "a"), update(table, "1", "u", "b")},
			entry(change.Updated, "1", "L", "b"), entry(change.Updated, "1", "L", "b")},
		"what neither carries stays out": {[]change.Change{update(table, "1", "u", "a"), update(table, "1", "u", "b")},
			entry(change.Updated, "1", "u", "b"), entry(change.Updated, "1", "u", "b")},
		"update, delete": {[]change.Change{update(table, "1", "u", "a"), remove(table, "1")},
			entry(change.Deleted), entry(change.Deleted)},
		"delete, insert": {[]change.Change{remove(table, "1"), insert(table, "1", "L", "a")},
			entry(change.Replaced, "1", "L", "a"), entry(change.Replaced, "1", "L", "a")},
		"delete, insert, update": {[]change.Change{remove(table, "1"), insert(table, "1", "L", "a"), update(table, "1", "u", "b")},
			entry(change.Replaced, "1", "L", "b"), entry(change.Replaced, "1", "L", "b")},
		"delete, insert, delete": {[]change.Change{remove(table, "1"), insert(table, "1", "L", "a"), remove(table, "1")},
			entry(change.Deleted), entry(change.Deleted)},
	} {
		for mode, want := range map[string]change.Entry{"strict": test.strict, "tolerant": test.tolerant} {
			t.Run(name+", "+mode, func(t *testing.T) {
				folds, err := change.Collapse(test.changes, always(mode == "tolerant"))
				require.NoError(t, err)
				require.Len(t, folds, 1)
				assert.Equal(t, []change.Entry{want}, folds[0].Entries)
			})
		}
	}
}

func TestWhatCannotHaveHappenedIsNotFolded(t *testing.T) {
	table := item()
	for name, changes := range map[string][]change.Change{
		"insert, insert": {insert(table, "1", "L", "a"), insert(table, "1", "L", "a")},
		"update, insert": {update(table, "1", "L", "a"), insert(table, "1", "L", "a")},
		"delete, update": {remove(table, "1"), update(table, "1", "L", "a")},
		"delete, delete": {remove(table, "1"), remove(table, "1")},
		"gone, update":   {insert(table, "1", "L", "a"), remove(table, "1"), update(table, "1", "L", "a")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := change.Collapse(changes, always(false))
			require.ErrorIs(t, err, change.ErrSequence)
		})
	}
}

func TestANewKeyIsADeletionAndAnInsert(t *testing.T) {
	table := item()
	// 3 to 4, 2 to 3, 1 to 2: a chain in the only order that the source's index allows.
	folds, err := change.Collapse([]change.Change{
		move(table, "3", "4", "L", "c"), move(table, "2", "3", "L", "b"), move(table, "1", "2", "L", "a"),
	}, always(false))
	require.NoError(t, err)
	assert.Equal(t, []change.Entry{
		{Result: change.Replaced, Key: []string{"3"}, Row: row("3", "L", "b")},
		{Result: change.Inserted, Key: []string{"4"}, Row: row("4", "L", "c")},
		{Result: change.Replaced, Key: []string{"2"}, Row: row("2", "L", "a")},
		{Result: change.Deleted, Key: []string{"1"}},
	}, folds[0].Entries)
}

func TestBarriersStandAlone(t *testing.T) {
	table := item()
	truncate := change.Change{Op: change.Truncate, Truncated: []*relation.Table{table}}
	partial := move(table, "1", "2", "u", "a")
	assert.False(t, new(move(table, "1", "2", "L", "a")).Barrier())
	assert.True(t, partial.Barrier())
	groups := change.Groups([]change.Change{insert(table, "1", "L", "a"), insert(table, "5", "L", "a"), truncate, partial, insert(table, "9", "L", "a")})
	shape := make([][2]any, len(groups))
	for i, group := range groups {
		shape[i] = [2]any{len(group.Changes), group.Barrier}
	}
	assert.Equal(t, [][2]any{{2, false}, {1, true}, {1, true}, {1, false}}, shape)
	assert.Empty(t, change.Groups(nil))
}

func TestTheOldImageFillsWhatTheNewLeavesOut(t *testing.T) {
	table := item()
	table.Identity = relation.IdentityFull
	full := change.Change{Table: table, Op: change.Update, Old: row("1", "L", "a"), New: row("2", "u", "b")}
	require.NoError(t, full.Settle())
	assert.Equal(t, row("2", "L", "b"), full.New)
	assert.False(t, full.Barrier())

	table.Identity = relation.IdentityDefault
	partial := move(table, "1", "2", "u", "b")
	require.NoError(t, partial.Settle())
	assert.Equal(t, change.Unchanged, partial.New[1].Kind, "only the key is in the old image")

	keyless := update(table, "u", "L", "a")
	require.ErrorIs(t, keyless.Settle(), change.ErrNoKey)
	headless := change.Change{Table: table, Op: change.Delete}
	require.ErrorIs(t, headless.Settle(), change.ErrNoKey)
}

func TestEveryTransactionHasItsClass(t *testing.T) {
	const (
		marker, lane, chunk, authority = change.Marker, change.LaneRow, change.ChunkRow, change.AuthorityRow
		canary, schema, data           = change.CanaryRow, change.SchemaRow, change.DataRow
	)
	for name, test := range map[string]struct {
		items                []change.ItemKind
		writable, unwritable change.Class
	}{
		"an applied batch":                     {[]change.ItemKind{marker, lane, data, data, lane}, change.Echo, change.Echo},
		"a loaded chunk":                       {[]change.ItemKind{marker, chunk, data}, change.Echo, change.Echo},
		"a moved checkpoint":                   {[]change.ItemKind{marker, lane}, change.Echo, change.Echo},
		"a marker alone":                       {[]change.ItemKind{marker}, change.Forged, change.Forged},
		"a marker before rows":                 {[]change.ItemKind{marker, data}, change.Forged, change.Forged},
		"a proof that comes late":              {[]change.ItemKind{marker, data, lane}, change.Forged, change.Forged},
		"a marker that comes late":             {[]change.ItemKind{data, marker, lane}, change.Forged, change.Forged},
		"rows with a lane row and no marker":   {[]change.ItemKind{lane, data}, change.Forged, change.Forged},
		"rows with a chunk row and no marker":  {[]change.ItemKind{data, chunk}, change.Forged, change.Forged},
		"rows with the authority":              {[]change.ItemKind{authority, data}, change.Forged, change.Forged},
		"the authority":                        {[]change.ItemKind{authority}, change.Authorising, change.Authorising},
		"the authority with epochs of lanes":   {[]change.ItemKind{authority, lane, lane}, change.Authorising, change.Authorising},
		"a halted lane":                        {[]change.ItemKind{lane}, change.Bookkeeping, change.Bookkeeping},
		"planned chunks":                       {[]change.ItemKind{chunk, chunk}, change.Bookkeeping, change.Bookkeeping},
		"a canary":                             {[]change.ItemKind{canary}, change.Canary, change.Canary},
		"a canary in an application's company": {[]change.ItemKind{canary, data}, change.Ordinary, change.Rogue},
		"a changed table":                      {[]change.ItemKind{schema, data}, change.Schema, change.Schema},
		"an application's write":               {[]change.ItemKind{data, data}, change.Ordinary, change.Rogue},
		"nothing":                              {nil, change.Empty, change.Empty},
	} {
		t.Run(name, func(t *testing.T) {
			var profile change.Profile
			for _, kind := range test.items {
				profile.Add(kind)
			}
			assert.Equal(t, test.writable.String(), profile.Class(true).String())
			assert.Equal(t, test.unwritable.String(), profile.Class(false).String())
		})
	}
}
