//go:build integration

package function_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checker"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/machine"
	"github.com/cutover/cutover/projects/migration/move"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/projects/migration/remote"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// commands are an operator's, in AWS.
type commands struct {
	*move.Operator
	cloud *remote.Cloud
	said  *output
}

func (c *cloud) commands(dryRun bool) commands {
	all := remote.New(c.config, remote.Named(stack, account), c.store, filepath.Join(c.w.profile.Root, "copies"), time.Now)
	all.Poll = 20 * time.Millisecond
	said := &output{}
	return commands{cloud: all, said: said, Operator: &move.Operator{
		Desk: all, Lanes: all, Store: c.store, DryRun: dryRun, By: "ann", Now: time.Now, Poll: 50 * time.Millisecond,
		Plan: func(lane string) (*bgsync.Plan, error) { return move.ReadTables("../tables.yaml", lane) },
		Say:  func(format string, args ...any) { _, _ = fmt.Fprintf(said, format+"\n", args...) },
	}}
}

// A platform that is written to all the time moves to green and back, by commands
// that reach no database: the layer's own state machines call the functions, which
// run in processes. One of them dies while it loads, another while writers are kept
// out; where time is taken, every part meets such a fault. No acknowledged write is lost or doubled.
func TestAPlatformMovesByMachinesWhoseFunctionsDie(t *testing.T) {
	w := newWorld(t)
	c := newCloud(t, w)
	w.store = c.store
	o := c.commands(false)
	writer := w.writes()
	c.loads(o)
	err := o.SwitchBy(t.Context(), o.cloud, naming.Green, "test")
	assert.Equal(t, fault.Gate, fault.CodeOf(err), "there is no token: %v", err)
	c.verifies(o)
	c.rehearses()
	c.cutsOver(o)
	c.halts(o)
	c.goesBack(o)
	c.told()
	acknowledged := writer()
	c.equal(acknowledged)
	c.forged(o)
}

// loads has the base loaded by a machine one of whose workers is killed before its
// commit. The event that starts the lane is lost, and the lane's schedule takes its
// place; then invocations hand over to each other.
func (c *cloud) loads(o commands) {
	t := c.w.t
	killed := c.function(naming.Green, "chunk").at("chunk.before_commit", diesAt)
	lane := c.function(naming.Green, "lane")
	lane.set(func(s *sandbox) { s.refuse, s.timeout = 1, 62*time.Second }) // stops a minute before its deadline
	go func() {
		assert.Eventually(t, func() bool {
			return killed() && len(c.ended(naming.Green, machine.BackfillName)) == 1 &&
				c.ended(naming.Green, machine.BackfillName)[0] != "RUNNING"
		}, 5*time.Minute, 100*time.Millisecond)
		c.schedule(naming.Green)
	}()
	require.NoError(t, o.Start(t.Context(), naming.Green, ""), o.said.String())
	assert.Contains(t, o.said.String(), "lane core.fwd made")
	assert.Contains(t, o.said.String(), "loads what is left of its base")
	assert.Regexp(t, `core\.fwd runs: .*[0-9,]+ rows loaded`, o.said.String())
	assert.Equal(t, map[string]int{exitError: 1}, c.function(naming.Green, "chunk").failures())
	assert.Equal(t, []string{"SUCCEEDED"}, c.ended(naming.Green, machine.BackfillName))
	require.Eventually(t, func() bool { return lane.successes() >= 2 }, 5*time.Minute, 50*time.Millisecond, "invocations that hand over")
	lane.set(func(s *sandbox) { s.timeout = 900 * time.Second })
}

