// Package throttle decides how much may be loaded, or compared, at once, so that the
// servers' own clients hardly feel it. It halves the number of workers, and the size
// of each piece, while any of its inputs is over its limit, and raises both step by
// step while none is; and it lets data flow only in that part of the time which costs
// the source's clients no more than they are to give. An input that cannot be read
// counts as over its limit: what is not known is no reason to go on. The package
// measures nothing itself, knows no SQL and holds no lock on data: it slows work down
// and never decides whether it is right.
package throttle

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Input is one measure and how high it may be.
type Input struct {
	// Name is what it is called in reports.
	Name string
	// Limit is the largest value under which the load goes on at full speed, in the
	// input's own unit.
	Limit float64
	// Most is the value over which nothing is loaded at all; 0 is ten times the limit.
	Most float64
	// Read measures. It is called once per interval, by one goroutine.
	Read func(ctx context.Context) (float64, error)
}

// Verdict is what an input says.
type Verdict uint8

// The verdicts, from good to bad.
const (
	Free Verdict = iota
	Over
	Stop
)

// stop is how many times its limit makes an input stop the load.
const stop = 10

func (i Input) most() float64 {
	if i.Most > 0 {
		return i.Most
	}
	return stop * i.Limit
}

// Judge weighs a measured value. Not a number and errors count as over the limit.
func (i Input) Judge(value float64, err error) Verdict {
	switch {
	case err != nil, math.IsNaN(value):
		return Over
	case value > i.most():
		return Stop
	case value > i.Limit:
		return Over
	default:
		return Free
	}
}

// Measure reads the input once.
func (i Input) Measure(ctx context.Context) Reading {
	value, err := i.Read(ctx)
	if ctx.Err() != nil {
		err = errors.Join(err, ctx.Err())
	}
	reading := Reading{Name: i.Name, Value: value, Limit: i.Limit, Verdict: i.Judge(value, err)}
	if err != nil || math.IsNaN(value) {
		reading.Value, reading.Unread = 0, Reason(err)
	}
	return reading
}

// Reading is what an input said when it was last read. It holds no value of a row.
type Reading struct {
	Name    string  `json:"name"`
	Value   float64 `json:"value"`
	Limit   float64 `json:"limit"`
	Verdict Verdict `json:"verdict"`
	// Unread says why there is no value.
	Unread string `json:"unread,omitempty"`
}

// Reason is an error in a few words that hold no value of a row.
func Reason(err error) string {
	var server *pg.ServerError
	switch {
	case err == nil:
		return "no number"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.As(err, &server):
		return "SQLSTATE " + server.SQLState
	}
	return "no answer"
}

// String is the reading for a person: the value and what it may be.
func (r Reading) String() string {
	if r.Unread != "" {
		return fmt.Sprintf("%s cannot be read (%s)", r.Name, r.Unread)
	}
	return fmt.Sprintf("%s is %s, limit %s", r.Name, figure(r.Value), figure(r.Limit))
}

// figure is a number with three digits that count.
func figure(value float64) string {
	if math.Abs(value) >= 1000 {
		return strconv.FormatFloat(value, 'f', 0, 64)
	}
	return strconv.FormatFloat(value, 'g', 3, 64)
}
