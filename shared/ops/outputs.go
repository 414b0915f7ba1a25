package ops

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/settings"
)

// OutputsAll shows what every layer exports.
func (a *App) OutputsAll(ctx context.Context) error { return a.outputs(ctx, "outputs:all", "") }

// Outputs shows what one layer exports.
func (a *App) Outputs(ctx context.Context, layer contract.Layer) error {
	return a.outputs(ctx, "outputs:"+string(layer), layer)
}

func (a *App) outputs(ctx context.Context, target string, one contract.Layer) error {
	s, err := a.open(ctx, target)
	if err != nil {
		return err
	}
	selected, err := s.selection(one)
	if err != nil {
		return err
	}
	if err := s.equip(ctx); err != nil {
		return err
	}
	if s.set.Show == settings.ShowConnection {
		return s.showConnections(ctx, one)
	}
	all := map[string]map[string]any{}
	for _, name := range selected {
		state, err := s.engine.State(ctx, s.stack(name, os.DevNull))
		if err != nil {
			return err
		}
		if !state.Exists && one == "" {
			continue
		}
		if all[name], err = s.engine.Outputs(ctx, s.stack(name, os.DevNull)); err != nil {
			return err
		}
	}
	if s.set.Output == settings.JSON {
		return a.printJSON(all)
	}
	return a.print(tellOutputs(selected, all, s.set.Output))
}

func tellOutputs(order []string, all map[string]map[string]any, format settings.Format) string {
	var b strings.Builder
	for _, name := range order {
		outputs, known := all[name]
		switch {
		case format == settings.Markdown:
			fmt.Fprintf(&b, "\n## %s\n\n| output | value |\n|---|---|\n", name)
		case !known:
			fmt.Fprintf(&b, "[%s] no stack\n", name)
		case len(outputs) == 0:
			fmt.Fprintf(&b, "[%s] no outputs\n", name)
		}
		for _, key := range slices.Sorted(maps.Keys(outputs)) {
			if format == settings.Markdown {
				fmt.Fprintf(&b, "| %s | %s |\n", key, plainValue(outputs[key]))
			} else {
				fmt.Fprintf(&b, "[%s] %s = %s\n", name, key, plainValue(outputs[key]))
			}
		}
	}
	return b.String()
}

// plainValue writes text as it is and everything else as JSON.
func plainValue(value any) string {
	if text, isText := value.(string); isText {
		return text
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
