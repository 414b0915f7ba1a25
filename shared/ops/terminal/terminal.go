// Package terminal keeps a library from questioning the terminal. Pulumi's SDK
// links bubbletea, which asks for the background color when the program is
// loaded: escape sequences on the screen, and five seconds of silence on every
// terminal that does not answer, such as that of a CI job or an expect script.
//
// It asks nothing of a terminal called dumb. Go initialises packages in the order
// of their import paths, as soon as all they import is initialised (language
// specification, "Program initialization"); this package imports os only, and
// bubbletea imports much that stands behind it in that order, so this one comes
// first.
package terminal

import "os"

const variable = "TERM"

var (
	value, set = os.LookupEnv(variable)
	_          = os.Setenv(variable, "dumb") // a name and a value that are always accepted
)

// Restore gives the terminal its name back; for the start of main.
func Restore() error {
	if !set {
		return os.Unsetenv(variable)
	}
	return os.Setenv(variable, value)
}
