package function

import (
	"fmt"
	"strings"

	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/variables"
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
	// VariableWindow is the last day on which the network between the sides is open, as
	// in 2026-12-31, for the function that checks.
	VariableWindow = "SYNC_WINDOW_UNTIL"
	// VariableFunctions are the settings of the colour's functions as they were
	// deployed, as JSON: timeout in seconds, memory in MiB and atOnce by physical name.
	VariableFunctions = "FUNCTION_SETTINGS"
	// VariableLimits are the limits of all who load or compare, as JSON (see LoadLimits).
	// Without it they are the engine's defaults.
	VariableLimits = "LOAD_LIMITS"
)

// The kinds of control stores.
const (
	tablePrefix  = "table:"
	folderPrefix = "folder:"
)

// Lane is the name of the lane that ends at color.
func Lane(color naming.Color) string { return place.Lane(color) }

// settings are what the variables say.
type settings struct {
	platform    string
	color       naming.Color
	databases   map[naming.Color]place.Database
	store       string
	authorities string
	limits      LoadLimits
}

// read joins all that is wrong with the variables.
func read(lookup func(string) (string, bool)) (settings, error) {
	from := &variables.Reader{Lookup: lookup}
	s := settings{
		platform:    from.Text(VariablePlatform, "the name of the environment"),
		color:       from.Color(VariableColor),
		store:       from.Text(VariableStore, "table:<name> or folder:<path>"),
		authorities: from.Optional(VariableAuthorities),
	}
	if s.store != "" && !strings.HasPrefix(s.store, tablePrefix) && !strings.HasPrefix(s.store, folderPrefix) {
		from.Refuse(fmt.Errorf("variable %s is %q: expected table:<name> or folder:<path>", VariableStore, s.store))
	}
	if databases := from.Text(VariableDatabases, "the databases of both sides, as JSON"); databases != "" {
		var err error
		if s.databases, err = place.Parse(databases); err != nil {
			from.Refuse(fmt.Errorf("variable %s: %w", VariableDatabases, err))
		}
	}
	var err error
	if s.limits, err = readLimits(from.Optional(VariableLimits)); err != nil {
		from.Refuse(fmt.Errorf("variable %s: %w", VariableLimits, err))
	}
	return s, from.Err()
}
