package ops

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/diagram"
)

// DiagramFile is where the drawing of the layers is kept, below the checkout.
const DiagramFile = "docs/diagrams/layers.svg"

// Graph draws the layers and what they need, and writes what layers draw of
// themselves.
func (a *App) Graph(context.Context) error {
	pages := map[string]string{DiagramFile: a.Drawing()}
	for _, name := range contract.Layers() {
		layer := a.layers[name]
		if layer.Pages == nil {
			continue
		}
		drawn, err := layer.Pages()
		if err != nil {
			return fmt.Errorf("draw %s: %w", name, err)
		}
		maps.Copy(pages, drawn)
	}
	for _, page := range slices.Sorted(maps.Keys(pages)) {
		if err := a.writePage(page, pages[page]); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) writePage(page, text string) error {
	path := filepath.Join(a.config.Root, filepath.FromSlash(page))
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("make folder of diagrams: %w", err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", page, err)
	}
	return a.print(path + "\n")
}

// Drawing is the SVG that Graph writes.
func (a *App) Drawing() string { return diagram.Layers("Layers and what they need", a.graph) }