// verifies has all rows compared by a machine whose first call is turned away, and
// whose workers are killed while they compare.
func (c *cloud) verifies(o commands) {
	t := c.w.t
	verify := c.function(naming.Green, "verify")
	released := make(chan struct{})
	if everyFault {
		lock := sync.OnceFunc(func() { c.holds("payments.receipt", verify.kill, released) })
		verify.set(func(s *sandbox) {
			s.refuse, s.before = 1, func(payload []byte) {
				var e function.VerifyEvent
				if assert.NoError(t, json.Unmarshal(payload, &e)) && e.Act == function.WorkUnits {
					lock()
				}
			}
		})
	}
	require.NoError(t, o.Verify(t.Context(), remote.Comparison{Cloud: o.cloud, To: naming.Green}, naming.Green), o.said.String())
	assert.Contains(t, o.said.String(), "rows equal")
	assert.Contains(t, o.said.String(), "lane core.rev made")
	if failures := verify.failures(); everyFault {
		<-released
		assert.Equal(t, 1, failures["TooManyRequestsException"])
		assert.Positive(t, failures[exitError])
	}
	assert.Equal(t, []string{"SUCCEEDED"}, c.ended(naming.Green, machine.VerificationName))
	c.schedule(naming.Blue)
	c.w.runs(naming.Blue)
}

// holds locks a table of green until somebody waits for it; then it calls met, lets
// go, and says so.
func (c *cloud) holds(table string, met func(), released chan<- struct{}) {
	t := c.w.t
	conn, watcher := c.w.admin(naming.Green), c.w.admin(naming.Green)
	_, err := conn.Exec(t.Context(), `BEGIN; LOCK TABLE `+table+` IN ACCESS EXCLUSIVE MODE`)
	assert.NoError(t, err)
	go func() {
		defer close(released)
		assert.Eventually(t, func() bool {
			var waiting bool
			err := watcher.QueryRow(context.Background(), `SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = $1::regclass)`, table).Scan(&waiting)
			return err == nil && waiting
		}, 5*time.Minute, 10*time.Millisecond)
		met()
		_, err := conn.Exec(context.Background(), `ROLLBACK`)
		assert.NoError(t, err)
	}()
}

// rehearses asks all gates and changes nothing.
func (c *cloud) rehearses() {
	dry := c.commands(true)
	require.NoError(c.w.t, c.moves(dry, naming.Green, func() bool { return false }), dry.said.String())
	assert.Contains(c.w.t, dry.said.String(), "would move the authority from blue, epoch 1, to green")
	assert.Contains(c.w.t, dry.said.String(), "pass ")
	assert.Regexp(c.w.t, `\d+  green +writable=true, epoch 2, writers' rights given`, dry.said.String())
	c.w.holds(naming.Blue, 1)
}

// cutsOver loses the function while writers are kept out: the machine recovers, and
// the command that is given again moves the authority.
func (c *cloud) cutsOver(o commands) {
	t := c.w.t
	green := c.function(naming.Green, "switch")
	green.set(func(s *sandbox) { s.variables[pause] = "3s" })
	killed := green.at("switch.9.DRAINED.after", diesAt)
	err := c.moves(o, naming.Green, killed)
	require.True(t, killed(), "%v", err)
	assert.Equal(t, fault.Gate, fault.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "the authority is where it was")
	c.w.holds(naming.Blue, 1)
	green.set(func(s *sandbox) { delete(s.variables, pause) })
	require.NoError(t, c.moves(o, naming.Green, func() bool { return false }), o.said.String())
	assert.Contains(t, o.said.String(), "green has the authority, epoch 2; writers waited")
	c.w.holds(naming.Green, 2)
	c.proven(naming.Green)
	assert.Subset(t, c.ended(naming.Green, machine.SwitchName), []string{"SUCCEEDED", machine.ErrRecovered})
	err = o.SwitchBy(t.Context(), o.cloud, naming.Green, "test")
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
}

// moves gives the command, and again as long as it backs out because this machine is
// slow and not because of what shall happen.
func (c *cloud) moves(o commands, to naming.Color, happened func() bool) error {
	var err error
	for range 20 {
		c.passes(to)
		if err = o.SwitchBy(c.w.t.Context(), o.cloud, to, "test"); fault.CodeOf(err) != fault.Gate || happened() {
			return err
		}
		c.w.t.Logf("backed out: %v", err)
	}
	return err
}

