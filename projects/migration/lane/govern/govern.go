// Package govern lets all who load or compare for a lane share one throttle, in
// whatever process they are. One of them at a time measures both servers, follows the
// rules of package throttle and writes the result into bgsync.throttle on the target;
// the others read it there. Who measures, and who of the workers may be at work, is
// decided by locks of sessions of the target, which end with the process that holds
// them. It moves no data and no position: without it everything would be as right, and
// the source's clients worse off.
package govern

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/throttle"
)

// Limits say how far the servers may be used.
type Limits struct {
	// Interval is how often everything is measured, and the period in whose parts data
	// flows or does not.
	Interval time.Duration
	// SourceCost is the part of their transactions, from 0 to 1, that the source's
	// clients may lose; 1 is no limit, and nothing is paused to find out.
	SourceCost float64
	// SourceActive is how many sessions of clients may be at work on the source for each
	// of its SourceVCPUs.
	SourceActive float64
	SourceVCPUs  int
	// SourceCommit and TargetCommit are how long a commit may take.
	SourceCommit, TargetCommit time.Duration
	// SourceLog is how many bytes of log the source may keep for the lane.
	SourceLog int64
	// TargetSoft and TargetHard are how large the target's database may be, in bytes,
	// until the load is slowed down, and until it stops; 0 of both is no limit.
	TargetSoft, TargetHard int64
	// Bandwidth is how many bytes a second may flow on the lane; 0 is no bound.
	Bandwidth int64
}

// Settings describe one who obeys, and measures when nobody else does.
type Settings struct {
	Lane string
	// Work is what is shared: seats are those of one kind of work.
	Work Work
	// Invocation names this process in the databases.
	Invocation string
	// Source and Target are connection strings of bgsync_reader or bgsync_verify, and
	// of bgsync_apply or bgsync_verify.
	Source, Target string
	// Most is how many may be at work at once, over all processes.
	Most   int
	Limits Limits
	// Inputs are further ones.
	Inputs []throttle.Input
}

// Work is a kind of work.
type Work string

// The kinds of work.
const (
	Loading   Work = "load"
	Comparing Work = "verify"
)

// Governor is one process's part in the throttle of a lane.
type Governor struct {
	settings Settings
	gate     *throttle.Gate
	source   link
	target   link
	ahead    time.Duration // of the target's clock before this process's
	stop     context.CancelFunc
	ended    chan struct{}

	mutex sync.Mutex // of the target's session

	table sync.Mutex // of the seats
	seats map[int32]*seat
}

// Start begins to obey. It returns at once: until something is known nothing passes.
func Start(ctx context.Context, s Settings) *Governor {
	id := pg.Identity{Role: pg.Governor, Lane: s.Lane, Invocation: s.Invocation}
	ctx, stop := context.WithCancel(ctx)
	g := &Governor{
		settings: s, gate: throttle.NewGate(s.Most, s.Limits.Interval, s.Limits.Bandwidth), stop: stop, ended: make(chan struct{}),
		source: link{dsn: s.Source, id: id}, target: link{dsn: s.Target, id: id}, seats: map[int32]*seat{},
	}
	go func() {
		defer close(g.ended)
		g.run(ctx)
	}()
	return g
}

// Close ends it and gives back all seats.
func (g *Governor) Close() {
	g.stop()
	<-g.ended
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.source.close()
	g.target.close()
}

// State is what is allowed now.
func (g *Governor) State() throttle.State { return g.gate.State() }

// Withheld is the part of the full speed, from 0 to 1, that was withheld so far.
func (g *Governor) Withheld() float64 { return g.gate.Withheld() }

// Size is how large a piece of work may be now, as a part of what it is meant to be.
func (g *Governor) Size() float64 { return g.gate.State().Size }

// Window waits until data may flow for a while on end, and tells for how long; 0 is
// without end.
func (g *Governor) Window(ctx context.Context) (time.Duration, error) { return g.gate.Window(ctx) }

// Flow lets that many bytes pass when data may flow.
func (g *Governor) Flow(ctx context.Context, bytes int) error { return g.gate.Flow(ctx, bytes) }

// seatPoll is how often it is looked for a seat that another process gives up.
const seatPoll = 100 * time.Millisecond

// Enter waits until one more may be at work, over all processes. leave gives the seat
// back. A target that is too busy to answer has no seat for now.
func (g *Governor) Enter(ctx context.Context) (leave func(), err error) {
	for {
		if err := g.gate.Enter(ctx); err != nil {
			return nil, err
		}
		seat, err := g.sit(ctx)
		if seat > 0 {
			return func() { g.rise(seat); g.gate.Leave() }, nil
		}
		g.gate.Leave()
		if err != nil && !errors.Is(err, errLate) {
			return nil, err
		}
		if err := sleep(ctx, seatPoll); err != nil {
			return nil, err
		}
	}
}

// Piece is Enter for what cannot be held up once it has begun, such as one statement:
// afterwards nothing like it begins for as long as the duty demands.
func (g *Governor) Piece(ctx context.Context) (done func(), err error) {
	leave, err := g.Enter(ctx)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	return func() { g.gate.Took(began); leave() }, nil
}

// run measures or obeys until ctx ends. What fails is tried again: meanwhile the least
// is allowed.
func (g *Governor) run(ctx context.Context) {
	for began := time.Now(); ctx.Err() == nil; {
		lead, err := g.elect(ctx)
		switch {
		case err != nil:
		case lead:
			err = g.lead(ctx)
		default:
			err = g.obey(ctx, time.Since(began))
		}
		if err != nil && ctx.Err() == nil {
			g.gate.Set(throttle.Blind(g.settings.Limits.SourceCost), g.ahead)
			_ = sleep(ctx, g.settings.Limits.Interval) // ends with ctx only, which the loop sees
		}
	}
}

// soon is how often somebody new looks for a first state.
const soon = 20 * time.Millisecond

// obey takes over what another process has found.
func (g *Governor) obey(ctx context.Context, waited time.Duration) error {
	state, fresh, err := g.read(ctx)
	if err != nil {
		return err
	}
	if !fresh {
		if waited < g.patience() {
			return sleep(ctx, soon)
		}
		return errStale
	}
	g.gate.Set(state, g.ahead)
	g.tidy(ctx)
	return sleep(ctx, g.settings.Limits.Interval)
}

// errStale tells that who should measure does not.
var errStale = errors.New("what the throttle has found is old")

// patience is how old a state may be.
func (g *Governor) patience() time.Duration { return 3*g.settings.Limits.Interval + 2*time.Second }

// limit bounds one question to a server.
func (g *Governor) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, max(g.settings.Limits.Interval, time.Second))
}

func (g *Governor) lock(name any) string {
	return fmt.Sprintf("bgsync.throttle/%s/%v", g.settings.Lane, name)
}

func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
