package conformance

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/cutover/cutover/shared/policy/table"
)

const (
	// MaxBytes is the largest template: AWS takes 51,200 bytes in a request, less
	// some room (AWS Config API reference, PutConformancePack).
	MaxBytes = 48_000
	// MaxRules is how many rules a pack may have (AWS Config developer guide,
	// "Service limits").
	MaxRules = 130
)

// Template is the body of one conformance pack.
type Template struct {
	Body string
	// Inputs are the names of the parameters that have to be given, sorted.
	Inputs []string
}

type document struct {
	Parameters map[string]declaration `yaml:"Parameters,omitempty"`
	Resources  map[string]resource    `yaml:"Resources"`
}

type declaration struct {
	Type string `yaml:"Type"`
}

type resource struct {
	Type       string     `yaml:"Type"`
	Properties properties `yaml:"Properties"`
}

type properties struct {
	Name            string         `yaml:"ConfigRuleName"`
	Description     string         `yaml:"Description"`
	InputParameters map[string]any `yaml:"InputParameters,omitempty"`
	Source          source         `yaml:"Source,flow"`
}

type source struct {
	Owner      string `yaml:"Owner"`
	Identifier string `yaml:"SourceIdentifier"`
}

type reference struct {
	Ref string `yaml:"Ref"`
}

// Render writes the template of a pack. Values of an account are parameters
// without a default: one that is forgotten fails when the pack is deployed.
func Render(pack table.Pack) (Template, error) {
	list := Rules(pack)
	if len(list) == 0 || len(list) > MaxRules {
		return Template{}, fmt.Errorf("conformance pack %s: has %d rules, expected 1 to %d", pack, len(list), MaxRules)
	}
	text := document{Parameters: make(map[string]declaration), Resources: make(map[string]resource)}
	for _, rule := range list {
		text.Resources[rule.logicalID()] = rule.resource()
		for _, input := range rule.Inputs() {
			text.Parameters[input] = declaration{Type: "String"}
		}
	}
	var body bytes.Buffer
	encoder := yaml.NewEncoder(&body)
	encoder.SetIndent(1)
	if err := encoder.Encode(text); err != nil {
		return Template{}, fmt.Errorf("conformance pack %s: %w", pack, err)
	}
	if body.Len() > MaxBytes {
		return Template{}, fmt.Errorf("conformance pack %s: has %d bytes, expected at most %d: split it", pack, body.Len(), MaxBytes)
	}
	return Template{Body: body.String(), Inputs: slices.Sorted(maps.Keys(text.Parameters))}, nil
}

func (r Rule) resource() resource {
	arguments := make(map[string]any)
	for _, parameter := range r.Parameters {
		arguments[parameter.Name] = parameter.Value
		if parameter.Input != "" {
			arguments[parameter.Name] = reference{Ref: parameter.Input}
		}
	}
	return resource{
		Type: "AWS::Config::ConfigRule",
		Properties: properties{
			Name: r.Name(), Description: r.Description(), InputParameters: arguments,
			Source: source{Owner: "AWS", Identifier: r.Identifier},
		},
	}
}

// logicalID makes "S3BucketLoggingEnabled" of the identifier: a template's ids
// are letters and digits.
func (r Rule) logicalID() string {
	var id strings.Builder
	for _, word := range strings.Split(strings.ToLower(r.Identifier), "_") {
		id.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return id.String()
}
