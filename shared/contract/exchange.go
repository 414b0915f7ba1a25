package contract

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// versionKey is the output under which every stack exports its contract version.
const versionKey = "contractVersion"

// Export makes out the outputs of the running stack. A field that was left
// empty is an error: a contract is kept whole or not at all.
func Export[T Outputs](ctx *pulumi.Context, out T) error {
	if string(out.Layer()) != ctx.Project() {
		return fmt.Errorf("export contract of layer %q from project %q: a layer exports its own contract only", out.Layer(), ctx.Project())
	}
	var missing []error
	values := reflect.ValueOf(out)
	eachField(values.Type(), "", nil, func(key string, index []int) {
		output, ok := values.FieldByIndex(index).Interface().(pulumi.Output)
		if !ok || values.FieldByIndex(index).IsZero() {
			missing = append(missing, fmt.Errorf("export contract of layer %q: output %q was never set", out.Layer(), key))
			return
		}
		ctx.Export(key, output)
	})
	ctx.Export(versionKey, pulumi.Int(out.Version()))
	return errors.Join(missing...)
}

// Import reads the outputs of the layer that T describes, from the stack of the
// same environment. In a preview an output that does not exist yet is unknown;
// in an update it is an error that names layer, stack and key. Reading a layer
// that Needs does not list is an error too.
func Import[T Outputs](ctx *pulumi.Context) (T, error) {
	var out T
	reader, err := Parse(ctx.Project())
	if err != nil {
		return out, fmt.Errorf("import contract of layer %q: %w", out.Layer(), err)
	}
	if !slices.Contains(reader.Needs(), out.Layer()) {
		return out, fmt.Errorf("layer %q imports the contract of %q without declaring it: add it to Needs in shared/contract", reader, out.Layer())
	}
	source := Stack(ctx.Organization(), out.Layer(), ctx.Stack())
	ref, err := pulumi.NewStackReference(ctx, string(out.Layer()), &pulumi.StackReferenceArgs{Name: pulumi.String(source)})
	if err != nil {
		return out, fmt.Errorf("import contract of layer %q from stack %q: %w", out.Layer(), source, err)
	}
	in := importer{layer: out.Layer(), stack: source, want: out.Version(), ref: ref}
	target := reflect.ValueOf(&out).Elem()
	var failures []error
	eachField(target.Type(), "", nil, func(key string, index []int) {
		if err := in.fill(target.FieldByIndex(index), key); err != nil {
			failures = append(failures, err)
		}
	})
	return out, errors.Join(failures...)
}

// Stack is the fully qualified name of a layer's stack in one environment.
func Stack(organization string, layer Layer, environment string) string {
	return strings.Join([]string{organization, string(layer), environment}, "/")
}

// Keys lists the output keys of T in declaration order, without the version.
func Keys[T Outputs]() []string {
	var keys []string
	eachField(reflect.TypeFor[T](), "", nil, func(key string, _ []int) { keys = append(keys, key) })
	return keys
}

type importer struct {
	layer Layer
	stack string
	want  int
	ref   *pulumi.StackReference
}

// fill sets field to the converted output of the given key.
func (in importer) fill(field reflect.Value, key string) error {
	raw := pulumi.All(in.ref.GetOutput(pulumi.String(versionKey)), in.ref.GetOutput(pulumi.String(key)))
	check := func(values []any) (any, error) {
		if err := in.checkVersion(values[0]); err != nil {
			return nil, err
		}
		if values[1] == nil {
			return nil, fmt.Errorf("layer %q, stack %q: output %q does not exist: run `mage deploy:%s` first", in.layer, in.stack, key, in.layer)
		}
		return values[1], nil
	}
	wrong := func(value any, want string) error {
		return fmt.Errorf("layer %q, stack %q: output %q is of type %T: expected %s", in.layer, in.stack, key, value, want)
	}
	switch field.Interface().(type) {
	case pulumi.StringOutput:
		field.Set(reflect.ValueOf(raw.ApplyT(convert(check, wrong, toString)).(pulumi.StringOutput)))
	case pulumi.IntOutput:
		field.Set(reflect.ValueOf(raw.ApplyT(convert(check, wrong, toInt)).(pulumi.IntOutput)))
	case pulumi.StringArrayOutput:
		field.Set(reflect.ValueOf(raw.ApplyT(convert(check, wrong, toStrings)).(pulumi.StringArrayOutput)))
	case pulumi.StringMapOutput:
		field.Set(reflect.ValueOf(raw.ApplyT(convert(check, wrong, toStringMap)).(pulumi.StringMapOutput)))
	default:
		return fmt.Errorf("contract of layer %q: field for output %q has type %s, which contracts do not carry", in.layer, key, field.Type())
	}
	return nil
}

func (in importer) checkVersion(found any) error {
	if found == nil {
		return fmt.Errorf("layer %q, stack %q: has no outputs yet: run `mage deploy:%s` first", in.layer, in.stack, in.layer)
	}
	version, err := toInt(found)
	if err != nil || version != in.want {
		return fmt.Errorf("layer %q, stack %q: exports contract version %v, this program was built for version %d: run `mage deploy:%s` first",
			in.layer, in.stack, found, in.want, in.layer)
	}
	return nil
}

var errType = errors.New("unexpected type")

// convert chains the version and presence check with a conversion.
func convert[T any](check func([]any) (any, error), wrong func(any, string) error, to func(any) (T, error)) func([]any) (T, error) {
	return func(values []any) (T, error) {
		var none T
		value, err := check(values)
		if err != nil {
			return none, err
		}
		converted, err := to(value)
		if err != nil {
			return none, wrong(value, reflect.TypeFor[T]().String())
		}
		return converted, nil
	}
}

func toString(value any) (string, error) {
	s, ok := value.(string)
	if !ok {
		return "", errType
	}
	return s, nil
}

func toInt(value any) (int, error) {
	switch n := value.(type) {
	case int:
		return n, nil
	case float64:
		if n == math.Trunc(n) && math.Abs(n) < 1<<53 {
			return int(n), nil
		}
	}
	return 0, errType
}

func toStrings(value any) ([]string, error) {
	list, ok := value.([]any)
	if !ok {
		return nil, errType
	}
	out := make([]string, len(list))
	for i, item := range list {
		s, err := toString(item)
		if err != nil {
			return nil, err
		}
		out[i] = s
	}
	return out, nil
}

func toStringMap(value any) (map[string]string, error) {
	fields, ok := value.(map[string]any)
	if !ok {
		return nil, errType
	}
	out := make(map[string]string, len(fields))
	for key, item := range fields {
		s, err := toString(item)
		if err != nil {
			return nil, err
		}
		out[key] = s
	}
	return out, nil
}

// eachField calls visit for every output field of t with its full key and index.
func eachField(t reflect.Type, prefix string, index []int, visit func(key string, index []int)) {
	for i := range t.NumField() {
		field := t.Field(i)
		key := Key(prefix, field.Tag.Get("pulumi"))
		at := append(slices.Clone(index), i)
		if field.Type.Kind() == reflect.Struct && !field.Type.Implements(reflect.TypeFor[pulumi.Output]()) {
			eachField(field.Type, key, at, visit)
			continue
		}
		visit(key, at)
	}
}

// Key is the output under which a part of a contract is exported: "blueVpcId" for
// "vpcId" of the part "blue". Without a part it is the key itself.
func Key(part, key string) string {
	if part == "" {
		return key
	}
	return part + strings.ToUpper(key[:1]) + key[1:]
}
