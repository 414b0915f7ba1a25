package function

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/uuid"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/place"
)

// LaneEvent starts an invocation. It says nothing: what is to be done stands in
// the control store and in the lane's own row.
type LaneEvent struct{}

// LaneAnswer is what an invocation came to.
type LaneAnswer struct {
	Lane string `json:"lane"`
	// Idle says why there was nothing to do.
	Idle string `json:"idle,omitempty"`
	// Halt and Reason are set when the lane stands still until an operator acts.
	Halt   checkpoint.HaltCode `json:"halt,omitempty"`
	Reason string              `json:"reason,omitempty"`
	State  checkpoint.State    `json:"state,omitempty"`
	// Applied is the lane's position on its source.
	Applied string `json:"applied,omitempty"`
	// Unmeasured is the last failure to read how the lane does.
	Unmeasured string `json:"unmeasured,omitempty"`
	// Continued tells that the next invocation is asked for.
	Continued bool `json:"continued,omitempty"`
}

// Why there is nothing to do.
const (
	NotWanted = "nobody has started the lane, or it is paused"
	TakenUp   = "another invocation has the lane"
)

// LeaseTTL is how long a lane's lease lasts that is not renewed.
const LeaseTTL = 30 * time.Second

// laneRunner is the lane function.
type laneRunner struct {
	*parts
	limits lane.Limits
	// again asks for the next invocation; nil where somebody else does.
	again func(ctx context.Context) error
}

// NewLane makes the function that runs this colour's lane. One invocation works
// until its deadline is near, at most one at a time by the lane's lease, slot and
// claim. A halt is no error: it stands in the lane's row and in the metrics. A run
// that ends well asks for the next, so that the lane hardly ever waits for the
// schedule, which starts it when that chain is broken.
func NewLane(ctx context.Context, lookup func(string) (string, bool), out io.Writer) (func(context.Context, LaneEvent) (LaneAnswer, error), error) {
	p, err := assemble(ctx, lookup, out)
	if err != nil {
		return nil, err
	}
	r := &laneRunner{parts: p, limits: p.shared.Lane()}
	if _, inLambda := lookup(runtimeAPI); inLambda {
		client := lambda.NewFromConfig(p.cloud)
		r.again = func(ctx context.Context) error { return invokeAgain(ctx, client, lambdacontext.FunctionName) }
	}
	return r.handle, nil
}

// invokeAgain puts one event for the function into its queue.
func invokeAgain(ctx context.Context, client *lambda.Client, name string) error {
	_, err := client.Invoke(ctx, &lambda.InvokeInput{
		FunctionName: aws.String(name), InvocationType: types.InvocationTypeEvent, Payload: []byte("{}"),
	})
	if err != nil {
		return fmt.Errorf("ask for the next invocation of %s: %w", name, err)
	}
	return nil
}

// handle is one invocation.
func (r *laneRunner) handle(ctx context.Context, _ LaneEvent) (LaneAnswer, error) {
	answer := LaneAnswer{Lane: r.lane()}
	wanted, err := Wanted(ctx, r.store, answer.Lane)
	if err != nil {
		return answer, err
	}
	if !wanted {
		answer.Idle = NotWanted
		return answer, nil
	}
	endpoints, err := place.Endpoints(ctx, r.place, r.source())
	if err != nil {
		return answer, err
	}
	watch := newWatch(r.parts, endpoints)
	report, err := r.run(ctx, endpoints, watch)
	if report.Idle {
		answer.Idle = TakenUp
		return answer, nil
	}
	answer.State, answer.Applied = report.Row.State, report.Row.Applied.String()
	if report.Halt != nil {
		answer.Halt, answer.Reason = report.Halt.Code, report.Halt.Reason
		r.halted(report.Halt, report.Row)
	}
	answer.Unmeasured = watch.failure()
	if err != nil || report.Halt != nil || r.again == nil {
		return answer, err
	}
	if err := r.again(context.WithoutCancel(ctx)); err != nil {
		return answer, err
	}
	answer.Continued = true
	return answer, nil
}

