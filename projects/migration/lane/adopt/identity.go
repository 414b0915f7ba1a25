package adopt

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/shared/naming"
)

// Identity is what a database calls itself: the row of bgsync.identity.
type Identity struct {
	DB   string
	Side naming.Color
	// From is the database that it was copied from; "" for none.
	From string
}

// What a database that is offered as a copy may turn out to be.
var (
	// ErrNoCopy tells that the database is no copy of the source.
	ErrNoCopy = errors.New("is no copy of the lane's source")
	// ErrElsewhere tells that a copy belongs to another migration already.
	ErrElsewhere = errors.New("is a copy that has been adopted for another side")
)

// Identify reads what a database calls itself. where names it in errors.
func Identify(ctx context.Context, conn *pgx.Conn, where string) (Identity, error) {
	var i Identity
	var version int
	err := conn.QueryRow(ctx, `SELECT db_id::text, side, coalesce(cloned_from::text, ''), schema_version FROM bgsync.identity`).
		Scan(&i.DB, &i.Side, &i.From, &version)
	if err != nil && (errors.Is(err, pgx.ErrNoRows) || pg.Classify(err) == pg.Schema) {
		return i, fmt.Errorf("%s: has no schema bgsync, expected the source's of version %d: it was made before the source was prepared, or is no copy: %w",
			where, bgsync.SchemaVersion, ErrNoCopy)
	}
	if err != nil {
		return i, pg.Wrap(err, "%s: read identity", where)
	}
	if version != bgsync.SchemaVersion {
		return i, fmt.Errorf("%s: %w", where, &bgsync.VersionError{Found: version, Want: bgsync.SchemaVersion})
	}
	return i, nil
}

// Descends tells whether a database has been adopted as the given side of a source,
// false for one that still calls itself the source. Any other database is an error.
func (i Identity) Descends(source Identity, side naming.Color) (adopted bool, err error) {
	switch {
	case i.DB == source.DB && i.Side == source.Side:
		return false, nil
	case i.DB == source.DB:
		return false, fmt.Errorf("database %s calls itself %s, expected %s as its source does: %w", i.DB, i.Side, source.Side, ErrNoCopy)
	case i.From != source.DB:
		return false, fmt.Errorf("is database %s (%s, copied from %s), expected a copy of database %s (%s): %w",
			i.DB, i.Side, orNone(i.From), source.DB, source.Side, ErrNoCopy)
	case i.Side != side:
		return false, fmt.Errorf("database %s is %s, expected %s: %w", i.DB, i.Side, side, ErrElsewhere)
	default:
		return true, nil
	}
}

func orNone(id string) string {
	if id == "" {
		return "none"
	}
	return id
}
