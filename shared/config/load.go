package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// LoadEnvironment reads the settings that the layers of one environment share
// from the stack files of all of them, below the checkout root. Layers that
// disagree are a problem that names both files: an environment lives in one
// account, with one backend.
func LoadEnvironment(root, name string, layers []string) (Environment, error) {
	var first Environment
	if !slices.Contains(Names(), name) {
		problems := Problems{file: "environment"}
		problems.Add("env", name, "one of "+strings.Join(Names(), ", "))
		return first, problems.Err()
	}
	var all Problems
	for i, layer := range layers {
		file := filepath.Join("projects", layer, "Pulumi."+name+".yaml")
		env, err := readEnvironment(filepath.Join(root, file), file, layer)
		if err != nil {
			return first, err
		}
		if i == 0 {
			first = env
			continue
		}
		all.file, all.prefix = file, layer+":"
		addDifferences(&all, first, env, layers[0])
	}
	return first, all.Err()
}

func addDifferences(all *Problems, want, got Environment, from string) {
	wanted, found := reflect.ValueOf(want), reflect.ValueOf(got)
	for i := range wanted.NumField() {
		if !wanted.Field(i).Equal(found.Field(i)) {
			all.Add("environment."+wanted.Type().Field(i).Tag.Get(tag), found.Field(i).Interface(),
				fmt.Sprintf("%q, as in the stack file of %s", fmt.Sprint(wanted.Field(i).Interface()), from))
		}
	}
}

// readEnvironment decodes the key "environment" alone; the rest of the file is
// the layer's own.
func readEnvironment(path, shown, layer string) (Environment, error) {
	content, err := os.ReadFile(path) //nolint:gosec // a stack file of this checkout
	if err != nil {
		return Environment{}, missingFile(shown, layer, err)
	}
	raw, err := namespace(content, shown, layer)
	if err != nil {
		return Environment{}, err
	}
	if raw["environment"] == nil {
		problems := Problems{file: shown, prefix: layer + ":"}
		problems.Add("environment", nil, "the settings that all layers share")
		return Environment{}, problems.Err()
	}
	wrapped, err := decode[sharedSettings](shown, layer, map[string]any{"environment": raw["environment"]})
	return wrapped.Environment, err
}

type sharedSettings struct {
	Environment Environment `config:"environment"`
}

// Validate checks the settings.
func (s sharedSettings) Validate(p *Problems) { s.Environment.Validate(p) }

func missingFile(shown, layer string, err error) error {
	return &Invalid{
		Problems: []Problem{{File: shown, Key: layer + ":*", Want: "a stack configuration file"}},
		joined:   fmt.Errorf("%s: expected a stack configuration file: %w", shown, err),
	}
}

// stackFile is the part of a stack file that this package reads.
type stackFile struct {
	Config map[string]any `yaml:"config"`
}

func parseStackFile(content []byte) (stackFile, error) {
	var file stackFile
	if err := yaml.Unmarshal(content, &file); err != nil {
		return file, fmt.Errorf("parse stack file: %w", err)
	}
	return file, nil
}
