package function

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/naming"
)

// The variables that configure the functions.
const (
	// VariablePlatform is the name of the environment, under which metrics stand.
	VariablePlatform = "PLATFORM"
	// VariableColor is the side that the function runs on. Its lane ends there: an
	// apply transaction makes many round trips to its target, while the source is
	// read as a stream.
	VariableColor = "COLOR"
	// VariableDatabases tells where the databases of both sides are and which
	// secrets hold the logins, as JSON (see place.Parse).
	VariableDatabases = "DATABASES"
	// VariableStore is where the control items are: table:<name of the control
	// table>, or folder:<path>.
	VariableStore = "CONTROL_STORE"
	// VariableAuthorities names a PEM file to trust in place of the authorities of
	// Amazon RDS. It may be missing.
	VariableAuthorities = "AUTHORITIES_FILE"
)

// The kinds of control stores.
const (
	tablePrefix  = "table:"
	folderPrefix = "folder:"
)

// Lane is the name of the lane that ends at color.
func Lane(color naming.Color) string {
	if color == naming.Green {
		return "core.fwd"
	}
	return "core.rev"
}

// settings are what the variables say.
type settings struct {
	platform    string
	color       naming.Color
	databases   map[naming.Color]place.Database
	store       string
	authorities string
}

// read joins all that is wrong with the variables.
func read(lookup func(string) (string, bool)) (settings, error) {
	var problems []error
	text := func(variable, expected string) string {
		value, _ := lookup(variable)
		if value == "" {
			problems = append(problems, fmt.Errorf("variable %s: is missing, expected %s", variable, expected))
		}
		return value
	}
	s := settings{
		platform: text(VariablePlatform, "the name of the environment"),
		color:    naming.Color(text(VariableColor, "blue or green")),
		store:    text(VariableStore, "table:<name> or folder:<path>"),
	}
	s.authorities, _ = lookup(VariableAuthorities)
	if s.color != "" && !slices.Contains(naming.Colors(), s.color) {
		problems = append(problems, fmt.Errorf("variable %s is %q: expected one of %v", VariableColor, s.color, naming.Colors()))
	}
	if s.store != "" && !strings.HasPrefix(s.store, tablePrefix) && !strings.HasPrefix(s.store, folderPrefix) {
		problems = append(problems, fmt.Errorf("variable %s is %q: expected table:<name> or folder:<path>", VariableStore, s.store))
	}
	if databases := text(VariableDatabases, "the databases of both sides, as JSON"); databases != "" {
		var err error
		if s.databases, err = place.Parse(databases); err != nil {
			problems = append(problems, fmt.Errorf("variable %s: %w", VariableDatabases, err))
		}
	}
	return s, errors.Join(problems...)
}
