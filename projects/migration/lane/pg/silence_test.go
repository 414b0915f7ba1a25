package pg_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// A server that takes a connection and says nothing, or a way on which all is lost, is
// tried again; only where the caller has no time left is the time-out the caller's.
func TestAServerThatDoesNotAnswerIsTriedAgain(t *testing.T) {
	t.Parallel()
	var listen net.ListenConfig
	silent, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0") // the system takes connections, nobody reads
	require.NoError(t, err)
	defer silent.Close()
	dsn := fmt.Sprintf("postgres://somebody:secret@%s/payments?sslmode=disable&connect_timeout=1", silent.Addr())
	id := pg.Identity{Role: pg.Applier, Lane: "core.fwd", Invocation: "test"}
	over, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	for name, connect := range map[string]func(context.Context) error{
		"session":     func(ctx context.Context) error { _, err := pg.Connect(ctx, dsn, id); return err },
		"replication": func(ctx context.Context) error { _, err := pg.ConnectReplication(ctx, dsn, id); return err },
	} {
		err := connect(t.Context())
		require.Error(t, err, name)
		assert.Equal(t, pg.Reconnect, pg.Classify(err), "%s: %v", name, err)
		assert.NotErrorIs(t, err, context.DeadlineExceeded, name)
		assert.NotContains(t, err.Error(), "secret", name)
		err = connect(over)
		require.Error(t, err, name)
		assert.Equal(t, pg.Ended, pg.Classify(err), "%s: %v", name, err)
	}
}

// What takes longer than the engine allows it is given up, and is not the end of the
// time that the caller has.
func TestWhatTakesTooLongIsNotTheEndOfTheCallersTime(t *testing.T) {
	t.Parallel()
	wait := func(ctx context.Context) error { <-ctx.Done(); return fmt.Errorf("ask: %w", ctx.Err()) }
	err := pg.Within(t.Context(), time.Nanosecond, wait)
	assert.Equal(t, pg.Reconnect, pg.Classify(err), "%v", err)
	assert.ErrorContains(t, err, "ask: ")
	over, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	assert.Equal(t, pg.Ended, pg.Classify(pg.Within(over, time.Hour, wait)))
	state := pg.Within(t.Context(), time.Hour, func(context.Context) error { return &pgconn.PgError{Code: "42P01", Message: "4111"} })
	assert.Equal(t, pg.Schema, pg.Classify(state))
	assert.NotContains(t, state.Error(), "4111")
	assert.NoError(t, pg.Within(t.Context(), time.Hour, func(context.Context) error { return nil }))
}
