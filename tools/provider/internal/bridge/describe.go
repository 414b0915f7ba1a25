package bridge

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
)

// Description is what "pulumi-resource-aws -describe" prints: the property
// names and shapes that the bridge computes.
type Description struct {
	Version   string                         `json:"version"`
	Provider  map[string]Property            `json:"provider"`
	Resources map[string]ResourceDescription `json:"resources"`
}

// ResourceDescription tells one token's properties. Inputs can be set; outputs
// are all.
type ResourceDescription struct {
	Terraform string              `json:"terraform"`
	Framework bool                `json:"framework"`
	HasID     bool                `json:"hasId"`
	Inputs    map[string]Property `json:"inputs"`
	Outputs   map[string]Property `json:"outputs"`
}

// Kinds of a property besides the names of scalars.
const (
	kindObject  = "object"
	kindList    = "list"
	kindMap     = "map"
	kindAny     = "any"
	kindAsset   = "asset"
	kindArchive = "archive"
)

// Property is the shape of one property. Elem belongs to lists and maps, Fields
// to objects. Required means that a program must set it.
type Property struct {
	Terraform string              `json:"terraform,omitempty"`
	Kind      string              `json:"kind"`
	Elem      *Property           `json:"elem,omitempty"`
	Fields    map[string]Property `json:"fields,omitempty"`
	Required  bool                `json:"required,omitempty"`
	Secret    bool                `json:"secret,omitempty"`
}

// Describe writes the description of a provider as JSON.
func Describe(w io.Writer, info tfbridge.ProviderInfo) error {
	halves, ok := info.P.(dispatcher)
	if !ok {
		return fmt.Errorf("describe resources: the provider %T is not a joined one", info.P)
	}
	description := Description{
		Version:   info.Version,
		Provider:  properties(info.P.Schema(), info.Config, isInput),
		Resources: make(map[string]ResourceDescription, len(info.Resources)),
	}
	for name, resource := range info.Resources {
		schema := info.P.ResourcesMap().Get(name).Schema()
		_, hasID := schema.GetOk("id")
		description.Resources[string(resource.Tok)] = ResourceDescription{
			Terraform: name,
			Framework: halves.ResourceIsPF(name),
			HasID:     hasID || !halves.ResourceIsPF(name) || resource.ComputeID != nil,
			Inputs:    properties(schema, resource.Fields, isInput),
			Outputs:   properties(schema, resource.Fields, isAny),
		}
	}
	if err := json.NewEncoder(w).Encode(description); err != nil {
		return fmt.Errorf("write the description: %w", err)
	}
	return nil
}

// properties describes the wanted attributes of a resource or of the provider.
func properties(
	schema shim.SchemaMap, infos map[string]*tfbridge.SchemaInfo, wanted func(shim.Schema, *tfbridge.SchemaInfo) bool,
) map[string]Property {
	all := level(schema, infos)
	schema.Range(func(key string, attribute shim.Schema) bool {
		if attribute.Removed() != "" || !wanted(attribute, infos[key]) {
			delete(all, tfbridge.TerraformToPulumiNameV2(key, schema, infos))
		}
		return true
	})
	return all
}

func isInput(attribute shim.Schema, info *tfbridge.SchemaInfo) bool {
	computedOnly := info != nil && info.MarkAsComputedOnly != nil && *info.MarkAsComputedOnly
	return (attribute.Optional() || attribute.Required()) && !computedOnly
}

func isAny(shim.Schema, *tfbridge.SchemaInfo) bool { return true }

// level describes the attributes of one level by their Pulumi names.
func level(schema shim.SchemaMap, infos map[string]*tfbridge.SchemaInfo) map[string]Property {
	described := make(map[string]Property, schema.Len())
	schema.Range(func(key string, attribute shim.Schema) bool {
		info := infos[key]
		if info != nil && info.Omit {
			return true
		}
		p := property(attribute, info)
		p.Terraform = key
		p.Required = attribute.Required() && (info == nil || info.Default == nil)
		p.Secret = attribute.Sensitive() || (info != nil && info.Secret != nil && *info.Secret)
		described[tfbridge.TerraformToPulumiNameV2(key, schema, infos)] = p
		return true
	})
	return described
}

// property describes the shape of one attribute in the way in which the bridge
// turns its values into Pulumi's.
func property(attribute shim.Schema, info *tfbridge.SchemaInfo) Property {
	if info != nil && info.Asset != nil {
		return Property{Kind: assetKind(info.Asset)}
	}
	if kind, ok := scalarKind(attribute, info); ok {
		return Property{Kind: kind}
	}
	element := elementOf(attribute, info)
	switch {
	case tfbridge.IsMaxItemsOne(attribute, info):
		return element
	case attribute.Type() != shim.TypeMap:
		return Property{Kind: kindList, Elem: &element}
	case isNestedObject(attribute):
		return element
	default:
		return Property{Kind: kindMap, Elem: &element}
	}
}

// elementOf describes what a collection holds.
func elementOf(attribute shim.Schema, info *tfbridge.SchemaInfo) Property {
	var inner *tfbridge.SchemaInfo
	if info != nil {
		inner = info.Elem
	}
	switch element := attribute.Elem().(type) {
	case shim.Resource:
		var fields map[string]*tfbridge.SchemaInfo
		if inner != nil {
			fields = inner.Fields
		}
		return Property{Kind: kindObject, Fields: level(element.Schema(), fields)}
	case shim.Schema:
		return property(element, inner)
	default:
		return Property{Kind: "string"}
	}
}

// isNestedObject recognises how the bridge writes a single nested attribute.
func isNestedObject(attribute shim.Schema) bool {
	_, ok := attribute.Elem().(shim.Resource)
	return ok
}

func assetKind(translation *tfbridge.AssetTranslation) string {
	if translation.IsArchive() {
		return kindArchive
	}
	return kindAsset
}

func scalarKind(attribute shim.Schema, info *tfbridge.SchemaInfo) (string, bool) {
	if info != nil && info.Type != "" {
		return string(info.Type), true
	}
	switch attribute.Type() {
	case shim.TypeBool:
		return "boolean", true
	case shim.TypeInt:
		return "integer", true
	case shim.TypeFloat:
		return "number", true
	case shim.TypeString:
		return "string", true
	case shim.TypeDynamic:
		return kindAny, true
	default:
		return "", false
	}
}
