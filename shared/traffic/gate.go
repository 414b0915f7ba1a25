package traffic

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/cutover/cutover/shared/naming"
)

// Verdict is what a gate says. The zero value is Inconclusive: whatever was not
// decided does not pass.
type Verdict int

// The verdicts.
const (
	Inconclusive Verdict = iota // no data, an error, too few samples, a stale time stamp
	Pass
	Fail
)

// String names the verdict.
func (v Verdict) String() string {
	switch v {
	case Pass:
		return "pass"
	case Fail:
		return "fail"
	case Inconclusive:
		return "inconclusive"
	}
	return fmt.Sprintf("verdict %d", int(v))
}

// Move is the change of a split that gates are asked about.
type Move struct {
	From, To Split
	At       time.Time
}

// Gains lists the colours that get more requests by the move.
func (m Move) Gains() []naming.Color { return m.From.Gains(m.To) }

// Upward tells whether green gets more.
func (m Move) Upward() bool { return m.To.Share(naming.Green) > m.From.Share(naming.Green) }

// Reading is what a gate found.
type Reading struct {
	Verdict Verdict `json:"verdict"`
	// Value is what was found and Expect what passes, both in words for a person.
	Value  string `json:"value"`
	Expect string `json:"expect"`
}

// Unknown is the reading of a gate that could not look.
func Unknown(expect string, err error) Reading {
	return Reading{Verdict: Inconclusive, Value: err.Error(), Expect: expect}
}

// Gate is one condition of a move. A new one is one more value in the list that
// is asked; nothing else knows the gates by name.
type Gate struct {
	// Name is the dimension Gate of the metric GateResult and what people read.
	Name string
	// Upward limits the gate to moves that give green more: the way back has fewer.
	Upward bool
	Ask    func(ctx context.Context, m Move) Reading
}

// Answer is a gate's reading.
type Answer struct {
	Gate string `json:"gate"`
	Reading
}

// Patience is how long a gate may take; one that takes longer is inconclusive.
const Patience = 10 * time.Second

// Ask asks all gates that the move concerns, side by side, and returns their
// answers in order. A gate that panics or does not answer in time is inconclusive.
func Ask(ctx context.Context, gates []Gate, m Move) []Answer {
	var asked []Gate
	for _, g := range gates {
		if m.Upward() || !g.Upward {
			asked = append(asked, g)
		}
	}
	answers := make([]Answer, len(asked))
	var group sync.WaitGroup
	for i, g := range asked {
		group.Go(func() { answers[i] = Answer{Gate: g.Name, Reading: ask(ctx, g, m)} })
	}
	group.Wait()
	return answers
}

func ask(ctx context.Context, g Gate, m Move) Reading {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	found := make(chan Reading, 1)
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				found <- Reading{Value: fmt.Sprintf("the gate broke: %v", cause), Expect: "an answer"}
			}
		}()
		found <- g.Ask(ctx, m)
	}()
	select {
	case reading := <-found:
		return reading
	case <-ctx.Done():
		return Reading{Value: fmt.Sprintf("no answer: %v", context.Cause(ctx)), Expect: fmt.Sprintf("an answer within %s", Patience)}
	}
}

// Open tells whether every answer passes. No answers are no pass.
func Open(answers []Answer) bool {
	for _, a := range answers {
		if a.Verdict != Pass {
			return false
		}
	}
	return len(answers) > 0
}
