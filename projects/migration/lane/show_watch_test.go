//go:build integration

package lane_test

import (
	"context"
	"fmt"
	"math/big"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// watch adds the money of all accounts up after every commit of one side, from
// that side's own log and without any of the engine's code. It keeps the commits
// that changed the sum.
type watch struct {
	w       *world
	at      side
	cancel  context.CancelFunc
	done    chan error
	total   *big.Rat
	last    *big.Rat // the sum after the last commit
	balance map[string]*big.Rat
	// touched tells that the open transaction changed an account.
	touched bool
	// commits are those that changed accounts, by where they end, odd those that
	// changed the sum.
	commits []pglogrepl.LSN
	odd     []pglogrepl.LSN
	// seen is how far the log was read, end how far it has to be.
	seen, end pglogrepl.LSN
}

// watchSQL publishes the accounts for a watch.
const watchSQL = `CREATE PUBLICATION watch FOR TABLE public.account`

// watch begins before a side has its first account.
func (w *world) watch(at side) *watch {
	w.t.Helper()
	w.exec(at, watchSQL, `SELECT pg_create_logical_replication_slot('watch', 'pgoutput')`)
	conn, err := pg.ConnectReplication(w.ctx(), at.AdminDSN(database), pg.Identity{Role: pg.Reader, Lane: "test", Invocation: "watch"})
	require.NoError(w.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	x := &watch{w: w, at: at, cancel: cancel, done: make(chan error, 1), total: new(big.Rat), last: new(big.Rat), balance: map[string]*big.Rat{}}
	require.NoError(w.t, pglogrepl.StartReplication(ctx, conn, "watch", 0, pglogrepl.StartReplicationOptions{
		Mode: pglogrepl.LogicalReplication, PluginArgs: []string{"proto_version '1'", "publication_names 'watch'"},
	}))
	go func() {
		defer pg.Close(conn)
		x.done <- x.follow(ctx, conn)
	}()
	w.t.Cleanup(cancel)
	return x
}

// follow reads the log until ctx ends, and then on until the server tells that it has
// sent all before the end.
func (x *watch) follow(ctx context.Context, conn *pgconn.PgConn) error {
	said := time.Now()
	for asked := false; ; {
		due, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		message, err := conn.ReceiveMessage(due)
		cancel()
		if err != nil && !pgconn.Timeout(err) {
			return err
		}
		ending := ctx.Err() != nil
		if ending && !asked || time.Since(said) > time.Second { // a silent reader is cut off
			if err := pglogrepl.SendStandbyStatusUpdate(context.Background(), conn, pglogrepl.StandbyStatusUpdate{WALWritePosition: x.seen, ReplyRequested: ending}); err != nil {
				return err
			}
			asked, said = ending, time.Now()
		}
		data, is := message.(*pgproto3.CopyData)
		if is && len(data.Data) > 0 && data.Data[0] == pglogrepl.PrimaryKeepaliveMessageByteID && ending {
			sent, err := pglogrepl.ParsePrimaryKeepaliveMessage(data.Data[1:])
			if err != nil || sent.ServerWALEnd >= x.end {
				return err
			}
		}
		if !is || len(data.Data) == 0 || data.Data[0] != pglogrepl.XLogDataByteID {
			continue
		}
		log, err := pglogrepl.ParseXLogData(data.Data[1:])
		if err != nil {
			return err
		}
		if err := x.take(log); err != nil {
			return err
		}
	}
}

// take adds one message.
func (x *watch) take(log pglogrepl.XLogData) error {
	parsed, err := pglogrepl.Parse(log.WALData)
	if err != nil {
		return err
	}
	switch m := parsed.(type) {
	case *pglogrepl.InsertMessage:
		return x.row(m.Tuple)
	case *pglogrepl.UpdateMessage:
		return x.row(m.NewTuple)
	case *pglogrepl.DeleteMessage, *pglogrepl.TruncateMessage:
		return fmt.Errorf("an account is gone, which nobody has asked for")
	case *pglogrepl.CommitMessage:
		x.seen = m.TransactionEndLSN
		if x.touched {
			x.commits = append(x.commits, m.TransactionEndLSN)
			if x.total.Cmp(x.last) != 0 {
				x.odd = append(x.odd, m.TransactionEndLSN)
				x.last.Set(x.total)
			}
		}
		x.touched = false
	}
	return nil
}

// row takes an account's new balance, its third column.
func (x *watch) row(tuple *pglogrepl.TupleData) error {
	id, text := string(tuple.Columns[0].Data), string(tuple.Columns[2].Data)
	balance, ok := new(big.Rat).SetString(text)
	if !ok {
		return fmt.Errorf("the balance of account %s is no number", id)
	}
	if before := x.balance[id]; before != nil {
		x.total.Sub(x.total, before)
	}
	x.balance[id] = balance
	x.total.Add(x.total, balance)
	x.touched = true
	return nil
}

// stop ends the watch and returns how many commits that changed accounts came
// after a position, none of which may have changed the sum.
func (x *watch) stop(from pglogrepl.LSN, want string) int {
	x.w.t.Helper()
	x.end = x.w.logEnd(x.at)
	x.cancel()
	require.NoError(x.w.t, <-x.done)
	require.Equal(x.w.t, want, x.total.FloatString(2), "the sum of the balances as the log tells it")
	for _, odd := range x.odd {
		require.LessOrEqual(x.w.t, odd, from, "the commit that ends at %s changed the sum of the balances", odd)
	}
	n := 0
	for _, at := range x.commits {
		if at > from {
			n++
		}
	}
	return n
}

// logEnd is where a side's log ends.
func (w *world) logEnd(at side) pglogrepl.LSN {
	w.t.Helper()
	position, err := pglogrepl.ParseLSN(value[string](w, at, `SELECT pg_current_wal_insert_lsn()::text`))
	require.NoError(w.t, err)
	return position
}
