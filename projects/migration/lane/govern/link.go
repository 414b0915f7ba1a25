package govern

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// link is a session that is opened when it is needed, and again when it broke.
type link struct {
	dsn  string
	id   pg.Identity
	conn *pgx.Conn
}

// open returns the session.
func (l *link) open(ctx context.Context) (conn *pgx.Conn, err error) {
	if l.conn != nil && !l.conn.IsClosed() {
		return l.conn, nil
	}
	if l.conn, err = pg.Connect(ctx, l.dsn, l.id); err != nil {
		l.conn = nil
		return nil, err
	}
	return l.conn, nil
}

func (l *link) close() {
	if l.conn != nil {
		pg.Close(l.conn)
	}
}