// run runs the lane and measures it meanwhile and at its end.
func (r *laneRunner) run(ctx context.Context, endpoints lane.Endpoints, watch *watch) (lane.Report, error) {
	runner := lane.Runner{
		Lane: r.lane(), Endpoints: endpoints, Invocation: invocation(ctx), Limits: r.limits,
		Leases: &control.Leases{Store: r.store, TTL: LeaseTTL, Now: r.now}, Tally: &watch.tally, Lag: &watch.meter,
		Renew: func(ctx context.Context) (lane.Endpoints, error) {
			fresh, err := place.Endpoints(ctx, r.place, r.source())
			if err == nil {
				watch.use(fresh)
			}
			return fresh, err
		},
	}
	measuring, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	started := r.now()
	go func() {
		defer close(done)
		watch.run(measuring)
	}()
	report, err := runner.Run(ctx)
	stop()
	<-done
	if report.Idle {
		return report, err
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.limits.Return)
	defer cancel()
	watch.finish(last, report, err, started)
	return report, err
}

// invocation names an invocation: Lambda's own id, or one that is made up.
func invocation(ctx context.Context) string {
	if told, inLambda := lambdacontext.FromContext(ctx); inLambda {
		return told.AwsRequestID
	}
	return uuid.NewString()
}

// The field of a lane's item by which an operator starts and pauses the lane.
const (
	wantedField = "wanted"
	wantedRun   = "run"
	wantedPause = "pause"
	wantedGone  = "gone"
)

// Wanted tells whether the lane is to run. A lane that nobody has started is not.
func Wanted(ctx context.Context, store control.Store, name string) (bool, error) {
	item, err := store.Get(ctx, control.LaneItem(name))
	if errors.Is(err, control.ErrAbsent) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read whether lane %s is to run: %w", name, err)
	}
	return item.Fields[wantedField] == wantedRun, nil
}

// Want starts or pauses a lane. An invocation that runs ends by its deadline; one
// that begins afterwards obeys.
func Want(ctx context.Context, store control.Store, name string, run bool) error {
	value := wantedPause
	if run {
		value = wantedRun
	}
	return change(ctx, store, control.LaneItem(name), func(fields map[string]string) { fields[wantedField] = value })
}

// Dismiss tells that there is no such lane any more: what it has said last is of no
// account. Whoever wants the lane again says so by Want.
func Dismiss(ctx context.Context, store control.Store, name string) error {
	return change(ctx, store, control.LaneItem(name), func(fields map[string]string) { fields[wantedField] = wantedGone })
}

// Dismissed tells whether Dismiss was the last word about a lane.
func Dismissed(ctx context.Context, store control.Store, name string) (bool, error) {
	item, err := store.Get(ctx, control.LaneItem(name))
	if errors.Is(err, control.ErrAbsent) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read whether there is a lane %s: %w", name, err)
	}
	return item.Fields[wantedField] == wantedGone, nil
}

// attempts is how often an item is written anew after another writer was faster.
const attempts = 10

// change writes an item with changed fields, over whoever writes beside.
func change(ctx context.Context, store control.Store, key string, edit func(fields map[string]string)) error {
	for range attempts {
		item, err := store.Get(ctx, key)
		if err != nil && !errors.Is(err, control.ErrAbsent) {
			return fmt.Errorf("read item %s: %w", key, err)
		}
		next := control.Item{Rev: item.Rev + 1, Fields: map[string]string{}}
		for name, value := range item.Fields {
			next.Fields[name] = value
		}
		edit(next.Fields)
		err = store.Put(ctx, key, next)
		if err == nil {
			return nil
		}
		if !errors.Is(err, control.ErrConflict) {
			return fmt.Errorf("write item %s: %w", key, err)
		}
	}
	return fmt.Errorf("write item %s: %w %d times in a row", key, control.ErrConflict, attempts)
}
