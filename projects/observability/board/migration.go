package board

import (
	"slices"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/dashboard"
	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/projects/observability/watch"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

// migration shows who gets the traffic, who may write, how the data follow and what
// the gates say, from the top to the bottom in the order in which one asks.
func (b *builder) migration() [][]dashboard.Widget {
	rows := [][]dashboard.Widget{
		b.heading("Migration", "Traffic between blue and green, who may write, how the data follow, what the gates say."),
		b.alarms("May it go on?", b.composites(func(c alarm.Composite) bool {
			return c.Kind == watch.MigrationUnsafe || c.Kind == watch.CustomerImpact
		})),
	}
	for _, part := range [][][]dashboard.Widget{b.shift(), b.authority(), b.following(), b.trouble(), b.loading(), b.verification(), b.otherStores(), b.machinery()} {
		rows = append(rows, part...)
	}
	return rows
}

func (b *builder) shift() [][]dashboard.Widget {
	return [][]dashboard.Widget{
		b.section("Traffic"),
		{
			b.trafficShare(),
			b.graph(third, "Share of green that is asked for, %", ofPlatform(metrics.WeightPercent)),
			b.graph(third, "Requests per minute", byColor(metrics.Requests, "", estate.Balancer)),
		},
		{
			b.graph(third, "Step of the ladder", ofPlatform(metrics.LadderStep)),
			b.graph(third, "Gates: 1 pass, 0 inconclusive, -1 fail", gates),
			b.graph(third, "DNS health of the payment paths", byColor(metrics.HealthCheckStatus, "", estate.HealthCheck), "payment-path-unhealthy"),
		},
		{
			b.graph(third, "Errors (5xx) per minute", join(byColor(metrics.TargetErrors, " services", estate.Balancer), byColor(metrics.BalancerErrors, " balancer", estate.Balancer))),
			b.graph(third, "Response time, p99, s", byColor(metrics.ResponseTime, "", estate.Balancer)),
			b.graph(third, "Healthy targets", b.targets(metrics.HealthyTargets)),
		},
	}
}

func gates(b *builder) []dashboard.Line {
	var out []dashboard.Line
	for _, gate := range metrics.Gates() {
		out = append(out, b.line(gate, "", estate.At(metrics.GateResult, estate.Text(b.Watch.Platform), estate.Text(gate))))
	}
	return out
}

// trafficShare shows which part of the requests each colour's balancer got.
func (b *builder) trafficShare() dashboard.Graph {
	var counts, shares []dashboard.Line
	var ids []string
	for number := range naming.Colors() {
		ids = append(ids, dashboard.ID("m", number))
	}
	for number, color := range naming.Colors() {
		count := b.line(string(color), paint[color], estate.At(metrics.Requests, estate.Of(color, estate.Balancer)))
		count.ID, count.Hidden = ids[number], true
		counts = append(counts, count)
		shares = append(shares, dashboard.Line{
			ID: dashboard.ID("e", number), Label: string(color), Color: paint[color], Expression: dashboard.Share(ids[number], ids...),
		})
	}
	return dashboard.Graph{
		Width: third, Height: tall, Title: "Share of traffic, %", View: dashboard.Lines, Period: minute, Stacked: true,
		Lines: append(counts, shares...), Left: &dashboard.Axis{Min: 0, Max: 100, Label: "%"},
	}
}

func (b *builder) authority() [][]dashboard.Widget {
	return [][]dashboard.Widget{
		b.section("Authority and switch"),
		{
			b.graph(quarter, "Holder: 0 none, 1 blue, 2 green", ofPlatform(metrics.AuthorityHolder)),
			b.graph(quarter, "Token and databases disagree", ofPlatform(metrics.AuthorityDisagreement), "authority-disagreement"),
			b.graph(quarter, "Step of the switch: 0 steady, 9 switched, 20 backs out, 30 held", ofPlatform(metrics.SwitchStateMetric), "switch-held"),
			b.graph(quarter, "Epoch", ofPlatform(metrics.AuthorityEpoch)),
		},
		{
			b.graph(quarter, "Pause of writes, ms", ofPlatform(metrics.WritePauseMilliseconds), "pause-long"),
			b.graph(quarter, "Parts of the pause, ms", ofPlatform(metrics.FenceLockMilliseconds, metrics.DrainMilliseconds, metrics.CheckMilliseconds, metrics.PromoteMilliseconds)),
			b.graph(quarter, "Switches backed out; proof stored", ofPlatform(metrics.BackOuts, metrics.ProofStored)),
			b.graph(quarter, "Room in the tightest sequence, %", ofPlatform(metrics.SequenceHeadroom), "sequence-low"),
		},
	}
}

func (b *builder) following() [][]dashboard.Widget {
	return [][]dashboard.Widget{
		b.section("Lanes"),
		{
			b.graph(third, "Lag, p99, s", lanes(metrics.LagSeconds, "", metrics.Aurora, metrics.DynamoDB), "lag-high"),
			b.graph(third, "Lag, bytes", lanes(metrics.LagBytes, "", metrics.Aurora)),
			b.graph(third, "Canary round trip, s", lanes(metrics.CanarySeconds, "", metrics.Aurora), "canary-lost"),
		},
		{
			b.graph(third, "State: 0 retired 1 created 2 loading 3 catching up 4 running 9 halted", lanes(metrics.LaneStateMetric, "", metrics.Aurora, metrics.DynamoDB, metrics.S3), "lane-halted"),
			b.graph(third, "Applied rows and transactions", join(lanes(metrics.AppliedRows, " rows", metrics.Aurora, metrics.DynamoDB), lanes(metrics.AppliedTransactions, " transactions", metrics.Aurora))),
			b.graph(third, "Applied bytes", lanes(metrics.AppliedBytes, "", metrics.Aurora)),
		},
		{
			b.graph(third, "Log held back by slots, bytes", lanes(metrics.SlotRetainedBytes, "", metrics.Aurora), "slot-large", "slot-too-large"),
			b.graph(third, "Slot in use; slot busy", join(lanes(metrics.SlotActive, " in use", metrics.Aurora), lanes(metrics.SlotBusy, " busy", metrics.Aurora))),
			b.graph(third, "Apply transaction, p99, ms; rows of the source for each written", join(lanes(metrics.BatchMilliseconds, " ms", metrics.Aurora), lanes(metrics.CollapseRatio, " ratio", metrics.Aurora))),
		},
		{
			b.graph(third, "Part of the time at work, %; memory", join(lanes(metrics.DutyCycle, "", metrics.Aurora), lanes(metrics.ResidentBytes, " bytes", metrics.Aurora))),
			b.graph(third, "Hand-over between invocations, ms; reconnects", join(lanes(metrics.HandoverMilliseconds, " ms", metrics.Aurora), lanes(metrics.Reconnects, " reconnects", metrics.Aurora))),
			b.graph(third, "Echoes and duplicates dropped", join(lanes(metrics.EchoSuppressed, " echoes", metrics.Aurora, metrics.DynamoDB), lanes(metrics.DuplicatesSkipped, " duplicates", metrics.Aurora))),
		},
	}
}

func (b *builder) trouble() [][]dashboard.Widget {
	return [][]dashboard.Widget{
		{
			b.graph(quarter, "Writes on the wrong side", lanes(metrics.RogueTransactions, "", metrics.Aurora, metrics.DynamoDB), "rogue-writes"),
			b.graph(quarter, "Conflicts", lanes(metrics.Conflicts, "", metrics.Aurora, metrics.DynamoDB), "conflicts"),
			b.graph(quarter, "In quarantine; waiting for repair", join(lanes(metrics.QuarantinedOpen, " quarantine", metrics.Aurora, metrics.DynamoDB), lanes(metrics.RepairsOpen, " repair", metrics.Aurora, metrics.DynamoDB)), "quarantine"),
			b.graph(quarter, "Repaired rows; unique fallbacks", join(lanes(metrics.RepairedRows, " repaired", metrics.Aurora, metrics.DynamoDB), lanes(metrics.UniqueFallbacks, " fallbacks", metrics.Aurora))),
		},
		{
			b.graph(half, "Claims lost", lanes(metrics.ClaimLost, "", metrics.Aurora), "claims-lost"),
			b.graph(half, "Torn transactions; seconds to skip", join(lanes(metrics.LaneTorn, " torn", metrics.Aurora), lanes(metrics.TornSkipSeconds, " s", metrics.Aurora)), "torn-skip-slow"),
		},
	}
}

// loadOf finds the tables of a load, which no definition can list.
func (b *builder) loadOf(metric metrics.Metric) lines {
	return search(metric, "", map[string]estate.Value{metrics.DimensionPlatform: estate.Text(b.Watch.Platform)})
}

func (b *builder) loading() [][]dashboard.Widget {
	return [][]dashboard.Widget{
		b.section("First load"),
		{
			b.graph(quarter, "Loaded rows by table", b.loadOf(metrics.LoadRows)),
			b.graph(quarter, "Loaded bytes by table", b.loadOf(metrics.LoadBytes)),
			b.graph(quarter, "Chunks to go by table", b.loadOf(metrics.ChunksRemaining)),
			b.graph(quarter, "Still to take, s; waits for the target, %", join(lanes(metrics.LoadEtaLowSeconds, " at least", metrics.Aurora), lanes(metrics.LoadEtaHighSeconds, " at most", metrics.Aurora), lanes(metrics.Throttled, " waits", metrics.Aurora))),
		},
	}
}

func (b *builder) verification() [][]dashboard.Widget {
	every := []metrics.Store{metrics.Aurora, metrics.DynamoDB, metrics.S3}
	return [][]dashboard.Widget{
		b.section("Verification"),
		{
			b.graph(quarter, "Age of the last clean pass, s", lanes(metrics.VerifyAgeSeconds, "", every...), "verify-stale"),
			b.graph(quarter, "Buckets that differ", lanes(metrics.BucketsMismatched, "", every...), "divergence"),
			b.graph(quarter, "Buckets to look at; that would not hold still", join(lanes(metrics.BucketsDirty, " dirty", every...), lanes(metrics.BucketsUnstable, " unstable", every...))),
			b.graph(quarter, "Keys to compare inside the pause", lanes(metrics.TailKeys, "", every...)),
		},
	}
}

// otherStores is empty on a platform without lanes over items or objects.
func (b *builder) otherStores() [][]dashboard.Widget {
	if !slices.ContainsFunc(b.Watch.Lanes, func(l metrics.Lane) bool { return l.Store != metrics.Aurora }) {
		return nil
	}
	return [][]dashboard.Widget{
		b.section("Items and objects"),
		{
			b.graph(quarter, "Age of records of streams, s", lanes(metrics.IteratorAgeSeconds, "", metrics.DynamoDB), "iterator-old", "iterator-too-old"),
			b.graph(quarter, "Records done before; late records", join(lanes(metrics.LedgerConditionFailed, " done before", metrics.DynamoDB), lanes(metrics.LateRecords, " late", metrics.DynamoDB))),
			b.graph(quarter, "Objects late; failed", join(lanes(metrics.ReplicationPending, " late", metrics.S3), lanes(metrics.ReplicationFailed, " failed", metrics.S3))),
			b.graph(quarter, "Objects to replicate, bytes", lanes(metrics.BacklogBytes, "", metrics.S3)),
		},
	}
}

func (b *builder) machinery() [][]dashboard.Widget {
	var steps []lines
	for _, step := range metrics.RotationSteps() {
		steps = append(steps, ofColor(metrics.RotationStep, step))
	}
	return [][]dashboard.Widget{
		b.section("Functions"),
		{
			b.graph(quarter, "Errors", b.functions(metrics.FunctionErrors)),
			b.graph(quarter, "Not started; dead letters lost", join(b.functions(metrics.FunctionThrottles), b.functions(metrics.FunctionLostLetters))),
			b.graph(quarter, "Duration, ms", b.functions(metrics.FunctionDuration)),
			b.graph(quarter, "Canary of the control table, ms; dead letters", join(ofColor(metrics.CanaryRoundTrip), byColor(metrics.WaitingMessages, " dead letters", estate.LostEvents))),
		},
		{
			b.graph(half, "State machines: executions that failed or ran out of time", join(b.machines(metrics.MachineFailures), b.machines(metrics.MachineTimeouts))),
			b.graph(half, "State machines: held back", b.machines(metrics.MachineThrottles)),
		},
		{
			b.graph(half, "Rotation of secrets: failed steps", ofColor(metrics.RotationFailures)),
			b.graph(half, "Rotation of secrets: duration, ms", join(steps...)),
		},
	}
}
