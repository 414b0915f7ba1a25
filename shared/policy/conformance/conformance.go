// Package conformance renders the AWS Config rules of the control table: as the
// templates of conformance packs, or as single rules where there are no packs.
// Both come from the same rows. It deploys nothing and judges nothing; the
// security layer deploys, AWS Config judges.
package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/table"
)

// Rule is one Config rule of a row.
type Rule struct {
	table.Rule
	// Row is the control that the rule watches, Requirements those of PCI DSS.
	Row          string
	Requirements []string
}

// Rules lists the rules of a pack, in the order of the table.
func Rules(pack table.Pack) []Rule {
	return rules(func(row table.Row, rule table.Rule) bool {
		return row.Pack() == pack && rule.Deployment == table.InPack
	})
}

// Singles lists the rules that a layer deploys on their own.
func Singles(layer contract.Layer) []Rule {
	return rules(func(row table.Row, rule table.Rule) bool {
		return row.Layer == layer && rule.Deployment == table.Single
	})
}

func rules(wanted func(table.Row, table.Rule) bool) []Rule {
	var list []Rule
	for _, row := range table.Rows() {
		for _, rule := range row.Rules {
			if wanted(row, rule) {
				list = append(list, Rule{Rule: rule, Row: row.ID, Requirements: row.Requirements})
			}
		}
	}
	return list
}

// Name is the rule's in lower case with dashes, as AWS names its own
// ("s3-bucket-logging-enabled").
func (r Rule) Name() string {
	return strings.ReplaceAll(strings.ToLower(r.Identifier), "_", "-")
}

// Description names the row and its requirements, at most 256 characters.
func (r Rule) Description() string {
	if len(r.Requirements) == 0 {
		return "Control " + r.Row
	}
	return fmt.Sprintf("Control %s, PCI DSS %s", r.Row, strings.Join(r.Requirements, ", "))
}

// Inputs lists the input parameters that the rule takes its values from.
func (r Rule) Inputs() []string {
	var inputs []string
	for _, parameter := range r.Parameters {
		if parameter.Input != "" {
			inputs = append(inputs, parameter.Input)
		}
	}
	return inputs
}

// Arguments renders the rule's parameters as JSON for a single rule, "" when it
// has none. values are by input; one that is missing or empty is an error, so
// that no rule watches nothing.
func (r Rule) Arguments(values map[string]string) (string, error) {
	if len(r.Parameters) == 0 {
		return "", nil
	}
	arguments := make(map[string]string)
	var problems []error
	for _, parameter := range r.Parameters {
		value := parameter.Value
		if parameter.Input != "" {
			value = values[parameter.Input]
		}
		if value == "" {
			problems = append(problems, fmt.Errorf("rule %s of control %s: parameter %s has no value, expected one for input %s",
				r.Name(), r.Row, parameter.Name, parameter.Input))
		}
		arguments[parameter.Name] = value
	}
	if err := errors.Join(problems...); err != nil {
		return "", err
	}
	text, err := json.Marshal(arguments)
	if err != nil {
		return "", fmt.Errorf("parameters of rule %s: %w", r.Name(), err)
	}
	return string(text), nil
}

// With returns the rule with another value for one of its parameters.
func (r Rule) With(parameter, value string) Rule {
	r.Parameters = slices.Clone(r.Parameters)
	for i := range r.Parameters {
		if r.Parameters[i].Name == parameter {
			r.Parameters[i] = table.Parameter{Name: parameter, Value: value}
		}
	}
	return r
}
