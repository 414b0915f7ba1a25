package config

import (
	"fmt"
	"reflect"
	"regexp"
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

// fieldType returns the type at path inside t, nil where there is none.
func fieldType(t reflect.Type, path []string) reflect.Type {
	for _, step := range path {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		switch t.Kind() {
		case reflect.Slice, reflect.Map:
			t = t.Elem()
		case reflect.Struct:
			field, ok := taggedField(t, step)
			if !ok {
				return nil
			}
			t = field.Type
		default:
			return nil
		}
	}
	return t
}

func taggedField(t reflect.Type, name string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if t.Field(i).Tag.Get(tag) == name {
			return t.Field(i), true
		}
	}
	return reflect.StructField{}, false
}

// optional tells whether the field at path may be left out.
func optional(t reflect.Type, path string) bool {
	at := fieldType(t, steps(path))
	return at != nil && at.Kind() == reflect.Pointer
}

// siblings lists the keys that are known next to path.
func siblings(t reflect.Type, path string) []string {
	all := steps(path)
	parent := fieldType(t, all[:len(all)-1])
	for parent != nil && parent.Kind() == reflect.Pointer {
		parent = parent.Elem()
	}
	if parent == nil || parent.Kind() != reflect.Struct {
		return []string{fmt.Sprintf("none below %s", strings.Join(all[:len(all)-1], "."))}
	}
	var names []string
	for i := range parent.NumField() {
		names = append(names, parent.Field(i).Tag.Get(tag))
	}
	sort.Strings(names)
	return names
}
