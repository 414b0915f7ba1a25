package mapping

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

func TestEveryTerraformNameAndEveryTokenIsMappedOnce(t *testing.T) {
	resources, err := Resources()
	if err != nil {
		t.Fatal(err)
	}
	entries := 0
	for _, table := range tables() {
		entries += len(table)
	}
	if len(resources) != entries {
		t.Errorf("the tables have %d entries, the map %d", entries, len(resources))
	}
}

func TestTablesAreSorted(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		file, err := parser.ParseFile(gotoken.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if keys := tableKeys(t, file); !slices.IsSorted(keys) {
			t.Errorf("the table in %s is not sorted", path)
		}
	}
}

// tableKeys are the keys of the table literal in a file.
func tableKeys(t *testing.T, file *ast.File) []string {
	t.Helper()
	var keys []string
	ast.Inspect(file, func(node ast.Node) bool {
		literal, ok := node.(*ast.CompositeLit)
		if !ok {
			return true
		}
		if name, ok := literal.Type.(*ast.Ident); !ok || name.Name != "table" {
			return true
		}
		for _, element := range literal.Elts {
			key, err := strconv.Unquote(element.(*ast.KeyValueExpr).Key.(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, key)
		}
		return false
	})
	return keys
}

func TestOptionsReachNestedFieldsAndKeepTheirNeighbours(t *testing.T) {
	info := withOptions(many("rule.filter.tag", "tags"), named("rule.filter", "where"))

	filter := info.Fields["rule"].Elem.Fields["filter"]
	if filter.Name != "where" || filter.MaxItemsOne != nil {
		t.Errorf("filter is %+v", filter)
	}
	tag := filter.Elem.Fields["tag"]
	if tag.Name != "tags" || tag.MaxItemsOne == nil || *tag.MaxItemsOne {
		t.Errorf("tag is %+v", tag)
	}
}

func withOptions(options ...option) *tfbridge.ResourceInfo {
	return token("things", "Thing", options...)
}

func TestTokensHaveTheFormOfTheSDK(t *testing.T) {
	if tok := token("guardduty", "IPSet").Tok; tok != "aws:guardduty/iPSet:IPSet" {
		t.Errorf("the token is %s", tok)
	}
}

func TestEmptyNumbersAreAbsentAtAnyDepthAndNothingElseIs(t *testing.T) {
	text := resource.NewStringProperty
	object := func(m resource.PropertyMap) resource.PropertyValue { return resource.NewObjectProperty(m) }
	info := withOptions(nullableInteger("rule.count", "count"), nullableInteger("delay", "delay"))
	outputs := resource.PropertyMap{
		"delay": text(""),
		"name":  text(""),
		"rules": resource.NewArrayProperty([]resource.PropertyValue{
			object(resource.PropertyMap{"count": text(""), "id": text("")}),
			object(resource.PropertyMap{"count": resource.NewNumberProperty(3)}),
		}),
	}

	cleaned, err := info.TransformOutputs(t.Context(), outputs)

	want := resource.PropertyMap{
		"name": text(""),
		"rules": resource.NewArrayProperty([]resource.PropertyValue{
			object(resource.PropertyMap{"id": text("")}),
			object(resource.PropertyMap{"count": resource.NewNumberProperty(3)}),
		}),
	}
	if err != nil || !cleaned.DeepEquals(want) {
		t.Errorf("the outputs are %v (%v)", cleaned, err)
	}
}

func TestComposedIDsLeaveAbsentPartsOutAndAreNeverEmpty(t *testing.T) {
	compose := withOptions(identified("__", "function", "qualifier")).ComputeID
	state := resource.PropertyMap{"function": resource.NewStringProperty("f"), "qualifier": resource.NewNullProperty()}
	if id, err := compose(t.Context(), state); err != nil || id != "f" {
		t.Errorf("the id is %q (%v)", id, err)
	}
	state["qualifier"] = resource.NewStringProperty("q")
	if id, err := compose(t.Context(), state); err != nil || id != "f__q" {
		t.Errorf("the id is %q (%v)", id, err)
	}
	if id, err := compose(t.Context(), resource.PropertyMap{}); err == nil {
		t.Errorf("an id %q was composed from nothing", id)
	}
}
