package function

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cutover/cutover/projects/data/rotation"
	"github.com/cutover/cutover/shared/naming"
)

// The variables that configure the function.
const (
	VariableColor    = "COLOR" // blue or green
	VariableHost     = "DATABASE_HOST"
	VariablePort     = "DATABASE_PORT"
	VariableDatabase = "DATABASE_NAME"
	VariableMaster   = "MASTER_ARN" // of what RDS keeps the master user's login in
	// VariableRoles holds, as a JSON object, the group role of each secret by the
	// secret's ARN.
	VariableRoles = "ROLES"
	// VariableAuthorities names a PEM file to trust in place of the authorities of
	// Amazon RDS. It may be missing.
	VariableAuthorities = "AUTHORITIES_FILE"
)

type settings struct {
	color       naming.Color
	cluster     rotation.Cluster
	roles       map[string]string
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
		color: naming.Color(text(VariableColor, "blue or green")),
		cluster: rotation.Cluster{
			Host:      text(VariableHost, "the writer endpoint of the database"),
			Database:  text(VariableDatabase, "the name of the database"),
			MasterARN: text(VariableMaster, "the ARN of the master user's secret"),
		},
	}
	s.authorities, _ = lookup(VariableAuthorities)
	if s.color != "" && !slices.Contains(naming.Colors(), s.color) {
		problems = append(problems, fmt.Errorf("variable %s is %q: expected one of %v", VariableColor, s.color, naming.Colors()))
	}
	port := text(VariablePort, "the port of the database")
	number, err := strconv.ParseUint(port, 10, 16)
	if port != "" && (err != nil || number == 0) {
		problems = append(problems, fmt.Errorf("variable %s is %q: expected a port from 1 to 65535", VariablePort, port))
	}
	s.cluster.Port = int(number)
	if roles := text(VariableRoles, "the group role of each secret by ARN, as a JSON object"); roles != "" {
		s.roles, err = readRoles(roles)
		problems = append(problems, err)
	}
	return s, errors.Join(problems...)
}

// readRoles refuses an object that would have the function rotate nothing, or one
// role from two secrets, which would take each other's users.
func readRoles(text string) (map[string]string, error) {
	var roles map[string]string
	if err := json.Unmarshal([]byte(text), &roles); err != nil || len(roles) == 0 {
		return nil, fmt.Errorf("variable %s is %q: expected a JSON object of role by ARN", VariableRoles, text)
	}
	var problems []error
	seen := map[string]bool{}
	for arn, role := range roles {
		if !strings.HasPrefix(arn, "arn:") || role == "" {
			problems = append(problems, fmt.Errorf("variable %s: %q has role %q, expected a role by ARN", VariableRoles, arn, role))
		}
		if seen[role] {
			problems = append(problems, fmt.Errorf("variable %s: role %q belongs to two secrets", VariableRoles, role))
		}
		seen[role] = true
	}
	return roles, errors.Join(problems...)
}
