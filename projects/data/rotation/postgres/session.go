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

// SetLogin makes what is missing of the roles and sets the verifier. Statements
// about roles take no parameters; names are quoted, and the verifier is checked.
func (s *session) SetLogin(ctx context.Context, role, user, verifier string) error {
	if !verifierPattern.MatchString(verifier) {
		return errors.New("set a password: expected a SCRAM-SHA-256 verifier")
	}
	if err := s.ensure(ctx, role, false); err != nil {
		return err
	}
	first, second := rotation.Users(role)
	for _, member := range []string{first, second} {
		if err := s.ensure(ctx, member, true); err != nil {
			return err
		}
		if err := s.enrol(ctx, role, member); err != nil {
			return err
		}
	}
	return s.run(ctx, "ALTER ROLE "+pgx.Identifier{user}.Sanitize()+" LOGIN INHERIT PASSWORD '"+verifier+"' VALID UNTIL 'infinity'")
}

// ensure makes a role without login and rights, unless it exists.
func (s *session) ensure(ctx context.Context, name string, mayLogIn bool) error {
	exists, err := s.find(ctx, name, mayLogIn)
	if err != nil || exists {
		return err
	}
	return s.run(ctx, "CREATE ROLE "+pgx.Identifier{name}.Sanitize()+" NOLOGIN INHERIT")
}

// enrol makes a user a member of the group role, unless it is.
func (s *session) enrol(ctx context.Context, role, user string) error {
	var member bool
	if err := s.transaction.QueryRow(ctx, memberQuery, user, role).Scan(&member); err != nil {
		return fmt.Errorf("look up the roles of %s: %w", user, err)
	}
	if member {
		return nil
	}
	return s.run(ctx, "GRANT "+pgx.Identifier{role}.Sanitize()+" TO "+pgx.Identifier{user}.Sanitize())
}

// run runs a statement. Its error does not hold the statement.
func (s *session) run(ctx context.Context, statement string) error {
	if _, err := s.transaction.Exec(ctx, statement); err != nil {
		return fmt.Errorf("change roles: %w", err)
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
