package ops

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cutover/cutover/shared/ops/diagram"
)

// diagramFile is where the drawing of the layers is kept.
const diagramFile = "docs/diagrams/layers.svg"

// Graph draws the layers and what they need.
func (a *App) Graph(context.Context) error {
	path := filepath.Join(a.config.Root, diagramFile)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("make folder of diagrams: %w", err)
	}
	if err := os.WriteFile(path, []byte(a.Drawing()), 0o600); err != nil {
		return fmt.Errorf("write diagram: %w", err)
	}
	return a.print(path + "\n")
}

// Drawing is the SVG that Graph writes.
func (a *App) Drawing() string { return diagram.Layers("Layers and what they need", a.graph) }
