package switching

import (
	"context"
	"fmt"
	"strings"

	"github.com/cutover/cutover/projects/migration/lane/proof"
)

// Verdict is how a condition stands. The zero value is Unknown, which never
// holds.
type Verdict int

// The verdicts.
const (
	Unknown Verdict = iota
	Pass
	Fail
)

// String is the verdict in a word.
func (v Verdict) String() string {
	switch v {
	case Pass:
		return "pass"
	case Fail:
		return "fail"
	case Unknown:
	}
	return "unknown"
}

// Gate is a condition of a switch and how it stands.
type Gate struct {
	Name    string
	Verdict Verdict
	// Detail says what was found and what is expected, without values of rows.
	Detail string
	// Service marks a condition on how well the platform serves. A rollback does not
	// ask for it: bad service is why one rolls back.
	Service bool
}

// Held makes a gate from a finding.
func Held(name string, holds bool, format string, args ...any) Gate {
	g := Gate{Name: name, Verdict: Fail, Detail: fmt.Sprintf(format, args...)}
	if holds {
		g.Verdict = Pass
	}
	return g
}

// Unanswered makes a gate of a question that got no answer.
func Unanswered(name string, err error) Gate {
	return Gate{Name: name, Detail: err.Error()}
}

// Gates evaluates conditions. All of a machine's gates must pass before writers
// are kept out; a list that is empty does not.
type Gates interface {
	Evaluate(ctx context.Context, t Try) []Gate
}

// Checks are Gates that are asked after a switch too.
type Checks interface {
	Confirm(ctx context.Context, t Try) []Gate
}

// evaluate asks all sources of gates.
func (m *Machine) evaluate(ctx context.Context, t Try) []Gate {
	var gates []Gate
	for _, source := range append([]Gates{m.Primary}, m.Gates...) {
		for _, g := range source.Evaluate(ctx, t) {
			if !g.Service || !t.Rollback() {
				gates = append(gates, g)
			}
		}
	}
	return gates
}

// open tells whether all gates pass, and else what does not.
func open(gates []Gate) error {
	var closed []string
	for _, g := range gates {
		if g.Verdict != Pass {
			closed = append(closed, fmt.Sprintf("%s %s: %s", g.Name, g.Verdict, g.Detail))
		}
	}
	switch {
	case len(gates) == 0:
		return fmt.Errorf("%w: there are none", ErrGates)
	case len(closed) > 0:
		return fmt.Errorf("%w: %s", ErrGates, strings.Join(closed, "; "))
	default:
		return nil
	}
}

// documented gives gates the form of the proof record.
func documented(gates []Gate) []proof.Gate {
	list := make([]proof.Gate, len(gates))
	for i, g := range gates {
		list[i] = proof.Gate{Name: g.Name, Verdict: g.Verdict.String(), Detail: g.Detail}
	}
	return list
}

// MadeByArming tells whether a gate asks for what arming makes first: frozen tables
// and the list of changed keys.
func MadeByArming(gate string) bool {
	return gate == "tail" || strings.HasPrefix(gate, "ddl-freeze-")
}
