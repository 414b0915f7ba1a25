package adopt

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Anchor is a row that a source gets when the slot of a lane is made and all that
// ran meanwhile has ended. A copy that has the same row was made after that, so
// whatever it lacks is in the slot's stream. The row is one of bgsync.canary, which
// the lane's reader may write.
type Anchor struct {
	// Nonce is another one whenever the slot is made anew.
	Nonce string
	// Slot is where the slot begins; 0 says that it is about to be made.
	Slot pglogrepl.LSN
}

// Made tells whether the slot of the anchor was made and the source settled.
func (a Anchor) Made() bool { return a.Slot != 0 }

// anchorName is the name of a lane's anchor among the canaries.
func anchorName(lane string) string { return "base." + lane }

const anchorSQL = `
INSERT INTO bgsync.canary AS c (side, name, seq, nonce, written_at)
SELECT side, $1, ($2::pg_lsn - '0/0'::pg_lsn)::bigint, pg_catalog.gen_random_uuid(), pg_catalog.clock_timestamp() FROM bgsync.identity
ON CONFLICT (side, name) DO UPDATE SET seq = excluded.seq, nonce = excluded.nonce, written_at = excluded.written_at
RETURNING nonce::text`

// Write writes a lane's anchor on its source.
func Write(ctx context.Context, source *pgx.Conn, lane string, slot pglogrepl.LSN) (Anchor, error) {
	a := Anchor{Slot: slot}
	err := source.QueryRow(ctx, anchorSQL, anchorName(lane), slot.String()).Scan(&a.Nonce)
	return a, pg.Wrap(err, "write the anchor of lane %s", lane)
}

// Read reads the anchor of a lane on its source, or on a copy that still calls
// itself so. Where there is none it is the zero value.
func Read(ctx context.Context, conn *pgx.Conn, lane string) (Anchor, error) {
	var a Anchor
	err := conn.QueryRow(ctx, `SELECT c.nonce::text, '0/0'::pg_lsn + c.seq FROM bgsync.canary c JOIN bgsync.identity i USING (side) WHERE c.name = $1`,
		anchorName(lane)).Scan(&a.Nonce, &a.Slot)
	if errors.Is(err, pgx.ErrNoRows) {
		return Anchor{}, nil
	}
	return a, pg.Wrap(err, "read the anchor of lane %s", lane)
}

// ErrBefore tells that a copy was made too early.
var ErrBefore = errors.New("the copy was made before the lane's slot was ready, or for a slot that was dropped since: what the source has committed between is in neither")

// Holds checks that a copy has the source's anchor.
func (a Anchor) Holds(copied Anchor) error {
	if a == copied {
		return nil
	}
	found := "no anchor"
	if copied != (Anchor{}) {
		found = fmt.Sprintf("anchor %s of a slot at %s", copied.Nonce, copied.Slot)
	}
	return fmt.Errorf("the copy has %s, expected %s of the slot at %s: make a new copy: %w", found, a.Nonce, a.Slot, ErrBefore)
}
