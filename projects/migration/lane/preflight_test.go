//go:build integration

package lane_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/preflight"
	"github.com/cutover/cutover/shared/naming"
)

// subject is what preflight looks at in a world.
func (w *world) subject() *preflight.Subject {
	at := endpoints(w.blue, w.green)
	return &preflight.Subject{Source: w.blue.admin, Target: w.green.admin, Reader: at.Reader, Apply: at.Apply, Builder: at.Builder, Plan: plan("core.fwd"), Workers: 4,
		To: naming.Green, Load: preflight.Paced(), Facts: plenty(), RoundTrip: time.Minute}
}

// plenty are facts in which every check finds what it wants.
func plenty() preflight.Facts {
	as := preflight.Settings{Timeout: 900, Memory: 512, AtOnce: 2}
	room := preflight.Known(preflight.Room{Volume: 1 << 40})
	return preflight.Facts{
		Rooms:     map[naming.Color]preflight.Fact[preflight.Room]{naming.Blue: room, naming.Green: room},
		Functions: preflight.Known([]preflight.Function{{Name: "lane", Is: as, Want: as}}), Window: preflight.Known(time.Now().Add(100 * 24 * time.Hour)),
		Names:        preflight.Known(preflight.Names{Name: "pay.example", Records: []preflight.Record{{Side: naming.Blue, Weight: 100}}}),
		Alarms:       preflight.Known([]preflight.Alarm{{Name: "lane-halted", State: "OK"}}),
		Applications: preflight.Fact[bool]{Absent: "no application runs"},
	}
}

