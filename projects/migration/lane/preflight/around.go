package preflight

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/traffic"
)

// mostOffset is how far the clocks of this process and of a database may be apart.
const mostOffset = 5 * time.Second

// functions wants the functions to be as they were deployed, and tells how far the
// databases' clocks are from this process's.
func functions(ctx context.Context, s *Subject) ([]Finding, error) {
	findings := judge(s.Facts.Functions, "functions", "the settings of every function of the lane's colour", func(list []Function) []Finding {
		if len(list) == 0 {
			return []Finding{refuse("functions", "the functions of the lane's colour: deploy the migration layer", "there are none")}
		}
		var found []Finding
		for _, f := range list {
			if f.Is != f.Want {
				found = append(found, refuse("function "+f.Name, f.Want.String()+", as deployed: deploy the migration layer", "has %s", f.Is))
			}
		}
		return found
	})
	for _, side := range s.both() {
		offset, err := apart(ctx, side.conn)
		if err != nil {
			return nil, fmt.Errorf("ask the %s: %w", side.name, err)
		}
		if offset.Abs() > mostOffset {
			findings = append(findings, warn(side.name, fmt.Sprintf("at most %s: look at the time service of either", mostOffset), "its clock is %s from this process's", offset.Round(time.Millisecond)))
			continue
		}
		findings = append(findings, note(side.name, "its clock is %s from this process's", offset.Round(time.Millisecond)))
	}
	return findings, nil
}

// String is the settings in words.
func (s Settings) String() string {
	return fmt.Sprintf("a time limit of %d s, %d MiB, %d at once", s.Timeout, s.Memory, s.AtOnce)
}

// apart is how far a database's clock is ahead of this process's, as of the middle
// of the question.
func apart(ctx context.Context, conn *pgx.Conn) (time.Duration, error) {
	var theirs time.Time
	before := time.Now()
	err := conn.QueryRow(ctx, `SELECT pg_catalog.clock_timestamp()`).Scan(&theirs)
	return theirs.Sub(before.Add(time.Since(before) / 2)), err
}

// wayBack is how long after a switch the way back stays open at least.
const wayBack = 72 * time.Hour

// window wants the network between the sides to stay open until the migration is
// over: as long as a load takes at worst, and the way back after it.
func window(ctx context.Context, s *Subject) ([]Finding, error) {
	end := time.Now().Add(wayBack)
	if s.phase == Creation {
		a, err := s.amount(ctx)
		if err != nil {
			return nil, err
		}
		_, load := s.times(a)
		end = end.Add(load)
	}
	return judge(s.Facts.Window, "network window", "one that is open until the way back is", func(closes time.Time) []Finding {
		const where, stamp = "network window", "2006-01-02 15:04 MST"
		want := fmt.Sprintf("open until %s or later: set foundation:syncWindow and deploy the foundation layer", end.UTC().Format(stamp))
		switch {
		case closes.Before(time.Now()):
			return []Finding{refuse(where, want, "is closed since %s", closes.UTC().Format(stamp))}
		case closes.Before(end):
			return []Finding{refuse(where, want, "closes at %s, before the planned end", closes.UTC().Format(stamp))}
		default:
			return []Finding{note(where, "is open until %s, the end is planned for %s", closes.UTC().Format(stamp), end.UTC().Format(stamp))}
		}
	}), nil
}

// served wants a public name whose weights no unready side can be reached by, and
// alarms that are there and silent.
func served(_ context.Context, s *Subject) ([]Finding, error) {
	findings := judge(s.Facts.Names, "public name", "its weighted records", s.Facts.names)
	return append(findings, judge(s.Facts.Alarms, "alarms", "the state of every alarm of the migration", alarms)...), nil
}

// longestTTL is how long a resolver may keep what it was told, in seconds.
const longestTTL = 60

// names judges the records of the public name. Where all records of a weight above
// 0 are unhealthy Route 53 answers those of weight 0 (developer guide, "How Amazon
// Route 53 chooses records when health checking is configured"): one of a side that
// is not ready must not be there, or be shut.
func (f Facts) names(n Names) []Finding {
	where := "public name " + n.Name
	if len(n.Records) == 0 {
		return []Finding{refuse(where, "a weighted record: deploy the edge layer", "has no record")}
	}
	var findings []Finding
	sum := 0
	for _, r := range n.Records {
		sum += r.Weight
		if r.Weight == 0 && !r.Shut {
			findings = append(findings, refuse(where, "a health check that is shut, or no record: traffic:hold, then rollback:edge puts it right", "%s has weight 0 and would be answered when the other side is unhealthy", r.Side))
		}
		if r.TTL > longestTTL {
			findings = append(findings, refuse(where, fmt.Sprintf("at most %d s: deploy the edge layer", longestTTL), "%s has a TTL of %d s", r.Side, r.TTL))
		}
		if r.TTL != n.Records[0].TTL {
			findings = append(findings, refuse(where, "equal ones: deploy the edge layer", "%s has a TTL of %d s, %s one of %d s", r.Side, r.TTL, n.Records[0].Side, n.Records[0].TTL))
		}
	}
	if split := n.split(); sum > 0 && !traffic.Switchable(split) {
		findings = append(findings, refuse(where, fmt.Sprintf("0 or %d %% for green: traffic:shift -to=%d", traffic.SwitchAfter, traffic.SwitchAfter), "%s", split))
	}
	if sum == 0 {
		findings = append(findings, refuse(where, "one above 0: with none all sides are answered alike", "all weights are 0"))
	}
	return findings
}

// split is how the records divide the name.
func (n Names) split() (split traffic.Split) {
	for _, r := range n.Records {
		if r.Side == naming.Blue {
			split.Blue = r.Weight
		} else {
			split.Green = r.Weight
		}
	}
	return split
}

// alarms wants each to be there and OK.
func alarms(list []Alarm) []Finding {
	if len(list) == 0 {
		return []Finding{refuse("alarms", "those of the migration: deploy the observability layer", "there are none")}
	}
	var findings []Finding
	for _, a := range list {
		switch {
		case a.State == "OK":
		case a.State == "":
			findings = append(findings, refuse("alarm "+a.Name, "it: deploy the observability layer", "does not exist"))
		default:
			findings = append(findings, refuse("alarm "+a.Name, "OK: docs/alarms.md says what to do", "is %s", a.State))
		}
	}
	return findings
}

// listening wants the alarms to take the silence of lanes that run for the fault that
// it is. It forbids nothing: a switch is as safe without.
func listening(_ context.Context, s *Subject) ([]Finding, error) {
	const want = "observability:migration to be running in the stack file, then deploy:observability"
	fact := s.Facts.Alarms
	if fact.Value == nil && fact.Absent == "" {
		return []Finding{warn("alarms", want, "cannot be known: %s", cmp.Or(fact.Unknown, "nobody has asked"))}, nil
	}
	return judge(fact, "alarms", want, func(list []Alarm) []Finding {
		deaf := 0
		for _, a := range list {
			if a.Deaf {
				deaf++
			}
		}
		if deaf == 0 {
			return nil
		}
		return []Finding{warn("alarms", want, "%d stay quiet when a lane or the watchdog of a switch falls silent", deaf)}
	}), nil
}
