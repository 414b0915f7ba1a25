package mapping

import (
	"context"
	"strings"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// option changes one property, or the life cycle, of a mapped resource. A path
// names Terraform attributes from the top, joined with dots; list elements need
// no step of their own ("rule.filter.tag").
type option func(*tfbridge.ResourceInfo)

// field returns the override at a path, making those above it as needed.
func field(info *tfbridge.ResourceInfo, path string) *tfbridge.SchemaInfo {
	fields := &info.Fields
	var at *tfbridge.SchemaInfo
	for step := range strings.SplitSeq(path, ".") {
		if at != nil {
			if at.Elem == nil {
				at.Elem = &tfbridge.SchemaInfo{}
			}
			fields = &at.Elem.Fields
		}
		if *fields == nil {
			*fields = map[string]*tfbridge.SchemaInfo{}
		}
		if (*fields)[step] == nil {
			(*fields)[step] = &tfbridge.SchemaInfo{}
		}
		at = (*fields)[step]
	}
	return at
}

// named gives a property another name than the bridge would compute.
func named(path, name string) option {
	return func(info *tfbridge.ResourceInfo) { field(info, path).Name = name }
}

// many keeps a block of at most one item as a list.
func many(path, name string) option {
	return func(info *tfbridge.ResourceInfo) {
		f := field(info, path)
		f.Name, f.MaxItemsOne = name, tfbridge.False()
	}
}

// nullableInteger is a number that Terraform keeps as a text, because it may be
// absent. The bridge turns texts into numbers by itself, except the empty one.
func nullableInteger(path, name string) option {
	return func(info *tfbridge.ResourceInfo) {
		f := field(info, path)
		f.Name, f.Type = name, "integer"
		info.TransformOutputs = withoutEmpty(resource.PropertyKey(name), info.TransformOutputs)
	}
}

// document lets a JSON text be given as a string or as an object, and makes
// texts that differ only in white space equal.
func document(paths ...string) option {
	return func(info *tfbridge.ResourceInfo) {
		for _, path := range paths {
			f := field(info, path)
			f.Type, f.Transform = "string", tfbridge.TransformJSONDocument
		}
	}
}

// archive takes a Pulumi archive where Terraform has the name of a zip file,
// and puts its hash where Terraform looks for a change.
func archive(path, name, hash string) option {
	return func(info *tfbridge.ResourceInfo) {
		f := field(info, path)
		f.Name = name
		f.Asset = &tfbridge.AssetTranslation{Kind: tfbridge.FileArchive, Format: resource.ZIPArchive, HashField: hash}
	}
}

// asset takes a Pulumi asset where Terraform has a file name.
func asset(path string) option {
	return func(info *tfbridge.ResourceInfo) {
		field(info, path).Asset = &tfbridge.AssetTranslation{Kind: tfbridge.FileAsset}
	}
}

// autonamed derives an absent name from the resource's Pulumi name. It also
// tells the engine that two resources cannot bear the same explicit name, so a
// replacement deletes first.
func autonamed(path, name string, maximum int) option {
	return func(info *tfbridge.ResourceInfo) {
		*field(info, path) = *tfbridge.AutoName(name, maximum, "-")
	}
}

// keyedByName takes the resource's Pulumi name, as it is, for an absent value.
func keyedByName(path string) option {
	return func(info *tfbridge.ResourceInfo) {
		field(info, path).Default = &tfbridge.DefaultInfo{From: tfbridge.FromName(tfbridge.AutoNameOptions{})}
	}
}

// unnamed keeps an attribute called "name" from being derived when absent.
func unnamed(path string) option { return named(path, path) }

// described fills an absent description as the official plugin does.
func described(path string) option {
	return func(info *tfbridge.ResourceInfo) {
		field(info, path).Default = &tfbridge.DefaultInfo{Value: "Managed by Pulumi"}
	}
}

// deletedFirst replaces by deleting before creating: the two would be the same
// thing to AWS.
func deletedFirst() option {
	return func(info *tfbridge.ResourceInfo) { info.DeleteBeforeReplace = true }
}

// identified composes the id of a plugin-framework resource that has no id
// attribute from top-level text properties, given by their Pulumi names.
func identified(separator string, properties ...resource.PropertyKey) option {
	return func(info *tfbridge.ResourceInfo) {
		info.ComputeID = func(_ context.Context, state resource.PropertyMap) (resource.ID, error) {
			return composeID(state, separator, properties)
		}
	}
}
