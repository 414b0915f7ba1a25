package checks

import (
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/policy/graph"
)

// Wait is a clause that cannot hold yet, because a layer is not finished.
type Wait struct {
	Row string
	// Clause is the clause that waits; empty for all of the row.
	Clause string
	// Missing says what has to come.
	Missing string
	// Until lists the type tokens, or beginnings of them, that end the delay: as
	// soon as one is registered, the clause has to hold.
	Until []string
}

// Waits lists all entries.
func Waits() []Wait { return slices.Clone(pending) }

func (w Wait) covers(f Finding) bool {
	return w.Row == f.Row.ID && (w.Clause == "" || w.Clause == f.Clause)
}

// Over tells whether what the entry waits for is registered.
func (w Wait) Over(g *graph.Graph) bool {
	return len(g.Where(func(r *graph.Resource) bool {
		return slices.ContainsFunc(w.Until, func(token string) bool { return strings.HasPrefix(r.Type, token) })
	})) > 0
}

// pending is empty while every layer is whole.
var pending []Wait