// Each cause is found by the check that is there for it, and by that one first.
func TestPreflightFindsWhatItIsThereFor(t *testing.T) {
	t.Parallel()
	w := worldWith(t, map[string]string{"fsync": "on", "full_page_writes": "on", "max_prepared_transactions": "1"})
	w.register("core.fwd", w.blue, w.green)
	for _, side := range []side{w.blue, w.green} {
		w.exec(side, `CREATE ROLE fence_a LOGIN`)
		require.NoError(t, bgsync.Enrol(w.ctx(), side.admin, "fence_a", bgsync.Fence))
	}
	results, err := preflight.Run(w.ctx(), w.subject(), preflight.Creation)
	require.NoError(t, err)
	require.NoError(t, preflight.Refusal(results))
	require.Len(t, results, 30)

	blue, green := func(s ...string) func() { return func() { w.exec(w.blue, s...) } }, func(s ...string) func() { return func() { w.exec(w.green, s...) } }
	const (
		clerks = `CREATE ROLE clerks; GRANT USAGE ON SCHEMA public TO clerks; GRANT INSERT ON public.entry TO clerks`
		aside  = `CREATE SCHEMA aside; CREATE TABLE aside.owner (id bigint PRIMARY KEY)`
		// what a table calls, and what that calls by the path of whoever writes a row
		pricing  = `CREATE FUNCTION public.rate() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 2::bigint'; CREATE FUNCTION public.fee(bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 * rate(); END'`
		unpriced = `DROP FUNCTION public.fee(bigint) CASCADE; DROP FUNCTION public.rate()`
		pay      = `CREATE FUNCTION public.pay() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = '' AS 'DELETE FROM public.entry WHERE false'`
	)
	for name, test := range map[string]struct {
		id, want    string
		alone       bool // one finding and no more
		cause, undo func()
		change      func(*preflight.Subject)
	}{
		"no verified TLS":          {id: "PF01", want: "does not demand a verified certificate", change: func(s *preflight.Subject) { s.Apply = "postgres://a@db.example.com/payments?sslmode=require" }},
		"unreadable address":       {id: "PF01", want: "cannot be read", change: func(s *preflight.Subject) { s.Reader = "postgres://a@[::1/x" }},
		"the same side twice":      {id: "PF03", want: "are both blue", change: func(s *preflight.Subject) { s.Target = s.Source }},
		"schema of another engine": {id: "PF03", want: "schema bgsync has version 11, expected version 10", cause: green(`UPDATE bgsync.identity SET schema_version = 11`), undo: green(`UPDATE bgsync.identity SET schema_version = 10`)},
		"slots used up":            {id: "PF04", want: "1 are free", cause: blue(`SELECT pg_create_logical_replication_slot('s' || n, 'pgoutput') FROM generate_series(1, 9) n`), undo: blue(`SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots`)},
		"reader may not read":      {id: "PF05", want: "role bgsync_reader: has no SELECT on public.entry", cause: blue(`REVOKE SELECT ON public.entry FROM bgsync_reader`), undo: blue(`GRANT SELECT ON public.entry TO bgsync_reader`)},
		"applier may not delete":   {id: "PF05", want: "role bgsync_apply: has no DELETE on public.account", cause: green(`REVOKE DELETE ON public.account FROM bgsync_apply`), undo: green(`GRANT DELETE ON public.account TO bgsync_apply`)},
		"reader may not replicate": {id: "PF05", want: "cannot open a replication connection", cause: blue(`ALTER ROLE reader_a NOREPLICATION`), undo: blue(`ALTER ROLE reader_a REPLICATION`)},
		"builder is no owner":      {id: "PF05", want: "is not its owner's member", cause: green(`REVOKE platform FROM bgsync_ddl`), undo: green(`GRANT platform TO bgsync_ddl`)},
		"triggers would fire":      {id: "PF06", want: "session_replication_role: origin, expected replica", cause: green(`ALTER ROLE apply_a RESET session_replication_role`), undo: green(`ALTER ROLE apply_a SET session_replication_role = replica`)},
		"commits are not durable":  {id: "PF07", want: "synchronous_commit: off", cause: green(`SET synchronous_commit = off`), undo: green(`RESET synchronous_commit`)},
		"numbers print otherwise":  {id: "PF08", want: `standard_conforming_strings: is "on" on the source and "off" on the target`, cause: green(`SET standard_conforming_strings = off`), undo: green(`RESET standard_conforming_strings`)},
		"a writer above the fence": {id: "PF09", want: "role mighty: is a member of pg_write_all_data", cause: blue(`CREATE ROLE mighty IN ROLE pg_write_all_data`, `GRANT INSERT ON public.entry TO mighty`), undo: blue(`REVOKE INSERT ON public.entry FROM mighty`, `DROP ROLE mighty`)},
		"a login above the fence":  {id: "PF09", want: "role teller: is a member of pg_write_all_data", cause: blue(`CREATE ROLE vault IN ROLE pg_write_all_data`, `CREATE ROLE batch NOINHERIT IN ROLE vault`, `CREATE ROLE teller LOGIN IN ROLE batch`), undo: blue(`DROP ROLE teller, batch, vault`)},
		"a writer who is might":    {id: "PF09", want: "role teller: is a superuser", cause: blue(clerks, `CREATE ROLE teller LOGIN SUPERUSER IN ROLE clerks`), undo: blue(`DROP OWNED BY clerks`, `DROP ROLE teller, clerks`)},
		"a writer who administers": {id: "PF09", want: "role teller: is a member of rds_superuser", cause: green(clerks, `CREATE ROLE rds_superuser`, `CREATE ROLE upper IN ROLE rds_superuser`, `CREATE ROLE teller LOGIN IN ROLE clerks, upper`), undo: green(`DROP OWNED BY clerks`, `DROP ROLE teller, upper, rds_superuser, clerks`)},
		"a writer who is engine":   {id: "PF09", want: "role teller: is a member of bgsync_apply", cause: blue(clerks, `CREATE ROLE teller LOGIN IN ROLE clerks, bgsync_apply`), undo: blue(`DROP OWNED BY clerks`, `DROP ROLE teller, clerks`)},
		"a definer above":          {id: "PF09", want: "function public.pay(): is SECURITY DEFINER of postgres", cause: blue(clerks, pay), undo: blue(`DROP FUNCTION public.pay()`, `DROP OWNED BY clerks`, `DROP ROLE clerks`)},
		"another hand's authority": {id: "PF09", want: "table bgsync.sequence_map: is owned by platform", cause: blue(`ALTER TABLE bgsync.sequence_map OWNER TO platform`), undo: blue(`ALTER TABLE bgsync.sequence_map OWNER TO bgsync_owner`)},
		"a right to pass on":       {id: "PF10", want: "INSERT on public.entry may be passed on by lender", cause: blue(`CREATE ROLE lender`, `GRANT INSERT ON public.entry TO lender WITH GRANT OPTION`), undo: blue(`REVOKE INSERT ON public.entry FROM lender`, `DROP ROLE lender`)},
		"a right by another hand":  {id: "PF10", want: "UPDATE on public.entry of clerk was not granted by the owner", cause: blue(`CREATE ROLE lender`, `CREATE ROLE clerk`, `GRANT UPDATE ON public.entry TO lender WITH GRANT OPTION`, `SET ROLE lender`, `GRANT UPDATE ON public.entry TO clerk`, `RESET ROLE`), undo: blue(`REVOKE UPDATE ON public.entry FROM lender CASCADE`, `DROP ROLE lender`, `DROP ROLE clerk`)},
		"a table that differs":     {id: "PF12", want: `table public.entry: differs`, cause: green(`ALTER TABLE public.entry ALTER note SET NOT NULL`), undo: green(`ALTER TABLE public.entry ALTER note DROP NOT NULL`)},
		"a table that is missing":  {id: "PF12", want: "target table public.entry: does not exist", cause: green(`ALTER TABLE public.entry RENAME TO entries`), undo: green(`ALTER TABLE public.entries RENAME TO entry`)},
		"a forgotten table":        {id: "PF13", want: "table public.extra: is neither listed nor excluded", cause: blue(`CREATE TABLE public.extra (x int)`), undo: blue(`DROP TABLE public.extra`)},
		"a function without a path": {
			id: "PF41", want: "source table public.entry: constraint priced calls function public.fee(bigint), which finds what it calls by the search path of its caller",
			cause: blue(`SET search_path = public`, pricing, `ALTER TABLE public.entry ADD CONSTRAINT priced CHECK (public.fee(account) > 0)`, `SET search_path = ''`), undo: blue(unpriced),
		},
		"an index by one": {
			id: "PF41", want: "source table public.entry: index entry_fee calls function public.fee(bigint), which finds",
			cause: blue(`SET search_path = public`, pricing, `CREATE INDEX entry_fee ON public.entry (public.fee(account))`, `SET search_path = ''`), undo: blue(unpriced),
		},
		"no key":                   {id: "PF14", want: "table public.document: its rows cannot be told apart", cause: both(w, `ALTER TABLE public.document DROP CONSTRAINT document_pkey`), undo: both(w, `ALTER TABLE public.document ADD PRIMARY KEY (id)`)},
		"a key that is deferrable": {id: "PF14", want: "cannot be told apart", cause: both(w, `ALTER TABLE public.document DROP CONSTRAINT document_pkey, ADD PRIMARY KEY (id) DEFERRABLE`), undo: both(w, `ALTER TABLE public.document DROP CONSTRAINT document_pkey, ADD PRIMARY KEY (id)`)},
		"an identity aside":        {id: "PF14", want: "column serial outside of the key is GENERATED ALWAYS AS IDENTITY", cause: both(w, `ALTER TABLE public.document ADD COLUMN serial int GENERATED ALWAYS AS IDENTITY`), undo: both(w, `ALTER TABLE public.document DROP COLUMN serial`)},
		"a rule":                   {id: "PF15", want: "has the rule quiet", cause: green(`CREATE RULE quiet AS ON DELETE TO public.entry DO ALSO NOTHING`), undo: green(`DROP RULE quiet ON public.entry`)},
		"row security":             {id: "PF15", want: "has row security", cause: green(`ALTER TABLE public.entry ENABLE ROW LEVEL SECURITY`), undo: green(`ALTER TABLE public.entry DISABLE ROW LEVEL SECURITY`)},
		"an oid":                   {id: "PF15", want: "has column ref of type oid", cause: both(w, `ALTER TABLE public.document ADD COLUMN ref oid`), undo: both(w, `ALTER TABLE public.document DROP COLUMN ref`)},
		"a large object":           {id: "PF15", want: "has 1 large objects", cause: blue(`SELECT lo_create(4711)`), undo: blue(`SELECT lo_unlink(4711)`)},
		"unlogged":                 {id: "PF15", want: "is unlogged or temporary", cause: green(`ALTER PUBLICATION bgsync_pub DROP TABLE public.entry`, `ALTER TABLE public.entry SET UNLOGGED`), undo: green(`ALTER TABLE public.entry SET LOGGED`, `ALTER PUBLICATION bgsync_pub ADD TABLE public.entry`)},
		"a key that leads out": {
			id: "PF40", want: "source table public.account: refers by foreign key account_owner to table aside.owner, which is left out, expected both tables in the lane, or no such constraint",
			cause: blue(aside, `ALTER TABLE public.account ADD CONSTRAINT account_owner FOREIGN KEY (id) REFERENCES aside.owner NOT VALID`), undo: blue(`DROP SCHEMA aside CASCADE`),
		},
		"a key that leads in": {
			id: "PF40", want: "target table public.account: is referred to by foreign key owner_account of table aside.owner, which is left out",
			cause: green(aside, `ALTER TABLE aside.owner ADD CONSTRAINT owner_account FOREIGN KEY (id) REFERENCES public.account`), undo: green(`DROP SCHEMA aside CASCADE`),
		},
		"a key to an excluded table": {
			id: "PF40", want: "source table public.entry: refers by foreign key entry_extra to table public.extra, which is left out",
			cause: blue(`CREATE TABLE public.extra (id bigint PRIMARY KEY)`, `ALTER TABLE public.entry ADD CONSTRAINT entry_extra FOREIGN KEY (account) REFERENCES public.extra NOT VALID`), undo: blue(`DROP TABLE public.extra CASCADE`),
			change: func(s *preflight.Subject) {
				s.Plan.Excluded = []bgsync.Exclusion{{Schema: "public", Name: "extra", Reason: "filled anew"}}
			},
		},
		"a key of a partitioned table": {
			id: "PF40", want: "source table public.payment: refers by foreign key payment_owner to table aside.owner, which is left out", alone: true,
			cause: blue(aside, `ALTER TABLE public.payment ADD CONSTRAINT payment_owner FOREIGN KEY (id) REFERENCES aside.owner`), undo: blue(`DROP SCHEMA aside CASCADE`),
		},
		"a table not published":   {id: "PF16", want: "lacks public.entry", cause: blue(`ALTER PUBLICATION bgsync_pub DROP TABLE public.entry`), undo: blue(`ALTER PUBLICATION bgsync_pub ADD TABLE public.entry`)},
		"the proof not published": {id: "PF16", want: "lacks bgsync.lane", cause: green(`ALTER PUBLICATION bgsync_pub DROP TABLE bgsync.lane`), undo: green(`ALTER PUBLICATION bgsync_pub ADD TABLE bgsync.lane`)},
		"inserts only":            {id: "PF16", want: "some operations only", cause: blue(`ALTER PUBLICATION bgsync_pub SET (publish = 'insert')`), undo: blue(`ALTER PUBLICATION bgsync_pub SET (publish = 'insert, update, delete, truncate')`)},
		"a sequence that cycles":  {id: "PF17", want: "sequence public.account_id_seq: starts over", cause: blue(`ALTER SEQUENCE public.account_id_seq CYCLE`), undo: blue(`ALTER SEQUENCE public.account_id_seq NO CYCLE`)},
		"a sequence of no table":  {id: "PF17", want: "source sequence public.invoice: is not on the other side", cause: blue(`CREATE SEQUENCE public.invoice`), undo: blue(`DROP SEQUENCE public.invoice`)},
		"a sequence at its end":   {id: "PF17", want: "has fewer than 100,000 steps left", cause: blue(`ALTER SEQUENCE public.account_id_seq MAXVALUE 90000`), undo: blue(`ALTER SEQUENCE public.account_id_seq NO MAXVALUE`)},
		"a subscription":          {id: "PF20", want: "target subscription other: is enabled", cause: green(`CREATE SUBSCRIPTION other CONNECTION 'host=127.0.0.1 port=1' PUBLICATION other WITH (connect = false)`, `ALTER SUBSCRIPTION other ENABLE`), undo: green(`ALTER SUBSCRIPTION other DISABLE`, `ALTER SUBSCRIPTION other SET (slot_name = NONE)`, `DROP SUBSCRIPTION other`)},
		"a job":                   {id: "PF20", want: "target cron job 7: is active", cause: green(`CREATE SCHEMA cron`, `CREATE TABLE cron.job (jobid bigint, active bool)`, `INSERT INTO cron.job VALUES (7, true), (8, false)`), undo: green(`DROP SCHEMA cron CASCADE`)},
		"a prepared transaction":  {id: "PF21", want: "source transaction left: is prepared", cause: blue(`BEGIN`, `PREPARE TRANSACTION 'left'`), undo: blue(`ROLLBACK PREPARED 'left'`)},
		"an index too early":      {id: "PF19", want: "has the index early", cause: green(`CREATE INDEX early ON public.entry (amount)`), undo: green(`DROP INDEX public.early`)},
		"rows too early":          {id: "PF19", want: "target table public.payment_2026: has rows", cause: green(`INSERT INTO public.payment VALUES (1, '2026-01-01', 1)`), undo: green(`TRUNCATE public.payment`)},
		"no event trigger":        {id: "PF24", want: "has no event trigger", cause: green(`ALTER EVENT TRIGGER bgsync_ddl_drop DISABLE`), undo: green(`ALTER EVENT TRIGGER bgsync_ddl_drop ENABLE ALWAYS`)},
		"the fence may not lock":  {id: "PF11", want: "target table public.entry: bgsync_fence may not lock it", cause: green(`REVOKE UPDATE ON public.entry FROM bgsync_fence, platform`), undo: green(`GRANT UPDATE ON public.entry TO platform, bgsync_fence`)},
		"the fence is no owner":   {id: "PF11", want: "source table public.account: bgsync_fence is no member of its owner platform", cause: blue(`REVOKE platform FROM bgsync_fence`), undo: blue(`GRANT platform TO bgsync_fence`)},
		"nobody is the fence":     {id: "PF11", want: "source role bgsync_fence: has no login that inherits its rights", cause: blue(`ALTER ROLE fence_a NOINHERIT`), undo: blue(`ALTER ROLE fence_a INHERIT`)},
		"a small target": {id: "PF26", want: "target: has room for 1000 bytes, expected", change: func(s *preflight.Subject) {
			s.Facts.Rooms[naming.Green] = preflight.Known(preflight.Room{Volume: 1000})
		}},
		"a small source": {id: "PF26", want: "source: has room for 0 bytes, expected", change: func(s *preflight.Subject) {
			s.Facts.Rooms[naming.Blue] = preflight.Known(preflight.Room{})
			s.Load.Low = 1
		}},
		"no room to sort": {id: "PF26", want: "target, local storage: has room for 0 bytes, expected", change: func(s *preflight.Subject) {
			s.Facts.Rooms[naming.Green] = preflight.Known(preflight.Room{Volume: 1 << 40, Scratch: new(int64)})
		}},
		"a room nobody knows": {id: "PF26", want: "target: cannot be known: throttled", change: func(s *preflight.Subject) {
			s.Facts.Rooms[naming.Green] = preflight.Fact[preflight.Room]{Unknown: "throttled"}
		}},
		"too little time": {id: "PF29", want: "function lane: has a time limit of 60 s, 512 MiB, 2 at once, expected a time limit of 900 s, 512 MiB, 2 at once", change: func(s *preflight.Subject) { (*s.Facts.Functions.Value)[0].Is.Timeout = 60 }},
		"no functions":    {id: "PF29", want: "functions: there are none", change: func(s *preflight.Subject) { s.Facts.Functions = preflight.Known([]preflight.Function{}) }},
		"a closed window": {id: "PF30", want: "network window: is closed since 2020-01-01", change: func(s *preflight.Subject) {
			s.Facts.Window = preflight.Known(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC))
		}},
		"a window that closes": {id: "PF30", want: "before the planned end", change: func(s *preflight.Subject) { s.Facts.Window = preflight.Known(time.Now().Add(71 * time.Hour)) }},
		"too many loaders":     {id: "PF27", want: "connections are free", change: func(s *preflight.Subject) { s.Workers = 60 }},
	} {
		t.Run(name, func(t *testing.T) {
			subject := w.subject()
			if test.cause != nil {
				test.cause()
				defer test.undo()
			}
			if test.change != nil {
				test.change(subject)
			}
			results, err := preflight.Run(w.ctx(), subject, preflight.Creation)
			require.NoError(t, err)
			for _, result := range results {
				if result.Status == preflight.OK || result.Status == preflight.NotHere || result.Status == preflight.Blocked {
					continue
				}
				require.Equal(t, test.id, result.ID, "%v", result.Findings)
				lines := make([]string, len(result.Findings))
				for i, finding := range result.Findings {
					lines[i] = finding.String()
				}
				assert.Contains(t, strings.Join(lines, "\n"), test.want)
				if test.alone {
					assert.Len(t, lines, 1)
				}
				return
			}
			t.Fatal("nothing was found")
		})
	}
	results, err = preflight.Run(w.ctx(), w.subject(), preflight.Creation)
	require.NoError(t, err)
	require.NoError(t, preflight.Refusal(results), "all causes are gone")
}

