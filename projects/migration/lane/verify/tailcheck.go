package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/cutover/cutover/projects/migration/lane/dirty"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// Tail is the check of the tail with its sessions open, so that nothing but the
// reading happens while nobody may write.
type Tail struct {
	sessions []*session
}

// OpenTail connects to both sides, reads the tables, and has the servers know what
// Check will ask of them. Close ends the sessions.
func (v *Verifier) OpenTail(ctx context.Context) (*Tail, error) {
	first, err := v.open(ctx)
	if err != nil {
		return nil, err
	}
	t := &Tail{sessions: []*session{first}}
	for range v.Limits.Workers - 1 {
		next, err := first.another(ctx)
		if err != nil {
			t.Close()
			return nil, err
		}
		t.sessions = append(t.sessions, next)
	}
	if err := t.ready(ctx); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// ready has every session compare no keys of each table, and the first one look at
// the lane and at what there is to compare: what a server is asked for the first time
// takes several times as long.
func (t *Tail) ready(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range t.sessions {
		group.Go(func() error {
			for _, table := range s.tables {
				if _, err := s.same(ctx, task{table: table, keys: [][]string{}}); err != nil {
					return err
				}
			}
			if s != t.sessions[0] {
				return nil
			}
			if _, err := s.state(ctx, s.target); err != nil {
				return err
			}
			if _, err := s.tasks(ctx); !errors.Is(err, ErrUnprepared) { // Check will tell
				return err
			}
			return nil
		})
	}
	return group.Wait()
}

// Close ends the sessions.
func (t *Tail) Close() {
	for _, s := range slices.Backward(t.sessions) {
		s.close()
	}
}

// task is some keys, or some buckets, of one table.
type task struct {
	table   *relation.Table
	part    partition
	keys    [][]string
	buckets []bucket
}

// tailKeys is how many keys one statement takes.
const tailKeys = 4_000

// Check compares the rows of all keys of the tail and all buckets that were dirty
// before it. Nobody may write on either side meanwhile, and all that the source
// has must be applied: this is the caller's to know. What is not finished within
// the budget is no result; then the sessions are of no use any more.
func (t *Tail) Check(ctx context.Context, budget time.Duration) (TailResult, error) {
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	result, err := t.check(limited)
	result.Took = time.Since(began)
	if err != nil && ctx.Err() == nil && errors.Is(limited.Err(), context.DeadlineExceeded) {
		result.Outcome = TailUnfinished
		return result, nil
	}
	return result, err
}

func (t *Tail) check(ctx context.Context) (TailResult, error) {
	first := t.sessions[0]
	result := TailResult{Outcome: TailUnfinished}
	st, err := first.state(ctx, first.target)
	switch {
	case err != nil:
		return result, err
	case st.tail == 0:
		return result, fmt.Errorf("lane %s: %w", first.Lane, ErrTailOff)
	case st.state != "running" || st.torn:
		return result, fmt.Errorf("lane %s: %w", first.Lane, ErrNotRunning)
	}
	tasks, err := first.tasks(ctx)
	if err != nil {
		return result, err
	}
	unequal, err := t.run(ctx, tasks)
	if err != nil {
		return result, err
	}
	result.Outcome = TailEqual
	for _, table := range first.tables {
		of := TailTable{Table: table.FullName(), Equal: !unequal[table.ID]}
		for _, task := range tasks {
			if task.table == table {
				of.Keys, of.Buckets = of.Keys+len(task.keys), of.Buckets+len(task.buckets)
			}
		}
		if !of.Equal {
			result.Outcome = TailMismatch
		}
		result.Keys, result.Buckets, result.Tables = result.Keys+of.Keys, result.Buckets+of.Buckets, append(result.Tables, of)
	}
	return result, nil
}

// tasks reads what is to be compared.
func (s *session) tasks(ctx context.Context) ([]task, error) {
	var tasks []task
	keys, err := s.recorded(ctx)
	if err != nil {
		return nil, err
	}
	for _, table := range s.tables {
		for some := range slices.Chunk(keys[table.ID], tailKeys) {
			tasks = append(tasks, task{table: table, keys: some})
		}
		part, buckets, err := s.dirtyBuckets(ctx, table)
		if err != nil {
			return nil, err
		}
		for some := range slices.Chunk(buckets, s.Limits.UnitBuckets) {
			tasks = append(tasks, task{table: table, part: part, buckets: some})
		}
	}
	return tasks, nil
}

// recorded reads the keys of the tail.
func (s *session) recorded(ctx context.Context) (map[int32][][]string, error) {
	rows, err := s.target.Query(ctx, `SELECT table_id, key FROM bgsync.dirty_key WHERE lane = $1`, s.Lane)
	if err != nil {
		return nil, pg.Wrap(err, "read the tail of lane %s", s.Lane)
	}
	defer rows.Close()
	keys := map[int32][][]string{}
	for rows.Next() {
		var id int32
		var key []string
		if err := rows.Scan(&id, &key); err != nil {
			return nil, pg.Wrap(err, "read the tail of lane %s", s.Lane)
		}
		keys[id] = append(keys[id], key)
	}
	return keys, pg.Wrap(rows.Err(), "read the tail of lane %s", s.Lane)
}

// dirtyBuckets reads the buckets of a table that changed since they were found
// equal, other than by keys of the tail.
func (s *session) dirtyBuckets(ctx context.Context, table *relation.Table) (partition, []bucket, error) {
	part := partition{table: table}
	rows, err := s.target.Query(ctx, `SELECT t.bucket_kind, count(*) OVER (), b.bucket_no, b.lo, b.hi, `+dirtySQL+`
		FROM bgsync.bucket b JOIN bgsync.lane l USING (lane) JOIN bgsync.table_state t USING (lane, table_id)
		WHERE b.lane = $1 AND b.table_id = $2 ORDER BY b.bucket_no`, s.Lane, table.ID)
	if err != nil {
		return part, nil, pg.Wrap(err, "read the buckets of table %s", table.FullName())
	}
	defer rows.Close()
	var found []bucket
	for rows.Next() {
		var b bucket
		var is bool
		if err := rows.Scan(&part.kind, &part.count, &b.no, &b.lo, &b.hi, &is); err != nil {
			return part, nil, pg.Wrap(err, "read the buckets of table %s", table.FullName())
		}
		if is {
			found = append(found, b)
		}
	}
	if err := rows.Err(); err != nil {
		return part, nil, pg.Wrap(err, "read the buckets of table %s", table.FullName())
	}
	if part.count == 0 {
		return part, nil, fmt.Errorf("table %s: %w", table.FullName(), ErrUnprepared)
	}
	return part, found, nil
}

// run compares tasks by all sessions, and names the tables that differ.
func (t *Tail) run(ctx context.Context, tasks []task) (map[int32]bool, error) {
	work := make(chan task)
	var mutex sync.Mutex
	unequal := map[int32]bool{}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(work)
		for _, task := range tasks {
			select {
			case work <- task:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for _, s := range t.sessions {
		group.Go(func() error {
			for task := range work {
				same, err := s.same(ctx, task)
				if err != nil {
					return err
				}
				mutex.Lock()
				unequal[task.table.ID] = unequal[task.table.ID] || !same
				mutex.Unlock()
			}
			return nil
		})
	}
	return unequal, group.Wait()
}

// same hashes a task's rows on both sides at once.
func (s *session) same(ctx context.Context, t task) (bool, error) {
	sql, args, err := s.taskSQL(t)
	if err != nil {
		return false, err
	}
	var sides [2][]string
	group, ctx := errgroup.WithContext(ctx)
	for i, conn := range []*pgx.Conn{s.source, s.target} {
		group.Go(func() error {
			rows, err := conn.Query(ctx, sql, args...)
			if err != nil {
				return pg.Wrap(err, "read the tail of table %s", t.table.FullName())
			}
			sides[i], err = pgx.CollectRows(rows, pgx.RowTo[string])
			return pg.Wrap(err, "read the tail of table %s", t.table.FullName())
		})
	}
	err = group.Wait()
	return slices.Equal(sides[0], sides[1]), err
}

// taskSQL is one text for each bucket, or one for all keys, with number and sums.
func (s *session) taskSQL(t task) (string, []any, error) {
	const line = "SELECT concat_ws(' ', b, n, s1, s2) FROM ("
	if t.keys == nil {
		sql, err := t.part.hashSQL(s.digest, t.buckets)
		return line + sql + ") AS found(b, n, s1, s2) ORDER BY b", nil, err
	}
	conditions, parameters, names := make([]string, len(t.table.Key)), make([]string, len(t.table.Key)), make([]string, len(t.table.Key))
	for i, at := range t.table.Key {
		column := t.table.Columns[at]
		conditions[i] = fmt.Sprintf("t.%s = x.c%d::%s", pg.Ident(column.Name), i, column.Type)
		parameters[i], names[i] = fmt.Sprintf("$%d::text[]", i+1), fmt.Sprintf("c%d", i)
	}
	sql := "SELECT 0, " + sums + " FROM (SELECT " + s.digest.row(t.table) + " AS h FROM ONLY " + t.table.Ident() + " AS t, unnest(" +
		strings.Join(parameters, ", ") + ") AS x(" + strings.Join(names, ", ") + ") WHERE " + strings.Join(conditions, " AND ") + " OFFSET 0) y"
	return line + sql + ") AS found(b, n, s1, s2)", dirty.Columns(t.keys, len(t.table.Key)), nil
}