// passes compares what has changed, as the schedule has it done every few minutes:
// rows that are new make buckets that nobody has compared, and these close a gate.
func (c *cloud) passes(to naming.Color) {
	out, err := lambda.NewFromConfig(c.config).Invoke(c.w.t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String(c.function(to, "verify").name), Payload: []byte(`{"act": "pass", "kind": "incremental"}`),
	})
	require.NoError(c.w.t, err)
	require.Nil(c.w.t, out.FunctionError, string(out.Payload))
}

// proven requires the record of the last switch in the bucket, signed, and its copy.
func (c *cloud) proven(to naming.Color) {
	t := c.w.t
	_, sw, err := switching.Status(t.Context(), c.store)
	require.NoError(t, err)
	assert.Contains(t, c.records(), sw.ProofID)
	body, err := os.ReadFile(filepath.Join(c.w.profile.Root, "copies", sw.ProofID+".json"))
	require.NoError(t, err)
	signer := &proof.KMS{Client: kms.NewFromConfig(c.config), Key: c.outputs["proofSigningKeyArn"].(string)}
	record, err := proof.Open(t.Context(), signer, body)
	require.NoError(t, err)
	assert.Equal(t, to, record.To)
	assert.Equal(t, "switched", record.Outcome)
	assert.NotContains(t, string(body), "owner", "no value of a row")
}

// halts requires a closed gate to end the command with its name, and nothing to have
// changed.
func (c *cloud) halts(o commands) {
	t := c.w.t
	c.w.exec(naming.Blue, `UPDATE bgsync.lane SET state = 'halted', halt_code = 'operator', halted_at = now() WHERE lane = 'core.rev'`)
	err := o.SwitchBy(t.Context(), o.cloud, naming.Blue, "test")
	assert.Equal(t, fault.Gate, fault.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "the authority is where it was: arm postgresql: arm the tail of lane core.rev")
	c.w.holds(naming.Green, 2)
	reply, err := o.Desk.Do(t.Context(), desk.Request{Act: desk.Resume, To: naming.Blue, Halt: checkpoint.ByOperator})
	require.NoError(t, err)
	assert.NotEmpty(t, reply.Done)
	c.w.runs(naming.Blue)
}

// goesBack loses the function once the authority has moved in the database and
// nowhere else: it hangs until its time is over, and the machine goes on from there.
func (c *cloud) goesBack(o commands) {
	t := c.w.t
	back := c.function(naming.Blue, "switch")
	stopped := func() bool { return false }
	if everyFault {
		stopped = back.at("switch.12.promote.after", stopsAt)
		go func() {
			assert.Eventually(t, stopped, 5*time.Minute, 10*time.Millisecond)
			back.expire()
		}()
	}
	require.NoError(t, c.moves(o, naming.Blue, stopped), o.said.String())
	c.w.holds(naming.Blue, 3)
	c.proven(naming.Blue)
	if everyFault {
		assert.Equal(t, map[string]int{timedOut: 1}, back.failures())
		assert.Contains(t, c.ended(naming.Blue, machine.SwitchName), machine.ErrRecovered)
	}
}

// told requires what the status page shows to come to be in the control table: a lane
// catches up again after a switch, and tells of itself from time to time.
func (c *cloud) told() {
	var status move.Status
	require.Eventually(c.w.t, func() bool {
		status = move.ReadStatus(c.w.t.Context(), c.store, time.Now())
		return !slices.ContainsFunc(status.Lanes, func(l move.LaneStatus) bool {
			return !l.Known || !l.Wanted || l.Stale || l.State != checkpoint.Running
		})
	}, 5*time.Minute, 50*time.Millisecond, "lanes that run")
	assert.Empty(c.w.t, status.Problems)
	require.Len(c.w.t, status.Lanes, 2)
	require.NotNil(c.w.t, status.Token)
	assert.Equal(c.w.t, naming.Blue, status.Token.Holder)
}

