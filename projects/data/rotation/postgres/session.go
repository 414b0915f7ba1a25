package postgres

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/data/rotation"
)

var _ rotation.Session = (*session)(nil)

// session is the master user's transaction.
type session struct{ transaction pgx.Tx }

const (
	roleQuery = `SELECT rolcanlogin, rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls
		FROM pg_roles WHERE rolname = $1`
	memberQuery = `SELECT EXISTS (SELECT FROM pg_auth_members m
		JOIN pg_roles u ON u.oid = m.member JOIN pg_roles g ON g.oid = m.roleid
		WHERE u.rolname = $1 AND g.rolname = $2)`
)

// verifierPattern is what a verifier looks like; it needs no escaping in a literal.
var verifierPattern = regexp.MustCompile(`^SCRAM-SHA-256\$[0-9]+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$`)

// SetLogin makes what is missing of both roles and sets the verifier. Statements
// about roles take no parameters; names are quoted, and the verifier is checked.
func (s *session) SetLogin(ctx context.Context, role, user, verifier string) error {
	if !verifierPattern.MatchString(verifier) {
		return errors.New("set a password: expected a SCRAM-SHA-256 verifier")
	}
	group, login := pgx.Identifier{role}.Sanitize(), pgx.Identifier{user}.Sanitize()
	groupExists, err := s.find(ctx, role, false)
	if err != nil {
		return err
	}
	userExists, err := s.find(ctx, user, true)
	if err != nil {
		return err
	}
	var statements []string
	if !groupExists {
		statements = append(statements, "CREATE ROLE "+group+" NOLOGIN")
	}
	change := "CREATE ROLE "
	if userExists {
		change = "ALTER ROLE "
	}
	statements = append(statements, change+login+" LOGIN INHERIT PASSWORD '"+verifier+"' VALID UNTIL 'infinity'")
	var member bool
	if err := s.transaction.QueryRow(ctx, memberQuery, user, role).Scan(&member); err != nil {
		return fmt.Errorf("look up the roles of %s: %w", user, err)
	}
	if !member {
		statements = append(statements, "GRANT "+group+" TO "+login)
	}
	for _, statement := range statements {
		if _, err := s.transaction.Exec(ctx, statement); err != nil {
			return fmt.Errorf("change the roles %s and %s: %w", role, user, err)
		}
	}
	return nil
}

// find tells whether a role exists and refuses one that is not for rotation: a
// group that can log in, or a role that may change others or sees everything.
func (s *session) find(ctx context.Context, name string, mayLogIn bool) (bool, error) {
	var logsIn, privileged bool
	err := s.transaction.QueryRow(ctx, roleQuery, name).Scan(&logsIn, &privileged)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look up role %s: %w", name, err)
	case privileged:
		return false, fmt.Errorf("%w: %s is a superuser, creates roles or databases, or passes row security", rotation.ErrUnsuitable, name)
	case logsIn && !mayLogIn:
		return false, fmt.Errorf("%w: %s can log in, expected a group role", rotation.ErrUnsuitable, name)
	}
	return true, nil
}

// Check proves that the transaction, and with it the lock, is still there.
func (s *session) Check(ctx context.Context) error {
	if _, err := s.transaction.Exec(ctx, "SELECT 1"); err != nil {
		return fmt.Errorf("the lock is lost: %w", err)
	}
	return nil
}
