//go:build integration

package lane_test

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/figures"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	shared "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// scripted is what a careful script does with the servers' own means: one database of
// each server follows the other by a subscription, which is turned round after each
// switch: the side that was left is copied anew, while no client writes. It compares
// nothing, has no way back, and keeps writers out by a setting that they may take back.
type scriptedSwitch struct {
	*switches
	at      map[naming.Color]side
	store   *control.Memory
	clients *clients
	sum     string
	probes  int
}

// scripted is the script's name among contenders, its databases' and subscriptions'.
const scripted = "script"

// scripted makes the databases, with clients that are held.
func (s *switches) scripted() *scriptedSwitch {
	s.t.Helper()
	c := &scriptedSwitch{switches: s, at: map[naming.Color]side{}, store: &control.Memory{}}
	for _, color := range naming.Colors() {
		s.exec(s.side(color), `CREATE DATABASE `+scripted)
		at := side{Server: s.side(color).Server}
		at.admin = s.connect(at.AdminDSN(scripted), pg.Operator)
		c.at[color] = at
		s.exec(at, tablesSQL, secondarySQL, `CREATE TABLE public.probe (id int PRIMARY KEY)`,
			`GRANT USAGE ON SCHEMA public TO app; GRANT SELECT ON ALL TABLES IN SCHEMA public TO app`, grantsSQL,
			`CREATE PUBLICATION script FOR ALL TABLES`)
	}
	s.exec(c.at[naming.Blue], someRows)
	c.subscribe(naming.Blue, naming.Green)
	require.NoError(s.t, switching.Open(s.ctx(), c.store, naming.Blue))
	c.sum = value[string](s.world, c.at[naming.Blue], `SELECT sum(balance)::text FROM public.account`)
	c.clients = &clients{s: s, store: c.store, place: func(color naming.Color) string { return c.at[color].DSN("app_a", password, scripted) }}
	c.clients.hold()
	c.clients.start(8, 40*time.Millisecond)
	s.t.Cleanup(func() { // a slot that is left keeps the database from being dropped
		for _, color := range naming.Colors() {
			_ = s.side(color).Exec(context.Background(), scripted, `DROP SUBSCRIPTION IF EXISTS script`)
		}
	})
	return c
}

// subscribe lets one side follow the other.
func (c *scriptedSwitch) subscribe(from, to naming.Color) {
	c.t.Helper()
	c.exec(c.at[to], `CREATE SUBSCRIPTION script CONNECTION `+pg.Literal(c.at[from].AdminDSN(scripted))+` PUBLICATION script`)
	require.Eventually(c.t, func() bool {
		return value[int](c.world, c.at[to], `SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'`) == 0
	}, waiting, tick)
	c.probe(from, to)
}

// probe writes a row on one side and waits until the other has it, and with it all that
// was committed before.
func (c *scriptedSwitch) probe(from, to naming.Color) {
	c.t.Helper()
	c.probes++
	c.exec(c.at[from], fmt.Sprintf(`INSERT INTO public.probe VALUES (%d)`, c.probes))
	for deadline := time.Now().Add(waiting); !value[bool](c.world, c.at[to], `SELECT EXISTS (SELECT FROM public.probe WHERE id = $1)`, c.probes); {
		require.True(c.t, time.Now().Before(deadline), "%s follows %s", to, from)
		time.Sleep(time.Millisecond)
	}
}

// shut makes a side read-only for its clients and ends their sessions.
func (c *scriptedSwitch) shut(color naming.Color) {
	c.t.Helper()
	c.exec(c.at[color], `ALTER DATABASE script SET default_transaction_read_only = on`)
	now := value[time.Time](c.world, c.at[color], `SELECT clock_timestamp()`)
	for deadline := time.Now().Add(waiting); value[int](c.world, c.at[color], `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE datname = current_database() AND usename = 'app_a' AND backend_start <= $1`, now) > 0; {
		require.True(c.t, time.Now().Before(deadline), "sessions of %s end", color)
		time.Sleep(time.Millisecond)
	}
}

// tell writes the token.
func (c *scriptedSwitch) tell(change func(*shared.Token)) {
	c.t.Helper()
	token, _, err := switching.Status(c.ctx(), c.store)
	require.NoError(c.t, err)
	change(&token)
	require.NoError(c.t, c.store.Put(c.ctx(), shared.AuthorityItem, control.Item{Rev: token.Rev + 1, Fields: token.Fields()}))
}

// move is the script: read-only, sessions ended, all that was written has arrived,
// sequences set, clients sent to the other side.
func (c *scriptedSwitch) move(from, to naming.Color) time.Duration {
	c.t.Helper()
	began := time.Now()
	c.tell(func(t *shared.Token) { t.Phase, t.Attempt = shared.PhaseFencing, uuid.NewString() })
	c.shut(from)
	last := value[int64](c.world, c.at[from], `SELECT last_value FROM public.account_id_seq`)
	c.probe(from, to)
	c.exec(c.at[to], fmt.Sprintf(`SELECT setval('public.account_id_seq', %d)`, last))
	c.tell(func(t *shared.Token) { t.Phase = shared.PhasePromoting })
	c.tell(func(t *shared.Token) { t.Phase, t.Holder, t.Epoch, t.Attempt = shared.PhaseOpen, to, t.Epoch+1, "" })
	return time.Since(began)
}

// paused moves the clients once, tells how long that took and what they felt, and
// makes the way back while they are held: what they have written since is copied.
func (c *scriptedSwitch) paused(to naming.Color) figures.Run {
	c.t.Helper()
	c.clients.resume()
	c.clients.some(20)
	c.clients.worst()
	began := time.Now()
	pause := c.move(to.Other(), to)
	c.clients.some(20)
	c.clients.hold()
	run := figures.Run{Values: pauses(switching.Outcome{Pause: pause}, c.clients.worst()), Took: time.Since(began).Seconds()}
	c.exec(c.at[to], `DROP SUBSCRIPTION script`)
	c.exec(c.at[to.Other()], `ALTER DATABASE script RESET default_transaction_read_only`,
		`TRUNCATE public.account, public.entry, public.document, public.payment, public.probe`)
	c.subscribe(to, to.Other())
	return run
}

// stop ends the clients and checks that both databases are equal and have every
// acknowledged transfer once.
func (c *scriptedSwitch) stop() {
	c.t.Helper()
	c.clients.cancel()
	c.clients.resume()
	c.clients.group.Wait()
	require.NoError(c.t, c.clients.failed)
	token, _, err := switching.Status(c.ctx(), c.store)
	require.NoError(c.t, err)
	c.probe(token.Holder, token.Holder.Other())
	require.Empty(c.t, differences(c.contents(c.at[naming.Blue]), c.contents(c.at[naming.Green])))
	c.clients.counted(c.sum, c.at[naming.Blue], c.at[naming.Green])
}
