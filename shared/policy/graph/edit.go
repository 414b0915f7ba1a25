package graph

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/recording"
)

// Change is one deliberate fault in a copy of a graph: what a check has to find.
// One that finds nothing to change returns an error.
type Change func(*Graph) error

// With returns a copy of the graph with the changes, linked anew. The graph
// itself stays as it is.
func (g *Graph) With(changes ...Change) (*Graph, error) {
	copied := &Graph{Environment: g.Environment, exports: g.exports, config: g.config}
	for _, r := range g.resources {
		other := *r
		other.Inputs, _ = cloned(r.Inputs).(map[string]any)
		other.edges = nil
		copied.resources = append(copied.resources, &other)
	}
	for _, change := range changes {
		if err := change(copied); err != nil {
			return nil, err
		}
	}
	copied.link()
	return copied, nil
}

// New returns a graph of the given resources, for tests of single checks. Their
// ids and ARNs are made as Record makes them.
func New(env Environment, layer contract.Layer, resources ...recording.Resource) *Graph {
	g := &Graph{Environment: env}
	for _, each := range resources {
		g.resources = append(g.resources, g.made(layer, each))
	}
	g.link()
	return g
}

func (g *Graph) made(layer contract.Layer, r recording.Resource) *Resource {
	if r.URN == "" {
		r.URN = "urn:pulumi:" + g.Environment.Name + "::" + string(layer) + "::" + r.Type + "::" + r.Name
	}
	r.Custom = !strings.HasPrefix(r.Type, "cutover:")
	r.Inputs, _ = cloned(r.Inputs).(map[string]any)
	if r.Inputs == nil {
		r.Inputs = make(map[string]any)
	}
	r.ID, r.Computed = identifier(g.Environment)(r)
	return &Resource{Resource: r, Layer: layer}
}

// Add registers one more resource in a layer.
func Add(layer contract.Layer, r recording.Resource) Change {
	return func(g *Graph) error {
		inputs, err := g.resolved(r.Inputs)
		if err != nil {
			return err
		}
		r.Inputs, _ = inputs.(map[string]any)
		g.resources = append(g.resources, g.made(layer, r))
		return nil
	}
}

// Ref stands, within the values of a change, for an output of a resource of the
// graph: "id", "arn".
type Ref struct{ Type, Name, Output string }

// resolved copies a value with every Ref replaced by what it stands for.
func (g *Graph) resolved(value any) (any, error) {
	switch v := cloned(value).(type) {
	case Ref:
		r, err := g.one(v.Type, v.Name)
		if err != nil {
			return nil, err
		}
		if output := r.Output(v.Output); output != "" {
			return output, nil
		}
		return nil, fmt.Errorf("%s: has no output %q", r, v.Output)
	case map[string]any:
		for key, each := range v {
			inner, err := g.resolved(each)
			if err != nil {
				return nil, err
			}
			v[key] = inner
		}
		return v, nil
	case []any:
		for i, each := range v {
			inner, err := g.resolved(each)
			if err != nil {
				return nil, err
			}
			v[i] = inner
		}
		return v, nil
	default:
		return v, nil
	}
}

// Remove takes a resource away.
func Remove(token, name string) Change {
	return edit(token, name, func(g *Graph, r *Resource) error {
		g.resources = slices.DeleteFunc(g.resources, func(each *Resource) bool { return each == r })
		return nil
	})
}

// Set gives the input at path another value. What leads there is made when it is
// missing, but no item of a list.
func Set(token, name, path string, value any) Change {
	return edit(token, name, func(g *Graph, r *Resource) error {
		resolved, err := g.resolved(value)
		if err != nil {
			return err
		}
		if put(r.Inputs, path, resolved) {
			return nil
		}
		return fmt.Errorf("%s: has no place %q", r, path)
	})
}