// writes has one client write for ever to the side that takes it. The returned
// function ends it and tells how many writes were acknowledged.
func (w *world) writes() (end func() int) {
	conns := map[naming.Color]*pgx.Conn{}
	for _, color := range naming.Colors() {
		dsn, err := (&place.Databases{Sides: w.sides, Secrets: place.Files{}}).DSN(w.t.Context(), color, place.Writers)
		require.NoError(w.t, err)
		conns[color], err = pgx.Connect(w.t.Context(), dsn)
		require.NoError(w.t, err)
		w.t.Cleanup(func() { require.NoError(w.t, conns[color].Close(context.Background())) })
	}
	stop, done, acknowledged := make(chan struct{}), make(chan struct{}), 0
	go func() {
		defer close(done)
		on := naming.Blue
		for {
			_, err := conns[on].Exec(context.Background(),
				`INSERT INTO payments.account (owner, balance, currency) VALUES ($1, 1, 'EUR')`, fmt.Sprintf("client %d", acknowledged))
			if err == nil {
				acknowledged++
			} else if on = on.Other(); conns[on].IsClosed() {
				assert.NoError(w.t, err, "a writer is refused and never cut off")
				return
			}
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	end = sync.OnceValue(func() int { close(stop); <-done; return acknowledged })
	w.t.Cleanup(func() { end() })
	return end
}

// equal requires both sides to be the same once both lanes have nothing left, and
// every acknowledged write to be there once.
func (c *cloud) equal(acknowledged int) {
	t := c.w.t
	var dsns []string
	for _, color := range naming.Colors() {
		dsn, err := (&place.Databases{Sides: c.w.sides, Secrets: place.Files{}}).DSN(t.Context(), color, place.Administrator)
		require.NoError(t, err)
		dsns = append(dsns, dsn)
	}
	tables := []string{"payments.account", "payments.ledger_entry", "payments.receipt", "payments.transaction_2025", "payments.transaction_2026", "payments.transaction_rest"}
	var found checker.Result
	require.Eventually(t, func() bool {
		var err error
		found, err = checker.Compare(t.Context(), dsns[0], dsns[1], tables)
		return err == nil && found.Equal()
	}, 5*time.Minute, 200*time.Millisecond, "%+v", found)
	for _, color := range naming.Colors() {
		const query = `SELECT count(*)::int FROM payments.account WHERE owner LIKE 'client %'`
		assert.Equal(t, acknowledged, value[int](c.w, color, query), color)
		assert.Equal(t, acknowledged, value[int](c.w, color, strings.Replace(query, "*", "DISTINCT owner", 1)), color)
	}
	assert.Positive(t, acknowledged)
	t.Logf("%d acknowledged writes are on both sides, once each", acknowledged)
}

// forged requires a record that was changed in the bucket to be refused.
func (c *cloud) forged(o commands) {
	t := c.w.t
	_, sw, err := switching.Status(t.Context(), c.store)
	require.NoError(t, err)
	bucket := c.outputs["proofsBucket"].(string)
	body, err := os.ReadFile(filepath.Join(c.w.profile.Root, "copies", sw.ProofID+".json"))
	require.NoError(t, err)
	_, err = c.objects.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String(bucket), Key: aws.String("switch/" + sw.ProofID + ".json"), ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
		Body: bytes.NewReader(bytes.Replace(body, []byte(`"epoch":2`), []byte(`"epoch":7`), 1)),
	})
	require.NoError(t, err)
	_, err = o.cloud.Proof(t.Context(), sw.ProofID)
	require.ErrorContains(t, err, "proof record "+sw.ProofID+" in bucket "+bucket+": the record is not what was signed")
	_, err = os.Stat(filepath.Join(c.w.profile.Root, "copies", sw.ProofID+".json"))
	require.NoError(t, err, "the copy made before stays")
}
