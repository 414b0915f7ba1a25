package authority

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// ErrUnrecordable tells that rights are as no fence can take them away and give them back.
var ErrUnrecordable = errors.New("the rights to write cannot be written down: they have to be granted by the owner, without grant option, and somebody must have one")

// Record writes down who may write, as it stands in the catalogs of the side that
// has the authority, into both databases, and takes those rights away on the
// passive side. It runs as an administrator after bgsync.Register and
// sequence.Record, and again when writers are added; no switch may be under way. Where
// one begins meanwhile the error is ErrStale, and no right is taken away any more.
// The roles must exist on both sides.
func Record(ctx context.Context, writable, passive *pgx.Conn) error {
	sides, rows := []*pgx.Conn{writable, passive}, make([]Row, 2)
	for i, conn := range sides {
		row, err := Load(ctx, conn)
		if err != nil {
			return err
		}
		if rows[i] = row; row.Writable != (i == 0) || row.Attempt != "" {
			return fmt.Errorf("record the writers: %s has writable=%t and attempt %q, expected %t and none", row.Side, row.Writable, row.Attempt, i == 0)
		}
	}
	acl, err := names(ctx, writable)
	if err != nil {
		return err
	}
	grants, problems, err := acl.actual(ctx, writable)
	if err != nil {
		return err
	}
	if len(grants) == 0 {
		problems = append(problems, "nobody may write to any replicated table")
	}
	if len(problems) > 0 {
		return fmt.Errorf("%w: %s", ErrUnrecordable, strings.Join(problems, "; "))
	}
	acl.Grants = fold(grants)
	for i, conn := range sides {
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			// Whoever was held up since finds the other side's writers here, and must not end them.
			if row, err := load(ctx, tx, rowSQL+` FOR UPDATE`); err != nil || row != rows[i] {
				return cmp.Or(err, fmt.Errorf("%s has epoch %d, writable=%t, attempt %q: %w", row.Side, row.Epoch, row.Writable, row.Attempt, ErrStale))
			}
			if err := acl.keep(ctx, tx); err != nil {
				return err
			}
			if conn == writable {
				return nil
			}
			return acl.shut(ctx, tx)
		})
		if err != nil {
			return pg.Wrap(err, "record the writers")
		}
	}
	return nil
}

// Recorded tells whether Record has come to its end: both sides have the same list of
// writers, and one that is not empty. The passive side's is written last, with its
// rights taken away.
func Recorded(ctx context.Context, writable, passive *pgx.Conn) (bool, error) {
	var lists [2][]string
	for i, conn := range []*pgx.Conn{writable, passive} {
		err := conn.QueryRow(ctx, `SELECT coalesce(pg_catalog.array_agg(w::text ORDER BY w::text), '{}') FROM bgsync.writer_acl w`).Scan(&lists[i])
		if err != nil {
			return false, pg.Wrap(err, "read bgsync.writer_acl")
		}
	}
	return len(lists[0]) > 0 && slices.Equal(lists[0], lists[1]), nil
}

// names reads the names of tables and sequences alone.
func names(ctx context.Context, conn querier) (ACL, error) {
	var a ACL
	if err := conn.QueryRow(ctx, tablesSQL).Scan(&a.Tables); err != nil {
		return a, pg.Wrap(err, "read bgsync.table_map")
	}
	err := conn.QueryRow(ctx, `SELECT coalesce(pg_catalog.array_agg(relation ORDER BY relation), '{}') FROM bgsync.sequence_map`).Scan(&a.Sequences)
	return a, pg.Wrap(err, "read bgsync.sequence_map")
}

// fold leaves rights on columns out that the grantee has on the whole table: a
// REVOKE on the table takes both.
func fold(grants []Grant) []Grant {
	var kept []Grant
	for _, g := range grants {
		if g.Columns != nil && len(kept) > 0 && g.whole(kept[len(kept)-1]) {
			continue
		}
		kept = append(kept, g)
	}
	return kept
}

// keep writes the list.
func (a ACL) keep(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `DELETE FROM bgsync.writer_acl`); err != nil {
		return err
	}
	for _, g := range a.Grants {
		_, err := tx.Exec(ctx, `INSERT INTO bgsync.writer_acl (relation, grantee, privilege, columns) VALUES ($1, $2, $3, $4)`,
			g.Relation, g.Grantee, g.Privilege, g.Columns)
		if err != nil {
			return fmt.Errorf("%s on %s of %s: %w", g.Privilege, g.Relation, g.Grantee, err)
		}
	}
	return nil
}

// shut takes away every right that stands, whether it is in the list or not: on a
// side that nobody may write to there is no other.
func (a ACL) shut(ctx context.Context, tx pgx.Tx) error {
	grants, _, err := a.actual(ctx, tx)
	if err != nil {
		return err
	}
	standing := ACL{Tables: a.Tables, Sequences: a.Sequences, Grants: grants}
	if err := standing.Revoke(ctx, tx); err != nil {
		return err
	}
	return standing.closed(ctx, tx)
}
