package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
)

var pathIndex = regexp.MustCompile(`\[([^\]]*)\]`)

// steps splits "zones[1].name" into "zones", "1", "name".
func steps(path string) []string {
	dotted := pathIndex.ReplaceAllString(path, ".$1")
	return strings.Split(strings.Trim(dotted, "."), ".")
}

// lookup returns the value at path, nil where there is none.
func lookup(raw any, path string) any {
	current := raw
	for _, step := range steps(path) {
		switch node := current.(type) {
		case map[string]any:
			current = node[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(node) {
				return nil
			}
			current = node[i]
		default:
			return nil
		}
	}
	return current
}

// checkKeys adds a problem for every key of raw that t does not know and for
// every key that t requires and raw does not have. Values are not its business.
func checkKeys(p *Problems, t reflect.Type, raw any, path string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(textUnmarshaler) {
		return
	}
	switch t.Kind() {
	case reflect.Slice:
		list, _ := raw.([]any) // a value that is no list is a problem of decoding
		for i, item := range list {
			checkKeys(p, t.Elem(), item, fmt.Sprintf("%s[%d]", path, i))
		}
	case reflect.Map:
		fields, _ := raw.(map[string]any)
		for name, item := range fields {
			checkKeys(p, t.Elem(), item, child(path, name))
		}
	case reflect.Struct:
		if fields, ok := raw.(map[string]any); ok {
			checkStruct(p, t, fields, path)
		}
	default: // scalars have no keys
	}
}

func checkStruct(p *Problems, t reflect.Type, fields map[string]any, path string) {
	known := make([]string, 0, t.NumField())
	for i := range t.NumField() {
		field := t.Field(i)
		name := field.Tag.Get(tag)
		known = append(known, name)
		value, found := fields[name]
		switch {
		case found && value != nil:
			checkKeys(p, field.Type, value, child(path, name))
		case field.Type.Kind() != reflect.Pointer:
			p.Add(child(path, name), nil, "a value")
		}
	}
	sort.Strings(known)
	for name, value := range fields {
		if !slices.Contains(known, name) {
			p.Add(child(path, name), value, "no such key; known are "+strings.Join(known, ", "))
		}
	}
}

func child(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
