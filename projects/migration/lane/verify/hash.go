package verify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cutover/cutover/projects/migration/lane/dirty"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// digest is the expression that turns a text into at least 32 hexadecimal digits.
type digest string

// The digests, of which 128 bits are taken.
const (
	byMD5    digest = "md5(%s)"
	bySHA256 digest = "encode(sha256(convert_to(%s, 'UTF8')), 'hex')"
)

// bucket is a division of a table's keys.
type bucket struct {
	no     int32
	lo, hi []string
}

// rowText is the canonical text of a row: all columns, generated ones too, in the
// order of their names. NULL and the empty text differ in it.
func rowText(table *relation.Table) string {
	columns := slices.Concat(table.Columns, table.Computed)
	slices.SortFunc(columns, func(a, b relation.Column) int { return cmp.Compare(a.Name, b.Name) })
	names := make([]string, len(columns))
	for i, column := range columns {
		names[i] = "t." + pg.Ident(column.Name)
	}
	return "ROW(" + strings.Join(names, ", ") + ")::text"
}

// row is the hash of a row.
func (d digest) row(table *relation.Table) string { return fmt.Sprintf(string(d), rowText(table)) }

// sums are the columns of a bucket's hash over rows with digest h: how many, and
// the sums of both halves. Sums and not exclusive ors, so that equal rows do not
// cancel each other.
const sums = `count(*), coalesce(sum(('x' || substr(h, 1, 16))::bit(64)::bigint), 0)::text, coalesce(sum(('x' || substr(h, 17, 16))::bit(64)::bigint), 0)::text`

// keyNames are the key's columns, quoted, of table t.
func keyNames(table *relation.Table) []string {
	names := table.KeyNames()
	for i, name := range names {
		names[i] = "t." + pg.Ident(name)
	}
	return names
}

// where is the condition that a row lies in one of the buckets, which are in the
// order of their numbers. Ranges that touch each other become one.
func (p partition) where(buckets []bucket) (string, error) {
	if p.kind == hashed {
		numbers := make([]string, len(buckets))
		for i, b := range buckets {
			numbers[i] = fmt.Sprint(b.no)
		}
		return dirty.HashSQL(keyNames(p.table), p.count) + " = ANY ('{" + strings.Join(numbers, ",") + "}')", nil
	}
	var conditions []string
	for i := 0; i < len(buckets); {
		end := i
		for end+1 < len(buckets) && buckets[end+1].no == buckets[end].no+1 {
			end++
		}
		condition, err := p.table.Range(buckets[i].lo, buckets[end].hi)
		if err != nil {
			return "", err
		}
		conditions = append(conditions, "("+condition+")")
		i = end + 1
	}
	return strings.Join(conditions, " OR "), nil
}

// number is an expression for the number of the bucket that a row of the buckets
// lies in: for ranges a search by halves among their upper ends, so that one
// statement reads many buckets in one go, in whatever order the server likes.
func (p partition) number(buckets []bucket) (string, error) {
	if p.kind == hashed {
		return dirty.HashSQL(keyNames(p.table), p.count), nil
	}
	if len(buckets) == 1 {
		return fmt.Sprint(buckets[0].no), nil
	}
	middle := (len(buckets) - 1) / 2
	condition, err := p.table.Range(nil, buckets[middle].hi)
	if err != nil {
		return "", err
	}
	low, err := p.number(buckets[:middle+1])
	if err != nil {
		return "", err
	}
	high, err := p.number(buckets[middle+1:])
	if err != nil {
		return "", err
	}
	return "CASE WHEN " + condition + " THEN " + low + " ELSE " + high + " END", nil
}

// partition is how a table is divided.
type partition struct {
	table *relation.Table
	kind  dirty.Kind
	count int
}

// hashSQL hashes buckets: one row for each that is not empty. OFFSET 0 keeps the
// server from computing the digest once for each half.
func (p partition) hashSQL(d digest, buckets []bucket) (string, error) {
	number, err := p.number(buckets)
	if err != nil {
		return "", err
	}
	where, err := p.where(buckets)
	if err != nil {
		return "", err
	}
	return "SELECT b, " + sums + " FROM (SELECT " + number + " AS b, " + d.row(p.table) + " AS h FROM ONLY " + p.table.Ident() +
		" AS t WHERE " + where + " OFFSET 0) x GROUP BY b", nil
}

// rowsSQL lists the rows of one bucket by key and digest.
func (p partition) rowsSQL(d digest, b bucket) (string, error) {
	where, err := p.where([]bucket{b})
	if err != nil {
		return "", err
	}
	keys := keyNames(p.table)
	for i := range keys {
		keys[i] += "::text"
	}
	return "SELECT ARRAY[" + strings.Join(keys, ", ") + "], " + d.row(p.table) + " FROM ONLY " + p.table.Ident() + " AS t WHERE " + where, nil
}
