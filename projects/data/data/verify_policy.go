package data

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// denial is a statement of a resource policy that refuses something to everybody.
type denial struct {
	actions []string
	// conditions holds the values by condition key, whatever the operator.
	conditions map[string][]string
}

// oneOrMore is what policies write as one text or as a list of them; services answer
// either, whatever was put.
type oneOrMore []string

// UnmarshalJSON reads both forms.
func (t *oneOrMore) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = oneOrMore{one}
		return nil
	}
	var several []string
	if err := json.Unmarshal(data, &several); err != nil {
		return fmt.Errorf("neither text nor list of texts: %w", err)
	}
	*t = several
	return nil
}

// readDenials lists the statements of a policy that concern everybody.
func readDenials(text string) ([]denial, error) {
	var policy struct {
		Statement []struct {
			Effect    string
			Principal json.RawMessage
			Action    oneOrMore
			Condition map[string]map[string]oneOrMore
		}
	}
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		return nil, fmt.Errorf("read %q: %w", text, err)
	}
	var denials []denial
	for _, statement := range policy.Statement {
		if statement.Effect != "Deny" || !everybody(statement.Principal) {
			continue
		}
		d := denial{actions: statement.Action, conditions: make(map[string][]string)}
		for _, operator := range slices.Sorted(maps.Keys(statement.Condition)) {
			for key, values := range statement.Condition[operator] {
				d.conditions[key] = append(d.conditions[key], values...)
			}
		}
		denials = append(denials, d)
	}
	return denials, nil
}

// everybody tells whether a principal stands for anyone, in either of its forms.
func everybody(principal json.RawMessage) bool {
	var one string
	if json.Unmarshal(principal, &one) == nil {
		return one == "*"
	}
	var byKind map[string]oneOrMore
	return json.Unmarshal(principal, &byKind) == nil && slices.Contains(byKind["AWS"], "*")
}
