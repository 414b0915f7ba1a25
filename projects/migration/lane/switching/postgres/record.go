package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/authority"
	"github.com/cutover/cutover/projects/migration/lane/sequence"
)

// Record writes down, once before the first switch and again when writers or
// sequences change, which sequences belong to the replicated tables and who may
// write, and takes the writers' rights away on the passive side. Both sessions are
// an administrator's.
func Record(ctx context.Context, writable, passive *pgx.Conn) error {
	if err := sequence.Record(ctx, writable, passive); err != nil {
		return err
	}
	return authority.Record(ctx, writable, passive)
}
