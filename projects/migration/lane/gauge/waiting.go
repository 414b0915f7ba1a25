package gauge

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Wait is what a builder of what the target must not have before the load waits for: a
// lock that another session holds. It has no text of a statement: that may hold values.
type Wait struct {
	// Object is what is built, kind and name, Table what its statement waits for.
	Object string `json:"object"`
	Table  string `json:"table"`
	// PID is the session's, 0 for a prepared transaction, which has none.
	PID         int32  `json:"pid"`
	Application string `json:"application"`
	// State is empty, and AgeSeconds 0, where they may not be read; the age is how long the
	// session's transaction has been open.
	State      string  `json:"state"`
	AgeSeconds float64 `json:"ageSeconds"`
}

// String is the wait in words.
func (w Wait) String() string {
	text := fmt.Sprintf("builds %s, and waits for table %s: ", w.Object, w.Table)
	if w.PID == 0 {
		return text + "a prepared transaction holds it"
	}
	if w.State == "" {
		return text + fmt.Sprintf("session %d (%q) holds it", w.PID, w.Application)
	}
	age := time.Duration(w.AgeSeconds * float64(time.Second)).Round(time.Second)
	return text + fmt.Sprintf("session %d (%q, %s) holds it, its transaction is open for %s", w.PID, w.Application, w.State, age)
}

// waitsSQL asks the server whom the lane's builder waits for. What waits for a whole
// transaction, such as one that makes an object of the same name, names the object's table.
const waitsSQL = `
SELECT coalesce(o.kind || ' ' || o.name, ''), coalesce(w.relation::pg_catalog.regclass::text, o.relation, ''), h.pid, coalesce(a.application_name, ''),
  coalesce(a.state, ''), coalesce(greatest(0, extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)), 0)::float8
FROM pg_catalog.pg_stat_activity b CROSS JOIN LATERAL (SELECT DISTINCT pid FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids(b.pid)) AS pid) h
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = h.pid
LEFT JOIN pg_catalog.pg_locks w ON w.pid = b.pid AND NOT w.granted
LEFT JOIN (SELECT d.kind, d.name, m.schema || '.' || m.name AS relation FROM bgsync.deferred_ddl d JOIN bgsync.table_map m USING (table_id)
  WHERE d.state = 'planned' ORDER BY d.ordinal LIMIT 1) o ON true
WHERE b.datname = pg_catalog.current_database() AND pg_catalog.starts_with(b.application_name, 'bgsync/ddl/' || $1 || '/')
ORDER BY a.xact_start, h.pid LIMIT 20`

// waiting reads whom the builder waits for.
func (s *Snapshot) waiting(ctx context.Context, target *pgx.Conn) error {
	rows, err := target.Query(ctx, waitsSQL, s.Lane)
	if err != nil {
		return pg.Wrap(err, "read what the builder of lane %s waits for", s.Lane)
	}
	s.Waits, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Wait])
	if len(s.Waits) == 0 {
		s.Waits = nil // as a snapshot that was kept has it
	}
	return pg.Wrap(err, "read what the builder of lane %s waits for", s.Lane)
}
