package function

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/apply"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/gauge"
	"github.com/cutover/cutover/projects/migration/lane/lag"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	items "github.com/cutover/cutover/shared/control"
)

// The rhythm of measuring.
const (
	// sampleEvery is how often status gets a new snapshot.
	sampleEvery = 10 * time.Second
	// emitEvery is how old the last metrics may be before there are new ones: with what
	// sampleEvery adds, less than the minute that their alarms look at.
	emitEvery = 45 * time.Second
	// rateOver is the time over which the speed of a load is taken.
	rateOver = 5 * time.Minute
)

// watch measures one lane while an invocation runs it. What it cannot read is
// missing in the metrics, which raises alarms of its own, and never stops a lane.
type watch struct {
	*parts
	emitted time.Time
	// tally has what the invocation has applied since it was emitted last.
	tally apply.Tally
	// meter has the lags that are not told yet, untold those of a telling that failed.
	meter  lag.Meter
	untold []lag.Sample

	mu        sync.Mutex
	endpoints lane.Endpoints
	failed    error
}

func newWatch(p *parts, endpoints lane.Endpoints) *watch {
	return &watch{parts: p, endpoints: endpoints}
}

// use replaces the logins, which were renewed.
func (w *watch) use(endpoints lane.Endpoints) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.endpoints = endpoints
}

func (w *watch) logins() lane.Endpoints {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.endpoints
}

// failure is the last failure to measure, "" for none.
func (w *watch) failure() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed == nil {
		return ""
	}
	return w.failed.Error()
}

// run measures until ctx ends.
func (w *watch) run(ctx context.Context) {
	ticker := time.NewTicker(sampleEvery)
	defer ticker.Stop()
	for {
		w.note(w.sample(ctx, false))
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// note keeps a failure that is not the end of the invocation.
func (w *watch) note(err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed = err
}

// sample reads the lane, tells status, and emits metrics once a minute.
func (w *watch) sample(ctx context.Context, now bool) error {
	snapshot, err := w.read(ctx)
	if err != nil {
		return err
	}
	emit := now || w.now().Sub(w.emitted) >= emitEvery
	progress, err := w.tell(ctx, snapshot, emit)
	if err != nil || !emit {
		return err
	}
	w.emitted = w.now()
	w.waits(snapshot.Waits)
	return w.emit(progress)
}

// waits writes into the function's log for whom a builder waits, for as long as it does.
func (w *watch) waits(all []gauge.Wait) {
	log := slog.New(slog.NewJSONHandler(w.out, nil))
	for _, one := range all {
		log.Warn("builder waits for a lock", "lane", w.lane(), "object", one.Object, "table", one.Table, "pid", one.PID,
			"application", one.Application, "state", one.State, "age_seconds", math.Round(one.AgeSeconds))
	}
}

// read opens a session on each side for one look.
func (w *watch) read(ctx context.Context) (gauge.Snapshot, error) {
	id := pg.Identity{Role: pg.Reader, Lane: w.lane(), Invocation: "gauge"}
	logins := w.logins()
	source, err := pg.Connect(ctx, logins.Reader, id)
	if err != nil {
		return gauge.Snapshot{}, fmt.Errorf("source: %w", err)
	}
	defer pg.Close(source)
	id.Role = pg.Operator
	target, err := pg.Connect(ctx, logins.Apply, id)
	if err != nil {
		return gauge.Snapshot{}, fmt.Errorf("target: %w", err)
	}
	defer pg.Close(target)
	return gauge.Read(ctx, source, target, w.lane())
}

// Progress is what the control store tells about a lane, for status. The truth is
// in the databases.
type Progress struct {
	gauge.Snapshot
	// Revision is that of the item that was read: it changes whenever the lane tells
	// anything.
	Revision int64 `json:"-"`
	// Since and Next are earlier snapshots in the same state; speeds are taken from
	// Since, which is rateOver to twice that old once the lane is.
	Since gauge.Snapshot `json:"since"`
	Next  gauge.Snapshot `json:"next"`
	// Emitted is the snapshot that was last emitted as metrics.
	Emitted gauge.Snapshot `json:"emitted"`
	// Lags are those of the last minutes, for the gate of a switch, over invocations.
	Lags lag.Window `json:"lags,omitempty"`
	// Ended is when the last invocation ended.
	Ended time.Time `json:"ended,omitzero"`
}

// Rate is how the load goes on.
func (p Progress) Rate() gauge.Progress { return p.Snapshot.Since(p.Since) }

const snapshotField = "snapshot"

// ReadProgress reads what was told last; absent tells that nothing was.
func ReadProgress(ctx context.Context, store control.Store, name string) (p Progress, absent bool, err error) {
	item, err := store.Get(ctx, items.LoadItem(name))
	if errors.Is(err, control.ErrAbsent) {
		return Progress{}, true, nil
	}
	if err != nil {
		return Progress{}, false, fmt.Errorf("read the progress of lane %s: %w", name, err)
	}
	if err := json.Unmarshal([]byte(item.Fields[snapshotField]), &p); err != nil {
		return Progress{Revision: item.Rev}, false, fmt.Errorf("read the progress of lane %s: %w", name, control.ErrUnreadable)
	}
	p.Revision = item.Rev
	return p, false, nil
}

// tell writes the snapshot for status, with those that it is compared with.
func (w *watch) tell(ctx context.Context, now gauge.Snapshot, emit bool) (Progress, error) {
	former, absent, err := ReadProgress(ctx, w.store, w.lane())
	if err != nil && !errors.Is(err, control.ErrUnreadable) {
		return Progress{}, err
	}
	next := former
	next.Snapshot = now
	switch {
	case absent, err != nil, former.Generation != now.Generation:
		next = Progress{Snapshot: now, Since: now, Next: now, Emitted: now}
	case former.State != now.State:
		next.Since, next.Next = now, now
	case now.At.Sub(former.Next.At) > rateOver:
		next.Since, next.Next = former.Next, now
	}
	told := next
	if emit {
		next.Emitted = now
	}
	w.untold = append(w.untold, w.meter.Take()...)
	next.Lags = next.Lags.Add(w.untold, lag.Defaults().Window)
	err = w.write(ctx, next)
	if err == nil {
		w.untold = nil
	}
	return told, err
}

func (w *watch) write(ctx context.Context, p Progress) error {
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("render the progress of lane %s: %w", p.Lane, err)
	}
	return change(ctx, w.store, items.LoadItem(p.Lane), func(fields map[string]string) { fields[snapshotField] = string(text) })
}
