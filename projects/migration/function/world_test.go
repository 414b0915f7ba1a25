//go:build integration

package function_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/local"
	"github.com/cutover/cutover/projects/migration/local/localtest"
	"github.com/cutover/cutover/projects/migration/move"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/naming"
)

// world is a pair of databases, with the functions of both colours configured by
// variables as they are in AWS.
type world struct {
	t       *testing.T
	profile local.Profile
	store   control.Store
	sides   map[naming.Color]place.Database
	emitted *output
	// stop ends the calls of the lane function of a colour; nil where there are none.
	stop map[naming.Color]func()
}

// output is what several functions write at once.
type output struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.text.String()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	w := &world{t: t, profile: localtest.Up(t, root, &bytes.Buffer{}), emitted: &output{}, stop: map[naming.Color]func(){}}
	w.store = &control.File{Folder: w.profile.Controls()}
	w.sides, err = w.profile.Databases(t.Context())
	require.NoError(t, err)
	_, _, err = w.profile.Proofs()
	require.NoError(t, err)
	_, err = w.profile.HashKey()
	require.NoError(t, err)
	return w
}

// variables of the functions of one colour.
func (w *world) variables(color naming.Color) func(string) (string, bool) {
	w.t.Helper()
	text, err := json.Marshal(w.sides)
	require.NoError(w.t, err)
	values := map[string]string{
		function.VariableOperatorRole: operators,
		function.VariablePlatform:     "local", function.VariableColor: string(color), function.VariableDatabases: string(text),
		function.VariableStore:      "folder:" + w.profile.Controls(),
		function.VariableProofStore: "folder:" + filepath.Join(w.profile.Dir(), "proofs"),
		function.VariableSigningKey: "file:" + filepath.Join(w.profile.Dir(), "proof.key"),
		function.VariableHashKey:    "file:" + filepath.Join(w.profile.Dir(), "proof.hmac"),
	}
	return func(name string) (string, bool) { value, known := values[name]; return value, known }
}

// ask asks the install function of a colour.
func (w *world) ask(r desk.Request) desk.Reply {
	w.t.Helper()
	install, err := function.NewInstall(w.t.Context(), w.variables(r.To), w.emitted)
	require.NoError(w.t, err)
	if r.Act == desk.Prepare || r.Act == desk.Check || r.Act == desk.Return {
		r.Plan, err = move.ReadTables("../tables.yaml", function.Lane(r.To))
		require.NoError(w.t, err)
	}
	reply, err := install(w.t.Context(), r)
	require.NoError(w.t, err)
	return reply
}

// wanted makes the lane that ends at a colour and has it wanted.
func (w *world) wanted(to naming.Color) {
	w.t.Helper()
	w.ask(desk.Request{Act: desk.Prepare, To: to, By: "test"})
	w.ask(desk.Request{Act: desk.Create, To: to, By: "test"})
	require.NoError(w.t, function.Want(w.t.Context(), w.store, function.Lane(to), true))
}

// run has the lane function called again and again until the test ends, as its
// schedule does.
func (w *world) run(to naming.Color) {
	w.t.Helper()
	handle, err := function.NewLane(w.t.Context(), w.variables(to), w.emitted)
	require.NoError(w.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		var err error
		for ctx.Err() == nil && (err == nil || errors.Is(err, checkpoint.ErrOwnershipLost)) {
			_, err = handle(ctx, function.LaneEvent{})
			select {
			case <-time.After(50 * time.Millisecond):
			case <-ctx.Done():
			}
		}
		done <- err
	}()
	w.stop[to] = sync.OnceFunc(func() {
		cancel()
		if err := <-done; !errors.Is(err, checkpoint.ErrOwnershipLost) { // a lane that the test has halted
			require.NoError(w.t, err)
		}
	})
	w.t.Cleanup(w.stop[to])
}

// said is the end of what the functions have told.
func (w *world) said() string {
	text := w.emitted.String()
	return text[max(0, len(text)-4000):]
}

// runs waits until a lane follows its source.
func (w *world) runs(to naming.Color) {
	w.t.Helper()
	conn := w.admin(to)
	last := func() string {
		row, err := checkpoint.Load(w.t.Context(), conn, function.Lane(to))
		if err != nil {
			return err.Error()
		}
		return fmt.Sprint(row.State)
	}
	if !assert.Eventually(w.t, func() bool { return last() == fmt.Sprint(checkpoint.Running) }, 5*time.Minute, 20*time.Millisecond) {
		require.FailNow(w.t, "lane "+function.Lane(to)+" does not run", "it is %s; the functions said last:\n%s", last(), w.said())
	}
}

// admin is a session of the administrator of a side.
func (w *world) admin(side naming.Color) *pgx.Conn {
	w.t.Helper()
	dsn, err := (&place.Databases{Sides: w.sides, Secrets: place.Files{}}).DSN(w.t.Context(), side, place.Administrator)
	require.NoError(w.t, err)
	conn, err := pgx.Connect(w.t.Context(), dsn)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, conn.Close(context.Background())) })
	return conn
}

func (w *world) exec(side naming.Color, statements ...string) {
	w.t.Helper()
	conn := w.admin(side)
	for _, statement := range statements {
		_, err := conn.Exec(w.t.Context(), statement)
		require.NoError(w.t, err, statement)
	}
}

// value is one value that a query returns.
func value[T any](w *world, side naming.Color, query string) T {
	w.t.Helper()
	var v T
	require.NoError(w.t, w.admin(side).QueryRow(w.t.Context(), query).Scan(&v), query)
	return v
}

// unhurried are limits under which a switch does not back out because the machine has
// much else to do.
func unhurried() switching.Limits {
	l := quick()
	l.Drain, l.Check, l.Decide, l.Total = time.Minute, time.Minute, 150*time.Second, 3*time.Minute
	l.Lease, l.ArmMax = time.Minute, 3*time.Minute
	return l
}

// quick are limits under which a test does not wait.
func quick() switching.Limits {
	l := switching.Defaults()
	l.Hold, l.HoldBack, l.Poll, l.TryPause = 50*time.Millisecond, 50*time.Millisecond, 20*time.Millisecond, 100*time.Millisecond
	l.Confirm, l.Lease, l.Least = 3*time.Minute, time.Second, time.Second
	return l
}