// Unset takes the input at path away.
func Unset(token, name, path string) Change {
	return edit(token, name, func(_ *Graph, r *Resource) error {
		cut := strings.LastIndexByte(path, '.')
		holder, ok := lookup(r.Inputs, path[:max(cut, 0)])
		fields, isMap := holder.(map[string]any)
		if _, set := fields[path[cut+1:]]; !ok || !isMap || !set {
			return fmt.Errorf("%s: has no input %q to take away", r, path)
		}
		delete(fields, path[cut+1:])
		return nil
	})
}

// Rewrite replaces text within the text at path, for example in a policy.
func Rewrite(token, name, path, from, to string) Change {
	return edit(token, name, func(_ *Graph, r *Resource) error {
		text := r.Text(path)
		if !strings.Contains(text, from) {
			return fmt.Errorf("%s: %s does not contain %s", r, path, from)
		}
		put(r.Inputs, path, strings.ReplaceAll(text, from, to))
		return nil
	})
}

// Configure gives a configuration key of a layer another value, for the checks
// that read it: the programs do not run again.
func Configure(layer contract.Layer, key, value string) Change {
	return func(g *Graph) error {
		changed := maps.Clone(g.config)
		if changed == nil {
			changed = make(map[contract.Layer]map[string]string)
		}
		changed[layer] = maps.Clone(changed[layer])
		if changed[layer] == nil {
			changed[layer] = make(map[string]string)
		}
		changed[layer][key] = value
		g.config = changed
		return nil
	}
}

// Export gives an output of a layer another value.
func Export(layer contract.Layer, key string, value any) Change {
	return func(g *Graph) error {
		changed := maps.Clone(g.exports)
		if changed == nil {
			changed = make(map[contract.Layer]map[string]any)
		}
		changed[layer] = maps.Clone(changed[layer])
		if changed[layer] == nil {
			changed[layer] = make(map[string]any)
		}
		changed[layer][key] = value
		g.exports = changed
		return nil
	}
}

// Alter changes what the other functions do not reach, such as options.
func Alter(token, name string, change func(*Resource)) Change {
	return edit(token, name, func(_ *Graph, r *Resource) error {
		change(r)
		return nil
	})
}

func edit(token, name string, change func(*Graph, *Resource) error) Change {
	return func(g *Graph) error {
		r, err := g.one(token, name)
		if err != nil {
			return err
		}
		return change(g, r)
	}
}

// one finds the resource that a change speaks of. A name that several layers use
// is written with its layer: "data:aws".
func (g *Graph) one(token, name string) (*Resource, error) {
	if r := g.Find(token, name); r != nil {
		return r, nil
	}
	layer, inLayer, _ := strings.Cut(name, ":")
	found := g.Where(func(r *Resource) bool { return r.Type == token && r.Name == inLayer && string(r.Layer) == layer })
	if len(found) != 1 {
		return nil, fmt.Errorf("%s %q: is not registered once", token, name)
	}
	return found[0], nil
}

// put sets the value at path below holder and tells whether there is such a place.
func put(holder any, path string, value any) bool {
	head, rest := step(path)
	switch v := holder.(type) {
	case map[string]any:
		if rest == "" {
			v[head] = value
			return true
		}
		if _, set := v[head]; !set {
			v[head] = make(map[string]any)
		}
		return put(v[head], rest, value)
	case []any:
		i, err := strconv.Atoi(head)
		if err != nil || i < 0 || i >= len(v) {
			return false
		}
		if rest == "" {
			v[i] = value
			return true
		}
		return put(v[i], rest, value)
	}
	return false
}

// cloned copies maps and lists; other values are never changed in place.
func cloned(value any) any {
	switch v := value.(type) {
	case map[string]any:
		fields := maps.Clone(v)
		for key, each := range fields {
			fields[key] = cloned(each)
		}
		return fields
	case []any:
		items := slices.Clone(v)
		for i, each := range items {
			items[i] = cloned(each)
		}
		return items
	case int:
		return float64(v)
	case []string:
		items := make([]any, len(v))
		for i, each := range v {
			items[i] = each
		}
		return items
	}
	return value
}
