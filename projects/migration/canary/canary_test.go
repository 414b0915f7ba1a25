package canary_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/canary"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

// An instant with all the digits that a beat has to keep.
var instant = time.Date(2026, 11, 22, 16, 0, 0, 123456789, time.UTC)

// clock is a clock on which every look takes five milliseconds.
func clock() func() time.Time {
	now := instant
	return func() time.Time {
		now = now.Add(5 * time.Millisecond)
		return now
	}
}

func probe(store control.Store) (canary.Probe, *bytes.Buffer) {
	out := &bytes.Buffer{}
	return canary.Probe{Store: store, Side: naming.Green, Now: clock(), Metrics: out}, out
}

// faulty is a store that fails, or forgets, at one call.
type faulty struct {
	control.Memory
	failGet, failPut int // the number of the call that fails, from 1
	forget           bool
	gets, puts       int
}

var errStore = errors.New("store is out")

func (f *faulty) Get(ctx context.Context, key string) (control.Item, error) {
	if f.gets++; f.gets == f.failGet {
		return control.Item{}, errStore
	}
	return f.Memory.Get(ctx, key)
}

func (f *faulty) Put(ctx context.Context, key string, item control.Item) error {
	if f.puts++; f.puts == f.failPut {
		return errStore
	}
	if f.forget && item.Rev > 1 {
		return nil
	}
	return f.Memory.Put(ctx, key, item)
}

func TestEachRunWritesTheNextRevisionOfItsOwnItem(t *testing.T) {
	store := &control.Memory{}
	p, _ := probe(store)
	for rev := int64(1); rev <= 3; rev++ {
		require.NoError(t, p.Run(context.Background()))
		found, err := store.Get(context.Background(), "canary#green")
		require.NoError(t, err)
		assert.Equal(t, rev, found.Rev)
		assert.Equal(t, "green", found.Fields["side"])
		assert.Equal(t, instant.Add(time.Duration(15*rev-10)*time.Millisecond).Format(time.RFC3339Nano), found.Fields["written_at"])
	}
	_, err := store.Get(context.Background(), "canary#blue")
	require.ErrorIs(t, err, control.ErrAbsent)
}

func TestRunEmitsTheRoundTripAsAMetric(t *testing.T) {
	p, out := probe(&control.Memory{})
	require.NoError(t, p.Run(context.Background()))
	require.Equal(t, 1, bytes.Count(out.Bytes(), []byte("\n")), "one event is one line")
	var line struct {
		AWS struct {
			Timestamp         int64
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	require.Len(t, line.AWS.CloudWatchMetrics, 1)
	directive := line.AWS.CloudWatchMetrics[0]
	metric := metrics.CanaryRoundTrip
	assert.Equal(t, metric.Namespace, directive.Namespace)
	assert.Equal(t, [][]string{metric.Dimensions}, directive.Dimensions)
	assert.Equal(t, metric.Name, directive.Metrics[0].Name)
	assert.Equal(t, string(metric.Unit), directive.Metrics[0].Unit)
	assert.Equal(t, instant.Add(15*time.Millisecond).UnixMilli(), line.AWS.Timestamp)

	var values map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &values))
	assert.InDelta(t, 5, values[metric.Name], 0, "milliseconds between the looks at the clock around the round trip")
	for _, dimension := range metric.Dimensions {
		assert.Equal(t, "green", values[dimension])
	}
}

func TestFailedRunNamesItemAndStepAndEmitsNothing(t *testing.T) {
	cases := map[string]struct {
		store *faulty
		want  string
	}{
		"reading":      {&faulty{failGet: 1}, `control table, item "canary#green": read: store is out`},
		"writing":      {&faulty{failPut: 1}, `control table, item "canary#green": write revision 1: store is out`},
		"reading back": {&faulty{failGet: 2}, `control table, item "canary#green": read revision 1 back: store is out`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p, out := probe(c.store)
			err := p.Run(context.Background())
			require.ErrorIs(t, err, errStore)
			require.EqualError(t, err, c.want)
			assert.Empty(t, out.String())
		})
	}
}

