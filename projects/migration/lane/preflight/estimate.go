package preflight

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Pace is how fast a base is loaded by all workers together, in bytes a second, and
// what it costs. It bounds an estimate and nothing else.
type Pace struct {
	Low, High int64
	// PerSecond is the price of one worker's second in US dollars; 0 where nothing is
	// charged for it.
	PerSecond float64
}

// Paced is the pace of four workers: the least is a small instance that serves
// clients beside it, the most what was measured without any.
func Paced() Pace { return Pace{Low: 15 << 20, High: 100 << 20} }

// growth is by how much a target may become larger than its source: rows are packed
// otherwise, and indexes are built beside the tables.
const growth = 1.3

// reserve is how much more of the log is made ready for than was measured.
const reserve = 2

// written is where a source's log stood, by its own clock.
type written struct {
	position int64
	at       time.Time
}

// amount is what has to be loaded.
type amount struct {
	rows, bytes, largestIndex int64
	// unknown are tables that were never analysed.
	unknown int64
}

const amountSQL = `
SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::int8, coalesce(sum(pg_catalog.pg_total_relation_size(c.oid)), 0)::int8,
  coalesce((SELECT max(pg_catalog.pg_relation_size(i.indexrelid)) FROM pg_catalog.pg_index i WHERE i.indrelid = ANY ($1::text[]::regclass[])), 0)::int8,
  count(*) FILTER (WHERE c.reltuples < 0 AND pg_catalog.pg_relation_size(c.oid) > 0)
FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::text[]::regclass[]) AND c.relkind = 'r'`

// amount measures the plan's tables on the source.
func (s *Subject) amount(ctx context.Context) (a amount, err error) {
	err = s.Source.QueryRow(ctx, amountSQL, s.names()).Scan(&a.rows, &a.bytes, &a.largestIndex, &a.unknown)
	return a, pg.Wrap(err, "measure the tables of the source")
}

// position reads where the source's log stands.
func position(ctx context.Context, source *pgx.Conn) (w written, err error) {
	err = source.QueryRow(ctx, `SELECT (pg_catalog.pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::int8, pg_catalog.clock_timestamp()`).Scan(&w.position, &w.at)
	return w, pg.Wrap(err, "read the position of the source")
}

// averageSQL is what the server has written in a second since it began to count.
// Where it does not count, as on Aurora, that is 0.
const averageSQL = `SELECT coalesce(wal_bytes / nullif(extract(epoch FROM pg_catalog.clock_timestamp() - stats_reset), 0), 0)::float8 FROM pg_catalog.pg_stat_wal`

// rate is how much of its log the source writes in a second: since the preflight
// began, or on the average, whichever is more.
func (s *Subject) rate(ctx context.Context) (float64, error) {
	now, err := position(ctx, s.Source)
	if err != nil {
		return 0, err
	}
	if missing := s.Sample - now.at.Sub(s.written.at); missing > 0 {
		select {
		case <-time.After(missing):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
		if now, err = position(ctx, s.Source); err != nil {
			return 0, err
		}
	}
	var average float64
	if err := s.Source.QueryRow(ctx, averageSQL).Scan(&average); err != nil {
		return 0, pg.Wrap(err, "read how much the source writes")
	}
	return max(average, float64(now.position-s.written.position)/max(now.at.Sub(s.written.at).Seconds(), math.SmallestNonzeroFloat32)), nil
}

// times are how long the load takes, at best and at worst.
func (s *Subject) times(a amount) (low, high time.Duration) {
	of := func(pace int64) time.Duration {
		return time.Duration(float64(a.bytes) / float64(max(pace, 1)) * float64(time.Second))
	}
	return of(s.Load.High), of(s.Load.Low)
}

// retained is how much of its log the source keeps while a base is loaded, in bytes.
func retained(rate float64, load time.Duration) int64 { return int64(math.Ceil(rate * load.Seconds())) }

// storage wants room on the source for the log that it keeps while the base is
// loaded, and on the target for tables and indexes.
func storage(ctx context.Context, s *Subject) ([]Finding, error) {
	a, err := s.amount(ctx)
	if err != nil {
		return nil, err
	}
	rate, err := s.rate(ctx)
	if err != nil {
		return nil, err
	}
	_, load := s.times(a)
	log, rows := retained(rate, load)*reserve, int64(math.Ceil(float64(a.bytes)*growth))
	findings := judge(s.Facts.Rooms[s.To.Other()], "source", fmt.Sprintf("an answer: room for %s of its log", Size(log)), func(room Room) []Finding {
		return short("source", room.Volume, log, "twice the log of a load of %s at %s a second; make room, or load while less is written", load.Round(time.Second), Size(int64(rate)))
	})
	return append(findings, judge(s.Facts.Rooms[s.To], "target", fmt.Sprintf("an answer: room for %s of tables and indexes", Size(rows)), func(room Room) []Finding {
		found := short("target", room.Volume, rows, "%.1f times the %s of tables and indexes on the source", growth, Size(a.bytes))
		if room.Scratch != nil {
			sort := int64(math.Ceil(float64(a.largestIndex) * growth))
			found = append(found, short("target, local storage", *room.Scratch, sort, "%.1f times the largest index: it is sorted there; a larger instance has more", growth)...)
		}
		return found
	})...), nil
}

// short is a finding where there is less room than is needed.
func short(where string, room, need int64, why string, args ...any) []Finding {
	if room >= need {
		return nil
	}
	return []Finding{refuse(where, Size(need)+": "+fmt.Sprintf(why, args...), "has room for %s", Size(room))}
}

// pause is what the documentation promises of a switch.
const pause = "1 s or less in 99 of 100 switches; after 3 s it backs out"

// estimate tells what is to be expected. It forbids nothing.
func estimate(ctx context.Context, s *Subject) ([]Finding, error) {
	a, err := s.amount(ctx)
	if err != nil {
		return nil, err
	}
	rate, err := s.rate(ctx)
	if err != nil {
		return nil, err
	}
	low, high := s.times(a)
	findings := []Finding{
		note("load", "about %d rows, %s with indexes; %s to %s", a.rows, Size(a.bytes), low.Round(time.Second), high.Round(time.Second)),
		note("source", "writes %s of its log a second and keeps up to %s of it meanwhile", Size(int64(rate)), Size(retained(rate, high))),
		note("pause of writers", pause),
	}
	if s.Load.PerSecond > 0 {
		cost := func(d time.Duration) float64 { return d.Seconds() * float64(s.Workers) * s.Load.PerSecond }
		findings = append(findings, note("cost", "%.2f to %.2f US dollars for %d workers; traffic between zones and the target's storage come on top", cost(low), cost(high), s.Workers))
	} else {
		findings = append(findings, note("cost", "none: processes of this machine load"))
	}
	if a.unknown > 0 {
		findings = append(findings, warn("source", "ANALYZE of them: the number of rows above lacks theirs", "%d tables have rows and were never analysed", a.unknown))
	}
	return findings, nil
}

// kibi is the factor between two units of size.
const kibi = 1024

// Size is a number of bytes for a reader.
func Size(bytes int64) string {
	value, units := float64(bytes), []string{"KiB", "MiB", "GiB", "TiB"}
	if bytes < kibi {
		return fmt.Sprintf("%d bytes", bytes)
	}
	at := -1
	for value >= kibi && at < len(units)-1 {
		value, at = value/kibi, at+1
	}
	return fmt.Sprintf("%.1f %s", value, units[at])
}
