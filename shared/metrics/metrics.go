// Package metrics is the catalogue of every CloudWatch metric that the platform
// emits or looks at. The code that emits a metric and the dashboards and alarms
// that read it take its name from here, so that a renamed metric breaks a build
// or a test and never a graph. The package imports nothing heavy: functions that
// emit metrics compile it in. It neither emits nor queries.
package metrics

import (
	"fmt"
	"slices"
)

// Unit is a unit of CloudWatch (CloudWatch API reference, MetricDatum).
type Unit string

// The units in use.
const (
	None         Unit = "None"
	Count        Unit = "Count"
	Percent      Unit = "Percent"
	Seconds      Unit = "Seconds"
	Milliseconds Unit = "Milliseconds"
	Bytes        Unit = "Bytes"
)

// Statistic is how CloudWatch folds the samples of a period into one value.
type Statistic string

// The statistics in use.
const (
	Sum     Statistic = "Sum"
	Average Statistic = "Average"
	Minimum Statistic = "Minimum"
	Maximum Statistic = "Maximum"
	Samples Statistic = "SampleCount"
	P50     Statistic = "p50"
	P95     Statistic = "p95"
	P99     Statistic = "p99"
)

// Metric is one metric: its names are an interface between the code that emits
// it and everything that reads it.
type Metric struct {
	Namespace string
	Name      string
	Unit      Unit
	// Dimensions are the names of the dimensions that identify a series, in the
	// order in which At takes their values.
	Dimensions []string
	// Statistic is the one that answers the usual question.
	Statistic Statistic
}

// By returns m under another statistic, for those who ask it another question.
func (m Metric) By(statistic Statistic) Metric {
	m.Statistic = statistic
	return m
}

// Series is a metric with the value of each of its dimensions.
type Series struct {
	Metric Metric
	// Values correspond to Metric.Dimensions by position.
	Values []string
}

// At returns the series of m with these dimension values. It is an error to
// give another number of values than m has dimensions, or an empty one:
// CloudWatch would take both and show nothing.
func (m Metric) At(values ...string) (Series, error) {
	if len(values) != len(m.Dimensions) {
		return Series{}, fmt.Errorf("metric %s/%s: got %d dimension values, expected %d (%v)",
			m.Namespace, m.Name, len(values), len(m.Dimensions), m.Dimensions)
	}
	if at := slices.Index(values, ""); at >= 0 {
		return Series{}, fmt.Errorf("metric %s/%s: value of dimension %q is empty", m.Namespace, m.Name, m.Dimensions[at])
	}
	return Series{Metric: m, Values: values}, nil
}
