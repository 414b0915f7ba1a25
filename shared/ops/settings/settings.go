// Package settings reads what an operator may set for one command, by flag
// (-env=prod) or by environment variable (CUTOVER_ENV=prod), one name for both.
// It is strict: what it does not know or cannot read is an error, never a
// default. It knows nothing of what the settings do.
package settings

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/fault"
)

// Prefix starts the name of every environment variable that is a setting.
const Prefix = "CUTOVER_"

// Color limits a command to one side of the migration.
type Color string

// The colors; the empty one means both.
const (
	Both  Color = ""
	Blue  Color = "blue"
	Green Color = "green"
)

// Format is how a command prints its result.
type Format string

// The formats.
const (
	Table    Format = "table"
	JSON     Format = "json"
	Markdown Format = "md"
)

// Settings of one command.
type Settings struct {
	Env      string           // environment; default local
	Yes      bool             // do not ask before changing things; data still asks for its name
	DryRun   bool             // show what would be done, change nothing
	Parallel int              // how many layers at once; 0 means as many as their order allows
	Only     []contract.Layer // nothing but these layers
	From     contract.Layer   // this layer and everything that depends on it
	Resume   bool             // go on where the last run of the same command ended
	Check    bool             // preview: exit with 7 when there are changes
	Color    Color            // blue or green; default both
	Output   Format           // table, json or md; default table
	Timeout  time.Duration    // end the command after this time; 0 means no limit
	To       string           // rollback: the release to go back to
	Show     string           // outputs: what to resolve, "connection"
	Halt     string           // migrate:start, migrate:renew: the code of the halt after which the lane goes on
	Base     string           // migrate:start: what a lane starts from, BaseChunks or BaseClone; "" is BaseChunks
	Table    string           // migrate:planChange, migrate:reload: a replicated table, as schema.name
	Columns  string           // migrate:planChange: the columns to add, separated by semicolons
	Index    string           // migrate:planChange: the index to make, as name(column, column)
	Position string           // migrate:discard: where a change stands, as the position of its commit and its number, 0/1A2B3C:0
	Change   int              // migrate:makeChange, migrate:withdrawChange: the change's number; 0 is the one that is open
	Reason   string           // why; compulsory in prod for what cannot be undone
	// Operators have decided together; migrate:finalise, migrate:discard and migrate:force take two.
	Operators []string
}

// What a lane starts from: rows that are copied, or a clone of its source.
const (
	BaseChunks = "chunks"
	BaseClone  = "clone"
)

// ShowConnection asks for the connection strings with their passwords.
const ShowConnection = "connection"

// setting describes one of them.
type setting struct {
	name   string // as a flag; the variable is Prefix + upper case with _
	isBool bool
	expect string
	set    func(*Settings, string) error
}

func (s setting) variable() string {
	return Prefix + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

// source is one value that was given, and where.
type source struct {
	setting setting
	label   string // "flag -env" or "variable CUTOVER_ENV"
	value   string
}

// Load returns the settings that flags and environment give; flags win. known
// lists the environments that exist. All problems come back joined in one error
// of usage kind, each naming the flag or variable, its value and what was expected.
func Load(flags []Flag, environ []string, known []string) (Settings, error) {
	given, problems := collect(flags, environ, known)
	s := Settings{Env: "local", Output: Table}
	for _, src := range given {
		if err := src.setting.set(&s, src.value); err != nil {
			problems = append(problems, fmt.Errorf("%s is %q: expected %s", src.label, src.value, src.setting.expect))
		}
	}
	problems = append(problems, contradictions(given)...)
	if len(problems) > 0 {
		return Settings{}, fault.Wrap(fault.Usage, errors.Join(problems...))
	}
	return s, nil
}

func collect(flags []Flag, environ, known []string) ([]source, []error) {
	all := table(known)
	given, problems := fromEnviron(environ, all)
	for _, f := range flags {
		def, found := find(all, func(s setting) bool { return s.name == f.Name })
		if !found {
			problems = append(problems, fmt.Errorf("flag -%s is unknown: expected one of %s", f.Name, flagNames(all)))
			continue
		}
		if f.Missing {
			problems = append(problems, fmt.Errorf("flag -%s has no value: expected -%s=%s", f.Name, f.Name, def.expect))
			continue
		}
		given = slices.DeleteFunc(given, func(s source) bool {
			return s.setting.name == f.Name && strings.HasPrefix(s.label, "variable")
		})
		given = append(given, source{def, "flag -" + f.Name, f.Value})
	}
	return given, append(problems, repeated(flags)...)
}

func fromEnviron(environ []string, all []setting) ([]source, []error) {
	var given []source
	var problems []error
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, Prefix) {
			continue
		}
		def, found := find(all, func(s setting) bool { return s.variable() == name })
		if !found {
			problems = append(problems, fmt.Errorf("variable %s=%q is unknown: expected one of %s", name, value, variableNames(all)))
			continue
		}
		given = append(given, source{def, "variable " + name, value})
	}
	return given, problems
}

func repeated(flags []Flag) []error {
	var problems []error
	seen := map[string]string{}
	for _, f := range flags {
		if before, twice := seen[f.Name]; twice && before != f.Value {
			problems = append(problems, fmt.Errorf("flag -%s is given twice, as %q and %q: expected one value", f.Name, before, f.Value))
		}
		seen[f.Name] = f.Value
	}
	return problems
}

// contradictions lists settings that cannot be meant together.
func contradictions(given []source) []error {
	var problems []error
	for _, pair := range [][2]string{{"only", "from"}, {"resume", "only"}, {"resume", "from"}, {"resume", "dry-run"}} {
		first, ok1 := lookup(given, pair[0])
		second, ok2 := lookup(given, pair[1])
		if ok1 && ok2 {
			problems = append(problems, fmt.Errorf("%s is %q and %s is %q: expected only one of the two",
				first.label, first.value, second.label, second.value))
		}
	}
	return problems
}

// lookup finds a given value; a switch that was set to false counts as not given.
func lookup(given []source, name string) (source, bool) {
	for _, src := range given {
		if src.setting.name != name {
			continue
		}
		on, err := strconv.ParseBool(src.value)
		return src, !src.setting.isBool || err != nil || on
	}
	return source{}, false
}

func find(all []setting, match func(setting) bool) (setting, bool) {
	for _, s := range all {
		if match(s) {
			return s, true
		}
	}
	return setting{}, false
}

func flagNames(all []setting) string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = "-" + s.name
	}
	return strings.Join(names, ", ")
}

func variableNames(all []setting) string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.variable()
	}
	return strings.Join(names, ", ")
}
