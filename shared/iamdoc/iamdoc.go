// Package iamdoc writes IAM policy documents as typed values, so that a layer
// states who may do what without hand-written JSON. It does not judge policies;
// the policy package does.
package iamdoc

import (
	"encoding/json"
	"errors"
	"fmt"
	"sort"
)

// version is the only policy language version in use (IAM user guide, "IAM
// JSON policy elements: Version").
const version = "2012-10-17"

// Document is a policy: identity, resource, trust or endpoint policy.
type Document struct {
	Statements []Statement
}

// Statement allows (or, with Deny, denies) Actions on Resources to Principals
// under Conditions.
type Statement struct {
	Sid        string
	Deny       bool
	Principals Principals
	Actions    []string
	Resources  []string
	// ExceptResources takes the place of Resources in a refusal that holds
	// everywhere else. A statement that allows cannot have it: what it leaves open
	// grows with the account.
	ExceptResources []string
	Conditions      Conditions
}

// Principals are the AWS accounts or roles, and the services, a resource policy
// speaks of. Anyone is the open principal; only a condition can narrow it.
type Principals struct {
	AWS      []string
	Services []string
	Anyone   bool
}

// Conditions maps operator ("StringEquals") to key ("aws:SourceAccount") to values.
type Conditions map[string]map[string][]string

// JSON renders the document with sorted keys: the same document gives the same
// text, so that an unchanged policy is an unchanged resource.
func (d Document) JSON() (string, error) {
	statements := make([]map[string]any, len(d.Statements))
	var problems []error
	for i, s := range d.Statements {
		if len(s.Actions) == 0 {
			problems = append(problems, fmt.Errorf("policy statement %d (%q): no actions", i, s.Sid))
		}
		if len(s.ExceptResources) > 0 && (!s.Deny || len(s.Resources) > 0) {
			problems = append(problems, fmt.Errorf("policy statement %d (%q): excepted resources belong to a refusal without resources", i, s.Sid))
		}
		statements[i] = s.render()
	}
	if len(statements) == 0 {
		problems = append(problems, errors.New("policy document: no statements"))
	}
	if err := errors.Join(problems...); err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]any{"Version": version, "Statement": statements})
	if err != nil {
		return "", fmt.Errorf("render policy document: %w", err)
	}
	return string(text), nil
}

func (s Statement) render() map[string]any {
	out := map[string]any{"Effect": "Allow", "Action": sorted(s.Actions)}
	if s.Deny {
		out["Effect"] = "Deny"
	}
	if s.Sid != "" {
		out["Sid"] = s.Sid
	}
	if len(s.Resources) > 0 {
		out["Resource"] = sorted(s.Resources)
	}
	if len(s.ExceptResources) > 0 {
		out["NotResource"] = sorted(s.ExceptResources)
	}
	if principal := s.Principals.render(); principal != nil {
		out["Principal"] = principal
	}
	if len(s.Conditions) > 0 {
		out["Condition"] = s.Conditions
	}
	return out
}

func (p Principals) render() any {
	if p.Anyone {
		return "*"
	}
	out := make(map[string][]string)
	if len(p.AWS) > 0 {
		out["AWS"] = sorted(p.AWS)
	}
	if len(p.Services) > 0 {
		out["Service"] = sorted(p.Services)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func sorted(values []string) []string {
	out := append([]string(nil), values...)
	sort.Strings(out)
	return out
}
