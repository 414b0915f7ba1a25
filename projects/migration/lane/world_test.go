//go:build integration || soak

package lane_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/pgtest"
)

// database is the name of the platform's database on both sides.
const database = "payments"

// tablesSQL makes the platform's tables with their keys only: what a target has
// before its base is loaded.
const tablesSQL = `
CREATE TYPE public.currency AS ENUM ('EUR', 'USD', 'CHF');
CREATE TABLE public.account (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  owner    text NOT NULL,
  balance  numeric(14,2) NOT NULL,
  currency public.currency NOT NULL DEFAULT 'EUR'
);
CREATE TABLE public.entry (
  account bigint NOT NULL,
  seq     bigint NOT NULL,
  amount  numeric(14,2) NOT NULL,
  cents   bigint GENERATED ALWAYS AS ((amount * 100)::bigint) STORED,
  note    text,
  PRIMARY KEY (account, seq)
);
CREATE TABLE public.document (
  id    uuid PRIMARY KEY,
  slot  int,
  body  text NOT NULL,
  attrs jsonb,
  tags  text[],
  seen  timestamptz,
  ratio float8,
  exact numeric,
  code  character(8)
);
ALTER TABLE public.document ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE TABLE public.payment (
  id  bigint NOT NULL,
  day date NOT NULL,
  amount numeric(14,2) NOT NULL,
  PRIMARY KEY (id, day)
) PARTITION BY RANGE (day);
CREATE TABLE public.payment_2026 PARTITION OF public.payment FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE public.payment_rest PARTITION OF public.payment DEFAULT;
`

// someRows fills the platform with a bit of everything.
const someRows = `
INSERT INTO public.account (owner, balance, currency) SELECT 'owner ' || n, 100, (ARRAY['EUR','USD','CHF'])[1 + n % 3]::public.currency FROM generate_series(1, 200) n;
INSERT INTO public.entry (account, seq, amount, note) SELECT a, n, a + n / 100.0, CASE WHEN n % 2 = 0 THEN 'note ' || n END FROM generate_series(1, 50) a, generate_series(1, 20) n;
INSERT INTO public.document SELECT gen_random_uuid(), n, repeat(md5(n::text), 400), jsonb_build_object('n', n, 'é', 'ü"\'), ARRAY['a,b', NULL, '"'], '2026-01-01 10:00+02'::timestamptz + n * interval '1 second' FROM generate_series(1, 40) n;
INSERT INTO public.payment SELECT n, '2025-06-01'::date + n, n FROM generate_series(1, 400) n;
`

// secondarySQL makes what only the source has before the load.
const secondarySQL = `
CREATE INDEX entry_note ON public.entry (note);
CREATE UNIQUE INDEX document_slot ON public.document (slot);
ALTER TABLE public.account ADD CONSTRAINT account_owner_key UNIQUE (owner);
ALTER TABLE public.account ADD CONSTRAINT account_owner_check CHECK (owner <> '');
ALTER TABLE public.entry ADD CONSTRAINT entry_account_fkey FOREIGN KEY (account) REFERENCES public.account (id) ON DELETE CASCADE;
CREATE INDEX payment_amount ON public.payment (amount);
`

// plan is the platform's.
func plan(name string) *bgsync.Plan {
	p := &bgsync.Plan{Lane: name}
	for _, table := range []string{"account", "entry", "document", "payment", "payment_2026", "payment_rest"} {
		p.Tables = append(p.Tables, bgsync.TablePlan{Schema: "public", Name: table, Class: bgsync.Critical})
	}
	return p
}

// logins are the login users of each server: one for every group role that acts.
var logins = map[string]bgsync.Group{"reader_a": bgsync.Reader, "apply_a": bgsync.Apply, "builder_a": bgsync.Builder, "verify_a": bgsync.Verify}

const password = "of a test"

// side is one server with the platform's database.
type side struct {
	*pgtest.Server
	admin *pgx.Conn
}

// world is a source and a target, blue and green, installed and registered.
type world struct {
	t           testing.TB
	blue, green side
	settings    map[string]string
	// wounds are the faults that no comparison has followed yet; healed tells that there
	// were some, and one has.
	wounds []string
	healed bool
}

// settings make a server a possible source.
var settings = map[string]string{
	"wal_level": "logical", "max_replication_slots": "10", "max_wal_senders": "10", "wal_sender_timeout": "10s",
	"autovacuum": "off", "max_connections": "60",
}

// newWorld is a world with a plan. Blue has the authority.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := bareWorld(t)
	w.register("core.fwd", w.blue, w.green)
	return w
}

// pools lend the servers of both sides. A server that a test kills, restarts or sets
// otherwise is no other test's.
var pools = map[naming.Color]*pgtest.Pool{naming.Blue: pool(naming.Blue), naming.Green: pool(naming.Green)}

