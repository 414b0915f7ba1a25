package lane

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// vacant makes sure that there is no such lane, which must be known and not
// guessed before a slot is dropped; or none but one that the new lane takes the place of.
func (c *creation) vacant(ctx context.Context) error {
	row, err := checkpoint.Load(ctx, c.target, c.Lane)
	switch {
	case errors.Is(err, checkpoint.ErrAbsent):
		return nil
	case err != nil:
		return err
	case !c.Instead:
		return ErrExists
	}
	if row.State != checkpoint.Retired {
		source, err := dbOf(ctx, c.source)
		if err != nil {
			return err
		}
		if source == row.SourceDB {
			return ErrExists
		}
	}
	c.former, c.generation = row, max(c.generation, row.Generation+1)
	return nil
}

// dbOf reads a database's identity.
func dbOf(ctx context.Context, side relation.Querier) (id string, err error) {
	err = side.QueryRow(ctx, `SELECT db_id::text FROM bgsync.identity`).Scan(&id)
	return id, pg.Wrap(err, "read identity")
}

// ofLane are the engine's records of one lane, besides its own row and what operators
// have decided.
var ofLane = []string{"chunk", "table_state", "tombstone", "repair", "bucket", "dirty_key", "verify_pass", "verify_state"}

// supersede takes away what stands of the former lane, unless it has become another one
// since it was looked at. Images of rows that waited for a decision stay, as decided: there
// is no source any more that they could be taken from.
func (c *creation) supersede(ctx context.Context, tx pgx.Tx) error {
	if c.former == nil {
		return nil
	}
	tag, err := tx.Exec(ctx, `DELETE FROM bgsync.lane WHERE lane = $1 AND generation = $2 AND claim_no = $3 AND src_db_id = $4::uuid`,
		c.Lane, c.former.Generation, c.former.Claim, c.former.SourceDB)
	if err != nil {
		return pg.Wrap(err, "take the former lane away")
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("take the former lane away: %w", checkpoint.ErrOwnershipLost)
	}
	for _, table := range ofLane {
		if _, err := tx.Exec(ctx, `DELETE FROM `+pg.Ident("bgsync", table)+` WHERE lane = $1`, c.Lane); err != nil {
			return pg.Wrap(err, "take bgsync.%s of the former lane away", table)
		}
	}
	for _, table := range []string{"quarantine", "conflict"} {
		if _, err := tx.Exec(ctx, `UPDATE `+pg.Ident("bgsync", table)+` SET state = 'retried' WHERE lane = $1 AND state = 'open'`, c.Lane); err != nil {
			return pg.Wrap(err, "close bgsync.%s of the former lane", table)
		}
	}
	return nil
}