// both runs a statement on both sides.
func both(w *world, statement string) func() {
	return func() { w.exec(w.blue, statement); w.exec(w.green, statement) }
}

func TestPreflightTellsWhatBlocksAndRefusesAnInvalidPlan(t *testing.T) {
	t.Parallel()
	w := bareWorld(t)
	subject := w.subject()
	results, err := preflight.Run(w.ctx(), subject, preflight.Creation)
	require.NoError(t, err)
	refusal := preflight.Refusal(results)
	require.ErrorContains(t, refusal, "PF07 a commit is durable: source setting fsync: off, expected on")
	require.ErrorContains(t, refusal, "PF16 the publications are exactly what is replicated: source publication bgsync_pub: lacks public.entry")
	subject.Plan.Tables = append(subject.Plan.Tables, bgsync.TablePlan{Schema: "public", Name: "nowhere", Class: bgsync.Standard})
	results, err = preflight.Run(w.ctx(), subject, preflight.Creation)
	require.NoError(t, err)
	require.ErrorContains(t, preflight.Refusal(results), "PF14 every row has a key: blocked by PF12")
	for n := range 2000 { // 64 locks for each of 60 sessions, of which half may be the fence's
		subject.Plan.Tables = append(subject.Plan.Tables, bgsync.TablePlan{Schema: "public", Name: fmt.Sprint("nowhere ", n), Class: bgsync.Standard})
	}
	results, err = preflight.Run(w.ctx(), subject, preflight.Creation)
	require.NoError(t, err)
	require.ErrorContains(t, preflight.Refusal(results), "PF23 a fence can lock all tables: source setting max_locks_per_transaction: room for half of ")
	_, err = preflight.Run(w.ctx(), &preflight.Subject{Plan: &bgsync.Plan{}}, preflight.Creation)
	require.ErrorContains(t, err, "tables: the list is empty")
}