func pool(color naming.Color) *pgtest.Pool {
	return &pgtest.Pool{
		Options: pgtest.Options{Settings: settings, Databases: []string{database}},
		Prepare: func(ctx context.Context, s *pgtest.Server) error { return prepare(ctx, s, color) },
	}
}

// bareWorld is a world in which no plan is registered.
func bareWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, settings: settings}
	w.blue = w.joined(pools[naming.Blue].Borrow(t))
	w.green = w.joined(pools[naming.Green].Borrow(t))
	return w
}

// worldWith is a bareWorld on servers of its own, with further settings.
func worldWith(t testing.TB, more map[string]string) *world {
	t.Helper()
	w := &world{t: t, settings: maps.Clone(settings)}
	maps.Copy(w.settings, more)
	w.blue = w.start(naming.Blue)
	w.green = w.start(naming.Green)
	return w
}

// start starts a server for one side.
func (w *world) start(color naming.Color) side {
	w.t.Helper()
	s := pgtest.Start(w.t, pgtest.Options{Settings: w.settings, Databases: []string{database}})
	require.NoError(w.t, prepare(w.ctx(), s, color))
	return w.joined(s)
}

// joined is a server with the test's own session.
func (w *world) joined(s *pgtest.Server) side {
	w.t.Helper()
	return side{Server: s, admin: w.connect(s.AdminDSN(database), pg.Operator)}
}

// prepare makes what every world has on a side.
func prepare(ctx context.Context, s *pgtest.Server, color naming.Color) error {
	conn, err := pg.Connect(ctx, s.AdminDSN(database), pg.Identity{Role: pg.Operator, Lane: "test", Invocation: "prepare"})
	if err != nil {
		return err
	}
	defer pg.Close(conn)
	if err := bgsync.Install(ctx, conn, bgsync.Installation{Side: color, Writable: color == naming.Blue, By: "test"}); err != nil {
		return err
	}
	statements := []string{`CREATE ROLE platform NOLOGIN`, `GRANT CREATE ON SCHEMA public TO platform`, `SET ROLE platform`, tablesSQL, `RESET ROLE`}
	if color == naming.Blue {
		statements = append(statements, secondarySQL)
	}
	for login := range logins {
		statements = append(statements, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD %s", login, pg.Literal(password)))
	}
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	for login, group := range logins {
		if err := bgsync.Enrol(ctx, conn, login, group); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) ctx() context.Context { return w.t.Context() }

// connect opens a session that ends with the test.
func (w *world) connect(dsn string, role pg.Role) *pgx.Conn {
	w.t.Helper()
	conn, err := pg.Connect(w.ctx(), dsn, pg.Identity{Role: role, Lane: "test", Invocation: "test"})
	require.NoError(w.t, err)
	w.t.Cleanup(func() { pg.Close(conn) })
	return conn
}

// exec runs statements as the administrator.
func (w *world) exec(s side, statements ...string) {
	w.t.Helper()
	for _, statement := range statements {
		_, err := s.admin.Exec(w.ctx(), statement)
		require.NoError(w.t, err, statement)
	}
}

// register registers a plan from one side to the other.
func (w *world) register(name string, source, target side) {
	w.t.Helper()
	_, err := bgsync.Register(w.ctx(), source.admin, target.admin, plan(name))
	require.NoError(w.t, err)
}

// endpoints of a lane, each with the role that it needs.
func endpoints(source, target side) lane.Endpoints {
	return lane.Endpoints{
		Reader:  source.DSN("reader_a", password, database),
		Apply:   target.DSN("apply_a", password, database),
		Builder: target.DSN("builder_a", password, database),
	}
}

// quick are limits under which a test does not wait.
func quick() lane.Limits {
	l := lane.Defaults()
	l.Canary, l.EmptyAdvance, l.BatchWait = 50*time.Millisecond, 50*time.Millisecond, 20*time.Millisecond
	l.SlotWait = waiting
	l.SourceCost = 1 // writers of a test may lose what they lose
	l.Stop, l.Cancel, l.Return = time.Second, 500*time.Millisecond, 100*time.Millisecond
	return l
}

// create makes the forward lane.
func (w *world) create() {
	w.t.Helper()
	require.NoError(w.t, lane.Create(w.ctx(), lane.Creation{Lane: "core.fwd", Endpoints: endpoints(w.blue, w.green), Base: lane.Chunks, Limits: quick()}))
}

// runner is an invocation of the forward lane.
func (w *world) runner(invocation string) lane.Runner {
	return lane.Runner{Lane: "core.fwd", Endpoints: endpoints(w.blue, w.green), Invocation: invocation, Limits: quick()}
}

// background runs an invocation until the returned function is called, which
// returns what it reported.
func (w *world) background(r lane.Runner) (stop func() (lane.Report, error)) {
	type result struct {
		report lane.Report
		err    error
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan result, 1)
	go func() {
		report, err := r.Run(ctx)
		done <- result{report, err}
	}()
	stopped := false
	stop = func() (lane.Report, error) {
		stopped = true
		cancel()
		r := <-done
		return r.report, r.err
	}
	w.t.Cleanup(func() {
		if !stopped { // the test has failed before it asked
			report, err := stop()
			w.t.Logf("invocation %s of lane %s: %+v, %v", r.Invocation, r.Lane, report, err)
		}
	})
	return stop
}

// released waits until nobody has a slot any more: the server lets one go when it has
// seen that its reader is gone.
func (w *world) released() {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		const active = `SELECT count(*) FROM pg_replication_slots WHERE active`
		return value[int](w, w.blue, active)+value[int](w, w.green, active) == 0
	}, waiting, tick, "the slots are free")
}

