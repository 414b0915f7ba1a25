package mapping

import (
	"context"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// composeID joins text properties of a resource's state into its id. Absent
// ones are left out, but not all may be.
func composeID(state resource.PropertyMap, separator string, properties []resource.PropertyKey) (resource.ID, error) {
	var parts []string
	for _, key := range properties {
		if value := state[key]; value.IsString() && value.StringValue() != "" {
			parts = append(parts, value.StringValue())
		}
	}
	if len(parts) == 0 {
		return "", fmt.Errorf("compose the resource id: none of the properties %v is a non-empty text", properties)
	}
	return resource.ID(strings.Join(parts, separator)), nil
}

// withoutEmpty removes a property, at any depth, where its value is the empty
// text; then applies what else was to be applied.
func withoutEmpty(key resource.PropertyKey, next tfbridge.PropertyTransform) tfbridge.PropertyTransform {
	return func(ctx context.Context, outputs resource.PropertyMap) (resource.PropertyMap, error) {
		cleaned := dropEmpty(key, resource.NewObjectProperty(outputs)).ObjectValue()
		if next == nil {
			return cleaned, nil
		}
		return next(ctx, cleaned)
	}
}

func dropEmpty(key resource.PropertyKey, value resource.PropertyValue) resource.PropertyValue {
	switch {
	case value.IsArray():
		elements := make([]resource.PropertyValue, 0, len(value.ArrayValue()))
		for _, element := range value.ArrayValue() {
			elements = append(elements, dropEmpty(key, element))
		}
		return resource.NewArrayProperty(elements)
	case value.IsObject():
		kept := make(resource.PropertyMap, len(value.ObjectValue()))
		for name, member := range value.ObjectValue() {
			if name != key || !member.IsString() || member.StringValue() != "" {
				kept[name] = dropEmpty(key, member)
			}
		}
		return resource.NewObjectProperty(kept)
	default:
		return value
	}
}