func TestStoreThatForgetsAWriteIsAMismatch(t *testing.T) {
	p, out := probe(&faulty{forget: true})
	p.Now = func() time.Time { return instant } // both beats at one instant: the revision tells
	require.NoError(t, p.Run(context.Background()))
	out.Reset()
	err := p.Run(context.Background())
	var mismatch *canary.MismatchError
	require.ErrorAs(t, err, &mismatch)
	assert.EqualValues(t, 2, mismatch.Want.Rev)
	assert.EqualValues(t, 1, mismatch.Got.Rev)
	require.EqualError(t, err, `control table, item "canary#green": read revision 1 of "green", expected revision 2 of "green"`)
	assert.Empty(t, out.String())
}

func TestItemOfTheOtherColorIsAMismatchAndStays(t *testing.T) {
	store := &control.Memory{}
	blue := control.Item{Rev: 1, Fields: map[string]string{"written_at": "2026-11-22T16:00:00Z", "side": "blue"}}
	require.NoError(t, store.Put(context.Background(), "canary#green", blue))
	p, _ := probe(store)
	var mismatch *canary.MismatchError
	require.ErrorAs(t, p.Run(context.Background()), &mismatch)
	assert.Equal(t, naming.Blue, mismatch.Got.Side)
	found, err := store.Get(context.Background(), "canary#green")
	require.NoError(t, err)
	assert.Equal(t, blue, found)
}

func TestItemThatIsNoBeatIsUnreadableAndStays(t *testing.T) {
	for name, fields := range map[string]map[string]string{
		"nothing": {},
		"no time": {"written_at": "noon", "side": "green"},
		"no side": {"written_at": "2026-11-22T16:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			store := &control.Memory{}
			require.NoError(t, store.Put(context.Background(), "canary#green", control.Item{Rev: 1, Fields: fields}))
			p, out := probe(store)
			err := p.Run(context.Background())
			require.ErrorIs(t, err, canary.ErrUnreadable)
			require.NotContains(t, err.Error(), "noon", "values stay out of errors")
			assert.Empty(t, out.String())
		})
	}
}

// overtaken lets another writer in between the first read and the write.
type overtaken struct{ control.Memory }

func (o *overtaken) Put(ctx context.Context, key string, item control.Item) error {
	if err := o.Memory.Put(ctx, key, control.Item{Rev: item.Rev}); err != nil {
		return err
	}
	return o.Memory.Put(ctx, key, item)
}

func TestWriterThatWasOvertakenReportsTheConflict(t *testing.T) {
	p, _ := probe(&overtaken{})
	require.ErrorIs(t, p.Run(context.Background()), control.ErrConflict)
}

func TestRunEndsAMomentBeforeItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		p, _ := probe(&control.Memory{})
		require.ErrorIs(t, p.Run(ctx), context.DeadlineExceeded, "half a second is less than what is kept for the report")
		require.NoError(t, ctx.Err())
	})
}

func TestMetricThatCannotBeWrittenIsAnError(t *testing.T) {
	p, _ := probe(&control.Memory{})
	p.Metrics = broken{}
	require.ErrorContains(t, p.Run(context.Background()), "emit metric "+metrics.CanaryRoundTrip.Name)
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errStore }

func lookup(values map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, found := values[name]
		return value, found
	}
}

func TestHandlerNamesEveryVariableThatIsWrong(t *testing.T) {
	_, err := canary.NewHandler(context.Background(), lookup(map[string]string{"COLOR": "red"}), &bytes.Buffer{})
	require.ErrorContains(t, err, "variable CONTROL_TABLE: is missing")
	require.ErrorContains(t, err, `variable COLOR is "red": expected one of [blue green]`)
}
