// Package variables reads what configures a function from its environment, and
// joins all that is wrong, so that one look at the log mends all of it.
package variables

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cutover/cutover/shared/naming"
)

// Reader reads variables by name through Lookup, os.LookupEnv in a function.
type Reader struct {
	Lookup   func(name string) (string, bool)
	problems []error
}

// Text is the value of a variable that must be there and not empty. Expected says
// in the error what belongs there.
func (r *Reader) Text(name, expected string) string {
	value, _ := r.Lookup(name)
	if value == "" {
		r.Refuse(fmt.Errorf("variable %s: is missing, expected %s", name, expected))
	}
	return value
}

// Color is a variable that must be blue or green.
func (r *Reader) Color(name string) naming.Color {
	color := naming.Color(r.Text(name, fmt.Sprintf("one of %v", naming.Colors())))
	if color != "" && !slices.Contains(naming.Colors(), color) {
		r.Refuse(fmt.Errorf("variable %s is %q: expected one of %v", name, color, naming.Colors()))
	}
	return color
}

// Optional is the value of a variable that may be absent.
func (r *Reader) Optional(name string) string {
	value, _ := r.Lookup(name)
	return value
}

// Refuse keeps what else is wrong; nil is nothing.
func (r *Reader) Refuse(problem error) { r.problems = append(r.problems, problem) }

// Err joins all problems.
func (r *Reader) Err() error { return errors.Join(r.problems...) }
