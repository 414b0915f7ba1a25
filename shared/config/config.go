// Package config decodes and validates the configuration of a layer, strictly:
// an unknown key, a missing one and a malformed value are errors that name
// file, key, value and expectation, and never a silent default. It knows the
// form of configuration and the settings that every layer shares; what a layer
// needs beyond those, the layer's own Config type says.
//
// Values live where Pulumi keeps them, in projects/<layer>/Pulumi.<env>.yaml,
// in the namespace of the layer.
package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gopkg.in/yaml.v3"
)

// tag is the struct tag that names a configuration key.
const tag = "config"

// Validator is implemented by every layer's Config. Validate adds all that is
// wrong, relations between values included, and does not stop at the first.
type Validator interface {
	Validate(p *Problems)
}

// Load decodes the configuration of the running program's project into a T
// and validates it. Every field of T is required unless its type is a pointer.
func Load[T Validator](ctx *pulumi.Context) (T, error) {
	raw := make(map[string]any)
	for _, key := range topLevelKeys(reflect.TypeFor[T]()) {
		text, found := ctx.GetConfig(ctx.Project() + ":" + key.name)
		if !found {
			continue
		}
		value, err := parseContextValue(key.kind, text)
		if err != nil {
			return zero[T](), fmt.Errorf("read %s:%s: %w", ctx.Project(), key.name, err)
		}
		raw[key.name] = value
	}
	file := filepath.Join("projects", ctx.Project(), "Pulumi."+ctx.Stack()+".yaml")
	return decode[T](file, ctx.Project(), raw)
}

// ReadFile decodes and validates the configuration of one stack straight from
// its Pulumi.<env>.yaml, before any engine runs. Unlike Load it sees every key
// of the namespace, so it finds the unknown ones at the top level too.
func ReadFile[T Validator](path string) (T, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return zero[T](), fmt.Errorf("locate %s: %w", path, err)
	}
	project := filepath.Base(filepath.Dir(path))
	shown := filepath.Join("projects", project, filepath.Base(path))
	content, err := os.ReadFile(path) //nolint:gosec // the path of a stack file of this checkout
	if err != nil {
		return zero[T](), missingFile(shown, project, err)
	}
	raw, err := namespace(content, shown, project)
	if err != nil {
		return zero[T](), err
	}
	return decode[T](shown, project, raw)
}

// namespace returns the values of one project from the text of a stack file.
func namespace(content []byte, shown, project string) (map[string]any, error) {
	stack, err := parseStackFile(content)
	if err != nil {
		problems := Problems{file: shown, prefix: project + ":"}
		problems.Add("*", err, "valid YAML with a config section")
		return nil, problems.Err()
	}
	raw := make(map[string]any)
	problems := Problems{file: shown}
	for key, value := range stack.Config {
		name, ok := strings.CutPrefix(key, project+":")
		if !ok {
			problems.Add(key, value, fmt.Sprintf("only keys of the namespace %q", project+":"))
			continue
		}
		raw[name] = value
	}
	return raw, problems.Err()
}

func zero[T any]() (t T) { return t }

// prefix is what stands before a key of the project's namespace.
func prefix(project string) string {
	if project == "" {
		return ""
	}
	return project + ":"
}

// decode turns raw values into a T, reports all that is wrong and validates.
// Validate runs only on values that have the right form.
func decode[T Validator](file, project string, raw map[string]any) (T, error) {
	var out T
	problems := Problems{file: file, prefix: prefix(project)}
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		Result:    &out,
		TagName:   tag,
		MatchName: func(mapKey, fieldName string) bool { return mapKey == fieldName },
		DecodeHook: mapstructure.ComposeDecodeHookFunc(
			scalarHook, mapstructure.TextUnmarshallerHookFunc()),
	})
	if err != nil {
		return out, fmt.Errorf("prepare decoder for %s: %w", file, err)
	}
	if err := decoder.Decode(raw); err != nil {
		addDecodeErrors(&problems, raw, err)
	}
	checkKeys(&problems, reflect.TypeFor[T](), raw, "")
	if err := problems.Err(); err != nil {
		return out, err
	}
	out.Validate(&problems)
	return out, problems.Err()
}

