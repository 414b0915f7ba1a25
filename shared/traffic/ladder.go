package traffic

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cutover/cutover/shared/naming"
)

// Ladder is the shares of green, in percent, that traffic stops at on its way up.
// Zero, where it begins, is no step.
type Ladder []int

// Steps is the ladder of every environment.
func Steps() Ladder { return Ladder{1, 5, 10, 25, 50, 100} }

// SwitchAfter is the step, in percent, after which the data moves: green's share above
// it needs green's data.
const SwitchAfter = 25

// Switchable tells whether the data may move at a split: at SwitchAfter, where both
// colours serve and write to whoever has the authority, or at 0, where green serves
// nobody before it has the data.
func Switchable(split Split) bool {
	green := split.Share(naming.Green)
	return green == 0 || green == At(SwitchAfter).Share(naming.Green)
}

// Next is the lowest step above a split. ok is false at the top.
func (l Ladder) Next(from Split) (percent int, ok bool) {
	for _, step := range l {
		if At(step).Share(naming.Green) > from.Share(naming.Green) {
			return step, true
		}
	}
	return 0, false
}

// Reached counts the steps that a split has reached, from 0.
func (l Ladder) Reached(split Split) (steps int) {
	for _, step := range l {
		if At(step).Share(naming.Green) <= split.Share(naming.Green) {
			steps++
		}
	}
	return steps
}

// Parse reads a share in percent and refuses what is neither a step nor 0.
func (l Ladder) Parse(text string) (int, error) {
	percent, err := strconv.Atoi(strings.TrimSuffix(text, "%"))
	if err != nil || percent != 0 && !slices.Contains(l, percent) {
		return 0, fmt.Errorf("step %q: expected one of 0, %s (percent of the requests to green)", text, l)
	}
	return percent, nil
}

// Skipped lists the steps between a split and a higher share. On the way down
// nothing is skipped: any lower share is fine.
func (l Ladder) Skipped(from Split, to int) Ladder {
	next, ok := l.Next(from)
	if !ok || to <= next {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(l), func(step int) bool { return step < next || step >= to })
}

// String lists the steps.
func (l Ladder) String() string {
	words := make([]string, len(l))
	for i, step := range l {
		words[i] = strconv.Itoa(step)
	}
	return strings.Join(words, ", ")
}
