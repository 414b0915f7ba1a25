package verify

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// nudger writes a canary on the source while somebody waits for the lane: an idle
// source has nothing else that would move the lane past a snapshot at once. All
// workers share it.
type nudger struct {
	mutex sync.Mutex
	conn  *pgx.Conn
	last  time.Time
}

// nudgeInterval is the least time between two canaries.
const nudgeInterval = 20 * time.Millisecond

// nudge writes a canary unless one was written just now.
func (s *session) nudge(ctx context.Context) error {
	n := s.nudges
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if time.Since(n.last) < nudgeInterval {
		return nil
	}
	if n.conn == nil {
		var err error
		n.conn, err = pg.Connect(ctx, s.Source, pg.Identity{Role: pg.Verifier, Lane: s.Lane, Invocation: s.Invocation})
		if err != nil {
			return err
		}
	}
	_, err := n.conn.Exec(ctx, `INSERT INTO bgsync.canary AS c (side, name, seq, nonce, written_at)
		SELECT side, $1 || '/verify', 1, gen_random_uuid(), clock_timestamp() FROM bgsync.identity
		ON CONFLICT (side, name) DO UPDATE SET seq = c.seq + 1, nonce = excluded.nonce, written_at = excluded.written_at`, s.Lane)
	n.last = time.Now()
	return pg.Wrap(err, "write a canary on the source of lane %s", s.Lane)
}

func (n *nudger) close() {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.conn != nil {
		pg.Close(n.conn)
	}
}
