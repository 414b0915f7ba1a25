package watch

import (
	"slices"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/shared/metrics"
)

// Thresholds of the lanes; docs/sync.md has the reasons.
const (
	lagSeconds       = 5
	canarySeconds    = 10
	verifyAge        = 24 * 60 * 60
	claimsLost       = 3
	iteratorWarn     = 10 * minute
	iteratorPage     = 60 * minute
	slotWarn         = 0.20
	slotPage         = 0.50
	pauseMs          = 3000
	sequenceHeadroom = 10
	slowSkipSeconds  = 60
	throttledAll     = 100
)

// silent is what missing data of a lane mean: a fault while the migration runs.
func (a Args) silent() (alarm.Missing, string) {
	if a.Phase == Running {
		return alarm.Breaching, "A lane sends a value every minute while the migration runs; silence is a fault."
	}
	return alarm.NotBreaching, "No lane is there before the migration runs and after it is finished."
}

// laneRule is one alarm that each lane of some stores has.
type laneRule struct {
	stores          []metrics.Store
	kind            string
	meaning, action string
	severity        alarm.Severity
	metric          metrics.Metric
	comparison      alarm.Comparison
	threshold       float64
	period, periods int
	points          int
	// counted is for what is counted as it happens: silence is health.
	counted bool
}

func (a Args) lanes() []alarm.Alarm {
	missing, silence := a.silent()
	var all []alarm.Alarm
	for _, lane := range metrics.Lanes() {
		for _, rule := range a.laneRules() {
			if !rule.over(lane.Store) {
				continue
			}
			made := alarm.Alarm{
				Subject: lane.Name, Kind: rule.kind, Meaning: "Lane " + lane.Name + ": " + rule.meaning, Action: rule.action, Severity: rule.severity,
				Condition: alarm.Of(estate.OfLane(rule.metric, a.Platform, lane), rule.comparison, rule.threshold),
				Period:    rule.period, Periods: rule.periods, Points: rule.points, Missing: missing, Silence: silence,
			}
			if rule.counted {
				made.Missing, made.Silence = alarm.NotBreaching, nothingCounted
			}
			all = append(all, made)
		}
	}
	return all
}

func (r laneRule) over(store metrics.Store) bool {
	for _, each := range r.stores {
		if each == store {
			return true
		}
	}
	return false
}

var (
	applied   = []metrics.Store{metrics.Aurora, metrics.DynamoDB}
	everyLane = []metrics.Store{metrics.Aurora, metrics.DynamoDB, metrics.S3}
	databases = []metrics.Store{metrics.Aurora}
	items     = []metrics.Store{metrics.DynamoDB}
	objects   = []metrics.Store{metrics.S3}
)

const resume = "migrate:status tells the code of the halt and the row's decision it waits for; the lane goes on by itself once that is made."