// row is a lane's row on a side.
func (w *world) row(s side, name string) *checkpoint.Row {
	w.t.Helper()
	row, err := checkpoint.Load(w.ctx(), s.admin, name)
	require.NoError(w.t, err)
	return row
}

// drained waits until a lane has applied all that its source has committed.
func (w *world) drained(source, target side, name string) {
	w.t.Helper()
	var position string
	require.NoError(w.t, source.admin.QueryRow(w.ctx(), `SELECT pg_current_wal_insert_lsn()::text`).Scan(&position))
	require.Eventually(w.t, func() bool {
		var there bool
		err := target.admin.QueryRow(w.ctx(), `SELECT applied_lsn >= $1::text::pg_lsn OR state = 'halted' FROM bgsync.lane WHERE lane = $2`, position, name).Scan(&there)
		return err == nil && there
	}, waiting, tick, "lane %s drains", name)
	require.NotEqual(w.t, checkpoint.Halted, w.row(target, name).State, "halted: %s", w.row(target, name).Halt)
}

// contents is all rows of all tables, as text, in order: read without any of the
// engine's code.
func (w *world) contents(s side) string {
	w.t.Helper()
	var all strings.Builder
	for _, table := range plan("x").Tables {
		var rows string
		require.NoError(w.t, s.admin.QueryRow(w.ctx(), fmt.Sprintf(
			`SELECT coalesce(string_agg(t::text, E'\n' ORDER BY t::text COLLATE "C"), '') FROM %s t`, pg.Ident(table.Schema, table.Name))).Scan(&rows))
		fmt.Fprintf(&all, "%s:\n%s\n", table.Name, rows)
	}
	return all.String()
}

// equal requires both sides to have the same rows.
func (w *world) equal() {
	w.t.Helper()
	differing := differences(w.contents(w.blue), w.contents(w.green))
	missing := 0
	for _, line := range differing {
		if strings.HasPrefix(line, "+") {
			missing++
		}
	}
	w.judged(missing, len(differing)-missing)
	if len(differing) > 0 {
		require.Fail(w.t, "the sides differ", "%d rows: %s", len(differing), strings.Join(differing[:min(len(differing), 10)], "\n"))
	}
}

// differences are the lines that only one of the texts has, cut short.
func differences(blue, green string) []string {
	count := map[string]int{}
	for line := range strings.Lines(blue) {
		count[line]++
	}
	for line := range strings.Lines(green) {
		count[line]--
	}
	var found []string
	for line, n := range count {
		if n != 0 {
			found = append(found, fmt.Sprintf("%+d %.120s", n, line))
		}
	}
	return found
}

// value reads one value.
func value[T any](w *world, s side, query string, args ...any) T {
	w.t.Helper()
	var v T
	require.NoError(w.t, s.admin.QueryRow(w.ctx(), query, args...).Scan(&v))
	return v
}

// running waits until the lane is strict.
func (w *world) running() {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		state := w.row(w.green, "core.fwd").State
		return state == checkpoint.Running || state == checkpoint.Halted
	}, waiting, tick)
	require.Equal(w.t, checkpoint.Running, w.row(w.green, "core.fwd").State, "halt: %s", w.row(w.green, "core.fwd").Halt)
}

// pgServer is host:port of a side.
func pgServer(s side) (string, error) {
	cfg, err := pgx.ParseConfig(s.AdminDSN(database))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s:%d", cfg.Host, cfg.Port), nil
}

// viaProxy leads a connection string to another address.
func viaProxy(dsn, address string) string {
	at, rest := strings.LastIndex(dsn, "@"), strings.LastIndex(dsn, "/"+database)
	return dsn[:at+1] + address + dsn[rest:]
}

// waiting and tick are for what another process does soon. They only end a test that
// hangs: no machine is too slow for them.
const (
	waiting = 3 * time.Minute
	tick    = 20 * time.Millisecond
)

// margin is between the end of an invocation's work and its deadline, where it is
// not under test how much that has to be.
const margin = time.Minute

// connectAs opens an administrator's session for use beside the test's own.
func (s side) connectAs(ctx context.Context) (*pgx.Conn, error) {
	return pg.Connect(ctx, s.AdminDSN(database), pg.Identity{Role: pg.Operator, Lane: "test", Invocation: "beside"})
}
