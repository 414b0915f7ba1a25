//go:build integration

package alarmtest

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/verify"
	"github.com/cutover/cutover/projects/migration/local"
	"github.com/cutover/cutover/projects/migration/local/localtest"
	"github.com/cutover/cutover/projects/migration/move"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/shared/naming"
)

// recorder keeps what functions write in the embedded metric format.
type recorder struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (r *recorder) Write(p []byte) (int, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.text.Write(p)
}

// series are the values by metric and dimensions.
type series map[string][]float64

// taken are the values since it was asked last.
func (r *recorder) taken(t *testing.T) series {
	t.Helper()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	all := series{}
	for line := range strings.Lines(r.text.String()) {
		var head struct {
			AWS struct {
				CloudWatchMetrics []struct {
					Namespace  string
					Dimensions [][]string
					Metrics    []struct{ Name string }
				}
			} `json:"_aws"`
		}
		var fields map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &head))
		require.NoError(t, json.Unmarshal([]byte(line), &fields))
		for _, directive := range head.AWS.CloudWatchMetrics {
			var values []string
			for _, dimension := range directive.Dimensions[0] {
				values = append(values, fields[dimension].(string))
			}
			for _, metric := range directive.Metrics {
				key := directive.Namespace + "/" + metric.Name + " " + strings.Join(directive.Dimensions[0], ",") + "=" + strings.Join(values, ",")
				all[key] = append(all[key], fields[metric.Name].(float64))
			}
		}
	}
	r.text.Reset()
	return all
}

// world is a migration between two databases of this machine.
type world struct {
	t       *testing.T
	profile local.Profile
	store   control.Store
	sides   map[naming.Color]place.Database
	said    *recorder
}

func newWorld(t *testing.T) *world {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	w := &world{t: t, profile: localtest.Up(t, root, &bytes.Buffer{}), said: &recorder{}}
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
		function.VariablePlatform: platform, function.VariableColor: string(color), function.VariableDatabases: string(text),
		function.VariableStore:        "folder:" + w.profile.Controls(),
		function.VariableProofStore:   "folder:" + filepath.Join(w.profile.Dir(), "proofs"),
		function.VariableSigningKey:   "file:" + filepath.Join(w.profile.Dir(), "proof.key"),
		function.VariableHashKey:      "file:" + filepath.Join(w.profile.Dir(), "proof.hmac"),
		function.VariableOperatorRole: "AROAOPERATORS",
	}
	return func(name string) (string, bool) { value, known := values[name]; return value, known }
}

// ask asks the install function of a colour.
func (w *world) ask(act desk.Act, to naming.Color) {
	w.t.Helper()
	install, err := function.NewInstall(w.t.Context(), w.variables(to), w.said)
	require.NoError(w.t, err)
	plan, err := move.ReadTables("../../projects/migration/tables.yaml", function.Lane(to))
	require.NoError(w.t, err)
	_, err = install(w.t.Context(), desk.Request{Act: act, To: to, Plan: plan, By: "test"})
	require.NoError(w.t, err)
}

// follow runs the lane that ends at a colour; stop ends its invocation, which emits
// once more.
func (w *world) follow(to naming.Color) (stop func()) {
	w.t.Helper()
	handle, err := function.NewLane(w.t.Context(), w.variables(to), w.said)
	require.NoError(w.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		answer, err := handle(ctx, function.LaneEvent{})
		assert.Empty(w.t, answer.Idle)
		assert.Empty(w.t, answer.Halt, answer.Reason)
		assert.Empty(w.t, answer.Unmeasured)
		done <- err
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(w.t, <-done)
	})
	w.t.Cleanup(stop)
	w.until(to, `SELECT count(*) = 1 FROM bgsync.lane l JOIN bgsync.canary c ON c.name = l.lane AND c.side <> (SELECT side FROM bgsync.identity)
		WHERE l.lane = '`+function.Lane(to)+`' AND l.state = 'running'`)
	return stop
}

// until waits until a query on a side is true.
func (w *world) until(side naming.Color, query string) {
	w.t.Helper()
	conn := w.admin(side)
	require.Eventually(w.t, func() bool {
		var yes bool
		return conn.QueryRow(w.t.Context(), query).Scan(&yes) == nil && yes
	}, 5*time.Minute, 20*time.Millisecond, query)
}

func (w *world) admin(side naming.Color) *pgx.Conn {
	w.t.Helper()
	dsn, err := (&place.Databases{Sides: w.sides, Secrets: place.Files{}}).DSN(w.t.Context(), side, place.Administrator)
	require.NoError(w.t, err)
	conn, err := pgx.Connect(w.t.Context(), dsn)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, conn.Close(context.Background())) })
	return conn
}

// watchdog calls the switch function of a colour as its schedule does.
func (w *world) watchdog(color naming.Color) error {
	w.t.Helper()
	handle, err := function.NewSwitch(w.t.Context(), w.variables(color), w.said)
	require.NoError(w.t, err)
	_, err = handle(w.t.Context(), function.SwitchEvent{Act: function.Recover})
	return err
}

