package metrics

// syncing is the namespace of what the migration emits about lanes, loads,
// verification, the switch and the traffic. Names, units and dimensions in it are
// an interface: to change one is a breaking change for every graph and alarm.
const syncing = "Cutover/Sync"

// The dimensions of the namespace Cutover/Sync.
const (
	// DimensionPlatform names the environment ("staging", "prod"); every metric of
	// the namespace has it.
	DimensionPlatform = "Platform"
	// DimensionStore is a Store.
	DimensionStore = "Store"
	// DimensionLane is the name of a lane, such as "core.fwd".
	DimensionLane = "Lane"
	// DimensionDirection is a Direction.
	DimensionDirection = "Direction"
	// DimensionTable names a table, schema-qualified; only the metrics of a load
	// have it.
	DimensionTable = "Table"
	// DimensionGate names a gate of the traffic ladder.
	DimensionGate = "Gate"
)

// The dimensions that identify a series, by what it tells about.
var (
	platform  = []string{DimensionPlatform}
	lane      = []string{DimensionPlatform, DimensionStore, DimensionLane, DimensionDirection}
	laneTable = []string{DimensionPlatform, DimensionStore, DimensionLane, DimensionDirection, DimensionTable}
	gate      = []string{DimensionPlatform, DimensionGate}
)

func ofLane(name string, unit Unit, statistic Statistic) Metric {
	return Metric{Namespace: syncing, Name: name, Unit: unit, Dimensions: lane, Statistic: statistic}
}

func ofTable(name string, unit Unit) Metric {
	return Metric{Namespace: syncing, Name: name, Unit: unit, Dimensions: laneTable, Statistic: Maximum}
}

func ofPlatform(name string, unit Unit, statistic Statistic) Metric {
	return Metric{Namespace: syncing, Name: name, Unit: unit, Dimensions: platform, Statistic: statistic}
}

// What every lane emits, once a minute and, while a switch is armed, once a second.
var (
	// LagSeconds is the age of the last applied transaction by the source's clock,
	// LagBytes how far the source's log is ahead of the lane's position.
	LagSeconds = ofLane("LagSeconds", Seconds, P99)
	LagBytes   = ofLane("LagBytes", Bytes, Maximum)
	// SlotRetainedBytes is the log that the source keeps for the lane's slot,
	// SlotActive 1 while a reader is connected to it.
	SlotRetainedBytes = ofLane("SlotRetainedBytes", Bytes, Maximum)
	SlotActive        = ofLane("SlotActive", Count, Minimum)
	// CanarySeconds is how long a row written on the source took to arrive.
	CanarySeconds = ofLane("CanaryRoundTripSeconds", Seconds, Maximum)
	// LaneStateMetric is one of the LaneStates.
	LaneStateMetric = ofLane("LaneState", None, Maximum)
	// AppliedTransactions, AppliedRows and AppliedBytes count by the source.
	AppliedTransactions = ofLane("AppliedTransactions", Count, Sum)
	AppliedRows         = ofLane("AppliedRows", Count, Sum)
	AppliedBytes        = ofLane("AppliedBytes", Bytes, Sum)
	// BatchMilliseconds is how long an apply transaction took, CollapseRatio the
	// rows of the source for each row written.
	BatchMilliseconds = ofLane("BatchMilliseconds", Milliseconds, P99)
	CollapseRatio     = ofLane("CollapseRatio", None, Average)
	EchoSuppressed    = ofLane("EchoSuppressed", Count, Sum)
	DuplicatesSkipped = ofLane("DuplicatesSkipped", Count, Sum)
	ClaimLost         = ofLane("ClaimLost", Count, Sum)
	SlotBusy          = ofLane("SlotBusy", Count, Sum)
	// RogueTransactions and Conflicts are counted as they are met; QuarantinedOpen
	// and RepairsOpen say how many wait for a decision.
	RogueTransactions = ofLane("RogueTransactions", Count, Sum)
	Conflicts         = ofLane("Conflicts", Count, Sum)
	QuarantinedOpen   = ofLane("QuarantinedOpen", Count, Maximum)
	RepairsOpen       = ofLane("RepairsOpen", Count, Maximum)
	RepairedRows      = ofLane("RepairedRows", Count, Sum)
	// LaneTorn is 1 while part of a source transaction is applied, TornSkipSeconds
	// how long the skipping of that part took.
	LaneTorn        = ofLane("LaneTorn", Count, Maximum)
	TornSkipSeconds = ofLane("TornSkipSeconds", Seconds, Maximum)
	UniqueFallbacks = ofLane("UniqueFallbacks", Count, Sum)
	Reconnects      = ofLane("Reconnects", Count, Sum)
	// DutyCycle is the part of the time that an invocation of the lane runs.
	DutyCycle            = ofLane("DutyCycle", Percent, Average)
	HandoverMilliseconds = ofLane("HandoverMilliseconds", Milliseconds, Maximum)
	ResidentBytes        = ofLane("ResidentBytes", Bytes, Maximum)
)

