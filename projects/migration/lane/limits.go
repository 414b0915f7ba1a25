package lane

import (
	"errors"
	"fmt"
	"time"
)

// Limits bound what a lane takes at once. None of them can make it lose data.
type Limits struct {
	// BatchRows, BatchBytes, BatchTxns and BatchWait close a batch.
	BatchRows, BatchBytes, BatchTxns int
	BatchWait                        time.Duration
	// RowBytes is the size in bytes over which a row is a poison row.
	RowBytes int
	// QueueBytes bounds what is decoded and not yet applied.
	QueueBytes int64
	// ChunkBytes is the aim of planning, LoadWorkers how many chunks are loaded at
	// once, ChunkTime what one may take before it is split.
	ChunkBytes  int64
	LoadWorkers int
	ChunkTime   time.Duration
	// ThrottleInterval is how often the inputs of the throttle are read, and the period
	// in whose parts data flows or does not. SourceCost is the part of their
	// transactions, from 0 to 1, that the source's clients may lose by a load or a
	// comparison; 1 is no limit. SourceActive is how many of their sessions may be at
	// work on the source for each of its SourceVCPUs, SourceCommit and TargetCommit how
	// long a commit may take on either side. LoadBandwidth is how many bytes a second
	// may be copied; 0 is no bound.
	ThrottleInterval           time.Duration
	SourceCost, SourceActive   float64
	SourceVCPUs                int
	SourceCommit, TargetCommit time.Duration
	LoadBandwidth              int64
	// WALSoft is how many bytes of log the source may keep for the lane until the
	// lane applies while it still loads; WALHard how many until the load is slowed
	// down in favour of the stream. They are 20 and 50 % of what may be used of the
	// source's storage.
	WALSoft, WALHard int64
	// TargetSoft and TargetHard are how many bytes the target's database may have until
	// the load is slowed down, and until it stops: parts of the storage that may be
	// used. 0 of both is no such limit, as where storage grows by itself.
	TargetSoft, TargetHard int64
	// SettleCreation and SettleRepair bound the wait for visibility. A repair that
	// has waited in vain is tried again after ten times as long, since the lane
	// stands meanwhile.
	SettleCreation, SettleRepair time.Duration
	// Stop, Cancel and Return are how long before the deadline no new batch is
	// begun, what runs is cancelled, and the invocation has returned.
	Stop, Cancel, Return time.Duration
	// EmptyAdvance is the least time between two transactions that bring nothing
	// but a position.
	EmptyAdvance time.Duration
	// Canary is how often the lane writes on its source.
	Canary time.Duration
	// SlotWait is how long a slot may be busy before the invocation gives up.
	SlotWait time.Duration
}

// Defaults are the limits that the documentation names.
func Defaults() Limits {
	return Limits{
		BatchRows: 5_000, BatchBytes: 16 << 20, BatchTxns: 1_000, BatchWait: 250 * time.Millisecond,
		RowBytes: 64 << 20, QueueBytes: 32 << 20, ChunkBytes: 64 << 20, LoadWorkers: 4, ChunkTime: 10 * time.Minute,
		ThrottleInterval: time.Second, SourceCost: 0.05, SourceActive: 2, SourceVCPUs: 16,
		SourceCommit: 250 * time.Millisecond, TargetCommit: 250 * time.Millisecond,
		WALSoft: 20 << 30, WALHard: 50 << 30,
		SettleCreation: 120 * time.Second, SettleRepair: time.Second,
		Stop: 60 * time.Second, Cancel: 15 * time.Second, Return: 5 * time.Second,
		EmptyAdvance: time.Second, Canary: time.Second, SlotWait: 15 * time.Second,
	}
}

// maxWorkers is what the source's connections are reckoned with.
const maxWorkers = 40

// message is how many bytes one message of a source may have: a row as it was and as it
// is, and what stands around them.
func (l Limits) message() int { return 2*l.RowBytes + 64<<10 }

// Validate joins all that is wrong with the limits.
func (l Limits) Validate() error {
	var problems []error
	for name, value := range map[string]int64{
		"batch.rows": int64(l.BatchRows), "batch.bytes": int64(l.BatchBytes), "batch.txns": int64(l.BatchTxns),
		"batch.wait": int64(l.BatchWait), "row.max_bytes": int64(l.RowBytes), "queue.bytes": l.QueueBytes, "chunk.bytes": l.ChunkBytes,
		"chunk.time": int64(l.ChunkTime), "settle.creation": int64(l.SettleCreation), "settle.repair": int64(l.SettleRepair),
		"advance.empty": int64(l.EmptyAdvance), "canary.interval": int64(l.Canary), "slot.wait": int64(l.SlotWait),
		"invocation.return": int64(l.Return),
		"throttle.interval": int64(l.ThrottleInterval), "throttle.source.vcpus": int64(l.SourceVCPUs),
		"throttle.source.commit": int64(l.SourceCommit), "throttle.target.commit": int64(l.TargetCommit), "wal.soft": l.WALSoft,
	} {
		if value <= 0 {
			problems = append(problems, fmt.Errorf("%s: is %d, expected more than 0", name, value))
		}
	}
	if !(l.SourceCost > 0 && l.SourceCost <= 1) {
		problems = append(problems, fmt.Errorf("throttle.source.cost: is %g, expected more than 0 and no more than 1", l.SourceCost))
	}
	if !(l.SourceActive > 0) {
		problems = append(problems, fmt.Errorf("throttle.source.active: is %g, expected more than 0", l.SourceActive))
	}
	if l.LoadBandwidth < 0 {
		problems = append(problems, fmt.Errorf("load.bandwidth: is %d, expected 0 or more", l.LoadBandwidth))
	}
	if l.LoadWorkers < 1 || l.LoadWorkers > maxWorkers {
		problems = append(problems, fmt.Errorf("load.workers: is %d, expected 1 to %d", l.LoadWorkers, maxWorkers))
	}
	if l.WALHard < l.WALSoft {
		problems = append(problems, fmt.Errorf("wal.hard: is %d, expected no less than wal.soft, %d", l.WALHard, l.WALSoft))
	}
	if l.TargetSoft < 0 || l.TargetHard < l.TargetSoft || l.TargetSoft == 0 && l.TargetHard > 0 {
		problems = append(problems, fmt.Errorf("target.soft, target.hard: are %d, %d, expected both 0, or more, the latter no less than the former", l.TargetSoft, l.TargetHard))
	}
	if l.Stop < l.Cancel || l.Cancel < l.Return {
		problems = append(problems, fmt.Errorf("invocation.stop, cancel, return: are %s, %s, %s, expected each to be no shorter than the next", l.Stop, l.Cancel, l.Return))
	}
	return errors.Join(problems...)
}
