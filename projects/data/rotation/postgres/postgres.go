// Package postgres is the database of package rotation on PostgreSQL 14 and
// Aurora PostgreSQL: connections over TLS to the one configured host, whose
// certificate must carry that host's name. The master user needs to be able to
// create roles and no superuser.
package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cutover/cutover/projects/data/rotation"
)

var _ rotation.Database = (*Database)(nil)

// Database is one database server.
type Database struct {
	Host string
	Port int
	Name string // of the database to connect to
	// Roots are the authorities that may have signed the server's certificate.
	Roots *x509.CertPool
}

const (
	// connectTimeout bounds one connection; a function's deadline allows several.
	connectTimeout = 5 * time.Second
	// closeTimeout bounds the farewell, which nothing depends on.
	closeTimeout = time.Second
)

// settings of a session: no statement and no lock holds a rotation up for long,
// and a function that died in a transaction lets the role go.
func settings() map[string]string {
	return map[string]string{
		"application_name":                    "cutover-rotation",
		"statement_timeout":                   "10s",
		"lock_timeout":                        "5s",
		"idle_in_transaction_session_timeout": "15s",
		"search_path":                         "pg_catalog",
	}
}

// PostgreSQL's codes (PostgreSQL documentation, appendix A).
const (
	invalidAuthorization = "28000"
	invalidPassword      = "28P01"
	lockNotAvailable     = "55P03"
)

// connect opens a connection. A method that shows the server the password is not
// accepted: auth lists what is (libpq's require_auth).
func (d *Database) connect(ctx context.Context, login rotation.Login, auth string) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig("sslmode=disable require_auth=" + auth)
	if err != nil {
		return nil, fmt.Errorf("prepare connection: %w", err)
	}
	cfg.Host, cfg.Port, cfg.Database = d.Host, uint16(d.Port), d.Name //nolint:gosec // a port by configuration
	cfg.User, cfg.Password = login.Username, login.Password
	cfg.TLSConfig = &tls.Config{RootCAs: d.Roots, ServerName: d.Host, MinVersion: tls.VersionTLS12}
	cfg.Fallbacks, cfg.RuntimeParams, cfg.ConnectTimeout = nil, settings(), connectTimeout
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to %s:%d as %s: %w", d.Host, d.Port, login.Username, err)
	}
	return conn, nil
}

// disconnect says farewell. What matters was committed before, so a failure is of
// no interest.
func disconnect(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	_ = conn.Close(ctx)
}

// Login logs in with SCRAM-SHA-256 and looks up the membership.
func (d *Database) Login(ctx context.Context, login rotation.Login, role string) error {
	conn, err := d.connect(ctx, login, "scram-sha-256")
	if refused(err) {
		return fmt.Errorf("%w: %w", rotation.ErrRefused, err)
	}
	if err != nil {
		return err
	}
	defer disconnect(ctx, conn)
	var member bool
	if err := conn.QueryRow(ctx, memberQuery, login.Username, role).Scan(&member); err != nil {
		return fmt.Errorf("look up the roles of %s: %w", login.Username, err)
	}
	if !member {
		return fmt.Errorf("%w: %s is not a member of %s", rotation.ErrRefused, login.Username, role)
	}
	return nil
}

func refused(err error) bool {
	code := codeOf(err)
	return code == invalidPassword || code == invalidAuthorization
}

func codeOf(err error) string {
	var told *pgconn.PgError
	if errors.As(err, &told) {
		return told.Code
	}
	return ""
}

// Exclusive runs work in one transaction that holds an advisory lock for the role.
func (d *Database) Exclusive(ctx context.Context, master rotation.Login, role string, work func(ctx context.Context, session rotation.Session) error) error {
	// RDS may keep the master user's password in either form.
	conn, err := d.connect(ctx, master, "scram-sha-256,md5")
	if refused(err) {
		return fmt.Errorf("%w: %w", rotation.ErrMasterRefused, err)
	}
	if err != nil {
		return err
	}
	defer disconnect(ctx, conn)
	transaction, err := conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := lock(ctx, transaction, role); err != nil {
		return err
	}
	// The end of the connection rolls back whatever is not committed.
	if err := work(ctx, &session{transaction}); err != nil {
		return err
	}
	if err := transaction.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// lock keeps other rotations of the role out until the transaction ends.
func lock(ctx context.Context, transaction pgx.Tx, role string) error {
	_, err := transaction.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", "cutover rotation of "+role)
	if codeOf(err) == lockNotAvailable {
		return fmt.Errorf("%w: %w", rotation.ErrBusy, err)
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", role, err)
	}
	return nil
}
