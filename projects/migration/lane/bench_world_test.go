//go:build integration

package lane_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checker"
	"github.com/cutover/cutover/projects/migration/lane/figures"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/pgtest"
)

// Flags of the measurements. 0 is what is small enough for a test of the
// measurement itself, or with the tag soak what takes minutes.
var (
	figuresOut   = flag.String("figures.out", "", "folder that gets the figures as JSON and as a table; empty is none")
	figuresPairs = flag.Int("figures.pairs", 0, "rounds in which each contender has its turn")
	figuresRows  = flag.Int("figures.rows", 0, "rows of the base")
	figuresTxns  = flag.Int("figures.txns", 0, "transactions of a backlog")
	figuresFetch = flag.Bool("figures.fetch", false, "download peers that are not on this machine as Debian packages")
)

// size is a flag's value, or what fits the tags.
func size(value, long, short int) int {
	switch {
	case value > 0:
		return value
	case soak:
		return long
	default:
		return short
	}
}

// briefly lets the small form of a measurement, which is there to test it, run
// beside other tests. What is to tell something runs by itself.
func briefly(t *testing.T) {
	t.Helper()
	if !soak {
		t.Parallel()
	}
}

// report prints a row and adds it to the folder of the figures.
func report(t testing.TB, rows ...figures.Row) {
	t.Helper()
	t.Logf("\n%s", figures.Table(rows))
	if *figuresOut != "" {
		require.NoError(t, figures.Write(*figuresOut, rows...))
	}
}

// busy are settings of servers that are measured: durable, with the checkpoints
// that a server has by default, but for the room that keeps them from coming while
// a few seconds are measured.
var busy = map[string]string{
	"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "shared_buffers": "256MB", "max_wal_size": "4GB", "min_wal_size": "1GB",
}

// prompt lets a subscription that is turned on begin at once, and not five seconds
// after it began last.
var prompt = map[string]string{"wal_retrieve_retry_interval": "50ms"}

// plain is the database without the engine's schema that peers copy, empty the
// target's database that every run of the lane begins with, bare that of peers
// that make no tables, taken the database of a run.
const plain, empty, bare, taken = "plain", "empty", "bare", "taken"

// rig is a source with one set of tables in two databases, one for the lane and
// one for its peers, and a target on which every run gets a database anew.
type rig struct {
	*world
	tables  []string
	indexes []string
}

// newRig makes the tables on both sides and fills them on the source; indexes are
// what the source has besides keys.
func newRig(t testing.TB, tables []string, schema, fill string, indexes ...string) *rig {
	t.Helper()
	w := &world{t: t, settings: maps.Clone(settings)}
	if soak {
		maps.Copy(w.settings, busy)
	}
	maps.Copy(w.settings, prompt)
	r := &rig{world: w, tables: tables, indexes: indexes}
	w.blue.Server = pgtest.Start(t, pgtest.Options{Settings: w.settings, Databases: []string{plain}})
	w.green.Server = pgtest.Start(t, pgtest.Options{Settings: w.settings, Databases: []string{bare, empty}})
	r.populate(schema, fill)
	ctx := t.Context()
	require.NoError(t, w.blue.Exec(ctx, "postgres", "CREATE DATABASE "+database+" TEMPLATE "+plain))
	w.blue.admin = w.connect(w.blue.AdminDSN(database), pg.Operator)
	target, err := pg.Connect(ctx, w.green.AdminDSN(empty), pg.Identity{Role: pg.Operator, Lane: "test", Invocation: "install"})
	require.NoError(t, err)
	require.NoError(t, bgsync.Install(ctx, w.blue.admin, bgsync.Installation{Side: naming.Blue, Writable: true, By: "test"}))
	require.NoError(t, bgsync.Install(ctx, target, bgsync.Installation{Side: naming.Green, By: "test"}))
	for login, group := range logins {
		for _, at := range []side{{w.blue.Server, w.blue.admin}, {w.green.Server, target}} {
			w.exec(at, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD %s", login, pg.Literal(password)))
			require.NoError(t, bgsync.Enrol(ctx, at.admin, login, group))
		}
	}
	p := &bgsync.Plan{Lane: "core.fwd"}
	for _, name := range tables {
		p.Tables = append(p.Tables, bgsync.TablePlan{Schema: "public", Name: name, Class: bgsync.Critical})
	}
	_, err = bgsync.Register(ctx, w.blue.admin, target, p)
	require.NoError(t, err)
	pg.Close(target)
	return r
}

// populate makes tables everywhere and rows on the source.
func (r *rig) populate(schema, fill string) {
	r.t.Helper()
	ctx := r.t.Context()
	for at, databases := range map[*pgtest.Server][]string{r.blue.Server: {plain}, r.green.Server: {bare, empty}} {
		require.NoError(r.t, at.Exec(ctx, "postgres", `CREATE ROLE platform NOLOGIN`))
		for _, name := range databases {
			require.NoError(r.t, at.Exec(ctx, name, `GRANT CREATE ON SCHEMA public TO platform`, `SET ROLE platform`, schema))
		}
	}
	require.NoError(r.t, r.blue.Exec(ctx, plain, append(append([]string{fill}, r.indexes...), `VACUUM ANALYZE`)...))
}

// servers are the processes of both.
func (r *rig) servers() []int {
	r.t.Helper()
	var list []int
	for _, at := range []side{r.blue, r.green} {
		conn := r.connect(at.AdminDSN("postgres"), pg.Operator)
		var text string
		require.NoError(r.t, conn.QueryRow(r.ctx(), `SELECT pg_read_file('postmaster.pid')`).Scan(&text))
		pid, err := strconv.Atoi(strings.SplitN(text, "\n", 2)[0])
		require.NoError(r.t, err)
		list = append(list, pid)
	}
	return list
}

// anew makes the database of a run, and brings both servers to rest.
func (r *rig) anew(template string) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		if err := r.green.Exec(ctx, "postgres", `DROP DATABASE IF EXISTS `+taken+` WITH (FORCE)`, `CREATE DATABASE `+taken+` TEMPLATE `+template, `CHECKPOINT`); err != nil {
			return err
		}
		return r.blue.Exec(ctx, "postgres", `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active`, `CHECKPOINT`)
	}
}

