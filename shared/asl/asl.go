// Package asl writes the definitions of state machines in the Amazon States
// Language from typed values, and says what is wrong with one before AWS does or,
// where AWS takes it, before it fails at night. It has the part of the language
// that the platform uses, with JSONPath, and runs nothing (Amazon States Language
// specification; AWS Step Functions developer guide, "Using Amazon States Language
// to define Step Functions workflows").
package asl

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Machine is a state machine.
type Machine struct {
	Comment string `json:"Comment,omitempty"`
	StartAt string `json:"StartAt"`
	// TimeoutSeconds is how long an execution may run.
	TimeoutSeconds int              `json:"TimeoutSeconds,omitempty"`
	States         map[string]State `json:"States"`
}

// State is one of this package's states.
type State interface {
	// next lists the states that may follow.
	next() []string
	// terminal tells whether the execution may end here.
	terminal() bool
	// check joins what is wrong with the state by itself; inside tells that it is
	// within the processor of a map.
	check(inside bool) error
}

// Task calls something and waits for its answer.
type Task struct {
	Comment        string         `json:"Comment,omitempty"`
	Resource       string         `json:"Resource"`
	Parameters     map[string]any `json:"Parameters,omitempty"`
	ResultSelector map[string]any `json:"ResultSelector,omitempty"`
	ResultPath     string         `json:"ResultPath,omitempty"`
	TimeoutSeconds int            `json:"TimeoutSeconds,omitempty"`
	Retry          []Retry        `json:"Retry,omitempty"`
	Catch          []Catch        `json:"Catch,omitempty"`
	Next           string         `json:"Next,omitempty"`
	End            bool           `json:"End,omitempty"`
}

// Choice goes on where the first rule that holds says.
type Choice struct {
	Comment string `json:"Comment,omitempty"`
	Choices []Rule `json:"Choices"`
	Default string `json:"Default"`
}

// Rule compares one text.
type Rule struct {
	Variable     string `json:"Variable"`
	StringEquals string `json:"StringEquals"`
	Next         string `json:"Next"`
}

// Wait waits for a number of seconds, or for as many as stand at a path.
type Wait struct {
	Comment     string `json:"Comment,omitempty"`
	Seconds     int    `json:"Seconds,omitempty"`
	SecondsPath string `json:"SecondsPath,omitempty"`
	Next        string `json:"Next"`
}

// Pass makes another input.
type Pass struct {
	Comment    string         `json:"Comment,omitempty"`
	Parameters map[string]any `json:"Parameters,omitempty"`
	ResultPath string         `json:"ResultPath,omitempty"`
	Next       string         `json:"Next"`
}

// Succeed ends an execution well.
type Succeed struct {
	Comment string `json:"Comment,omitempty"`
}

// Fail ends an execution badly, with a name that alarms and people read.
type Fail struct {
	Comment   string `json:"Comment,omitempty"`
	Error     string `json:"Error"`
	Cause     string `json:"Cause,omitempty"`
	CausePath string `json:"CausePath,omitempty"`
}

// Map runs a machine for each item, each as an execution of its own (AWS
// Step Functions developer guide, "Using Map state in Distributed mode").
type Map struct {
	Comment        string    `json:"Comment,omitempty"`
	Label          string    `json:"Label"`
	ItemsPath      string    `json:"ItemsPath"`
	ItemProcessor  Processor `json:"ItemProcessor"`
	MaxConcurrency int       `json:"MaxConcurrency"`
	// ToleratedFailurePercentage of executions may fail before the map does; 0, which
	// is AWS's default, is not written down.
	ToleratedFailurePercentage int     `json:"ToleratedFailurePercentage,omitempty"`
	ResultWriter               *Writer `json:"ResultWriter,omitempty"`
	ResultPath                 string  `json:"ResultPath,omitempty"`
	Catch                      []Catch `json:"Catch,omitempty"`
	Next                       string  `json:"Next"`
}

// Processor is the machine of a map.
type Processor struct {
	ProcessorConfig ProcessorConfig  `json:"ProcessorConfig"`
	StartAt         string           `json:"StartAt"`
	States          map[string]State `json:"States"`
}

// ProcessorConfig says how the machine runs: "DISTRIBUTED", and "STANDARD" for
// executions of more than five minutes.
type ProcessorConfig struct {
	Mode          string `json:"Mode"`
	ExecutionType string `json:"ExecutionType"`
}

