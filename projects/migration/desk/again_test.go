//go:build integration

package desk_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/schema"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/pgtest"
)

// pair are two servers, and the database on each that a migration has.
type pair struct {
	servers
	database string
}

func (p pair) DSN(_ context.Context, side naming.Color, group bgsync.Group) (string, error) {
	if group == place.Administrator {
		return p.servers[side].AdminDSN(p.database), nil
	}
	return p.servers[side].DSN(string(group)+"_a", "of a test", p.database), nil
}

// errDied ends an act at a step, as a process that dies would.
var errDied = errors.New("the process has died")

// life is a migration whose acts are made by a desk.
type life struct {
	t     *testing.T
	at    pair
	desk  *desk.Desk
	dies  bool
	store *control.Memory
	// steps are those that each act has come to, each with how often a call met it.
	steps map[string][]string
}

func newLife(t *testing.T, at servers, database string, dies bool) *life {
	t.Helper()
	for _, server := range at {
		require.NoError(t, server.Exec(t.Context(), "postgres", "CREATE DATABASE "+database))
		require.NoError(t, server.Exec(t.Context(), database,
			`CREATE TABLE public.account (id bigserial PRIMARY KEY, balance bigint NOT NULL)`,
			`GRANT INSERT, UPDATE ON public.account TO app`, `GRANT USAGE ON SEQUENCE public.account_id_seq TO app`))
	}
	l := &life{t: t, at: pair{at, database}, dies: dies, store: &control.Memory{}, steps: map[string][]string{}}
	require.NoError(t, at[naming.Blue].Exec(t.Context(), database, `INSERT INTO public.account (balance) SELECT 1 FROM generate_series(1, 100)`))
	l.desk = &desk.Desk{Place: l.at, Store: l.store, Limits: lane.Defaults()}
	return l
}

// act does one, and where the process dies it dies at every step that it has not died
// at, and the same act is asked for again.
func (l *life) act(name string, r desk.Request) {
	l.t.Helper()
	r.By, r.Reason = "ann", "test"
	r.Plan = &bgsync.Plan{Lane: place.Lane(r.To), Tables: []bgsync.TablePlan{{Schema: "public", Name: "account", Class: bgsync.Critical}},
		Excluded: []bgsync.Exclusion{{Schema: "public", Name: "cache", Reason: "filled anew"}}}
	for {
		met := map[string]int{}
		l.desk.At = func(step string) error {
			met[step]++
			return l.meets(name, fmt.Sprintf("%s %d", step, met[step]))
		}
		reply, err := l.desk.Do(l.t.Context(), r)
		if !errors.Is(err, errDied) {
			require.NoError(l.t, err, name)
			assert.True(l.t, reply.Refused == "" || r.Act == desk.Reload, reply.Refused) // it loads already
			return
		}
		l.open(name, r)
	}
}

// open asks, where an act on a change has died, what the operator is shown of it: until
// both sides have noted its end it is planned.
func (l *life) open(name string, r desk.Request) {
	l.t.Helper()
	last := map[desk.Act]string{desk.MakeChange: schema.AfterNote + " 2", desk.WithdrawChange: schema.AfterWithdrawal + "blue 1"}[r.Act]
	steps := l.steps[name]
	if r.ChangeID == 0 || steps[len(steps)-1] == last {
		return
	}
	shown, err := (&desk.Desk{Place: l.at, Store: l.store, Limits: lane.Defaults()}).Do(l.t.Context(), desk.Request{Act: desk.Changes, To: naming.Green})
	require.NoError(l.t, err)
	require.Len(l.t, shown.Changes, int(r.ChangeID))
	assert.Equal(l.t, schema.Planned, shown.Changes[r.ChangeID-1].State, "%s after %s", name, steps[len(steps)-1])
}

// meets notes a step, and dies at it when it is met for the first time.
func (l *life) meets(act, step string) error {
	if slices.Contains(l.steps[act], step) {
		return nil
	}
	l.steps[act] = append(l.steps[act], step)
	if l.dies {
		return fmt.Errorf("%s: %w", step, errDied)
	}
	return nil
}

// on runs a statement as an administrator.
func (l *life) on(side naming.Color, statement string) {
	l.t.Helper()
	require.NoError(l.t, l.at.servers[side].Exec(l.t.Context(), l.at.database, statement))
}

