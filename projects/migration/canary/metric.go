package canary

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/cutover/cutover/shared/metrics"
)

// emit writes the round trip as one line in the embedded metric format, which
// CloudWatch Logs turns into a metric (CloudWatch user guide, "Specification:
// Embedded metric format").
func (p Probe) emit(at time.Time, roundTrip time.Duration) error {
	metric := metrics.CanaryRoundTrip
	line := map[string]any{
		"_aws": map[string]any{
			"Timestamp": at.UnixMilli(),
			"CloudWatchMetrics": []any{map[string]any{
				"Namespace":  metric.Namespace,
				"Dimensions": [][]string{metric.Dimensions},
				"Metrics":    []any{map[string]any{"Name": metric.Name, "Unit": metric.Unit}},
			}},
		},
		metrics.DimensionColor: p.Side,
		metric.Name:            float64(roundTrip) / float64(time.Millisecond),
	}
	text, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("render metric %s: %w", metric.Name, err)
	}
	if _, err := p.Metrics.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("emit metric %s: %w", metric.Name, err)
	}
	return nil
}
