package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// Problem is one thing that is wrong with a configuration. It names where the
// value stands, what stands there and what was expected, so that an operator
// can mend it without reading code.
type Problem struct {
	File  string // path of the file, as an operator would type it
	Key   string // full key, for example "foundation:blue.cidr"
	Value string // the value found, "" when there is none
	Want  string // what was expected instead
}

// Error renders the problem on one line.
func (p Problem) Error() string {
	found := "is missing"
	if p.Value != "" {
		found = fmt.Sprintf("is %q", p.Value)
	}
	return fmt.Sprintf("%s: %s %s: expected %s", p.File, p.Key, found, p.Want)
}

// Problems collects everything that is wrong with one configuration. The zero
// value is ready to use.
type Problems struct {
	file   string
	prefix string
	list   []Problem
}

// Add notes that the value under key is not what was wanted. The key is
// relative to the configuration's namespace ("blue.cidr"); a nil value means
// that nothing stands there.
func (p *Problems) Add(key string, value any, want string) {
	found := ""
	if value != nil {
		found = fmt.Sprint(value)
	}
	p.list = append(p.list, Problem{File: p.file, Key: p.prefix + key, Value: found, Want: want})
}

// Check adds the problem unless ok holds.
func (p *Problems) Check(ok bool, key string, value any, want string) {
	if !ok {
		p.Add(key, value, want)
	}
}

// Production is the environment with the strictest rules.
const Production = "prod"

// Stack is the environment whose stack file is judged, and empty where another
// file is: a few rules hold in one environment only.
func (p *Problems) Stack() string {
	name, isStack := strings.CutPrefix(filepath.Base(p.file), "Pulumi.")
	if !isStack {
		return ""
	}
	return strings.TrimSuffix(name, ".yaml")
}

// Err joins all problems, or is nil when there are none.
func (p *Problems) Err() error {
	if len(p.list) == 0 {
		return nil
	}
	errs := make([]error, len(p.list))
	for i, problem := range p.list {
		errs[i] = problem
	}
	return &Invalid{Problems: p.list, joined: errors.Join(errs...)}
}

// Invalid is the error of a configuration that cannot be used. Callers map it
// to the exit code for usage and configuration errors.
type Invalid struct {
	Problems []Problem
	joined   error
}

// Error lists every problem, one a line.
func (e *Invalid) Error() string { return e.joined.Error() }

// Unwrap returns the joined problems.
func (e *Invalid) Unwrap() error { return e.joined }

// Summary says in a few words how many problems there are and in which files.
func (e *Invalid) Summary() string {
	files := make(map[string]bool)
	var names []string
	for _, p := range e.Problems {
		if !files[p.File] {
			files[p.File] = true
			names = append(names, p.File)
		}
	}
	return fmt.Sprintf("%d problem(s) in %s", len(e.Problems), strings.Join(names, ", "))
}