// traces are what the engine leaves in a database, without names and positions that
// no two databases share.
var traces = map[string]string{
	"authority":    `SELECT concat_ws(' ', side, epoch, writable, attempt) FROM bgsync.authority`,
	"lanes":        `SELECT concat_ws(' ', lane, state, generation, halt_code, slot_name, consistent_after IS NULL) FROM bgsync.lane`,
	"tables":       `SELECT concat_ws(' ', table_id, schema, name, cols) FROM bgsync.table_map`,
	"loads":        `SELECT concat_ws(' ', lane, table_id, load_no, phase) FROM bgsync.table_state`,
	"chunks":       `SELECT concat_ws(' ', lane, table_id, load_no, chunk_no, state) FROM bgsync.chunk`,
	"excluded":     `SELECT e::text FROM bgsync.excluded e`,
	"deferred":     `SELECT concat_ws(' ', ordinal, name, state) FROM bgsync.deferred_ddl`,
	"writers":      `SELECT w::text FROM bgsync.writer_acl w`,
	"sequences":    `SELECT concat_ws(' ', relation, gap) FROM bgsync.sequence_map`,
	"changes":      `SELECT concat_ws(' ', id, state, statement) FROM bgsync.schema_change`,
	"schemas":      `SELECT nspname::text FROM pg_namespace WHERE nspname = 'bgsync'`,
	"slots":        `SELECT slot_name::text FROM pg_replication_slots WHERE database = current_database()`,
	"publications": `SELECT concat_ws(' ', pubname, schemaname, tablename) FROM pg_publication_tables`,
	"triggers":     `SELECT evtname::text FROM pg_event_trigger`,
	"rights":       `SELECT concat_ws(' ', relname, coalesce(relacl::text, '')) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')`,
	"columns":      `SELECT concat_ws(' ', attname, atttypid::regtype, attnotnull) FROM pg_attribute WHERE attrelid = 'public.account'::regclass AND attnum > 0`,
	"rows":         `SELECT count(*)::text FROM public.account`,
}

// state is all of it, of both sides, with the items of the control store.
func (l *life) state() map[string][]string {
	l.t.Helper()
	found := map[string][]string{}
	for side, server := range l.at.servers {
		conn, err := pgx.Connect(l.t.Context(), server.AdminDSN(l.at.database))
		require.NoError(l.t, err)
		var installed bool
		require.NoError(l.t, conn.QueryRow(l.t.Context(), `SELECT to_regnamespace('bgsync') IS NOT NULL`).Scan(&installed))
		for name, sql := range traces {
			if !installed && slices.Contains([]string{"authority", "lanes", "tables", "loads", "chunks", "excluded", "deferred", "writers", "sequences", "changes"}, name) {
				continue
			}
			rows, err := conn.Query(l.t.Context(), sql+" ORDER BY 1")
			require.NoError(l.t, err)
			found[string(side)+" "+name], err = pgx.CollectRows(rows, pgx.RowTo[string])
			require.NoError(l.t, err, name)
		}
		require.NoError(l.t, conn.Close(l.t.Context()))
	}
	for _, key := range []string{"authority", "switch"} {
		item, err := l.store.Get(l.t.Context(), key)
		if errors.Is(err, control.ErrAbsent) {
			continue
		}
		require.NoError(l.t, err)
		found["item "+key] = []string{fmt.Sprint(item)}
	}
	return found
}

// logins makes the roles of a server: the engine's users, and the applications'.
func logins(t *testing.T, server *pgtest.Server) {
	t.Helper()
	statements := []string{`CREATE ROLE app NOLOGIN`, `CREATE ROLE app_a LOGIN PASSWORD 'of a test' IN ROLE app`}
	for _, group := range []bgsync.Group{bgsync.Reader, bgsync.Apply, bgsync.Builder, bgsync.Fence, bgsync.Verify, bgsync.Operator} {
		for _, user := range []string{"_a", "_b"} {
			statements = append(statements, fmt.Sprintf(`CREATE ROLE %s%s LOGIN PASSWORD 'of a test'`, group, user))
		}
	}
	require.NoError(t, server.Exec(t.Context(), "postgres", statements...))
}

