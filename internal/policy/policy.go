// Package policy puts the seven programs of this checkout and the stack files of
// an environment together for the checks of shared/policy. It judges nothing.
package policy

import (
	"fmt"
	"path/filepath"

	"github.com/cutover/cutover/internal/registry"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/policy/graph"
)

// Record returns everything that the layers of the checkout at root register in
// an environment.
func Record(root, environment string) (*graph.Graph, error) {
	env, err := registry.LoadEnvironment(root, environment)
	if err != nil {
		return nil, fmt.Errorf("record the resources: %w", err)
	}
	var layers []graph.Layer
	for _, each := range registry.Layers(root) {
		layers = append(layers, graph.Layer{
			Name: each.Name, Program: each.Program, StackFile: filepath.Join(each.Dir, "Pulumi."+environment+".yaml"),
		})
	}
	return graph.Record(graph.Environment{Name: environment, AccountID: env.AccountID, Region: config.Region}, layers)
}
