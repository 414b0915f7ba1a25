package change_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/cutover/cutover/projects/migration/lane/change"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// content is a table's rows by key.
type content map[string]change.Row

// history draws a run of changes that the source could have made to rows, and
// leaves rows as they are after it. Values of the long column are left out of
// images when they do not change.
func history(t *rapid.T, table *relation.Table, rows content) []change.Change {
	var changes []change.Change
	for range rapid.IntRange(0, 25).Draw(t, "changes") {
		key := rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(t, "key")
		short := rapid.StringMatching("[a-c]").Draw(t, "short")
		long := rapid.StringMatching("[X-Z]").Draw(t, "long")
		former, there := rows[key]
		switch {
		case !there:
			changes = append(changes, insert(table, key, long, short))
			rows[key] = row(key, long, short)
		case rapid.Bool().Draw(t, "delete"):
			changes = append(changes, remove(table, key))
			delete(rows, key)
		case rapid.Bool().Draw(t, "move"):
			to := rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(t, "to")
			if _, taken := rows[to]; taken {
				continue
			}
			changes = append(changes, move(table, key, to, former[1].Text, short))
			delete(rows, key)
			rows[to] = row(to, former[1].Text, short)
		case rapid.Bool().Draw(t, "keep long"):
			changes = append(changes, update(table, key, "u", short))
			rows[key] = row(key, former[1].Text, short)
		default:
			changes = append(changes, update(table, key, long, short))
			rows[key] = row(key, long, short)
		}
	}
	return changes
}

// write does entries in the order of the apply transaction: deletions, updates,
// inserts. In strict mode each must meet the row that it expects.
func write(rows content, entries []change.Entry, tolerant bool) error {
	for _, pass := range []map[change.Result]bool{
		{change.Deleted: true}, {change.Updated: true, change.Replaced: true}, {change.Inserted: true},
	} {
		for _, entry := range entries {
			if !pass[entry.Result] {
				continue
			}
			key := entry.Key[0]
			former, there := rows[key]
			if !tolerant && there != (entry.Result != change.Inserted) {
				return fmt.Errorf("%d of key %s meets a row: %t", entry.Result, key, there)
			}
			switch entry.Result {
			case change.Deleted:
				delete(rows, key)
			case change.Nothing:
			default:
				written := make(change.Row, len(entry.Row))
				for i, value := range entry.Row {
					if value.Kind == change.Unchanged {
						if !there {
							return fmt.Errorf("key %s: a value is left out and there is no row", key)
						}
						value = former[i]
					}
					written[i] = value
				}
				rows[key] = written
			}
		}
	}
	return nil
}

func TestFoldedChangesLeaveWhatTheSingleOnesLeave(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table, source := item(), content{}
		history(t, table, source)
		target := maps.Clone(source)
		folds, err := change.Collapse(history(t, table, source), always(false))
		require.NoError(t, err)
		for _, fold := range folds {
			require.NoError(t, write(target, fold.Entries, false))
		}
		require.Equal(t, source, target)
	})
}

// A target that already has some of the changes, as after a copy that is newer
// than the stream, ends equal when all are applied tolerantly.
func TestFoldedChangesReplayedOverNewerRowsEndEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table, source := item(), content{}
		var changes []change.Change
		target := content{}
		for i := range 4 {
			changes = append(changes, history(t, table, source)...)
			for key, image := range source { // each row is copied at a moment of its own
				if rapid.IntRange(0, 3).Draw(t, "copied at") == i {
					target[key] = image
				}
			}
		}
		for i := range changes { // no value is left out: a missing row has its own test
			changes[i].New = complete(changes[:i], changes[i].New)
		}
		folds, err := change.Collapse(changes, always(true))
		require.NoError(t, err)
		for _, fold := range folds {
			require.NoError(t, write(target, fold.Entries, true))
		}
		require.Equal(t, touched(source, changes), touched(target, changes))
	})
}

// complete fills the values that an image leaves out from the changes before it.
func complete(before []change.Change, image change.Row) change.Row {
	if image == nil || image.Complete() {
		return image
	}
	for i := len(before) - 1; i >= 0; i-- {
		if before[i].New != nil && before[i].Key()[0] == image[0].Text {
			filled := append(change.Row{}, image...)
			filled[1] = before[i].New[1]
			return filled
		}
	}
	return image
}

// touched are the rows that the changes are about.
func touched(rows content, changes []change.Change) content {
	kept := content{}
	for i := range changes {
		for _, key := range [][]string{changes[i].Key(), changes[i].Former()} {
			if image, there := rows[key[0]]; there {
				kept[key[0]] = image
			}
		}
	}
	return kept
}
