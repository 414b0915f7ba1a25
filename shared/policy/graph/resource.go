package graph

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/recording"
)

// Resource is one registered resource with its edges.
//
// A path names a place in its inputs as "vpcConfig.subnetIds[0]"; "[*]" stands
// for every item of a list, and a path without index names the whole list.
type Resource struct {
	recording.Resource

	Layer contract.Layer
	edges []Edge
}

// Edge says that the value at Path came from To.
type Edge struct {
	// Path is a place in the inputs. Within an input that holds JSON it goes on
	// behind a hash: "policy#Statement[0].Resource[1]".
	Path string
	To   *Resource
	// Output is what the value is of To: "id", "name" for a physical name that the
	// program chose, or the name of the computed property ("arn").
	Output string
}

// String names the resource by type and logical name.
func (r *Resource) String() string { return r.Type + " " + strconv.Quote(r.Name) }

// Edges lists the edges, by path.
func (r *Resource) Edges() []Edge { return slices.Clone(r.edges) }

// References lists the resources that the value at path, or below it, came
// from, each once; an empty path means all inputs.
func (r *Resource) References(path string) []*Resource {
	var found []*Resource
	for _, edge := range r.edges {
		if within(edge.Path, path) && !slices.Contains(found, edge.To) {
			found = append(found, edge.To)
		}
	}
	return found
}

// Reference returns the one resource of the type that the value at path came
// from; nil when there is none or more than one.
func (r *Resource) Reference(path, token string) *Resource {
	var found []*Resource
	for _, to := range r.References(path) {
		if to.Type == token {
			found = append(found, to)
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// within tells whether the place at is path or lies below it.
func within(at, path string) bool {
	if path == "" {
		return true
	}
	rest, below := strings.CutPrefix(indices(at, path), path)
	return below && (rest == "" || strings.ContainsRune(".[#", rune(rest[0])))
}

// indices replaces the numbers of at with "*" where pattern has "[*]".
func indices(at, pattern string) string {
	for from := 0; ; {
		star := strings.Index(pattern[from:], "[*]")
		if star < 0 {
			return at
		}
		star += from
		if len(at) <= star || at[star] != '[' || at[:star] != pattern[:star] {
			return at
		}
		end := strings.IndexByte(at[star:], ']')
		if end < 0 {
			return at
		}
		at = at[:star] + "[*]" + at[star+end+1:]
		from = star + len("[*]")
	}
}

// Get returns the value at path: string, bool, float64, []any or
// map[string]any. A path with "[*]" returns the list of all values found.
func (r *Resource) Get(path string) (any, bool) {
	return lookup(r.Inputs, path)
}

func lookup(value any, path string) (any, bool) {
	if path == "" {
		return value, value != nil
	}
	if before, after, all := strings.Cut(path, "[*]"); all {
		list, ok := lookup(value, before)
		items, isList := list.([]any)
		if !ok || !isList {
			return nil, false
		}
		var found []any
		for _, item := range items {
			if each, ok := lookup(item, strings.TrimPrefix(after, ".")); ok {
				found = append(found, each)
			}
		}
		return found, len(found) > 0
	}
	head, rest := step(path)
	var next any
	var ok bool
	switch v := value.(type) {
	case map[string]any:
		next, ok = v[head]
	case []any:
		i, err := strconv.Atoi(head)
		if err == nil && i >= 0 && i < len(v) {
			next, ok = v[i], true
		}
	}
	if !ok {
		return nil, false
	}
	return lookup(next, rest)
}

// step cuts the first key or index off a path.
func step(path string) (head, rest string) {
	if inner, isIndex := strings.CutPrefix(path, "["); isIndex {
		head, rest, _ = strings.Cut(inner, "]")
		return head, strings.TrimPrefix(rest, ".")
	}
	end := strings.IndexAny(path, ".[")
	if end < 0 {
		return path, ""
	}
	return path[:end], strings.TrimPrefix(path[end:], ".")
}

// Text returns the string at path, "" when there is none.
func (r *Resource) Text(path string) string {
	value, _ := r.Get(path)
	text, _ := value.(string)
	return text
}

// Texts returns the strings of the list at path; a single string is a list of one.
func (r *Resource) Texts(path string) []string {
	value, _ := r.Get(path)
	return texts(value)
}

func texts(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, item := range v {
			list = append(list, texts(item)...)
		}
		return list
	}
	return nil
}

// Number returns the number at path, and whether there is one.
func (r *Resource) Number(path string) (float64, bool) {
	value, _ := r.Get(path)
	number, ok := value.(float64)
	return number, ok
}

// Is tells whether the value at path is that bool. An absent one is neither
// true nor false.
func (r *Resource) Is(path string, want bool) bool {
	value, _ := r.Get(path)
	is, ok := value.(bool)
	return ok && is == want
}

// Items returns the list of objects at path.
func (r *Resource) Items(path string) []map[string]any {
	value, _ := r.Get(path)
	list, _ := value.([]any)
	var items []map[string]any
	for _, item := range list {
		if object, ok := item.(map[string]any); ok {
			items = append(items, object)
		}
	}
	return items
}

// Output returns the value that stands for a computed property, for example
// "arn"; "id" is the id.
func (r *Resource) Output(name string) string {
	if name == "id" {
		return r.ID
	}
	text, _ := r.Computed[name].(string)
	return text
}

// JSON reads the JSON text at path. A text that is absent, because the program
// sets none or because it is unknown, is an error.
func (r *Resource) JSON(path string, into any) error {
	text := r.Text(path)
	if text == "" {
		return fmt.Errorf("%s: %s: has no known text, expected JSON", r, path)
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("%s: %s: is not JSON: %w", r, path, err)
	}
	return nil
}