// running is a migration whose lanes both run and whose sides were compared.
func running(t *testing.T) (w *world, stop func()) {
	t.Helper()
	w = newWorld(t)
	green := naming.Green
	w.ask(desk.Prepare, green)
	w.ask(desk.Create, green)
	require.NoError(t, w.watchdog(green), "there is no authority to look at yet")
	require.NoError(t, function.Want(t.Context(), w.store, function.Lane(green), true))
	chunk, err := function.NewChunk(t.Context(), w.variables(green), w.said)
	require.NoError(t, err)
	_, err = chunk(t.Context(), function.ChunkEvent{})
	require.NoError(t, err)
	forth := w.follow(green)
	check, err := function.NewVerify(t.Context(), w.variables(green), w.said)
	require.NoError(t, err)
	pass, err := check(t.Context(), function.VerifyEvent{Act: function.WholePass, Kind: verify.Full})
	require.NoError(t, err)
	require.Equal(t, function.Clean, pass.Outcome)
	w.ask(desk.Return, naming.Blue)
	require.NoError(t, function.Want(t.Context(), w.store, function.Lane(naming.Blue), true))
	back := w.follow(naming.Blue)
	return w, func() { forth(); back() }
}

// Of a migration that does well every alarm is OK, and every alarm whose silence is a
// fault has somebody who sends its metric, under its dimensions.
func TestEveryAlarmIsOKOnAMigrationThatDoesWell(t *testing.T) {
	w, stop := running(t)
	first := w.said.taken(t)
	minute := func(stop func()) (values series, raised []string) {
		for _, color := range naming.Colors() {
			require.NoError(t, w.watchdog(color))
		}
		stop()
		values = w.said.taken(t)
		for _, a := range alarms() {
			if on(t, a, values[key(t, a)]) {
				raised = append(raised, a.Key())
			}
		}
		return values, raised
	}
	values, raised := minute(stop)
	for until := time.Now().Add(3 * time.Minute); len(raised) > 0 && time.Now().Before(until); { // a busy machine lags
		forth, back := w.follow(naming.Green), w.follow(naming.Blue)
		values, raised = minute(func() { forth(); back() })
	}
	require.Empty(t, raised)
	breaching := 0
	for _, a := range alarms() {
		if a.Missing != alarm.Breaching {
			continue
		}
		breaching++
		require.NotEmpty(t, values[key(t, a)], "%s: its silence is a fault, and nobody sends %s", a.Key(), key(t, a))
	}
	require.Greater(t, breaching, 10)
	w.everyMetricIsSent(first, values)
	w.disagrees()
	w.runsDry()
}

// everyMetricIsSent looks for those of the alarms that count what seldom happens.
func (w *world) everyMetricIsSent(all ...series) {
	sent := map[string]bool{}
	for _, values := range all {
		for each := range values {
			name, _, _ := strings.Cut(each, " ")
			sent[name] = true
		}
	}
	for _, a := range alarms() {
		if a.Kind == "pause-long" { // a switch alone sends it
			continue
		}
		metric := a.Condition.Terms[0].Series.Metric
		assert.True(w.t, sent[metric.Namespace+"/"+metric.Name], "%s: nobody sends %s", a.Key(), metric.Name)
	}
}

// raised are the platform's alarms by what the watchdog tells now.
func (w *world) raised() []string {
	w.t.Helper()
	require.NoError(w.t, w.watchdog(naming.Green))
	values := w.said.taken(w.t)
	var all []string
	for _, a := range alarms() {
		if a.Subject == "" && on(w.t, a, values[key(w.t, a)]) {
			all = append(all, a.Key())
		}
	}
	return all
}

// disagrees opens the passive side by hand, which the token does not know of.
func (w *world) disagrees() {
	green := w.admin(naming.Green)
	_, err := green.Exec(w.t.Context(), `UPDATE bgsync.authority SET writable = true`)
	require.NoError(w.t, err)
	assert.Equal(w.t, []string{"authority-disagreement"}, w.raised())
	_, err = green.Exec(w.t.Context(), `UPDATE bgsync.authority SET writable = false`)
	require.NoError(w.t, err)
	assert.Empty(w.t, w.raised())
}

// runsDry brings one sequence near its end.
func (w *world) runsDry() {
	blue := w.admin(naming.Blue)
	var name string
	require.NoError(w.t, blue.QueryRow(w.t.Context(), `SELECT relation FROM bgsync.sequence_map ORDER BY relation LIMIT 1`).Scan(&name))
	_, err := blue.Exec(w.t.Context(), `SELECT setval($1::text::regclass, (SELECT seqmax / 100 * 95 FROM pg_sequence WHERE seqrelid = $1::text::regclass))`, name)
	require.NoError(w.t, err)
	assert.Equal(w.t, []string{"sequence-low"}, w.raised())
}
