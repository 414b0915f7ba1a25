package asl

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Limits of names (Amazon States Language specification, "States"; AWS Step
// Functions developer guide, "Map state fields").
const (
	maxName  = 80
	maxLabel = 40
)

// Validate joins all that is wrong: transitions that lead nowhere, states that
// nothing leads to or that no end can be reached from, tasks and maps whose failure
// nobody catches, tasks without a time-out, executions without one.
func (m Machine) Validate() error {
	var timeless error
	if m.TimeoutSeconds <= 0 {
		timeless = errors.New("machine has no time-out, expected seconds")
	}
	return errors.Join(timeless, check(m.StartAt, m.States, false))
}

// check looks at one machine, or at the one of a map.
func check(start string, states map[string]State, inside bool) error {
	var problems []error
	if _, known := states[start]; !known {
		problems = append(problems, fmt.Errorf("it starts at %q, which is no state", start))
	}
	for _, name := range slices.Sorted(maps.Keys(states)) {
		state := states[name]
		if len(name) > maxName {
			problems = append(problems, fmt.Errorf("state %s: has a name of %d characters, expected at most %d", name, len(name), maxName))
		}
		for _, next := range state.next() {
			if _, known := states[next]; !known {
				problems = append(problems, fmt.Errorf("state %s: leads to %q, which is no state", name, next))
			}
		}
		problems = append(problems, join("state "+name, state.check(inside)))
	}
	for _, name := range slices.Sorted(maps.Keys(states)) {
		if !reaches(states, start, func(found string) bool { return found == name }) {
			problems = append(problems, fmt.Errorf("state %s: is never reached", name))
		}
		if !reaches(states, name, func(found string) bool { return states[found] != nil && states[found].terminal() }) {
			problems = append(problems, fmt.Errorf("state %s: has no way to an end", name))
		}
	}
	return errors.Join(problems...)
}

// reaches tells whether a state that is wanted can be reached from another.
func reaches(states map[string]State, from string, wanted func(string) bool) bool {
	seen, queue := map[string]bool{}, []string{from}
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if seen[name] || states[name] == nil {
			continue
		}
		if wanted(name) {
			return true
		}
		seen[name] = true
		queue = append(queue, states[name].next()...)
	}
	return false
}

func (t Task) check(inside bool) error {
	var problems []error
	expect(&problems, t.Resource != "", "has no resource")
	expect(&problems, t.TimeoutSeconds > 0, "has no time-out: it would wait for a year")
	expect(&problems, (t.Next == "") == t.End, "has both a next state and an end, or neither")
	// Within a map the map catches what its executions fail with.
	expect(&problems, inside || len(t.Catch) > 0, "has nobody who catches its failure")
	problems = append(problems, checkCatch(t.Catch))
	for _, retry := range t.Retry {
		expect(&problems, len(retry.ErrorEquals) > 0 && !slices.Contains(retry.ErrorEquals, All), "repeats after every error, expected names of errors")
		expect(&problems, retry.IntervalSeconds > 0 && retry.MaxAttempts > 0 && retry.BackoffRate >= 1, "repeats without interval, bound or rate")
	}
	return errors.Join(problems...)
}

// checkCatch expects that the last one takes every error, by itself, and that the
// input is kept.
func checkCatch(catches []Catch) error {
	var problems []error
	for i, each := range catches {
		all := slices.Contains(each.ErrorEquals, All)
		expect(&problems, all == (i == len(catches)-1) && (!all || len(each.ErrorEquals) == 1), "catches %v, expected %s alone and last", each.ErrorEquals, All)
		expect(&problems, each.ResultPath != "" && each.ResultPath != "$", "catches into %q, expected a path that keeps the input", each.ResultPath)
	}
	return errors.Join(problems...)
}

func (c Choice) check(bool) error {
	var problems []error
	expect(&problems, len(c.Choices) > 0, "has no rule")
	expect(&problems, c.Default != "", "has no default: what it does not know would end without a name")
	seen := map[Rule]bool{}
	for _, rule := range c.Choices {
		key := Rule{Variable: rule.Variable, StringEquals: rule.StringEquals}
		expect(&problems, !seen[key], "compares %s with %q twice", rule.Variable, rule.StringEquals)
		seen[key] = true
	}
	return errors.Join(problems...)
}

func (w Wait) check(bool) error {
	var problems []error
	expect(&problems, (w.Seconds > 0) != (w.SecondsPath != ""), "expected either seconds or their path")
	expect(&problems, w.Next != "", "leads nowhere")
	return errors.Join(problems...)
}

func (p Pass) check(bool) error {
	var problems []error
	expect(&problems, p.Next != "", "leads nowhere")
	return errors.Join(problems...)
}

func (Succeed) check(bool) error { return nil }

func (f Fail) check(bool) error {
	var problems []error
	expect(&problems, f.Error != "", "has no name of an error")
	expect(&problems, (f.Cause == "") != (f.CausePath == ""), "expected either a cause or its path")
	return errors.Join(problems...)
}

// maxConcurrency is the most executions that a map of this platform runs at once:
// each has connections to both databases.
const maxConcurrency = 40

func (m Map) check(inside bool) error {
	var problems []error
	expect(&problems, !inside, "stands in a map")
	expect(&problems, m.Label != "" && len(m.Label) <= maxLabel, "has the label %q, expected 1 to %d characters", m.Label, maxLabel)
	expect(&problems, m.ItemsPath != "" && m.Next != "", "has no items or leads nowhere")
	expect(&problems, m.MaxConcurrency >= 1 && m.MaxConcurrency <= maxConcurrency, "runs %d at once, expected 1 to %d", m.MaxConcurrency, maxConcurrency)
	expect(&problems, m.ToleratedFailurePercentage == 0, "tolerates failures, expected none")
	expect(&problems, len(m.Catch) > 0, "has nobody who catches its failure")
	expect(&problems, m.ResultWriter != nil, "keeps its results in the output, which is bounded: expected a writer")
	config := m.ItemProcessor.ProcessorConfig
	expect(&problems, config == ProcessorConfig{Mode: "DISTRIBUTED", ExecutionType: "STANDARD"}, "runs as %v, expected distributed standard executions", config)
	return errors.Join(append(problems, checkCatch(m.Catch), join("its machine", check(m.ItemProcessor.StartAt, m.ItemProcessor.States, true)))...)
}

func expect(problems *[]error, holds bool, format string, values ...any) {
	if !holds {
		*problems = append(*problems, fmt.Errorf(format, values...))
	}
}