func (a Args) laneRules() []laneRule {
	volume := float64(a.Limits.LogVolumeGiB) * gib
	return []laneRule{
		{everyLane, "lane-halted", "has halted; it applies nothing until somebody decides.", resume, alarm.Page, metrics.LaneStateMetric, alarm.AtLeast, metrics.LaneHalted, minute, 1, 1, false},
		{everyLane, "lane-silent", "sends nothing.", "Look at the schedule and the log of the lane's function; start it by hand.", alarm.Page, metrics.LaneStateMetric.By(metrics.Samples), alarm.Below, 1, minute, 3, 3, false},
		{applied, "lag-high", "is behind its source.", "Compare applied rows with the source's writes; look at the target's load and at long transactions on the source.", alarm.Page, metrics.LagSeconds, alarm.Above, lagSeconds, minute, 5, 5, false},
		{databases, "slot-large", "holds back much of the source's log.", "Bring the lane to run; its slot lets go as it applies.", alarm.Warn, metrics.SlotRetainedBytes, alarm.Above, slotWarn * volume, minute, 5, 5, false},
		{databases, "slot-too-large", "holds back so much of the source's log that the source is in danger.", "Bring the lane to run now. Only if it cannot be: drop the slot by a new generation, which loads anew.", alarm.Page, metrics.SlotRetainedBytes, alarm.Above, slotPage * volume, minute, 5, 5, false},
		{applied, "rogue-writes", "has seen a write on the side that may not be written to.", "Find the writer by its user in the database's log and stop it. No switch and no rollback until verification is clean.", alarm.Page, metrics.RogueTransactions, alarm.Above, 0, minute, 1, 1, true},
		{applied, "conflicts", "has met rows that are not as they have to be: both sides differ.", "migrate:verify names the table; decide row by row. No switch until it is clean.", alarm.Page, metrics.Conflicts, alarm.Above, 0, minute, 1, 1, true},
		{everyLane, "divergence", "verification found contents that differ.", "migrate:verify names table and bucket; repair runs by itself, a bucket that differs again needs a decision.", alarm.Page, metrics.BucketsMismatched, alarm.Above, 0, minute, 1, 1, true},
		{applied, "quarantine", "has put a row aside that it cannot apply.", "migrate:status lists it; decide: retry, skip or repair.", alarm.Page, metrics.QuarantinedOpen, alarm.Above, 0, minute, 1, 1, true},
		{databases, "canary-lost", "a row written on the source takes too long to arrive.", "Look at the lag; if that is low, at the connection from the lane to its source.", alarm.Page, metrics.CanarySeconds, alarm.Above, canarySeconds, minute, 2, 2, false},
		{everyLane, "verify-stale", "was last verified more than a day ago; gates stay closed.", "Look at the log of the verification; start a pass with migrate:verify.", alarm.Warn, metrics.VerifyAgeSeconds, alarm.Above, verifyAge, fiveMin, 3, 3, false},
		{databases, "claims-lost", "loses its claim to another process: two work on one lane.", "Look for a second invocation, by schedule or by hand; the fence keeps the data right.", alarm.Warn, metrics.ClaimLost, alarm.Above, claimsLost, fiveMin, 1, 1, true},
		{databases, "torn-skip-slow", "skips what it has applied of a long transaction too slowly.", "Wait, if the transaction is known; else look for who writes so much in one transaction.", alarm.Warn, metrics.TornSkipSeconds, alarm.Above, slowSkipSeconds, minute, 10, 10, true},
		{databases, "load-throttled", "the first load waits for its target all the time.", "Look at the target's CPU and commits; lower the load's parallelism, or wait for night.", alarm.Warn, metrics.Throttled, alarm.AtLeast, throttledAll, minute, 10, 10, true},
		{items, "iterator-old", "reads records that are older than ten minutes.", "Look at the lane's errors; the stream forgets records after 24 hours.", alarm.Warn, metrics.IteratorAgeSeconds, alarm.Above, iteratorWarn, minute, 5, 5, false},
		{items, "iterator-too-old", "reads records that are older than an hour.", "Mend the lane now: after 24 hours its records are lost and it has to load anew.", alarm.Page, metrics.IteratorAgeSeconds, alarm.Above, iteratorPage, minute, 5, 5, false},
		{objects, "replication-failed", "objects failed to replicate, which S3 does not try again.", "migrate:status lists them; a batch job replicates them anew.", alarm.Warn, metrics.ReplicationFailed, alarm.Above, 0, fiveMin, 3, 3, false},
		{objects, "replication-late", "objects wait for longer than a quarter of an hour to replicate.", "Look at the replication metrics of the bucket; a burst of uploads goes by.", alarm.Warn, metrics.ReplicationPending, alarm.Above, 0, fiveMin, 3, 3, false},
	}
}

// OfMigration lists the alarms of lanes and of the switch.
func (a Args) OfMigration() []alarm.Alarm { return slices.Concat(a.lanes(), a.authority()) }

func (a Args) authority() []alarm.Alarm {
	missing, silence := a.silent()
	one := func(kind, meaning, action string, severity alarm.Severity, metric metrics.Metric, comparison alarm.Comparison, threshold float64) alarm.Alarm {
		return alarm.Alarm{
			Kind: kind, Meaning: meaning, Action: action, Severity: severity,
			Condition: alarm.Of(estate.At(metric, estate.Text(a.Platform)), comparison, threshold),
			Period:    minute, Periods: 1, Points: 1, Missing: alarm.NotBreaching, Silence: nothingCounted,
		}
	}
	disagreement := one("authority-disagreement", "The token and the databases name different holders.", "Touch nothing. status shows all three; the databases decide who can write, the watchdog mends the token.",
		alarm.Page, metrics.AuthorityDisagreement, alarm.AtLeast, 1)
	disagreement.Missing, disagreement.Silence = missing, silence
	return []alarm.Alarm{
		disagreement,
		one("switch-held", "A switch could neither go on nor go back and holds writes.", "migrate:status names the step and the reason; two operators decide: promote or release.", alarm.Page, metrics.SwitchStateMetric, alarm.AtLeast, metrics.SwitchHeld),
		one("pause-long", "Writes stopped for longer than promised.", "The switch has backed out or is done by now: migrate:status; the record names the step that took so long.", alarm.Page, metrics.WritePauseMilliseconds, alarm.Above, pauseMs),
		one("sequence-low", "A sequence has little left before its end.", "Widen the sequence before the next switch.", alarm.Warn, metrics.SequenceHeadroom, alarm.Below, sequenceHeadroom),
	}
}
