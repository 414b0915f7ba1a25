package function

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/backfill"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/place"
)

// ChunkAct is what the chunk function is asked to do.
type ChunkAct string

// The acts of the chunk function. The empty one plans and loads until the deadline
// is near: that is what a process does.
const (
	// PlanChunks lists chunks that are still to be loaded.
	PlanChunks ChunkAct = "plan"
	// LoadChunks loads the chunks of Items.
	LoadChunks ChunkAct = "load"
)

// ChunkEvent is one call of the chunk function.
type ChunkEvent struct {
	Act ChunkAct `json:"act"`
	// Loaded, Left and Idle are those of the former round's plan.
	Loaded int64 `json:"loaded,omitempty"`
	Left   int64 `json:"left,omitempty"`
	Idle   int   `json:"idle,omitempty"`
	// Items are for LoadChunks.
	Items []ChunkItem `json:"items,omitempty"`
}

// ChunkItem names a chunk. Its range of keys stands in the lane's own table alone,
// so that no key leaves the databases.
type ChunkItem struct {
	Table int32 `json:"table"`
	Load  int32 `json:"load"`
	Chunk int32 `json:"chunk"`
}

func (i ChunkItem) String() string { return fmt.Sprintf("%d/%d/%d", i.Table, i.Load, i.Chunk) }

func itemOf(c backfill.Chunk) ChunkItem {
	return ChunkItem{Table: c.TableID, Load: c.Load, Chunk: c.Number}
}

// ChunkAnswer is what a call came to.
type ChunkAnswer struct {
	// Outcome of a plan is Work, Done, Stuck, Halted or Idle; of a load Done, Some or
	// Halted; of both together any of them, and Again when the time was over.
	Outcome Outcome             `json:"outcome"`
	Lane    string              `json:"lane"`
	Halt    checkpoint.HaltCode `json:"halt,omitempty"`
	// Loaded chunks: of a plan all so far, of a load those of this call. Left are
	// those that are still to be loaded.
	Loaded int64 `json:"loaded"`
	Left   int64 `json:"left"`
	// Idle is how many rounds in a row have brought nothing.
	Idle int `json:"idle"`
	// WaitSeconds is how long to wait before the next plan.
	WaitSeconds int         `json:"waitSeconds"`
	Items       []ChunkItem `json:"items,omitempty"`
	// Throttled says of a plan which inputs slow the load down, with value and limit: a
	// round that brought nothing under them is no idle one.
	Throttled []string `json:"throttled,omitempty"`
	// Elsewhere are chunks that somebody else had loaded, or that were halved.
	Elsewhere int64     `json:"elsewhere"`
	Rows      int64     `json:"rows"`
	Bytes     int64     `json:"bytes"`
	Failures  []Failure `json:"batchItemFailures,omitempty"`
}

const (
	// mostItems bounds a round's list, which is part of a state of 256 KiB.
	mostItems = 2000
	// mostIdle is how many rounds may bring nothing.
	mostIdle = 5
	// idlePause is what each of them adds to the wait for the next.
	idlePause = 10 * time.Second
)

// loading is the chunk function.
type loading struct {
	*parts
	limits lane.Limits
	// at is told each durable step; nil is no observer.
	at func(step string) error
}

// NewChunk makes the function that loads chunks of the base beside the lane's own
// invocation, and lists what is left of them. What is left stands in the lane's own
// table alone, and of any number of workers one loads a chunk: a call may come
// twice, at the same time, or late.
func NewChunk(ctx context.Context, lookup func(string) (string, bool), out io.Writer) (func(context.Context, ChunkEvent) (ChunkAnswer, error), error) {
	p, err := assemble(ctx, lookup, out)
	if err != nil {
		return nil, err
	}
	return (&loading{parts: p, limits: p.shared.Lane()}).handle, nil
}

// handle is one invocation.
func (l *loading) handle(ctx context.Context, e ChunkEvent) (ChunkAnswer, error) {
	if e.Act != PlanChunks && e.Act != LoadChunks && e.Act != "" {
		return ChunkAnswer{}, fmt.Errorf("act %q: expected %s, %s or none", e.Act, PlanChunks, LoadChunks)
	}
	wanted, err := Wanted(ctx, l.store, l.lane())
	if err != nil {
		return ChunkAnswer{}, err
	}
	if !wanted {
		return ChunkAnswer{Lane: l.lane(), Outcome: Idle}, nil
	}
	worker := lane.Worker{Lane: l.lane(), Invocation: invocation(ctx), Limits: l.limits, At: l.at}
	if worker.Endpoints, err = place.Endpoints(ctx, l.place, l.source()); err != nil {
		return ChunkAnswer{}, err
	}
	switch e.Act {
	case PlanChunks:
		return l.plan(ctx, worker, e)
	case LoadChunks:
		return l.load(ctx, worker, e.Items)
	}
	return l.both(ctx, worker)
}

