package apply

import (
	"context"
	"slices"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// Reshape is what a planned change of the source's tables makes of a lane.
type Reshape struct {
	// Fingerprint is that of all tables after the change.
	Fingerprint relation.Fingerprint
	// Tables are those that changed, with the fingerprints that a target may have
	// which has the change: later ones may be there already.
	Tables map[*relation.Table][]relation.Fingerprint
	// Present demands that the target has the change: the source is written to, and
	// rows with what is new follow.
	Present bool
}

// Reshape moves the lane past a change of its source's tables: in one apply
// transaction the lane gets the new fingerprint, and all buckets of the changed
// tables become dirty, since they were compared without what is new.
func (a *Applier) Reshape(ctx context.Context, to Advance, shape Reshape) error {
	tx, err := a.Begin(ctx)
	if err != nil {
		return err
	}
	if err := a.reshape(ctx, shape); err != nil {
		a.rollback()
		return err
	}
	if err := tx.Commit(ctx, to); err != nil {
		return err
	}
	a.row.Fingerprint = shape.Fingerprint[:]
	return nil
}

func (a *Applier) reshape(ctx context.Context, shape Reshape) error {
	for table, want := range shape.Tables {
		var found []byte
		if err := a.conn.QueryRow(ctx, `SELECT bgsync.fingerprint($1::text::regclass)`, table.Ident()).Scan(&found); err != nil {
			return pg.Wrap(err, "read the fingerprint of table %s", table.FullName())
		}
		has := slices.ContainsFunc(want, func(f relation.Fingerprint) bool { return slices.Equal(found, f[:]) })
		if shape.Present && !has {
			return checkpoint.NewHalt(checkpoint.SchemaDrift, "table %s was changed on the source before the target", table.FullName())
		}
		a.track.Whole(table.ID)
	}
	_, err := a.conn.Exec(ctx, `UPDATE bgsync.lane SET schema_fp = $2 WHERE lane = $1`, a.row.Lane, shape.Fingerprint[:])
	return pg.Wrap(err, "change the fingerprint of lane %s", a.row.Lane)
}