// addDecodeErrors turns the decoder's joined errors into problems.
func addDecodeErrors(problems *Problems, raw map[string]any, err error) {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) && !isDecodeError(err) {
		for _, each := range joined.Unwrap() {
			addDecodeErrors(problems, raw, each)
		}
		return
	}
	var failed *mapstructure.DecodeError
	if !errors.As(err, &failed) {
		problems.Add("*", err, "values of the documented form")
		return
	}
	problems.Add(failed.Name(), lookup(raw, failed.Name()), expectation(failed.Unwrap()))
}

func isDecodeError(err error) bool {
	var failed *mapstructure.DecodeError
	_, direct := err.(*mapstructure.DecodeError) //nolint:errorlint // the outermost error is asked for, not one inside
	return direct && errors.As(err, &failed)
}

// expectation says what a value should have been, from the reason it failed.
func expectation(err error) string {
	var want *Expected
	if errors.As(err, &want) {
		return want.Want
	}
	var unconvertible *mapstructure.UnconvertibleTypeError
	if errors.As(err, &unconvertible) {
		return "a value of type " + unconvertible.Expected.Type().String()
	}
	return "a well-formed value (" + err.Error() + ")"
}

// Expected is the error of an UnmarshalText that knows what it wanted.
type Expected struct{ Want string }

// Error says what was expected.
func (e *Expected) Error() string { return "expected " + e.Want }

type key struct {
	name string
	kind reflect.Kind
}

func topLevelKeys(t reflect.Type) []key {
	var keys []key
	for i := range t.NumField() {
		field := t.Field(i)
		kind := field.Type.Kind()
		if kind == reflect.Pointer {
			kind = field.Type.Elem().Kind()
		}
		if reflect.PointerTo(field.Type).Implements(textUnmarshaler) {
			kind = reflect.String
		}
		keys = append(keys, key{name: field.Tag.Get(tag), kind: kind})
	}
	return keys
}

var textUnmarshaler = reflect.TypeFor[interface{ UnmarshalText([]byte) error }]()

// parseContextValue reads the text Pulumi hands to a program: JSON for
// structured values, the bare text for scalars.
func parseContextValue(kind reflect.Kind, text string) (any, error) {
	switch kind {
	case reflect.Struct, reflect.Map, reflect.Slice:
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			return nil, fmt.Errorf("parse %q as JSON: %w", text, err)
		}
		return value, nil
	default:
		return text, nil
	}
}

// scalarHook accepts what Pulumi makes of scalars: top-level numbers and
// booleans arrive as text, whole numbers inside structures as float64.
func scalarHook(from, to reflect.Type, value any) (any, error) {
	switch {
	case from.Kind() == reflect.String && to.Kind() == reflect.Int:
		n, err := strconv.Atoi(value.(string))
		if err != nil {
			return nil, &Expected{Want: "a whole number"}
		}
		return n, nil
	case from.Kind() == reflect.String && to.Kind() == reflect.Bool:
		switch value.(string) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return nil, &Expected{Want: "true or false"}
	case from.Kind() == reflect.Float64 && to.Kind() == reflect.Int:
		f := value.(float64)
		if f != float64(int(f)) {
			return nil, &Expected{Want: "a whole number"}
		}
		return int(f), nil
	}
	return value, nil
}

// ReadDocument decodes a YAML text that is not a stack file, with the same
// strictness. shown is the path that problems name.
func ReadDocument[T Validator](shown string, text []byte) (T, error) {
	var raw map[string]any
	if err := yaml.Unmarshal(text, &raw); err != nil {
		problems := Problems{file: shown}
		problems.Add("*", err, "valid YAML")
		return zero[T](), problems.Err()
	}
	return decode[T](shown, "", raw)
}

// ReadDocumentFile is ReadDocument for a file.
func ReadDocumentFile[T Validator](path, shown string) (T, error) {
	text, err := os.ReadFile(path) //nolint:gosec // a file of this checkout
	if err != nil {
		return zero[T](), fmt.Errorf("read %s: %w", shown, err)
	}
	return ReadDocument[T](shown, text)
}
