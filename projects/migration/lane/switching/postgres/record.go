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

// Recorded tells whether Record has come to its end, and knows all sequences that there
// are by now.
func Recorded(ctx context.Context, writable, passive *pgx.Conn) (bool, error) {
	recorded, err := authority.Recorded(ctx, writable, passive)
	for _, side := range []*pgx.Conn{writable, passive} {
		if err != nil || !recorded {
			return false, err
		}
		var left []string
		left, err = sequence.Unrecorded(ctx, side)
		recorded = len(left) == 0
	}
	return recorded && err == nil, err
}
