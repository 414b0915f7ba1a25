package figures

import (
	"fmt"
	"math"
	"slices"
)

// Spread is what several values have in common.
type Spread struct {
	Median float64 `json:"median"`
	Low    float64 `json:"lower_quartile"`
	High   float64 `json:"upper_quartile"`
	Count  int     `json:"count"`
}

// Of sums values up.
func Of(values []float64) Spread {
	if len(values) == 0 {
		return Spread{Median: math.NaN(), Low: math.NaN(), High: math.NaN()}
	}
	sorted := slices.Sorted(slices.Values(values))
	return Spread{Median: quantile(sorted, 0.5), Low: quantile(sorted, 0.25), High: quantile(sorted, 0.75), Count: len(sorted)}
}

// quantile interpolates between the two nearest of sorted values.
func quantile(sorted []float64, share float64) float64 {
	at := share * float64(len(sorted)-1)
	below := int(at)
	if below+1 >= len(sorted) {
		return sorted[below]
	}
	return sorted[below] + (at-float64(below))*(sorted[below+1]-sorted[below])
}

// String is the median and the quartiles.
func (s Spread) String() string {
	return fmt.Sprintf("%s (%s to %s)", short(s.Median), short(s.Low), short(s.High))
}

// short has three digits that count.
func short(value float64) string {
	if math.Abs(value) >= 1000 {
		return fmt.Sprintf("%.0f", value)
	}
	return fmt.Sprintf("%.3g", value)
}

// Line is the straight line t = Fixed + Each·n nearest to points, by least squares
// of the relative distances.
type Line struct {
	Fixed float64 `json:"fixed"`
	Each  float64 `json:"each"`
	// Off is the largest distance of a point from the line, as a part of the point.
	Off float64 `json:"off"`
}

// Fit finds the line through points (n, t), of which there must be two at least,
// all above 0.
func Fit(n, t []float64) Line {
	var w, wn, wt, wnn, wnt float64
	for i := range n {
		weight := 1 / (t[i] * t[i])
		w, wn, wt = w+weight, wn+weight*n[i], wt+weight*t[i]
		wnn, wnt = wnn+weight*n[i]*n[i], wnt+weight*n[i]*t[i]
	}
	line := Line{Each: (w*wnt - wn*wt) / (w*wnn - wn*wn)}
	line.Fixed = (wt - line.Each*wn) / w
	for i := range n {
		line.Off = max(line.Off, math.Abs(line.Fixed+line.Each*n[i]-t[i])/t[i])
	}
	return line
}
