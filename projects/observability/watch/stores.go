package watch

import (
	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

const (
	gib = 1 << 30
	// lowSpace is little room for temporary files, lowMemory little for anything.
	lowSpace, lowMemory = 10 * gib, 1 * gib
	// oldestID is half of what PostgreSQL can count before it stops taking writes
	// (PostgreSQL 14, "Preventing Transaction ID Wraparound Failures").
	oldestID = 1_000_000_000
	// replicaLagMs is more than readers of the reports may be behind.
	replicaLagMs = 1000
	databaseBusy = 80
	// deadlocksPerSecond is one in ten seconds.
	deadlocksPerSecond = 0.1
)

func (a Args) database(color naming.Color) []alarm.Alarm {
	one := func(kind, meaning, action string, severity alarm.Severity, condition alarm.Condition, periods int, missing alarm.Missing, silence string) alarm.Alarm {
		return alarm.Alarm{
			Color: color, Subject: "database", Kind: kind, Meaning: meaning, Action: action, Severity: severity,
			Condition: condition, Period: minute, Periods: periods, Points: periods, Missing: missing, Silence: silence,
		}
	}
	on := func(metric metrics.Metric, comparison alarm.Comparison, threshold float64) alarm.Condition {
		return alarm.Of(estate.At(metric, of(color, estate.Database)), comparison, threshold)
	}
	return []alarm.Alarm{
		one("database-busy", "The database's CPU stays high.", "Find the statements in Performance Insights; during a first load, lower the load's rate.",
			alarm.Warn, on(metrics.DatabaseCPU, alarm.Above, databaseBusy), 10, alarm.Breaching, alwaysSent),
		one("connections-high", "The database has more connections than the services should need.", "Look which user holds them; a service that leaks them has to be restarted.",
			alarm.Page, on(metrics.DatabaseConnections, alarm.Above, float64(a.Limits.Connections)), 5, alarm.Breaching, alwaysSent),
		one("connections-unusual", "The database has another number of connections than usual at this hour.", "Compare with the number of tasks and with the traffic's share.",
			alarm.Info, alarm.Unusual(estate.At(metrics.DatabaseConnections, of(color, estate.Database)), alarm.OutsideNormal, wide), 15, alarm.NotBreaching, "That the database is silent has alarms of its own."),
		one("replica-lag", "The readers of the database are behind its writer.", "Look at the writer's load and for long statements on the readers.",
			alarm.Warn, on(metrics.ReplicaLag, alarm.Above, replicaLagMs), 5, alarm.NotBreaching, "A cluster with a single instance has no lag."),
		one("local-space-low", "An instance has little room for temporary files.", "Find the statement that sorts on disk; end it.",
			alarm.Page, on(metrics.DatabaseLocalSpace, alarm.Below, lowSpace), 5, alarm.Breaching, alwaysSent),
		one("memory-low", "An instance has little memory left.", "Look for sessions that grow; a failover frees the writer's memory.",
			alarm.Warn, on(metrics.DatabaseMemory, alarm.Below, lowMemory), 10, alarm.Breaching, alwaysSent),
		one("deadlocks", "Transactions of the services block each other again and again.", "The database's log names the statements; two services take the same rows in different order.",
			alarm.Warn, on(metrics.DatabaseDeadlocks, alarm.Above, deadlocksPerSecond), 5, alarm.NotBreaching, nothingCounted),
		one("transaction-ids-old", "The oldest transaction id is far behind: vacuum does not get through.", "Look for old prepared transactions, old slots and open transactions; after a switch, that autovacuum is on again.",
			alarm.Page, on(metrics.DatabaseOldestID, alarm.Above, oldestID), 5, alarm.Breaching, alwaysSent),
	}
}

// operations of DynamoDB that the applications and functions use.
var operations = []string{"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchWriteItem", "TransactWriteItems"}

func (a Args) tables() []alarm.Alarm {
	all := table("", "control-table", of("", estate.ControlTable), alarm.Page)
	for _, color := range naming.Colors() {
		all = append(all, table(color, "sessions-table", of(color, estate.Sessions), alarm.Warn)...)
		all = append(all, table(color, "rate-limits-table", of(color, estate.RateLimits), alarm.Warn)...)
	}
	return all
}

func table(color naming.Color, subject string, name estate.Value, severity alarm.Severity) []alarm.Alarm {
	failing := alarm.Condition{Comparison: alarm.Above}
	for i, operation := range operations {
		term := alarm.Term{ID: "m" + string(rune('0'+i)), Series: estate.At(metrics.TableSystemErrors, name, estate.Text(operation))}
		failing.Terms = append(failing.Terms, term)
		if i > 0 {
			failing.Expression += "+"
		}
		failing.Expression += "FILL(" + term.ID + ",0)"
	}
	return []alarm.Alarm{
		{
			Color: color, Subject: subject, Kind: "table-throttled",
			Meaning: "The table refuses requests because they come too fast, or on one key.", Action: "Look whether reads or writes are refused, and for a key that everybody uses.",
			Severity: severity,
			Condition: alarm.Condition{
				Terms: []alarm.Term{
					{ID: "reads", Series: estate.At(metrics.TableReadThrottling, name)}, {ID: "writes", Series: estate.At(metrics.TableWriteThrottling, name)},
				},
				Expression: "FILL(reads,0)+FILL(writes,0)", Comparison: alarm.Above,
			},
			Period: minute, Periods: 5, Points: 2, Missing: alarm.NotBreaching, Silence: nothingCounted,
		},
		{
			Color: color, Subject: subject, Kind: "table-failing",
			Meaning: "DynamoDB fails on its own side.", Action: "Look at the AWS Health dashboard; the clients retry by themselves.",
			Severity: severity, Condition: failing,
			Period: minute, Periods: 5, Points: 3, Missing: alarm.NotBreaching, Silence: nothingCounted,
		},
	}
}
