package graph

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// owner is a resource to which a value belongs.
type owner struct {
	resource *Resource
	output   string
}

// spoken are inputs for people: a name in them refers to nothing.
var spoken = []string{"tags", "tagsAll", "description", "comment"}

// link finds the edges: it notes to which resource every id, ARN and physical
// name belongs, then looks each text of each input up.
func (g *Graph) link() {
	g.byURN = make(map[string]*Resource, len(g.resources))
	g.byType = make(map[string][]*Resource)
	g.referrers = make(map[*Resource][]*Resource)
	g.owners = make(map[string][]owner)
	for _, r := range g.resources {
		g.byURN[r.URN] = r
		g.byType[r.Type] = append(g.byType[r.Type], r)
		g.own(r.ID, r, "id")
		for _, output := range slices.Sorted(maps.Keys(r.Computed)) {
			g.ownAll(r.Computed[output], r, output)
		}
		if name := physicalName(r.Resource); name != r.ID {
			g.own(name, r, "name")
		}
	}
	for _, r := range g.resources {
		r.edges = nil
		for _, input := range slices.Sorted(maps.Keys(r.Inputs)) {
			if !slices.Contains(spoken, input) {
				g.follow(r, input, r.Inputs[input])
			}
		}
		for _, to := range r.References("") {
			g.referrers[to] = append(g.referrers[to], r)
		}
	}
}

// own notes an owner of value. Short values say nothing about where they are from.
func (g *Graph) own(value string, r *Resource, output string) {
	if r.Custom && len(value) > len("vpc-") {
		g.owners[value] = append(g.owners[value], owner{r, output})
	}
}

// ownAll notes r as the owner of a computed property; of a structure only the
// ARNs in it are r's alone.
func (g *Graph) ownAll(value any, r *Resource, output string) {
	if text, ok := value.(string); ok {
		g.own(text, r, output)
		return
	}
	for _, text := range arns(value) {
		g.own(text, r, output)
	}
}

func arns(value any) []string {
	var found []string
	switch v := value.(type) {
	case string:
		if strings.HasPrefix(v, "arn:") {
			found = append(found, v)
		}
	case []any:
		for _, item := range v {
			found = append(found, arns(item)...)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			found = append(found, arns(v[key])...)
		}
	}
	return found
}

// follow adds the edges of the value at path.
func (g *Graph) follow(r *Resource, path string, value any) {
	switch v := value.(type) {
	case string:
		g.followText(r, path, v)
	case []any:
		for i, item := range v {
			g.follow(r, fmt.Sprintf("%s[%d]", path, i), item)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			g.follow(r, join(path, key), v[key])
		}
	}
}

func join(path, key string) string {
	if path == "" || strings.HasSuffix(path, "#") {
		return path + key
	}
	return path + "." + key
}

// followText looks one text up, or what it holds when it is JSON.
func (g *Graph) followText(r *Resource, path, text string) {
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		var document any
		if json.Unmarshal([]byte(text), &document) == nil {
			g.follow(r, path+"#", document)
			return
		}
	}
	found, exact := g.owned(text)
	for _, each := range found {
		// A resource's own name is no reference; a longer ARN belongs to the owner
		// of the ARN that it begins with.
		if each.resource == r || !exact && each.output != "arn" {
			continue
		}
		r.edges = append(r.edges, Edge{Path: path, To: each.resource, Output: each.output})
	}
}

// owned finds the owners of text, or of the ARN that it begins with.
func (g *Graph) owned(text string) (found []owner, exact bool) {
	if found, known := g.owners[text]; known {
		return found, true
	}
	for rest := text; strings.HasPrefix(rest, "arn:"); {
		end := strings.LastIndexAny(rest, "/:")
		if end < 0 {
			return nil, false
		}
		rest = rest[:end]
		if found, known := g.owners[rest]; known {
			return found, false
		}
	}
	return nil, false
}
