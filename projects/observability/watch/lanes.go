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

// following are the kinds of alarms over what a lane tells only once it follows its
// source: while its base is loaded there is neither a lag, nor a canary that arrives,
// nor a comparison.
var following = []string{"lag-high", "canary-lost", "verify-stale"}

// silent is what missing data of a lane mean: a fault while the lane runs.
func (a Args) silent(kind string, direction metrics.Direction) (alarm.Missing, string) {
	switch {
	case a.Phase == Running:
		return alarm.Breaching, "A lane sends a value every minute while the migration runs; silence is a fault."
	case a.Phase == Loading && direction == metrics.Forward && !slices.Contains(following, kind):
		return alarm.Breaching, "A lane sends a value every minute while its base is loaded; silence is a fault."
	case a.Phase == Loading:
		return alarm.NotBreaching, "Neither the lane back is there while a base is loaded, nor what a lane tells once it follows its source."
	default:
		return alarm.NotBreaching, "No lane is there before the migration runs and after it is finished."
	}
}

// LaneSilent is the kind of the alarm that is there for the silence of a lane alone.
const LaneSilent = "lane-silent"

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
	var all []alarm.Alarm
	for _, lane := range a.Lanes {
		for _, rule := range a.laneRules() {
			if !rule.over(lane.Store) {
				continue
			}
			missing, silence := a.silent(rule.kind, lane.Direction)
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

const resume = "migrate:status names the code and the reason, docs/sync.md what to do first; then migrate:start -halt=CODE, with -color=blue for a lane to blue. By itself it does not go on."

func (a Args) laneRules() []laneRule {
	volume := float64(a.Limits.LogVolumeGiB) * gib
	return []laneRule{
		{everyLane, "lane-halted", "has halted; it applies nothing until somebody decides.", resume, alarm.Page, metrics.LaneStateMetric, alarm.AtLeast, metrics.LaneHalted, minute, 1, 1, false},
		{everyLane, LaneSilent, "sends nothing.", "Look at the schedule and the log of the lane's function; start it by hand.", alarm.Page, metrics.LaneStateMetric.By(metrics.Samples), alarm.Below, 1, minute, 3, 3, false},
		{applied, "lag-high", "is behind its source.", "Compare applied rows with the source's writes; look at the target's load and at long transactions on the source.", alarm.Page, metrics.LagSeconds, alarm.Above, lagSeconds, minute, 5, 5, false},
		{databases, "slot-large", "holds back much of the source's log.", "Bring the lane to run; its slot lets go as it applies.", alarm.Warn, metrics.SlotRetainedBytes, alarm.Above, slotWarn * volume, minute, 5, 5, false},
		{databases, "slot-too-large", "holds back so much of the source's log that the source is in danger.", "Bring the lane to run now. Only if it cannot be: drop its slot on the source. The lane halts with gap; migrate:renew -halt=gap -reason=…, with -color=blue for a lane to blue, begins a new generation, which loads nothing anew: migrate:verify finds the rows and repairs them.", alarm.Page, metrics.SlotRetainedBytes, alarm.Above, slotPage * volume, minute, 5, 5, false},
		{applied, "rogue-writes", "has seen a write on the side that may not be written to.", "Find the writer by its user in the database's log and stop it. No switch and no rollback until verification is clean.", alarm.Page, metrics.RogueTransactions, alarm.Above, 0, minute, 1, 1, true},
		{applied, "conflicts", "has met rows that are not as they have to be: both sides differ.", "bgsync.conflict on the target has both images of each row: repair the target's row, or the table by migrate:reload. migrate:verify counts what differs; no switch until it is clean.", alarm.Page, metrics.Conflicts, alarm.Above, 0, minute, 1, 1, true},
		{everyLane, "divergence", "verification found contents that differ.", "Repair runs by itself; migrate:verify tells how many buckets differ, bgsync.bucket on the target which. One that differs again: find who writes there, or migrate:reload its table.", alarm.Page, metrics.BucketsMismatched, alarm.Above, 0, minute, 1, 1, true},
		{applied, "quarantine", "has put a row aside that it cannot apply.", "migrate:status counts them, bgsync.quarantine on the target has the row and its error. Remove the cause, then migrate:start -halt=poison: the row is tried again.", alarm.Page, metrics.QuarantinedOpen, alarm.Above, 0, minute, 1, 1, true},
		{databases, "canary-lost", "a row written on the source takes too long to arrive.", "Look at the lag; if that is low, at the connection from the lane to its source.", alarm.Page, metrics.CanarySeconds, alarm.Above, canarySeconds, minute, 2, 2, false},
		{everyLane, "verify-stale", "was last verified more than a day ago; gates stay closed.", "Look at the log of the verification; start a pass with migrate:verify, of a lane to blue with -color=blue.", alarm.Warn, metrics.VerifyAgeSeconds, alarm.Above, verifyAge, fiveMin, 3, 3, false},
		{databases, "claims-lost", "loses its claim to another process: two work on one lane.", "Look for a second invocation, by schedule or by hand; the fence keeps the data right.", alarm.Warn, metrics.ClaimLost, alarm.Above, claimsLost, fiveMin, 1, 1, true},
		{databases, "torn-skip-slow", "skips what it has applied of a long transaction too slowly.", "Wait, if the transaction is known; else look for who writes so much in one transaction.", alarm.Warn, metrics.TornSkipSeconds, alarm.Above, slowSkipSeconds, minute, 10, 10, true},
		{databases, "load-throttled", "the first load waits for its target all the time.", "Look at the target's CPU and commits; lower the load's parallelism, or wait for night.", alarm.Warn, metrics.Throttled, alarm.AtLeast, throttledAll, minute, 10, 10, true},
		{items, "iterator-old", "reads records that are older than ten minutes.", "Look at the lane's errors; the stream forgets records after 24 hours.", alarm.Warn, metrics.IteratorAgeSeconds, alarm.Above, iteratorWarn, minute, 5, 5, false},
		{items, "iterator-too-old", "reads records that are older than an hour.", "Mend the lane now: after 24 hours its records are lost and it has to load anew.", alarm.Page, metrics.IteratorAgeSeconds, alarm.Above, iteratorPage, minute, 5, 5, false},
		{objects, "replication-failed", "objects failed to replicate, which S3 does not try again.", "Replication status FAILED of an object, as the bucket's inventory lists it, names them; S3 Batch Replication copies them anew.", alarm.Warn, metrics.ReplicationFailed, alarm.Above, 0, fiveMin, 3, 3, false},
		{objects, "replication-late", "objects wait for longer than a quarter of an hour to replicate.", "Look at the replication metrics of the bucket; a burst of uploads goes by.", alarm.Warn, metrics.ReplicationPending, alarm.Above, 0, fiveMin, 3, 3, false},
	}
}

// OfMigration lists the alarms of lanes and of the switch.
func (a Args) OfMigration() []alarm.Alarm { return slices.Concat(a.lanes(), a.authority()) }

func (a Args) authority() []alarm.Alarm {
	one := func(kind, meaning, action string, severity alarm.Severity, metric metrics.Metric, comparison alarm.Comparison, threshold float64) alarm.Alarm {
		return alarm.Alarm{
			Kind: kind, Meaning: meaning, Action: action, Severity: severity,
			Condition: alarm.Of(estate.At(metric, estate.Text(a.Platform)), comparison, threshold),
			Period:    minute, Periods: 1, Points: 1, Missing: alarm.NotBreaching, Silence: nothingCounted,
		}
	}
	disagreement := one("authority-disagreement", "The token and the databases name different holders.", "Touch nothing, raise no share. migrate:status shows the token and the switch, bgsync.authority on each side who can write there, and that decides. A switch under way is gone on with by its watchdog; at rest somebody has changed a row: find who.",
		alarm.Page, metrics.AuthorityDisagreement, alarm.AtLeast, 1)
	if a.Phase == Running {
		disagreement.Missing, disagreement.Silence = alarm.Breaching, "The watchdog of a switch sends a value every minute once somebody has the authority; silence is a fault."
	} else {
		disagreement.Silence = "Nobody has been given the authority before the lanes back are made, and nobody has it after the end."
	}
	return []alarm.Alarm{
		disagreement,
		one("switch-held", "A switch could neither go on nor go back and holds writes.", "migrate:status names the state and the last error. Bring back the database or control table that it names: the watchdog goes on within a minute, the command given again at once. Where a side is lost for good docs/sync.md says what is left.", alarm.Page, metrics.SwitchStateMetric, alarm.AtLeast, metrics.SwitchHeld),
		one("pause-long", "Writes stopped for longer than promised.", "The switch has backed out or is done by now: migrate:status; the record names the step that took so long.", alarm.Page, metrics.WritePauseMilliseconds, alarm.Above, pauseMs),
		one("sequence-low", "A sequence has little left before its end.", "Widen the sequence before the next switch.", alarm.Warn, metrics.SequenceHeadroom, alarm.Below, sequenceHeadroom),
	}
}
