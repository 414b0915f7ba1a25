package bridge

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
)

// Indexes of the two halves in the joined provider.
const (
	classicIndex   = 0
	frameworkIndex = 1
)

// dispatcher is what the joined provider knows about its halves.
type dispatcher interface{ ResourceIsPF(name string) bool }

// dispatchTable is the part of the bridge's metadata that tells its muxer which
// half serves a token. The bridge's own build computes it ahead of time; asking
// the joined provider at start takes no time and cannot be out of date.
type dispatchTable struct {
	Mux struct {
		Resources map[string]int `json:"resources"`
		Functions map[string]int `json:"functions"`
	} `json:"mux"`
}

func dispatch(info tfbridge.ProviderInfo) (*tfbridge.MetadataInfo, error) {
	halves, ok := info.P.(dispatcher)
	if !ok {
		return nil, fmt.Errorf("dispatch resources: the provider %T is not a joined one", info.P)
	}
	var table dispatchTable
	table.Mux.Resources = make(map[string]int, len(info.Resources))
	table.Mux.Functions = map[string]int{}
	for name, resource := range info.Resources {
		table.Mux.Resources[string(resource.Tok)] = halfOf(halves, name)
	}
	encoded, err := json.Marshal(table)
	if err != nil {
		return nil, fmt.Errorf("encode the dispatch table: %w", err)
	}
	return tfbridge.NewProviderMetadata(encoded), nil
}

func halfOf(halves dispatcher, name string) int {
	if halves.ResourceIsPF(name) {
		return frameworkIndex
	}
	return classicIndex
}