// Installing again changes nothing; another side and a newer schema are refused.
func TestInstallingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := value[string](w, w.blue, `SELECT identity::text || authority::text FROM bgsync.identity, bgsync.authority`)
	require.NoError(t, bgsync.Install(w.ctx(), w.blue.admin, bgsync.Installation{Side: "blue", Writable: true, By: "again"}))
	require.Equal(t, before, value[string](w, w.blue, `SELECT identity::text || authority::text FROM bgsync.identity, bgsync.authority`))
	w.register("core.fwd", w.blue, w.green)
	var side *bgsync.SideError
	require.ErrorAs(t, bgsync.Install(w.ctx(), w.blue.admin, bgsync.Installation{Side: "green", By: "wrong"}), &side)
	w.exec(w.blue, `UPDATE bgsync.identity SET schema_version = 99`)
	var version *bgsync.VersionError
	require.ErrorAs(t, bgsync.Install(w.ctx(), w.blue.admin, bgsync.Installation{Side: "blue", By: "old"}), &version)
}

// What the checks for a lane that is there find, besides those for making one.
func TestPreflightFindsWhatStopsALaneThatIsThere(t *testing.T) {
	t.Parallel()
	s := restingSwitches(t)
	w := s.world
	result := func(id string) preflight.Result {
		results, err := preflight.Run(w.ctx(), w.subject(), preflight.Start)
		require.NoError(t, err)
		at := slices.IndexFunc(results, func(r preflight.Result) bool { return r.ID == id })
		require.GreaterOrEqual(t, at, 0)
		return results[at]
	}
	old := func(column, table string) string { // 170 million transactions, of 200
		return fmt.Sprintf(`UPDATE pg_class SET %[1]s = '4124967296' WHERE oid = %[2]s`, column, table)
	}
	const slot, toast = "bgsync_core_fwd_g1", `(SELECT reltoastrelid FROM pg_class WHERE oid = 'public.document'::regclass)`
	renew := fmt.Sprintf("SELECT pg_drop_replication_slot('%[1]s'), pg_create_logical_replication_slot('%[1]s', 'pgoutput')", slot)
	before := w.row(w.green, "core.fwd")
	for _, id := range []string{"PF10", "PF22", "PF25"} {
		require.Equal(t, preflight.OK, result(id).Status, "%v", result(id).Findings)
	}
	for _, c := range []struct {
		id, want    string
		at          side
		cause, undo []string // what is undone is the next one's cause, or its precondition
	}{
		{"PF10", "source: stranger may INSERT public.entry and is not in bgsync.writer_acl for this side", w.blue, []string{`CREATE ROLE stranger`, `GRANT INSERT ON public.entry TO stranger`}, []string{`REVOKE INSERT ON public.entry FROM stranger`}},
		{"PF10", "source: app may not DELETE public.payment, against bgsync.writer_acl", w.blue, []string{`REVOKE DELETE ON public.payment FROM app`}, []string{`GRANT DELETE ON public.payment TO app`}},
		{"PF10", "target: app may UPDATE public.account and is not in bgsync.writer_acl for this side", w.green, []string{`GRANT UPDATE ON public.account TO app`}, []string{`REVOKE UPDATE ON public.account FROM app`}},
		{"PF10", "target: PUBLIC may INSERT public.entry and is not in", w.green, []string{`GRANT INSERT ON public.entry TO PUBLIC`}, []string{`REVOKE INSERT ON public.entry FROM PUBLIC`}},
		{"PF22", "source table public.entry: is 170", w.blue, []string{old("relfrozenxid", `'public.entry'::regclass`)}, []string{`VACUUM (FREEZE) public.entry`}},
		{"PF22", "target table public.document: is 170", w.green, []string{old("relfrozenxid", toast)}, []string{`VACUUM (FREEZE) public.document`}},
		{"PF22", "source table public.account: is 170", w.blue, []string{old("relminmxid", `'public.account'::regclass`), `ALTER TABLE public.account SET (autovacuum_multixact_freeze_max_age = 200000000)`}, []string{`VACUUM (FREEZE) public.account`}},
		{"PF25", "lane core.fwd: would halt with source_identity: the source is database", w.blue, []string{`UPDATE bgsync.identity SET db_id = gen_random_uuid()`}, []string{`UPDATE bgsync.identity SET db_id = '` + before.SourceDB + `'`}},
		{"PF25", "lane core.fwd: would halt with source_rewound: the source writes at", w.green, []string{`UPDATE bgsync.lane SET applied_lsn = 'F/0'`}, []string{`UPDATE bgsync.lane SET applied_lsn = '` + before.Applied.String() + `'`}},
		{"PF25", "lane core.fwd: would halt with gap: slot " + slot + " is at", w.blue, []string{`UPDATE public.account SET balance = 1 WHERE id = 1`, renew}, []string{`SELECT pg_drop_replication_slot('` + slot + `')`}},
		{"PF25", "lane core.fwd: would halt with gap: slot " + slot + " does not exist", w.blue, nil, []string{`SELECT pg_create_logical_replication_slot('` + slot + `', 'test_decoding')`}},
		{"PF25", "lane core.fwd: would halt with gap: slot " + slot + " is of another plugin or database", w.blue, nil, nil},
		{"PF25", "target lane core.fwd: does not exist", w.green, []string{`DELETE FROM bgsync.lane`}, nil},
	} {
		w.exec(c.at, c.cause...)
		found := result(c.id)
		require.Equal(t, preflight.Refuse, found.Status, c.want)
		require.Contains(t, found.Findings[0].String(), c.want)
		require.Len(t, found.Findings, 1, "%s", c.want)
		w.exec(c.at, c.undo...)
	}
}
