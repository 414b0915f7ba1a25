package mapping

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
)

// Plugin is what a plugin from source says about itself.
type Plugin struct {
	Version   string              `json:"version"`
	Provider  map[string]Shape    `json:"provider"`
	Resources map[string]Resource `json:"resources"`
}

// Resource is one mapped token.
type Resource struct {
	Terraform string           `json:"terraform"`
	Framework bool             `json:"framework"`
	HasID     bool             `json:"hasId"`
	Inputs    map[string]Shape `json:"inputs"`
	Outputs   map[string]Shape `json:"outputs"`
}

// Describe asks a plugin.
func Describe(ctx context.Context, path string) (Plugin, error) {
	var plugin Plugin
	var complaint bytes.Buffer
	command := exec.CommandContext(ctx, path, "-describe")
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		return plugin, fmt.Errorf("run %s -describe: %w: %s", path, err, strings.TrimSpace(complaint.String()))
	}
	if err := json.Unmarshal(out, &plugin); err != nil {
		return plugin, fmt.Errorf("read the description of %s: %w", path, err)
	}
	return plugin, nil
}
