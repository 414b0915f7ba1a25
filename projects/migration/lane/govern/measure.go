package govern

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/throttle"
)

const (
	// first is how long it is looked at the source before anything flows.
	first = 50 * time.Millisecond
	// settle is how long what flowed may be felt afterwards, a third of the quiet time
	// at most.
	settle = 30 * time.Millisecond
	// looks is how often the source is looked at in a period that has quiet time.
	looks = 8
)

// measurer is a governor that measures.
type measurer struct {
	*Governor
	cost    throttle.Cost
	control *throttle.Control
	last    throttle.Sample
	// known is false when the last sample could not be taken; unread says why.
	known  bool
	unread string
	// own are transactions of the measuring itself that the next window has.
	own    uint64
	active float64       // of the period, a mean
	commit time.Duration // of the target
}

// lead measures, decides and writes down, until it cannot.
func (g *Governor) lead(ctx context.Context) error {
	from, fresh, err := g.read(ctx)
	if err != nil {
		return err
	}
	if !fresh {
		from = throttle.Unthrottled()
	}
	m := &measurer{Governor: g, cost: throttle.Cost{Budget: g.settings.Limits.SourceCost}}
	if fresh { // as whoever measured before has left it
		m.cost.Adopt(from.Duty)
		g.gate.Set(from, g.ahead)
	}
	m.look(ctx, throttle.Quiet)
	if !fresh && m.cost.Budget < 1 {
		if err := sleep(ctx, min(first, g.settings.Limits.Interval/2)); err != nil {
			return err
		}
		m.look(ctx, throttle.Quiet)
	}
	duty := from.Duty
	if !fresh {
		if duty = m.cost.Next(!m.known); duty < 1 {
			from = throttle.Gentle()
		}
	}
	m.control = throttle.NewControl(g.settings.Most, from)
	for ctx.Err() == nil {
		state := m.control.Next(time.Now(), duty, m.readings(ctx))
		if m.commit, err = g.share(ctx, state); err != nil {
			return err
		}
		g.gate.Set(state, g.ahead)
		g.tidy(ctx)
		if err := m.period(ctx, state.Duty); err != nil {
			return err
		}
		duty = m.cost.Next(!m.known)
	}
	return ctx.Err()
}

// period looks at the source until the period ends, and sorts the time by whether
// data could flow.
func (m *measurer) period(ctx context.Context, duty float64) error {
	whole := m.settings.Limits.Interval
	open := throttle.Open(whole, duty)
	quiet := min(open+min(settle, (whole-open)/3), whole)
	end := whole - min(5*time.Millisecond, (whole-open)/10)
	step := whole
	if open < whole {
		step = whole / looks
	}
	at := m.gate.Phase()
	if at >= end { // what is left of the former one
		if err := sleep(ctx, whole-at); err != nil {
			return err
		}
		at = 0
	}
	began := time.Now().Add(-at) // all moments are taken from here: a look may take longer than a period
	var active, looked float64
	for at < end {
		next, kind := min(end, at+step), throttle.Quiet
		switch {
		case at < open:
			next, kind = min(next, open), m.may()
		case at < quiet:
			next, kind = min(next, quiet), throttle.Settling
		}
		if err := sleep(ctx, time.Until(began.Add(next))); err != nil {
			return err
		}
		m.look(ctx, m.really(kind, began, open))
		active, looked = active+float64(m.last.Active), looked+1
		at = max(next, time.Since(began))
	}
	m.active = active / looked
	return nil
}

// may is the kind of time in which data may flow: of comparisons only those that are
// seen at work count, since they rest in such time too.
func (m *measurer) may() throttle.Kind {
	if m.settings.Work == Comparing {
		return throttle.Settling
	}
	return throttle.Flowing
}

// really is the kind of the time until now, which went on into the next period when
// the source has answered late.
func (m *measurer) really(kind throttle.Kind, began time.Time, open time.Duration) throttle.Kind {
	if kind == throttle.Quiet && time.Since(began) >= m.settings.Limits.Interval && open > 0 {
		return throttle.Settling
	}
	return kind
}

// sampleSQL is what the source does at this moment. Sessions of which the state is
// hidden make it NULL, which is no number.
const sampleSQL = `SELECT pg_catalog.clock_timestamp(), pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::int8,
    CASE WHEN bool_and(state IS NOT NULL) THEN count(*) FILTER (WHERE state = 'active' AND application_name NOT LIKE 'bgsync/%') END,
    count(*) FILTER (WHERE state = 'active' AND application_name LIKE 'bgsync/verify/%') > 0,
    count(*) FILTER (WHERE state = 'active' AND wait_event IS DISTINCT FROM 'ClientWrite' AND application_name LIKE 'bgsync/load/%') > 0
  FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend'`

