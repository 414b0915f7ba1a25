package access

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cutover/cutover/shared/policy/evaluate"
)

// Rule says exactly who may do something: each of May may, every other caller
// must not.
type Rule struct {
	// Name says in a few words what the rule is for.
	Name string
	// Actions and On are tried in every combination.
	Actions, On []string
	// With are condition keys of the calls, as in Call.
	With map[string][]string
	// Callers try; nil stands for every role of the environment and for an
	// administrator of the account.
	Callers []Caller
	// May lists the callers for whom every one of the calls is allowed. One that
	// does not try is an error.
	May []Caller
}

// Violation is a call that is allowed and must not be, or the other way round.
type Violation struct {
	Rule     string
	Call     Call
	May      bool
	Decision evaluate.Decision
}

// String names rule, caller, action, resource and what decided.
func (v Violation) String() string {
	verb := "can"
	if v.May {
		verb = "cannot"
	}
	return fmt.Sprintf("%s: %s %s %s on %s: %s", v.Rule, v.Call.Caller, verb, v.Call.Action, v.Call.On, v.Decision)
}

// Check tries every rule. A rule that tries nothing, and a call that cannot be
// evaluated, is an error.
func (w *World) Check(rules []Rule) ([]Violation, error) {
	var violations []Violation
	var problems []error
	for _, rule := range rules {
		found, err := w.check(rule)
		violations = append(violations, found...)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", rule.Name, err))
		}
	}
	return violations, errors.Join(problems...)
}

func (w *World) check(rule Rule) ([]Violation, error) {
	callers := rule.Callers
	if callers == nil {
		callers = w.Everybody()
	}
	if len(rule.Actions) == 0 || len(rule.On) == 0 || len(callers) == 0 || slices.Contains(rule.On, "") {
		return nil, errors.New("tries nothing: expected actions, resources and callers")
	}
	var problems []error
	for _, may := range rule.May {
		if !slices.Contains(callers, may) {
			problems = append(problems, fmt.Errorf("%s may, but does not try", may))
		}
	}
	var violations []Violation
	for _, caller := range callers {
		for _, action := range rule.Actions {
			for _, on := range rule.On {
				call := Call{Caller: caller, Action: action, On: on, With: rule.With}
				decision, err := w.Decide(call)
				if err != nil {
					problems = append(problems, fmt.Errorf("%s: %w", caller, err))
					continue
				}
				if may := slices.Contains(rule.May, caller); may != decision.Allowed {
					violations = append(violations, Violation{Rule: rule.Name, Call: call, May: may, Decision: decision})
				}
			}
		}
	}
	return violations, errors.Join(problems...)
}

// Everybody lists every role and an administrator of the account.
func (w *World) Everybody() []Caller {
	callers := []Caller{Administrator}
	for _, name := range w.Roles() {
		callers = append(callers, Caller{Role: name})
	}
	return callers
}
