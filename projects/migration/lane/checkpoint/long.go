package checkpoint

import (
	"context"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Remember notes the commit record of a source transaction that an invocation had
// to give up for lack of time. The next invocation writes it in parts. A process
// that knows an old position has no say.
func Remember(ctx context.Context, conn *pgx.Conn, row *Row, commit pglogrepl.LSN) error {
	_, err := conn.Exec(ctx, `UPDATE bgsync.lane SET long_lsn = $4::pg_lsn
		WHERE lane = $1 AND generation = $2 AND applied_lsn = $3::pg_lsn AND part_lsn IS NULL AND state IN ('catching_up', 'running')`,
		row.Lane, row.Generation, row.Applied.String(), commit.String())
	return pg.Wrap(err, "note the long transaction of lane %s", row.Lane)
}
