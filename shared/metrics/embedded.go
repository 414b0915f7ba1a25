package metrics

import (
	"encoding/json"
	"fmt"
	"time"
)

// Sample is one value of a series, in the unit of its metric.
type Sample struct {
	Series Series
	Value  float64
	// Fine keeps the sample by the second instead of by the minute, at a price: for
	// the lag and the pause of a switch (CloudWatch user guide, "High-resolution
	// metrics").
	Fine bool
}

// definition is how the line names the sample's metric.
func (s Sample) definition() map[string]any {
	out := map[string]any{"Name": s.Series.Metric.Name, "Unit": s.Series.Metric.Unit}
	if s.Fine {
		out["StorageResolution"] = 1
	}
	return out
}

// Line renders samples as one line in the embedded metric format, which CloudWatch
// Logs turns into metrics (CloudWatch user guide, "Specification: Embedded metric
// format"). Samples whose dimensions contradict each other are an error, as the
// line has one value for each dimension.
func Line(at time.Time, samples ...Sample) ([]byte, error) {
	line := map[string]any{}
	var directives []any
	for _, sample := range samples {
		metric := sample.Series.Metric
		for i, dimension := range metric.Dimensions {
			value := sample.Series.Values[i]
			if former, set := line[dimension]; set && former != value {
				return nil, fmt.Errorf("metric %s/%s: dimension %s is %q and, in the same line, %q", metric.Namespace, metric.Name, dimension, value, former)
			}
			line[dimension] = value
		}
		line[metric.Name] = sample.Value
		directives = append(directives, map[string]any{
			"Namespace":  metric.Namespace,
			"Dimensions": [][]string{metric.Dimensions},
			"Metrics":    []any{sample.definition()},
		})
	}
	line["_aws"] = map[string]any{"Timestamp": at.UnixMilli(), "CloudWatchMetrics": directives}
	text, err := json.Marshal(line)
	if err != nil {
		return nil, fmt.Errorf("render metrics: %w", err)
	}
	return append(text, '\n'), nil
}
