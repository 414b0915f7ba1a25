package evaluate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/policy/document"
)

// arnParts is the number of parts of an ARN that colons separate; the last part
// may have further colons.
const arnParts = 6

// action tells whether the statement speaks of the request's action, whatever
// the case of letters.
func (e *evaluation) action(s document.Statement) bool {
	matches := func(pattern string) bool { return match(pattern, e.request.Action, foldedByte) }
	if len(s.NotActions) > 0 {
		return !slices.ContainsFunc(s.NotActions, matches)
	}
	return slices.ContainsFunc(s.Actions, matches)
}

// resource tells whether the statement speaks of the request's resource. A
// statement without resources, in a trust policy, speaks of what it is attached
// to.
func (e *evaluation) resource(s document.Statement) (bool, error) {
	patterns, except := s.Resources, false
	if len(s.NotResources) > 0 {
		patterns, except = s.NotResources, true
	}
	if len(patterns) == 0 {
		return true, nil
	}
	for _, pattern := range patterns {
		text, err := e.context.pattern(pattern)
		if err != nil {
			return false, err
		}
		if !text.isARN() {
			return false, fmt.Errorf("resource %q is neither an ARN nor *", pattern)
		}
		if text.matchesARN(e.request.Resource) {
			return !except, nil
		}
	}
	return except, nil
}

// principal tells how the statement reaches the caller. Statements of identity
// policies have no principals and reach whom they are attached to.
func (e *evaluation) principal(s document.Statement) (grade, error) {
	if len(s.NotPrincipal) > 0 {
		return nothing, fmt.Errorf("NotPrincipal is not evaluated")
	}
	if len(s.Principals) == 0 {
		return direct, nil
	}
	best := nothing
	for kind, names := range s.Principals {
		for _, name := range names {
			reached, err := e.reaches(kind, name)
			if err != nil {
				return nothing, err
			}
			best = max(best, reached)
		}
	}
	return best, nil
}

// reaches tells how one principal of a statement reaches the caller (IAM user
// guide, "AWS JSON policy elements: Principal").
func (e *evaluation) reaches(kind, name string) (grade, error) {
	caller := e.request.Principal
	switch {
	case kind == "AWS" && name == "*":
		return session, nil
	case kind == "Service":
		if caller.Service == name {
			return direct, nil
		}
		return nothing, nil
	case kind != "AWS":
		return nothing, fmt.Errorf("principals of kind %s are not evaluated", kind)
	case caller.Service != "":
		return nothing, nil
	case name == caller.Account() || name == "arn:aws:iam::"+caller.Account()+":root":
		return delegated, nil
	case caller.SessionARN != "" && name == caller.SessionARN:
		return session, nil
	case name == caller.ARN:
		return direct, nil
	case strings.ContainsAny(name, "*?"):
		return nothing, fmt.Errorf("principal %q: wildcards inside a principal match nothing", name)
	}
	return nothing, nil
}

// glob compares byte by byte: ARNs and actions are ASCII.
func glob(pattern, text string) bool { return match(pattern, text, sameByte) }

func sameByte(a, b byte) bool { return a == b }

func foldedByte(a, b byte) bool { return lower(a) == lower(b) }

func lower(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// match matches a star with any characters, none included, and a question mark
// with exactly one.
func match(pattern, text string, same func(a, b byte) bool) bool {
	star, mark := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || same(pattern[p], text[t])):
			p, t = p+1, t+1
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
