package apply

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/cutover/cutover/projects/migration/lane/change"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// statement is SQL with an array of texts for every column that it takes.
type statement struct {
	sql  string
	args []any
	rows int
	// what it is about, for errors
	table *relation.Table
	op    string
}

// arrays turns columns of rows into arguments: one array of texts per column.
func arrays(rows []change.Row, columns []int) []any {
	args := make([]any, len(columns))
	for i, at := range columns {
		args[i] = column{rows, at}
	}
	return args
}

// column is the values of one column as an array of texts, for the driver: it writes
// them into its message from where they are.
type column struct {
	rows []change.Row
	at   int
}

// Dimensions is one, as long as there are rows.
func (c column) Dimensions() []pgtype.ArrayDimension {
	return []pgtype.ArrayDimension{{Length: int32(len(c.rows)), LowerBound: 1}} //nolint:gosec // bounded by the batch
}

// Index is the text of a row.
func (c column) Index(i int) any { return (*text)(&c.rows[i][c.at]) }

// IndexType is what Index returns.
func (c column) IndexType() any { return (*text)(nil) }

// text is a value that the driver takes as a text, or as NULL.
type text change.Value

// TextValue is the text.
func (t *text) TextValue() (pgtype.Text, error) {
	if t == nil {
		return pgtype.Text{}, nil
	}
	return pgtype.Text{String: t.Text, Valid: t.Kind == change.Text}, nil
}

// input is a derived table "u" with one column c<place> per column, cast to the
// column's type. Parameters are numbered from first. Texts travel, so that the
// types' OIDs need not be equal; base types are cast to without a modifier, so
// that a value that does not fit is an error and not cut short. unnest stands
// without its schema: only so does the grammar let it take several arrays.
func input(table *relation.Table, columns []int, first int, numbered bool) string {
	parameters, names, casts := make([]string, len(columns)), make([]string, len(columns)), make([]string, len(columns))
	for i, at := range columns {
		parameters[i] = fmt.Sprintf("$%d::text[]", first+i)
		names[i] = fmt.Sprintf("c%d", at)
		casts[i] = fmt.Sprintf("x.c%d::%s AS c%d", at, table.Columns[at].Type, at)
	}
	ordinality := ""
	if numbered {
		ordinality = " WITH ORDINALITY"
		names = append(names, "n")
		casts = append(casts, "x.n")
	}
	return "(SELECT " + strings.Join(casts, ", ") + " FROM unnest(" + strings.Join(parameters, ", ") + ")" +
		ordinality + " AS x(" + strings.Join(names, ", ") + ")) AS u"
}

// match is the condition that a row of t has the key of u.
func match(table *relation.Table) string {
	conditions := make([]string, len(table.Key))
	for i, at := range table.Key {
		conditions[i] = fmt.Sprintf("t.%s = u.c%d", pg.Ident(table.Columns[at].Name), at)
	}
	return strings.Join(conditions, " AND ")
}

// assignments sets the columns from u.
func assignments(table *relation.Table, columns []int, from string) string {
	list := make([]string, len(columns))
	for i, at := range columns {
		if from == "excluded" {
			list[i] = pg.Ident(table.Columns[at].Name) + " = excluded." + pg.Ident(table.Columns[at].Name)
		} else {
			list[i] = fmt.Sprintf("%s = u.c%d", pg.Ident(table.Columns[at].Name), at)
		}
	}
	return strings.Join(list, ", ")
}

// rest are the columns outside of the key that an UPDATE may set.
func rest(table *relation.Table) []int {
	var list []int
	for at, column := range table.Columns {
		if !table.IsKey(at) && !column.Always {
			list = append(list, at)
		}
	}
	return list
}

// every is all columns.
func every(table *relation.Table) []int {
	list := make([]int, len(table.Columns))
	for at := range list {
		list[at] = at
	}
	return list
}

// carried are the columns of which a row has the value.
func carried(row change.Row, columns []int) []int {
	var list []int
	for _, at := range columns {
		if row[at].Kind != change.Unchanged {
			list = append(list, at)
		}
	}
	return list
}

// deletion deletes rows by key. The rows need no more than their keys.
func deletion(table *relation.Table, rows []change.Row) statement {
	return statement{
		sql:  "DELETE FROM ONLY " + table.Ident() + " AS t USING " + input(table, table.Key, 1, false) + " WHERE " + match(table),
		args: arrays(rows, table.Key), rows: len(rows), table: table, op: "DELETE",
	}
}

// update sets columns of rows by key. Without columns it counts the rows.
func update(table *relation.Table, rows []change.Row, columns []int) statement {
	all := append(append([]int{}, table.Key...), columns...)
	s := statement{args: arrays(rows, all), rows: len(rows), table: table, op: "UPDATE"}
	if len(columns) == 0 {
		s.sql = "SELECT 1 FROM ONLY " + table.Ident() + " AS t, " + input(table, all, 1, false) + " WHERE " + match(table)
		return s
	}
	s.sql = "UPDATE ONLY " + table.Ident() + " AS t SET " + assignments(table, columns, "u") +
		" FROM " + input(table, all, 1, false) + " WHERE " + match(table)
	return s
}

// insertion inserts whole rows.
func insertion(table *relation.Table, rows []change.Row) statement {
	columns := every(table)
	return statement{
		sql: "INSERT INTO " + table.Ident() + " (" + table.Selection() + ") OVERRIDING SYSTEM VALUE SELECT " +
			values(columns) + " FROM " + input(table, columns, 1, false),
		args: arrays(rows, columns), rows: len(rows), table: table, op: "INSERT",
	}
}