// drainSQL is what the engine does on the target at this moment. A loader that waits for
// rows has nothing left of those that it got.
const drainSQL = `SELECT count(*) FILTER (WHERE application_name LIKE 'bgsync/verify/%') > 0,
    count(*) FILTER (WHERE wait_event IS DISTINCT FROM 'ClientRead' AND application_name LIKE 'bgsync/load/%') > 0
  FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend' AND state = 'active'`

// look takes a sample and counts the time since the one before.
func (m *measurer) look(ctx context.Context, kind throttle.Kind) {
	sample, err := m.sample(ctx)
	if err == nil && m.known {
		m.cost.Window(m.last, sample, kind, m.own)
	}
	m.own = 0
	m.last, m.known, m.unread = sample, err == nil, ""
	if err != nil {
		m.unread = throttle.Reason(err)
	}
}

func (m *measurer) sample(ctx context.Context) (s throttle.Sample, err error) {
	ctx, cancel := m.limit(ctx)
	defer cancel()
	conn, err := m.source.open(ctx)
	if err != nil {
		return s, err
	}
	var active *int
	if err := conn.QueryRow(ctx, sampleSQL).Scan(&s.At, &s.Written, &active, &s.Busy, &s.Draining); err != nil {
		return s, pg.Wrap(err, "look at the source")
	}
	var busy, draining bool
	err = m.on(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, drainSQL).Scan(&busy, &draining)
	})
	if err != nil { // then nobody knows what it still does
		draining = true
	}
	s.Busy, s.Draining = s.Busy || busy, s.Draining || draining
	if active == nil {
		return s, errHidden
	}
	s.Active = *active
	return s, nil
}

var errHidden = errors.New("the sessions of others are hidden")

// readings reads all inputs, one after the other.
func (m *measurer) readings(ctx context.Context) []throttle.Reading {
	l := m.settings.Limits
	inputs := []throttle.Input{
		{Name: "source.active", Limit: l.SourceActive, Read: m.busy},
		{Name: "source.commit", Limit: l.SourceCommit.Seconds(), Read: m.commits},
		{Name: "target.commit", Limit: l.TargetCommit.Seconds(), Read: func(context.Context) (float64, error) { return m.commit.Seconds(), nil }},
		{Name: "source.log", Limit: float64(l.SourceLog), Read: m.kept},
	}
	if l.TargetSoft > 0 {
		inputs = append(inputs, throttle.Input{Name: "target.storage", Limit: float64(l.TargetSoft), Most: float64(l.TargetHard), Read: m.stored})
	}
	readings := []throttle.Reading{m.cost.Reading(m.unread)}
	for _, input := range append(inputs, m.settings.Inputs...) {
		limited, cancel := m.limit(ctx)
		readings = append(readings, input.Measure(limited))
		cancel()
	}
	return readings
}

// busy is how many sessions of clients are at work for each processor.
func (m *measurer) busy(context.Context) (float64, error) {
	if !m.known {
		return 0, errHidden
	}
	return max(m.active, float64(m.last.Active)) / float64(max(1, m.settings.Limits.SourceVCPUs)), nil
}

// commits measures how long a commit takes on the source that has something to write:
// a message in the log that nobody reads.
func (m *measurer) commits(ctx context.Context) (float64, error) {
	conn, err := m.source.open(ctx)
	if err != nil {
		return 0, err
	}
	m.own++
	began := time.Now()
	_, err = conn.Exec(ctx, `SELECT pg_catalog.pg_logical_emit_message(true, 'bgsync.throttle', '')`)
	return time.Since(began).Seconds(), pg.Wrap(err, "measure a commit")
}

// kept is how much log the source keeps for the lane, in bytes.
func (m *measurer) kept(ctx context.Context) (bytes float64, err error) {
	var slot string
	err = m.on(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT slot_name FROM bgsync.lane WHERE lane = $1`, m.settings.Lane).Scan(&slot)
	})
	if err != nil {
		return 0, pg.Wrap(err, "read the slot of lane %s", m.settings.Lane)
	}
	conn, err := m.source.open(ctx)
	if err != nil {
		return 0, err
	}
	err = conn.QueryRow(ctx, `SELECT coalesce(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), restart_lsn), 0)::float8
		FROM pg_catalog.pg_replication_slots WHERE slot_name = $1`, slot).Scan(&bytes)
	return bytes, pg.Wrap(err, "ask for the log that slot %s keeps", slot)
}

// stored is the size of the target's database in bytes.
func (m *measurer) stored(ctx context.Context) (bytes float64, err error) {
	err = m.on(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT pg_catalog.pg_database_size(pg_catalog.current_database())::float8`).Scan(&bytes)
	})
	return bytes, pg.Wrap(err, "ask for the size of the target's database")
}
