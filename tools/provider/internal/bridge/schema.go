package bridge

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
)

// Schema is the package schema that the plugin shows to the engine. Programs
// use the generated SDK, so it says no more than who it is.
func Schema(info tfbridge.ProviderInfo) ([]byte, error) {
	schema, err := json.Marshal(map[string]string{"name": info.Name, "version": info.Version})
	if err != nil {
		return nil, fmt.Errorf("encode the package schema: %w", err)
	}
	return schema, nil
}
