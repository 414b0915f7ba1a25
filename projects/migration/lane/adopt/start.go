package adopt

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Start tells at which position of the source's log a copy's rows end: it has every
// transaction whose commit record begins before, and none that begins there or after.
// A position that is too late would lose what lies between.
type Start interface {
	Start(ctx context.Context, copied *pgx.Conn) (pglogrepl.LSN, error)
}

// Aurora asks a fast clone (Aurora user guide, "aurora_volume_logical_start_lsn"): of
// release 14.3 and later.
type Aurora struct{}

// ErrUnknownStart tells that a copy does not know where it begins.
var ErrUnknownStart = errors.New("the copy does not say where its rows end in the source's log")

// Start implements Start.
func (Aurora) Start(ctx context.Context, copied *pgx.Conn) (pglogrepl.LSN, error) {
	var at pglogrepl.LSN
	err := copied.QueryRow(ctx, `SELECT coalesce(aurora_volume_logical_start_lsn(), '0/0')::text::pg_lsn`).Scan(&at)
	if err != nil && pg.Classify(err) == pg.Schema {
		return 0, fmt.Errorf("function aurora_volume_logical_start_lsn does not exist, expected Aurora PostgreSQL 14.3 or later: %w", ErrUnknownStart)
	}
	if err != nil {
		return 0, pg.Wrap(err, "ask the copy where it begins")
	}
	if at == 0 {
		return 0, fmt.Errorf("aurora_volume_logical_start_lsn() is 0/0, expected the position of a clone: %w", ErrUnknownStart)
	}
	return at, nil
}
