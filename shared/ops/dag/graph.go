// Package dag runs tasks in the order that their needs dictate: none starts
// before everything it needs has succeeded, independent branches go on after a
// failure, and a run can be wound down or cancelled at any moment. It knows
// nothing of Pulumi, of layers, of clocks or of the screen.
package dag

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Node is a task's name and the names of the nodes that have to succeed first.
type Node struct {
	Name  string
	Needs []string
}

// Graph is a set of nodes without cycles.
type Graph struct {
	nodes []Node
	index map[string]int
}

// New checks the nodes and returns their graph. All problems are reported
// together: a name used twice, a need that does not exist, a cycle.
func New(nodes []Node) (*Graph, error) {
	g := &Graph{nodes: slices.Clone(nodes), index: make(map[string]int, len(nodes))}
	var problems []error
	for i, n := range nodes {
		if _, twice := g.index[n.Name]; twice {
			problems = append(problems, fmt.Errorf("node %s exists twice", n.Name))
		}
		g.index[n.Name] = i
	}
	problems = append(problems, g.checkNeeds()...)
	if len(problems) == 0 {
		if rest := g.unordered(); len(rest) > 0 {
			problems = append(problems, fmt.Errorf("nodes need each other in a circle: %s", strings.Join(rest, ", ")))
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return g, nil
}

func (g *Graph) checkNeeds() []error {
	var problems []error
	for _, n := range g.nodes {
		for _, need := range n.Needs {
			if _, known := g.index[need]; !known {
				problems = append(problems, fmt.Errorf("node %s needs %s, which does not exist", n.Name, need))
			}
		}
	}
	return problems
}

// Names lists the nodes in the order they were given.
func (g *Graph) Names() []string {
	names := make([]string, len(g.nodes))
	for i, n := range g.nodes {
		names[i] = n.Name
	}
	return names
}

// Needs lists what name needs directly.
func (g *Graph) Needs(name string) []string {
	return slices.Clone(g.nodes[g.index[name]].Needs)
}

// Waves groups the nodes by the longest chain of needs before them: everything
// in one wave can run side by side.
func (g *Graph) Waves() [][]string {
	depth := make(map[string]int, len(g.nodes))
	var waves [][]string
	for _, name := range g.Order() {
		d := 0
		for _, need := range g.Needs(name) {
			d = max(d, depth[need]+1)
		}
		depth[name] = d
		if d == len(waves) {
			waves = append(waves, nil)
		}
		waves[d] = append(waves[d], name)
	}
	return waves
}

// Order lists the nodes so that each stands behind all it needs; among equals
// the order they were given decides.
func (g *Graph) Order() []string {
	order, _ := g.sort()
	return order
}

// unordered lists the nodes that no order can place.
func (g *Graph) unordered() []string {
	_, rest := g.sort()
	return rest
}

func (g *Graph) sort() (order, rest []string) {
	placed := make(map[string]bool, len(g.nodes))
	for progress := true; progress; {
		progress = false
		for _, n := range g.nodes {
			if !placed[n.Name] && all(n.Needs, placed) {
				placed[n.Name], progress = true, true
				order = append(order, n.Name)
			}
		}
	}
	for _, n := range g.nodes {
		if !placed[n.Name] {
			rest = append(rest, n.Name)
		}
	}
	return order, rest
}

func all(names []string, set map[string]bool) bool {
	for _, name := range names {
		if !set[name] {
			return false
		}
	}
	return true
}

// Reverse returns the graph with every arrow turned round: what is destroyed
// first is what nothing else needs.
func (g *Graph) Reverse() *Graph {
	needs := make(map[string][]string, len(g.nodes))
	for _, n := range g.nodes {
		for _, need := range n.Needs {
			needs[need] = append(needs[need], n.Name)
		}
	}
	reversed := &Graph{index: make(map[string]int, len(g.nodes))}
	for _, name := range slices.Backward(g.Order()) {
		reversed.index[name] = len(reversed.nodes)
		reversed.nodes = append(reversed.nodes, Node{Name: name, Needs: needs[name]})
	}
	return reversed
}

// Subset returns the graph of the given nodes alone. A chain of needs through a
// node that is left out still orders its two ends.
func (g *Graph) Subset(names []string) (*Graph, error) {
	var kept []Node
	for _, n := range g.nodes {
		if slices.Contains(names, n.Name) {
			kept = append(kept, Node{Name: n.Name, Needs: g.upstreamWithin(n.Name, names)})
		}
	}
	for _, name := range names {
		if _, known := g.index[name]; !known {
			return nil, fmt.Errorf("node %s does not exist: expected one of %s", name, strings.Join(g.Names(), ", "))
		}
	}
	return New(kept)
}

func (g *Graph) upstreamWithin(name string, names []string) []string {
	var within []string
	for _, up := range g.Upstream(name) {
		if slices.Contains(names, up) {
			within = append(within, up)
		}
	}
	return within
}

// Upstream lists everything that name needs, directly or through others.
func (g *Graph) Upstream(name string) []string {
	seen := map[string]bool{}
	g.collect(name, seen)
	return g.filter(seen)
}

func (g *Graph) collect(name string, seen map[string]bool) {
	for _, need := range g.Needs(name) {
		if !seen[need] {
			seen[need] = true
			g.collect(need, seen)
		}
	}
}

// Downstream lists everything that needs name, directly or through others.
func (g *Graph) Downstream(name string) []string {
	seen := map[string]bool{}
	for _, n := range g.nodes {
		if slices.Contains(g.Upstream(n.Name), name) {
			seen[n.Name] = true
		}
	}
	return g.filter(seen)
}

func (g *Graph) filter(set map[string]bool) []string {
	var names []string
	for _, name := range g.Order() {
		if set[name] {
			names = append(names, name)
		}
	}
	return names
}
