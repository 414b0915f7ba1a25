package steeringtest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/ops/steering"
)

var _ steering.Gauge = (*Gauge)(nil)

// Gauge notes what it is told.
type Gauge struct {
	mutex sync.Mutex
	last  []string
	Err   error
}

// Put notes samples.
func (g *Gauge) Put(_ context.Context, _ time.Time, samples ...metrics.Sample) error {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.Err != nil {
		return g.Err
	}
	g.last = nil
	for _, s := range samples {
		g.last = append(g.last, fmt.Sprintf("%s %s %v %v", s.Series.Metric.Namespace, s.Series.Metric.Name, s.Series.Values, s.Value))
	}
	return nil
}

// Last returns what it was told last, a line a sample: "namespace name [values]
// number".
func (g *Gauge) Last() []string {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return slices.Clone(g.last)
}

// Forget forgets it.
func (g *Gauge) Forget() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.last = nil
}
