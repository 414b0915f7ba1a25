package mapping

import (
	"fmt"
	"go/ast"
	"reflect"
	"strconv"
	"strings"
)

// wire returns the properties of an input type by their names on the wire.
func (p *sdkPackage) wire(inputType string) (map[string]Shape, error) {
	name, ok := p.wireTypes[inputType]
	if !ok {
		return nil, fmt.Errorf("the SDK has no type %s with an ElementType method", inputType)
	}
	structure, ok := p.types[name].(*ast.StructType)
	if !ok {
		return nil, fmt.Errorf("the SDK's type %s is not a struct", name)
	}
	return p.fields(structure)
}

func (p *sdkPackage) fields(structure *ast.StructType) (map[string]Shape, error) {
	shapes := make(map[string]Shape, len(structure.Fields.List))
	for _, field := range structure.Fields.List {
		name, ok := wireName(field)
		if !ok {
			continue
		}
		shape, err := p.shape(field.Type)
		if err != nil {
			return nil, fmt.Errorf("property %s: %w", name, err)
		}
		shapes[name] = shape
	}
	return shapes, nil
}

func wireName(field *ast.Field) (string, bool) {
	if field.Tag == nil {
		return "", false
	}
	text, err := strconv.Unquote(field.Tag.Value)
	if err != nil {
		return "", false
	}
	name, _, _ := strings.Cut(reflect.StructTag(text).Get("pulumi"), ",")
	return name, name != ""
}

// scalars are Go's names of Pulumi's scalars.
var scalars = map[string]string{
	"string": KindString, "bool": KindBoolean, "int": KindInteger, "float64": KindNumber, "any": KindAny,
}

// shape reads a Go type. A pointer is an optional value; a slice or a map does
// not tell.
func (p *sdkPackage) shape(expression ast.Expr) (Shape, error) {
	switch t := expression.(type) {
	case *ast.StarExpr:
		shape, err := p.shape(t.X)
		shape.Required = false
		return shape, err
	case *ast.ArrayType:
		return p.collection(KindList, t.Elt)
	case *ast.MapType:
		return p.collection(KindMap, t.Value)
	case *ast.InterfaceType:
		return Shape{Kind: KindAny}, nil
	case *ast.StructType:
		expand := func() (map[string]Shape, error) { return p.fields(t) }
		return Shape{Kind: KindObject, Required: true, expand: expand}, nil
	case *ast.Ident:
		return p.named(t.Name)
	case *ast.SelectorExpr:
		return foreign(t.Sel.Name)
	default:
		return Shape{}, fmt.Errorf("a Go type %T is not expected in the SDK", expression)
	}
}

func (p *sdkPackage) collection(kind string, element ast.Expr) (Shape, error) {
	shape, err := p.shape(element)
	shape.Required = false
	return Shape{Kind: kind, Elem: &shape}, err
}

// named reads a named type: a scalar, a struct, or an enumeration of scalars.
func (p *sdkPackage) named(name string) (Shape, error) {
	if kind, ok := scalars[name]; ok {
		return Shape{Kind: kind, Required: true}, nil
	}
	definition, ok := p.types[name]
	if !ok {
		return Shape{}, fmt.Errorf("the SDK's package has no type %s", name)
	}
	return p.shape(definition)
}

// foreign reads a type of another package. Only assets are expected; any other
// is a resource or an enumeration that may also be given by its name.
func foreign(name string) (Shape, error) {
	switch name {
	case "Archive":
		return Shape{Kind: KindArchive}, nil
	case "AssetOrArchive":
		return Shape{Kind: KindAsset}, nil
	default:
		return Shape{}, fmt.Errorf("a type %s of another package is not expected in the SDK", name)
	}
}