// upsert inserts whole rows, or overwrites those that are there.
func upsert(table *relation.Table, rows []change.Row) statement {
	s := insertion(table, rows)
	keys := make([]string, len(table.Key))
	for i, name := range table.KeyNames() {
		keys[i] = pg.Ident(name)
	}
	s.sql += " ON CONFLICT (" + strings.Join(keys, ", ") + ") DO "
	if columns := rest(table); len(columns) > 0 {
		s.sql += "UPDATE SET " + assignments(table, columns, "excluded")
	} else {
		s.sql += "NOTHING"
	}
	return s
}

func values(columns []int) string {
	list := make([]string, len(columns))
	for i, at := range columns {
		list[i] = fmt.Sprintf("u.c%d", at)
	}
	return strings.Join(list, ", ")
}

// partial is update for rows that may not be there: of those that are not, the
// keys become requests for a repair, since a part of the row is known only to the
// source. While the table is being loaded they become tombstones as well, since a
// chunk that was read before the change would bring the row as it was; grave is
// the newest source transaction then, and 0 otherwise.
func partial(lane string, table *relation.Table, rows []change.Row, columns []int, grave uint64) statement {
	all := append(append([]int{}, table.Key...), columns...)
	source := input(table, all, 4, true)
	hit := "SELECT u.n FROM ONLY " + table.Ident() + " AS t, " + source + " WHERE " + match(table)
	if len(columns) > 0 {
		hit = "UPDATE ONLY " + table.Ident() + " AS t SET " + assignments(table, columns, "u") +
			" FROM " + source + " WHERE " + match(table) + " RETURNING u.n"
	}
	return statement{
		sql: "WITH hit AS (" + hit + "), miss AS (SELECT DISTINCT ARRAY[" + strings.Join(keyTexts(table), ", ") + "] AS key FROM " + source +
			" WHERE NOT EXISTS (SELECT FROM hit WHERE hit.n = u.n))," +
			" grave AS (INSERT INTO bgsync.tombstone (lane, table_id, key, xid) SELECT $1, $2::int, key, $3::text::xid8 FROM miss" +
			" WHERE $3::text <> '0' ON CONFLICT (lane, table_id, key) DO NOTHING)" +
			" INSERT INTO bgsync.repair (lane, table_id, bucket_no, key, reason) SELECT $1, $2::int, -1, key, 'row missing, value unchanged' FROM miss" +
			" ON CONFLICT (lane, table_id, bucket_no, key) DO NOTHING",
		args: append([]any{lane, table.ID, fmt.Sprint(grave)}, arrays(rows, all)...), rows: len(rows), table: table, op: "UPDATE",
	}
}

// moving gives one row another key, as one statement. A key that only the server
// may set cannot be updated: there the row is deleted and inserted, with the
// values that the change leaves out taken from the row that goes.
func moving(c *change.Change) statement {
	table := c.Table
	columns := carried(c.New, every(table))
	args := append(arrays([]change.Row{c.Old}, table.Key), arrays([]change.Row{c.New}, columns)...)
	s := statement{args: args, rows: 1, table: table, op: "UPDATE"}
	conditions := make([]string, len(table.Key))
	for i, at := range table.Key {
		conditions[i] = fmt.Sprintf("t.%s = ($%d::text[])[1]::%s", pg.Ident(table.Columns[at].Name), i+1, table.Columns[at].Type)
	}
	given := map[int]string{}
	for i, at := range columns {
		given[at] = fmt.Sprintf("($%d::text[])[1]::%s", len(table.Key)+i+1, table.Columns[at].Type)
	}
	where := " WHERE " + strings.Join(conditions, " AND ")
	if fixed(table) {
		list := make([]string, len(table.Columns))
		for at, column := range table.Columns {
			list[at] = "gone." + pg.Ident(column.Name)
			if expression, has := given[at]; has {
				list[at] = expression
			}
		}
		s.sql = "WITH gone AS (DELETE FROM ONLY " + table.Ident() + " AS t" + where + " RETURNING t.*) INSERT INTO " + table.Ident() +
			" (" + table.Selection() + ") OVERRIDING SYSTEM VALUE SELECT " + strings.Join(list, ", ") + " FROM gone"
		return s
	}
	var sets []string
	for _, at := range columns {
		if !table.Columns[at].Always {
			sets = append(sets, pg.Ident(table.Columns[at].Name)+" = "+given[at])
		}
	}
	s.sql = "UPDATE ONLY " + table.Ident() + " AS t SET " + strings.Join(sets, ", ") + where
	return s
}

// fixed tells whether a part of the key is GENERATED ALWAYS AS IDENTITY.
func fixed(table *relation.Table) bool {
	for _, at := range table.Key {
		if table.Columns[at].Always {
			return true
		}
	}
	return false
}

// truncation empties exactly the listed tables. Sequences are left alone: they
// are no part of the stream and are set when the side becomes the authority.
func truncation(tables []*relation.Table) statement {
	list := make([]string, len(tables))
	for i, table := range tables {
		list[i] = "ONLY " + table.Ident()
	}
	return statement{sql: "TRUNCATE " + strings.Join(list, ", "), table: tables[0], op: "TRUNCATE"}
}
