package evaluate

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// pattern is a value of a policy with its variables filled in. Wildcards that
// came out of a variable stand for themselves (IAM user guide, "IAM policy
// elements: Variables and tags").
type pattern struct{ text string }

// Literal characters of values are marked so that glob takes none for a
// wildcard.
const (
	literalStar     = "\x00"
	literalQuestion = "\x01"
)

var (
	literals = strings.NewReplacer("*", literalStar, "?", literalQuestion)
	variable = regexp.MustCompile(`\$\{([^}]*)\}`)
)

// literal marks the wildcards of a value of the request.
func literal(value string) string {
	if !strings.ContainsAny(value, "*?") {
		return value
	}
	return literals.Replace(value)
}

// errMissing tells that a variable stands for nothing.
var errMissing = errors.New("the request has no value for the variable")

// pattern fills in the variables of a value. One that the request lacks, and that
// has no default, is an error: what AWS answers then depends on the element.
func (c requestContext) pattern(value string) (pattern, error) {
	if !strings.Contains(value, "${") {
		return pattern{value}, nil
	}
	var problem error
	filled := variable.ReplaceAllStringFunc(value, func(found string) string {
		text, err := c.variable(found[2 : len(found)-1])
		if err != nil {
			problem = fmt.Errorf("value %q: %w", value, err)
		}
		return text
	})
	return pattern{filled}, problem
}

func (c requestContext) variable(name string) (string, error) {
	switch name {
	case "*", "?", "$":
		return literal(name), nil
	}
	key, otherwise, hasDefault := strings.Cut(name, ",")
	values, present := c.get(strings.TrimSpace(key))
	otherwise = strings.TrimSpace(otherwise)
	switch {
	case present && len(values) == 1:
		return literal(values[0]), nil
	case present:
		return "", fmt.Errorf("variable %s has %d values", key, len(values))
	case hasDefault && len(otherwise) >= 2 && strings.HasPrefix(otherwise, "'") && strings.HasSuffix(otherwise, "'"):
		return literal(otherwise[1 : len(otherwise)-1]), nil
	}
	return "", fmt.Errorf("%w %s", errMissing, key)
}

// equals compares without wildcards.
func (p pattern) equals(value string) bool { return p.plain() == value }

// like compares with wildcards.
func (p pattern) like(value string) bool { return glob(p.text, literal(value)) }

// matchesARN compares part by part, with wildcards inside each; the last part may
// have colons. A lone star matches all.
func (p pattern) matchesARN(value string) bool {
	if p.text == "*" {
		return true
	}
	pattern, parts := strings.SplitN(p.text, ":", arnParts), strings.SplitN(value, ":", arnParts)
	if len(pattern) < arnParts || len(parts) < arnParts {
		return false
	}
	for i := range pattern {
		if !glob(pattern[i], literal(parts[i])) {
			return false
		}
	}
	return true
}

// isARN tells whether the value can stand for ARNs at all.
func (p pattern) isARN() bool {
	return p.text == "*" || strings.HasPrefix(p.text, "arn:") && strings.Count(p.text, ":") >= arnParts-1
}

func (p pattern) plain() string {
	return strings.NewReplacer(literalStar, "*", literalQuestion, "?").Replace(p.text)
}