// plan lists what is left.
func (l *loading) plan(ctx context.Context, worker lane.Worker, e ChunkEvent) (ChunkAnswer, error) {
	left, err := worker.Left(ctx)
	if err != nil {
		return ChunkAnswer{}, err
	}
	answer := ChunkAnswer{Lane: l.lane(), Loaded: left.Loaded, Left: int64(len(left.Chunks)), Halt: left.Halt}
	for _, reading := range left.Over {
		answer.Throttled = append(answer.Throttled, reading.String())
	}
	if answer.Loaded == e.Loaded && answer.Left == e.Left && len(answer.Throttled) == 0 {
		answer.Idle = e.Idle + 1
	}
	answer.WaitSeconds = 1 + answer.Idle*int(idlePause.Seconds())
	switch {
	case left.State == checkpoint.Halted || left.State == checkpoint.Retired:
		answer.Outcome = Halted
	case len(left.Chunks) == 0:
		answer.Outcome = Done
	case answer.Idle >= mostIdle:
		answer.Outcome = Stuck
	default:
		answer.Outcome = Work
		for _, chunk := range left.Chunks[:min(len(left.Chunks), mostItems)] {
			answer.Items = append(answer.Items, itemOf(chunk))
		}
	}
	return answer, nil
}

// both plans and loads in turn until nothing is left or the time is over.
func (l *loading) both(ctx context.Context, worker lane.Worker) (ChunkAnswer, error) {
	var total ChunkAnswer
	event := ChunkEvent{}
	for {
		planned, err := l.plan(ctx, worker, event)
		if err != nil || planned.Outcome != Work {
			planned.Rows, planned.Bytes, planned.Elsewhere = total.Rows, total.Bytes, total.Elsewhere
			return planned, err
		}
		done, err := l.load(ctx, worker, planned.Items)
		if err != nil || done.Outcome == Halted {
			return done, err
		}
		total.Rows, total.Bytes, total.Elsewhere = total.Rows+done.Rows, total.Bytes+done.Bytes, total.Elsewhere+done.Elsewhere
		if ending(ctx, l.limits.Stop) {
			total.Lane, total.Outcome, total.Left = l.lane(), Again, planned.Left-done.Loaded
			return total, nil
		}
		event = ChunkEvent{Loaded: planned.Loaded, Left: planned.Left, Idle: planned.Idle}
		if len(done.Failures) > 0 && sleep(ctx, time.Second) != nil {
			return total, ctx.Err()
		}
	}
}

// load loads the chunks of a batch one after the other. A chunk that fails is told
// of and the others go on: the next plan lists it again.
func (l *loading) load(ctx context.Context, worker lane.Worker, items []ChunkItem) (ChunkAnswer, error) {
	left, err := worker.Left(ctx)
	if err != nil {
		return ChunkAnswer{}, err
	}
	planned := make(map[ChunkItem]backfill.Chunk, len(left.Chunks))
	for _, chunk := range left.Chunks {
		planned[itemOf(chunk)] = chunk
	}
	answer := ChunkAnswer{Lane: l.lane(), Outcome: Done}
	limited, cancel := within(ctx, l.limits.Cancel)
	defer cancel()
	patience, end := within(ctx, l.limits.Stop)
	defer end()
	crew, err := worker.Join(limited)
	if err != nil {
		return ChunkAnswer{}, err
	}
	defer func() { crew.Close() }()
	var longest time.Duration
	for _, item := range items {
		chunk, open := planned[item]
		switch {
		case !open:
			answer.Elsewhere++
			continue
		case ending(ctx, l.limits.Stop+longest):
			answer.fail(item, NoTime)
			continue
		}
		began := time.Now()
		halt := answer.one(limited, patience, &crew, item, chunk, l.parts)
		longest = max(longest, time.Since(began))
		if halt != nil {
			answer.Outcome, answer.Halt = Halted, halt.Code
			return answer, nil
		}
	}
	return answer, nil
}

// one loads one chunk, when the throttle lets it, and adds to the answer what came of
// it.
func (a *ChunkAnswer) one(ctx, patience context.Context, crew **lane.Crew, item ChunkItem, chunk backfill.Chunk, p *parts) *checkpoint.Halt {
	loaded, err := (*crew).Load(ctx, patience, chunk)
	if fresh, renewed := p.renewed(ctx, err, (*crew).Endpoints); renewed {
		worker := (*crew).Worker
		worker.Endpoints = fresh
		again, failed := worker.Join(ctx)
		if failed == nil {
			(*crew).Close()
			*crew = again
			loaded, err = again.Load(ctx, patience, chunk)
		}
	}
	a.Rows, a.Bytes = a.Rows+loaded.Rows, a.Bytes+loaded.Bytes
	var halt *checkpoint.Halt
	switch {
	case errors.As(err, &halt):
		return halt
	case errors.Is(err, backfill.ErrEarly):
		a.fail(item, TooEarly)
	case errors.Is(err, lane.ErrNotNow):
		a.fail(item, NotNow)
	case err != nil && ctx.Err() != nil:
		a.fail(item, NoTime)
	case err != nil:
		a.fail(item, brief(err))
	case loaded.Snapshot == "":
		a.Elsewhere++
	default:
		a.Loaded++
	}
	return nil
}

func (a *ChunkAnswer) fail(item ChunkItem, reason string) {
	a.Outcome = Some
	a.Failures = append(a.Failures, Failure{Item: item.String(), Reason: reason})
}