// What a first load emits.
var (
	LoadRows        = ofTable("LoadRows", Count)
	LoadBytes       = ofTable("LoadBytes", Bytes)
	ChunksRemaining = ofTable("ChunksRemaining", Count)
	// LoadEtaLowSeconds and LoadEtaHighSeconds bound what the load still takes.
	LoadEtaLowSeconds  = ofLane("LoadEtaLowSeconds", Seconds, Maximum)
	LoadEtaHighSeconds = ofLane("LoadEtaHighSeconds", Seconds, Maximum)
	// Throttled is the part of its full speed that a load, or a comparison, is kept from;
	// 100 is all of it.
	Throttled = ofLane("Throttled", Percent, Average)
)

// What the verification emits, under the lane that it follows.
var (
	// VerifyAgeSeconds is how long ago the bucket was compared that waits longest, by
	// this lane or the one that leads back: a comparison has no direction.
	VerifyAgeSeconds  = ofLane("VerifyAgeSeconds", Seconds, Maximum)
	BucketsDirty      = ofLane("BucketsDirty", Count, Maximum)
	BucketsMismatched = ofLane("BucketsMismatched", Count, Maximum)
	BucketsUnstable   = ofLane("BucketsUnstable", Count, Maximum)
	// TailKeys is how many keys the check inside the pause would compare.
	TailKeys = ofLane("TailKeys", Count, Maximum)
)

// What the lanes of DynamoDB tables and of S3 buckets emit in addition.
var (
	IteratorAgeSeconds    = ofLane("IteratorAgeSeconds", Seconds, Maximum)
	LedgerConditionFailed = ofLane("LedgerConditionFailed", Count, Sum)
	LateRecords           = ofLane("LateRecords", Count, Sum)
	// ReplicationPending counts the versions that wait for longer than the
	// objective of 15 minutes.
	ReplicationPending = ofLane("ReplicationPending", Count, Maximum)
	ReplicationFailed  = ofLane("ReplicationFailed", Count, Maximum)
	BacklogBytes       = ofLane("BacklogBytes", Bytes, Maximum)
)

// What the switch of authority emits.
var (
	AuthorityEpoch = ofPlatform("AuthorityEpoch", None, Maximum)
	// AuthorityHolder is one of the Holders.
	AuthorityHolder = ofPlatform("AuthorityHolder", None, Maximum)
	// AuthorityDisagreement is 1 while the token and the rows of both databases
	// name different holders.
	AuthorityDisagreement = ofPlatform("AuthorityDisagreement", Count, Maximum)
	// SwitchStateMetric is one of the SwitchStates.
	SwitchStateMetric      = ofPlatform("SwitchState", None, Maximum)
	WritePauseMilliseconds = ofPlatform("WritePauseMilliseconds", Milliseconds, Maximum)
	FenceLockMilliseconds  = ofPlatform("FenceLockMilliseconds", Milliseconds, Maximum)
	DrainMilliseconds      = ofPlatform("DrainMilliseconds", Milliseconds, Maximum)
	CheckMilliseconds      = ofPlatform("CheckMilliseconds", Milliseconds, Maximum)
	PromoteMilliseconds    = ofPlatform("PromoteMilliseconds", Milliseconds, Maximum)
	BackOuts               = ofPlatform("BackOuts", Count, Sum)
	// SequenceHeadroom is that of the sequence with the least.
	SequenceHeadroom = ofPlatform("SequenceHeadroom", Percent, Minimum)
	// ProofStored is 1 where the record of the last switch lies in its bucket.
	ProofStored = ofPlatform("ProofStored", Count, Minimum)
)

// What the traffic ladder emits. The share is that of green;
// the one that is measured follows from the requests of both balancers.
var (
	LadderStep    = ofPlatform("LadderStep", None, Maximum)
	WeightPercent = ofPlatform("WeightPercent", Percent, Maximum)
	// GateResult is one of the GateResults.
	GateResult = Metric{Namespace: syncing, Name: "GateResult", Unit: None, Dimensions: gate, Statistic: Minimum}
)

// Sync lists the namespace Cutover/Sync.
func Sync() []Metric {
	return []Metric{
		LagSeconds, LagBytes, SlotRetainedBytes, SlotActive, CanarySeconds, LaneStateMetric,
		AppliedTransactions, AppliedRows, AppliedBytes, BatchMilliseconds, CollapseRatio,
		EchoSuppressed, DuplicatesSkipped, ClaimLost, SlotBusy,
		RogueTransactions, Conflicts, QuarantinedOpen, RepairsOpen, RepairedRows,
		LaneTorn, TornSkipSeconds, UniqueFallbacks, Reconnects, DutyCycle, HandoverMilliseconds, ResidentBytes,
		LoadRows, LoadBytes, ChunksRemaining, LoadEtaLowSeconds, LoadEtaHighSeconds, Throttled,
		VerifyAgeSeconds, BucketsDirty, BucketsMismatched, BucketsUnstable, TailKeys,
		IteratorAgeSeconds, LedgerConditionFailed, LateRecords, ReplicationPending, ReplicationFailed, BacklogBytes,
		AuthorityEpoch, AuthorityHolder, AuthorityDisagreement, SwitchStateMetric,
		WritePauseMilliseconds, FenceLockMilliseconds, DrainMilliseconds, CheckMilliseconds, PromoteMilliseconds,
		BackOuts, SequenceHeadroom, ProofStored,
		LadderStep, WeightPercent, GateResult,
	}
}
