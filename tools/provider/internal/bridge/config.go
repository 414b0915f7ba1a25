package bridge

import "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"

// config says where the provider's own configuration is named or typed
// otherwise in the Pulumi SDK (aws.ProviderArgs).
func config() map[string]*tfbridge.SchemaInfo {
	return map[string]*tfbridge.SchemaInfo{
		"access_key":              {Secret: tfbridge.True()},
		"assume_role":             {Name: "assumeRole", MaxItemsOne: tfbridge.True()},
		"region":                  {Default: &tfbridge.DefaultInfo{EnvVars: []string{"AWS_REGION", "AWS_DEFAULT_REGION"}}},
		"secret_key":              {Secret: tfbridge.True()},
		"skip_metadata_api_check": {Type: "boolean"},
		"skip_region_validation":  {Default: &tfbridge.DefaultInfo{Value: true}},
		"token":                   {Secret: tfbridge.True()},
	}
}