// An act whose process dies after any of its steps is ended by the same act: at its
// end all is as if nothing had happened. Each act dies at all its steps in turn.
func TestAnActThatDiedAtAnyStepIsEndedByTheSameAct(t *testing.T) {
	t.Parallel()
	settings := map[string]string{"wal_level": "logical", "max_replication_slots": "10"}
	at := servers{naming.Blue: pgtest.Start(t, pgtest.Options{Settings: settings}), naming.Green: pgtest.Start(t, pgtest.Options{Settings: settings})}
	for _, server := range at {
		logins(t, server)
	}
	calm, whole := newLife(t, at, "calm", false).whole()
	troubled, survived := newLife(t, at, "troubled", true).whole()
	require.Len(t, survived, len(whole))
	for i, each := range whole {
		assert.Equal(t, each.state, survived[i].state, "after %s", each.act)
	}
	for act, steps := range calm.steps {
		assert.NotEmpty(t, steps, act)
		for _, step := range steps {
			if (act == "return anew" || act == "return later") && step == "return.opened 1" {
				continue // there is a token, and the call before has ended with the lists
			}
			assert.Contains(t, troubled.steps[act], step, "%s died at each of its steps", act)
		}
	}
	assert.Equal(t, slices.Sorted(maps.Keys(calm.steps)), slices.Sorted(maps.Keys(troubled.steps)))
}

// after is what stands after an act.
type after struct {
	act   string
	state map[string][]string
}

// whole is a migration from its preparation until it is abandoned, and another one that
// finds what the first has left in the control store.
func (l *life) whole() (*life, []after) {
	l.t.Helper()
	var all []after
	do := func(name string, r desk.Request) {
		l.t.Helper()
		l.act(name, r)
		all = append(all, after{name, l.state()})
	}
	note, fee := column("note"), column("fee")
	for _, round := range []string{"", " anew"} {
		do("prepare"+round, desk.Request{Act: desk.Prepare, To: naming.Green})
		refused, err := l.desk.Do(l.t.Context(), desk.Request{Act: desk.Return, To: naming.Blue})
		require.NoError(l.t, err)
		assert.Contains(l.t, refused.Refused, "lane core.fwd is not there")
		do("create"+round, desk.Request{Act: desk.Create, To: naming.Green})
		l.on(naming.Green, `UPDATE bgsync.lane SET state = 'running', consistent_after = base_lsn`) // the base is loaded
		l.on(naming.Green, `UPDATE bgsync.table_state SET phase = 'ready'`)
		l.on(naming.Green, `UPDATE bgsync.chunk SET state = 'loaded'`)
		do("return"+round, desk.Request{Act: desk.Return, To: naming.Blue})
		if round != "" {
			break
		}
		for side := range l.at.servers { // a release has brought one that no column knows of
			l.on(side, `CREATE SEQUENCE public.invoice`)
		}
		do("return later", desk.Request{Act: desk.Return, To: naming.Blue})
		for _, side := range naming.Colors() {
			assert.Contains(l.t, all[len(all)-1].state[string(side)+" sequences"], "public.invoice 10000")
		}
		former := l.state()
		do("prepare later", desk.Request{Act: desk.Prepare, To: naming.Green})
		assert.Equal(l.t, former, all[len(all)-1].state, "what a lane rests on is as it was")
		l.on(naming.Blue, `GRANT DELETE ON public.account TO app`) // since the writers were written down
		do("writers", desk.Request{Act: desk.Writers, To: naming.Green})
		for _, side := range naming.Colors() {
			assert.Contains(l.t, all[len(all)-1].state[string(side)+" writers"], "(public.account,app,DELETE,)")
		}
		assert.NotContains(l.t, fmt.Sprint(all[len(all)-1].state["green rights"]), "app=", "nobody may write to green")
		do("plan", desk.Request{Act: desk.PlanChange, To: naming.Green, Change: &note})
		do("make", desk.Request{Act: desk.MakeChange, To: naming.Green, ChangeID: 1})
		do("plan another", desk.Request{Act: desk.PlanChange, To: naming.Green, Change: &fee})
		do("withdraw", desk.Request{Act: desk.WithdrawChange, To: naming.Green, ChangeID: 2})
		l.on(naming.Green, `UPDATE bgsync.lane SET state = 'halted', halt_code = 'divergence', halted_at = now() WHERE lane = 'core.fwd'`)
		do("resume", desk.Request{Act: desk.Resume, To: naming.Green, Halt: checkpoint.Divergence})
		do("reload", desk.Request{Act: desk.Reload, To: naming.Green, Table: "public.account"})
		do("abandon", desk.Request{Act: desk.Abandon, To: naming.Green})
	}
	do("abandon anew", desk.Request{Act: desk.Abandon, To: naming.Green})
	return l, all
}

// column is a change that adds one.
func column(name string) schema.Request {
	return schema.Request{Schema: "public", Table: "account", Columns: []schema.Column{{Name: name, Type: "text"}}, By: "ann", Reason: "test"}
}
