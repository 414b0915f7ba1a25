package function

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/cutover/cutover/projects/data/rotation"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/variables"
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
	from := &variables.Reader{Lookup: lookup}
	s := settings{
		color: from.Color(VariableColor),
		cluster: rotation.Cluster{
			Host:      from.Text(VariableHost, "the writer endpoint of the database"),
			Database:  from.Text(VariableDatabase, "the name of the database"),
			MasterARN: from.Text(VariableMaster, "the ARN of the master user's secret"),
		},
		authorities: from.Optional(VariableAuthorities),
	}
	port := from.Text(VariablePort, "the port of the database")
	number, err := strconv.ParseUint(port, 10, 16)
	if port != "" && (err != nil || number == 0) {
		from.Refuse(fmt.Errorf("variable %s is %q: expected a port from 1 to 65535", VariablePort, port))
	}
	s.cluster.Port = int(number)
	if roles := from.Text(VariableRoles, "the group role of each secret by ARN, as a JSON object"); roles != "" {
		s.roles, err = readRoles(roles)
		from.Refuse(err)
	}
	return s, from.Err()
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
