// Package bridge joins the two halves of the Terraform AWS provider (plugin SDK
// v2 and plugin framework) into one Pulumi provider, with the token table of
// package mapping.
package bridge

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-provider-aws/xpprovider"
	framework "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"

	"github.com/cutover/cutover/tools/provider/internal/mapping"
)

// Version is the version of the Pulumi SDK for AWS that the tokens and names
// follow; the engine asks for a plugin of exactly this version.
const Version = "6.83.2"

// An absent name is derived from the resource's Pulumi name with at most this
// many characters, as the official plugin does.
const (
	autonameLength    = 255
	autonameSeparator = "-"
)

// Provider returns the description of the provider that the bridge serves.
func Provider(ctx context.Context) (tfbridge.ProviderInfo, error) {
	frameworkHalf, classicHalf, err := xpprovider.GetProvider(ctx)
	if err != nil {
		return tfbridge.ProviderInfo{}, fmt.Errorf("make the terraform AWS provider: %w", err)
	}
	if err := sendWholeBodies(ctx, classicHalf); err != nil {
		return tfbridge.ProviderInfo{}, err
	}
	resources, err := mapping.Resources()
	if err != nil {
		return tfbridge.ProviderInfo{}, fmt.Errorf("read the resource table: %w", err)
	}
	info := tfbridge.ProviderInfo{
		P:                              framework.MuxShimWithPF(ctx, shimv2.NewProvider(classicHalf), frameworkHalf),
		Name:                           mapping.Package,
		Version:                        Version,
		Config:                         config(),
		Resources:                      resources,
		EnableZeroDefaultSchemaVersion: true,
		// The classic half validates the same configuration already.
		SkipValidateProviderConfigForPluginFramework: true,
	}
	if err := refuseUnknown(info); err != nil {
		return tfbridge.ProviderInfo{}, err
	}
	info.SetAutonaming(autonameLength, autonameSeparator)
	hideComputedTags(info)
	info.MetadataInfo, err = dispatch(info)
	return info, err
}

// refuseUnknown names the entries of the table that the provider does not have.
func refuseUnknown(info tfbridge.ProviderInfo) error {
	var problems []error
	for name := range info.Resources {
		if _, ok := info.P.ResourcesMap().GetOk(name); !ok {
			problems = append(problems, fmt.Errorf("terraform resource %s is in the table, but the provider does not have it", name))
		}
	}
	return errors.Join(problems...)
}

// tagsAll is what a resource's tags and the provider's default tags come to;
// the provider computes it, nobody sets it.
const tagsAll = "tags_all"

func hideComputedTags(info tfbridge.ProviderInfo) {
	for name, resource := range info.Resources {
		if _, ok := info.P.ResourcesMap().Get(name).Schema().GetOk(tagsAll); !ok {
			continue
		}
		if resource.Fields == nil {
			resource.Fields = map[string]*tfbridge.SchemaInfo{}
		}
		if resource.Fields[tagsAll] == nil {
			resource.Fields[tagsAll] = &tfbridge.SchemaInfo{}
		}
		resource.Fields[tagsAll].MarkAsComputedOnly = tfbridge.True()
	}
}
