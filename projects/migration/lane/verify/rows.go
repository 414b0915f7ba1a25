package verify

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// maxKeys is how many keys of one bucket are repaired one by one; with more the
// whole bucket is.
const maxKeys = 100

// difference is what the rows of one bucket differ in.
type difference struct {
	bucket
	// keys are those of rows that one side lacks or has otherwise; count is how
	// many there are.
	keys  [][]string
	count int64
	// moved tells that the bucket was changing; then nothing is known.
	moved bool
	epoch int64
	gap   bool
}

// differing compares one bucket row by row.
func (s *session) differing(ctx context.Context, p partition, b bucket) (difference, error) {
	d := difference{bucket: b}
	sql, err := p.rowsSQL(s.digest, b)
	if err != nil {
		return d, err
	}
	var sides [2]map[string]string
	sides[0], sides[1] = map[string]string{}, map[string]string{}
	f, err := s.pair(ctx, p, []bucket{b}, sql, func(side int, rows pgx.Rows) error {
		var key []string
		var digest string
		if err := rows.Scan(&key, &digest); err != nil {
			return pg.Wrap(err, "read the digest of a row")
		}
		sides[side][strings.Join(key, "\x00")] = digest
		return nil
	}, func(moved map[int32]bool, _ *finding) error {
		d.moved = moved[b.no]
		return nil
	})
	d.epoch, d.gap = f.epoch, f.gap
	if err != nil || d.moved {
		return d, err
	}
	note := func(key string) {
		if d.count++; d.count <= maxKeys {
			d.keys = append(d.keys, strings.Split(key, "\x00"))
		}
	}
	for key, digest := range sides[0] {
		if sides[1][key] != digest {
			note(key)
		}
	}
	for key := range sides[1] {
		if _, there := sides[0][key]; !there {
			note(key)
		}
	}
	return d, nil
}
