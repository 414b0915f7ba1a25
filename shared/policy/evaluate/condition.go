package evaluate

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/policy/document"
)

// requestContext holds the keys of a request in lower case.
type requestContext map[string][]string

// newContext adds to the request's keys those that follow from who calls what.
func newContext(r Request) requestContext {
	c := make(requestContext)
	for key, values := range r.Context {
		c[strings.ToLower(key)] = values
	}
	derived := map[string]string{"aws:ResourceAccount": r.Account, "aws:PrincipalIsAWSService": "false"}
	if r.Principal.Service != "" {
		derived["aws:PrincipalIsAWSService"] = "true"
		derived["aws:PrincipalServiceName"] = r.Principal.Service
	} else {
		derived["aws:PrincipalArn"] = r.Principal.ARN
		derived["aws:PrincipalAccount"] = r.Principal.Account()
	}
	for key, value := range derived {
		if value != "" {
			c[strings.ToLower(key)] = []string{value}
		}
	}
	return c
}

func (c requestContext) get(key string) ([]string, bool) {
	values, present := c[strings.ToLower(key)]
	return values, present && len(values) > 0
}

// satisfies tells whether all conditions hold.
func (c requestContext) satisfies(conditions document.Conditions) (bool, error) {
	for _, operator := range slices.Sorted(maps.Keys(conditions)) {
		for _, key := range slices.Sorted(maps.Keys(conditions[operator])) {
			holds, err := c.holds(operator, key, conditions[operator][key])
			if err != nil {
				return false, fmt.Errorf("condition %s on %s: %w", operator, key, err)
			}
			if !holds {
				return false, nil
			}
		}
	}
	return true, nil
}

// Set operators stand before the operator, with a colon.
const (
	forAll   = "ForAllValues"
	forAny   = "ForAnyValue"
	ifExists = "IfExists"
)

// holds evaluates one operator on one key (IAM user guide, "IAM JSON policy
// elements: Condition operators" and "Set operators for multivalued context
// keys").
func (c requestContext) holds(operator, key string, wanted []string) (bool, error) {
	if len(wanted) == 0 {
		return false, fmt.Errorf("has no values")
	}
	set, name, hasSet := strings.Cut(operator, ":")
	if !hasSet {
		set, name = "", operator
	} else if set != forAll && set != forAny {
		return false, fmt.Errorf("set operator is unknown: expected %s or %s", forAll, forAny)
	}
	name, optional := strings.CutSuffix(name, ifExists)
	values, present := c.get(key)
	if name == "Null" {
		return c.null(wanted, present, hasSet || optional)
	}
	test, known := tests[name]
	if !known {
		return false, fmt.Errorf("operator is unknown")
	}
	if !present {
		return absent(set, test, optional), nil
	}
	if set == "" && len(values) > 1 {
		return false, fmt.Errorf("the request has %d values, the operator compares one", len(values))
	}
	matching := 0
	for _, value := range values {
		matches, err := c.one(test, value, wanted)
		if err != nil {
			return false, err
		}
		if matches {
			matching++
		}
	}
	if set == forAny {
		return matching > 0, nil
	}
	return matching == len(values), nil
}

// absent is the answer for a key that the request lacks.
func absent(set string, test test, optional bool) bool {
	switch {
	case optional, set == forAll:
		return true
	case set == forAny:
		return false
	}
	return test.negated
}

// null asks whether the key is missing.
func (c requestContext) null(wanted []string, present, decorated bool) (bool, error) {
	if decorated {
		return false, fmt.Errorf("the operator Null takes neither a set operator nor %s", ifExists)
	}
	for _, want := range wanted {
		missing, err := boolean(want)
		if err != nil {
			return false, err
		}
		if missing != present {
			return true, nil
		}
	}
	return false, nil
}

// one tests one value of the request: it has to match one of those wanted, or
// none of them under a negated operator. What is wanted is matched by nothing where
// the request lacks its variable: whether AWS takes the value or the whole statement
// away, a condition that no other value fulfils does not hold.
func (c requestContext) one(test test, value string, wanted []string) (bool, error) {
	var missing error
	for _, want := range wanted {
		filled := pattern{literal(want)}
		if test.variables {
			var err error
			filled, err = c.pattern(want)
			if errors.Is(err, errMissing) && !test.negated {
				missing = err
				continue
			}
			if err != nil {
				return false, err
			}
		}
		matches, err := test.matches(filled, value)
		if err != nil {
			return false, err
		}
		if matches {
			return !test.negated, missing
		}
	}
	return test.negated, nil
}