// endpoints of a lane to the database of a run.
func (r *rig) endpoints() lane.Endpoints {
	return lane.Endpoints{
		Reader: r.blue.DSN("reader_a", password, database), Apply: r.green.DSN("apply_a", password, taken), Builder: r.green.DSN("builder_a", password, taken),
	}
}

// equal compares the source with the database of a run by the independent checker,
// indexes by their number.
func (r *rig) equal(ctx context.Context) error { return r.equals(ctx, plain, taken) }

func (r *rig) equals(ctx context.Context, from, with string) error {
	if err := r.rowsEqual(ctx, from, with); err != nil {
		return err
	}
	const indexesSQL = `SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND i.indisvalid`
	var found [2]int
	for i, dsn := range []string{r.blue.AdminDSN(from), r.green.AdminDSN(with)} {
		var err error
		if found[i], err = count(ctx, dsn, indexesSQL); err != nil {
			return err
		}
	}
	if found[0] != found[1] {
		return fmt.Errorf("the source has %d indexes, the target %d", found[0], found[1])
	}
	return nil
}

// rowsEqual compares the rows only.
func (r *rig) rowsEqual(ctx context.Context, from, with string) error {
	names := make([]string, len(r.tables))
	for i, name := range r.tables {
		names[i] = "public." + name
	}
	result, err := checker.Compare(ctx, r.blue.AdminDSN(from), r.green.AdminDSN(with), names)
	if err != nil {
		return err
	}
	if !result.Equal() {
		return fmt.Errorf("the sides differ: %+v", result)
	}
	return nil
}

// count asks for one number over a session of its own.
func count(ctx context.Context, dsn, query string) (n int, err error) {
	conn, err := pg.Connect(ctx, dsn, pg.Identity{Role: pg.Operator, Lane: "test", Invocation: "count"})
	if err != nil {
		return 0, err
	}
	defer pg.Close(conn)
	return n, conn.QueryRow(ctx, query).Scan(&n)
}

// tool is a peer's program. Without it the comparison is left out, in words.
func tool(t testing.TB, name string) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	path, err := figures.Tool(t.Context(), name, filepath.Join(cache, "cutover", "peers"), *figuresFetch)
	if errors.Is(err, figures.ErrAbsent) {
		t.Skipf("there is nothing to compare with: %v", err)
	}
	require.NoError(t, err)
	return path
}

// shell runs a peer's command line; words are its $1, $2, …
func shell(ctx context.Context, line string, words ...string) error {
	cmd := exec.CommandContext(ctx, "bash", append([]string{"-c", "set -euo pipefail; " + line, "bash"}, words...)...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, said.Bytes()[max(0, said.Len()-2000):])
	}
	return nil
}