// Writer puts the results of a map into a bucket, since a state's output is
// bounded.
type Writer struct {
	Resource   string         `json:"Resource"`
	Parameters map[string]any `json:"Parameters"`
}

// Retry repeats after certain errors.
type Retry struct {
	ErrorEquals     []string `json:"ErrorEquals"`
	IntervalSeconds int      `json:"IntervalSeconds"`
	MaxAttempts     int      `json:"MaxAttempts"`
	BackoffRate     float64  `json:"BackoffRate"`
	MaxDelaySeconds int      `json:"MaxDelaySeconds,omitempty"`
}

// Catch goes on elsewhere after certain errors.
type Catch struct {
	ErrorEquals []string `json:"ErrorEquals"`
	ResultPath  string   `json:"ResultPath"`
	Next        string   `json:"Next"`
}

// All is the name that stands for every error.
const All = "States.ALL"

// maxDefinition is how long a definition may be in bytes (AWS Step Functions
// developer guide, "Quotas").
const maxDefinition = 1 << 20

// JSON renders the definition, unless something is wrong with it.
func (m Machine) JSON() (string, error) {
	if err := m.Validate(); err != nil {
		return "", err
	}
	text, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("render the definition: %w", err)
	}
	if len(text) > maxDefinition {
		return "", fmt.Errorf("definition has %d bytes, expected at most %d", len(text), maxDefinition)
	}
	return string(text), nil
}

// typed puts the name of the type before the fields of a state.
func typed(name string, fields any) ([]byte, error) {
	text, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("render a %s state: %w", name, err)
	}
	head := `{"Type":"` + name + `"`
	if len(text) > len("{}") {
		head += ","
	}
	return append([]byte(head), text[1:]...), nil
}

// MarshalJSON renders the state.
func (t Task) MarshalJSON() ([]byte, error) { type plain Task; return typed("Task", plain(t)) }

// MarshalJSON renders the state.
func (c Choice) MarshalJSON() ([]byte, error) { type plain Choice; return typed("Choice", plain(c)) }

// MarshalJSON renders the state.
func (w Wait) MarshalJSON() ([]byte, error) { type plain Wait; return typed("Wait", plain(w)) }

// MarshalJSON renders the state.
func (p Pass) MarshalJSON() ([]byte, error) { type plain Pass; return typed("Pass", plain(p)) }

// MarshalJSON renders the state.
func (s Succeed) MarshalJSON() ([]byte, error) { type plain Succeed; return typed("Succeed", plain(s)) }

// MarshalJSON renders the state.
func (f Fail) MarshalJSON() ([]byte, error) { type plain Fail; return typed("Fail", plain(f)) }

// MarshalJSON renders the state.
func (m Map) MarshalJSON() ([]byte, error) { type plain Map; return typed("Map", plain(m)) }

func (t Task) next() []string    { return append(caught(t.Catch), named(t.Next)...) }
func (w Wait) next() []string    { return named(w.Next) }
func (p Pass) next() []string    { return named(p.Next) }
func (m Map) next() []string     { return append(caught(m.Catch), named(m.Next)...) }
func (s Succeed) next() []string { return nil }
func (f Fail) next() []string    { return nil }
func (c Choice) next() []string {
	states := named(c.Default)
	for _, rule := range c.Choices {
		states = append(states, rule.Next)
	}
	return states
}

func (t Task) terminal() bool    { return t.End }
func (c Choice) terminal() bool  { return false }
func (w Wait) terminal() bool    { return false }
func (p Pass) terminal() bool    { return false }
func (m Map) terminal() bool     { return false }
func (s Succeed) terminal() bool { return true }
func (f Fail) terminal() bool    { return true }

func named(state string) []string {
	if state == "" {
		return nil
	}
	return []string{state}
}

func caught(catches []Catch) []string {
	states := make([]string, 0, len(catches)+1)
	for _, each := range catches {
		states = append(states, each.Next)
	}
	return states
}

// join prefixes each problem.
func join(about string, problems ...error) error {
	var told []error
	for _, problem := range problems {
		if problem != nil {
			told = append(told, fmt.Errorf("%s: %w", about, problem))
		}
	}
	return errors.Join(told...)
}
