// Package graph holds everything that the programs of all layers register for
// one environment, as one graph: each program runs against the recording mock,
// fed with what its upstream layers exported, and a property whose value came
// from another resource, of whatever layer, keeps an edge to that resource. So
// questions can be asked of the whole environment: which key encrypts this
// bucket, which rules admit that group, what a role may do.
//
// The mock gives every resource the id and the ARN that AWS would give one of
// its kind, and the edges are found by these values. The package judges nothing;
// it calls no API, and it knows no default of AWS or of the provider: a property
// that a program leaves out is absent.
package graph

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/recording"
)

// Environment says which environment is recorded.
type Environment struct {
	// Name is the stack: local, staging or prod.
	Name string
	// AccountID has 12 digits; Region is a region's name.
	AccountID string
	Region    string
}

// Layer is one program with the stack file to configure it with.
type Layer struct {
	Name      contract.Layer
	Program   pulumi.RunFunc
	StackFile string
}

// Graph is what the layers of one environment register.
type Graph struct {
	Environment Environment
	resources   []*Resource
	exports     map[contract.Layer]map[string]any
	config      map[contract.Layer]map[string]string
	// What link finds out: resources by URN and by type, those that refer to one,
	// and those that a value belongs to.
	byURN     map[string]*Resource
	byType    map[string][]*Resource
	referrers map[*Resource][]*Resource
	owners    map[string][]owner
}

// Record runs the programs in the given order, which has to be one of
// deployment, and links what they register. It returns all errors together: a
// program that fails, and a property whose value comes from another resource
// but is empty, which means that identity.go does not know that output yet.
func Record(env Environment, layers []Layer) (*Graph, error) {
	g := &Graph{Environment: env, exports: make(map[contract.Layer]map[string]any), config: make(map[contract.Layer]map[string]string)}
	for _, layer := range layers {
		recorded, err := recording.Run(recording.Options{
			Layer: layer.Name, Stack: env.Name, StackFile: layer.StackFile,
			Upstream: g.exports, Identify: identifier(env),
		}, layer.Program)
		if err != nil {
			return nil, fmt.Errorf("record layer %s of %s: %w", layer.Name, env.Name, err)
		}
		g.exports[layer.Name], g.config[layer.Name] = recorded.Exports, recorded.Config
		for _, each := range recorded.Resources {
			g.resources = append(g.resources, &Resource{Resource: each, Layer: layer.Name})
		}
	}
	g.link()
	return g, g.unresolved()
}

// Exports are the outputs of a layer's stack, as other stacks read them.
func (g *Graph) Exports(layer contract.Layer) map[string]any { return g.exports[layer] }

// Layers lists the layers that were recorded, in deployment order.
func (g *Graph) Layers() []contract.Layer {
	return slices.DeleteFunc(contract.Layers(), func(l contract.Layer) bool { _, recorded := g.exports[l]; return !recorded })
}

// Config is what a layer was configured with, by full key ("foundation:zones"),
// structures as JSON.
func (g *Graph) Config(layer contract.Layer) map[string]string { return g.config[layer] }

// Resources lists all resources, components and providers too, by layer in
// deployment order, then by type and name.
func (g *Graph) Resources() []*Resource { return slices.Clone(g.resources) }

// OfType lists the resources of any of the type tokens.
func (g *Graph) OfType(tokens ...string) []*Resource {
	if len(tokens) == 1 {
		return slices.Clone(g.byType[tokens[0]])
	}
	return g.Where(func(r *Resource) bool { return slices.Contains(tokens, r.Type) })
}

// Where lists the resources that the condition holds for.
func (g *Graph) Where(holds func(*Resource) bool) []*Resource {
	var found []*Resource
	for _, r := range g.resources {
		if holds(r) {
			found = append(found, r)
		}
	}
	return found
}

// Find returns the resource of a type by logical name; nil when there is none or
// more than one, in different layers.
func (g *Graph) Find(token, name string) *Resource {
	found := g.Where(func(r *Resource) bool { return r.Type == token && r.Name == name })
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// ByURN returns a resource by its URN, nil when there is none.
func (g *Graph) ByURN(urn string) *Resource { return g.byURN[urn] }

// Owners lists the resources of which value is the id, or an output, or the
// physical name. An ARN with something behind it ("…:bucket/*") counts for the
// resource whose ARN it begins with.
func (g *Graph) Owners(value string) []*Resource {
	found, _ := g.owned(value)
	var list []*Resource
	for _, each := range found {
		list = append(list, each.resource)
	}
	return list
}

// Referrers lists the resources of the type that have an edge to r at path or
// below it; an empty type means all, an empty path anywhere.
func (g *Graph) Referrers(r *Resource, token, path string) []*Resource {
	var found []*Resource
	for _, from := range g.referrers[r] {
		if (token == "" || from.Type == token) && (path == "" || slices.Contains(from.References(path), r)) {
			found = append(found, from)
		}
	}
	return found
}

// unresolved joins an error for each input that is empty although it comes from
// another resource.
func (g *Graph) unresolved() error {
	var problems []error
	for _, r := range g.resources {
		for input, sources := range r.Sources {
			if value, set := r.Inputs[input]; !set || hollow(value) {
				problems = append(problems, fmt.Errorf("%s %q of layer %s: input %q comes from %s, but its value is not known to the recording",
					r.Type, r.Name, r.Layer, input, strings.Join(sources, ", ")))
			}
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(problems...)
}

// hollow tells whether an empty text or nothing is somewhere in value.
func hollow(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return slices.ContainsFunc(v, hollow)
	case map[string]any:
		for _, each := range v {
			if hollow(each) {
				return true
			}
		}
	}
	return false
}
