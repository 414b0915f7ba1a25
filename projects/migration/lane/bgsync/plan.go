package bgsync

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Class says how much a table matters to the platform.
type Class string

// The classes of tables.
const (
	Critical Class = "critical"
	Standard Class = "standard"
)

// TablePlan is one table to replicate.
type TablePlan struct {
	Schema, Name string
	Class        Class
	// HarmlessOIDs are columns of type oid that refer to nothing in this
	// database.
	HarmlessOIDs []string
}

// FullName is schema.name.
func (t TablePlan) FullName() string { return t.Schema + "." + t.Name }

// Exclusion is a table that is left out on purpose.
type Exclusion struct{ Schema, Name, Reason string }

// Plan says which tables a lane carries. Every table of the schemas that it
// touches is either listed or excluded with a reason.
type Plan struct {
	Lane     string
	Tables   []TablePlan
	Excluded []Exclusion
}

// laneName is what a lane may be called: it becomes part of the slot's name,
// which PostgreSQL limits to 63 lower-case letters, digits and underscores.
var laneName = regexp.MustCompile(`^[a-z][a-z0-9.]{0,30}$`)

// Validate joins all that is wrong with the plan.
func (p *Plan) Validate() error {
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if !laneName.MatchString(p.Lane) {
		problem("lane %q: expected up to 31 lower-case letters, digits and dots, a letter first", p.Lane)
	}
	if len(p.Tables) == 0 {
		problem("tables: the list is empty, expected at least one")
	}
	seen := map[string]bool{}
	note := func(schema, name string) {
		full := schema + "." + name
		switch {
		case schema == "" || name == "":
			problem("table %q: expected a schema and a name", full)
		case schema == "bgsync" || schema == "information_schema" || strings.HasPrefix(schema, "pg_"):
			problem("table %s: expected a table of the application", full)
		case seen[full]:
			problem("table %s: is listed twice", full)
		}
		seen[full] = true
	}
	for _, table := range p.Tables {
		note(table.Schema, table.Name)
		if table.Class != Critical && table.Class != Standard {
			problem("table %s: class %q: expected %s or %s", table.FullName(), table.Class, Critical, Standard)
		}
	}
	for _, excluded := range p.Excluded {
		note(excluded.Schema, excluded.Name)
		if strings.TrimSpace(excluded.Reason) == "" {
			problem("excluded table %s.%s: expected a reason", excluded.Schema, excluded.Name)
		}
	}
	return errors.Join(problems...)
}

// Schemas lists the schemas of the replicated tables, in order.
func (p *Plan) Schemas() []string {
	var list []string
	for _, table := range p.Tables {
		list = append(list, table.Schema)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// ordered are the tables in name order: that of their numbers.
func (p *Plan) ordered() []TablePlan {
	list := slices.Clone(p.Tables)
	slices.SortFunc(list, func(a, b TablePlan) int { return strings.Compare(a.FullName(), b.FullName()) })
	return list
}
