// Package pg opens the engine's sessions with PostgreSQL and reduces what the
// server says to what may be logged. The settings of a session define canonical
// text: the form in which both sides must print equal values alike. The package
// knows nothing of lanes, and it never logs.
package pg

import (
	"context"
	"fmt"
	"maps"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Role is what a session does; it stands in application_name.
type Role string

// The roles of sessions.
const (
	Reader   Role = "reader"   // reads and decodes the source
	Applier  Role = "apply"    // writes the target, one transaction a batch
	Loader   Role = "load"     // writes one chunk of the base
	Verifier Role = "verify"   // reads both sides and compares
	Builder  Role = "ddl"      // builds what was left out of the target before the load
	Switcher Role = "switch"   // moves the authority, one conditional statement a transaction
	Governor Role = "throttle" // measures how much the servers have to do
	Operator Role = "operator" // a person's command
)

// Identity names a session: bgsync/<role>/<lane>/<invocation>.
type Identity struct {
	Role       Role
	Lane       string
	Invocation string
}

// name is the application_name; the server cuts it at 63 bytes.
func (i Identity) name() string {
	return fmt.Sprintf("bgsync/%s/%s/%s", i.Role, i.Lane, i.Invocation)
}

// canonical are the settings of every session. They fix how values are printed and
// read and that nothing is found by a search path or hidden by row security. The rest
// may be set otherwise for a database, for the sake of applications: who has waited for
// a lock must see what was committed before he got it, and the engine's statements end
// when they are done, or by the bounds of their role.
var canonical = map[string]string{
	"TimeZone":                    "UTC",
	"DateStyle":                   "ISO, YMD",
	"IntervalStyle":               "postgres",
	"extra_float_digits":          "1",
	"bytea_output":                "hex",
	"xmlbinary":                   "base64",
	"lc_monetary":                 "C",
	"client_encoding":             "UTF8",
	"search_path":                 "",
	"row_security":                "off",
	"standard_conforming_strings": "on",
	"array_nulls":                 "on",
	"xmloption":                   "content",

	"default_transaction_isolation":       "read committed",
	"statement_timeout":                   "0",
	"lock_timeout":                        "0",
	"idle_in_transaction_session_timeout": "0",
	"idle_session_timeout":                "0",
}

// writing are the further settings of sessions that write replicated tables. A
// custom plan knows how many rows a statement brings; a generic one, made while
// the table was small, would read all of it. And a batch finds its rows by their
// keys: with the default cost of a page, which is that of disks that turn, it would
// read all of a table of some hundred thousand rows instead.
var writing = map[string]string{
	"synchronous_commit":                  "on",
	"lock_timeout":                        "2s",
	"statement_timeout":                   "60s",
	"idle_in_transaction_session_timeout": "15s",
	"client_connection_check_interval":    "5s",
	"plan_cache_mode":                     "force_custom_plan",
	"random_page_cost":                    "1.1",
}

// comparing are the further settings of sessions that compare: several of them
// share the work, so none takes more than one processor of the server, and the
// expression that finds a bucket is not worth compiling.
var comparing = map[string]string{
	"jit":                                 "off",
	"max_parallel_workers_per_gather":     "0",
	"lock_timeout":                        "10s",
	"idle_in_transaction_session_timeout": "120s",
	"client_connection_check_interval":    "5s",
	"plan_cache_mode":                     "force_custom_plan",
}

// switching are the further settings of sessions that move the authority. What
// they lock keeps writers out, so the server ends a transaction whose process is
// gone or frozen.
var switching = map[string]string{
	"synchronous_commit":                  "on",
	"lock_timeout":                        "2s",
	"statement_timeout":                   "5s",
	"idle_in_transaction_session_timeout": "2s",
	"client_connection_check_interval":    "1s",
}

// settings are those of the role.
func settings(role Role) map[string]string {
	all := maps.Clone(canonical)
	switch role {
	case Applier:
		maps.Copy(all, writing)
	case Loader: // one chunk may take minutes; the loader's own clock bounds it
		maps.Copy(all, writing)
		all["statement_timeout"], all["idle_in_transaction_session_timeout"] = "0", "60s"
	case Builder:
		all["statement_timeout"], all["client_connection_check_interval"] = "0", "0"
		all["lock_timeout"] = "10s"
	case Verifier:
		maps.Copy(all, comparing)
	case Switcher:
		maps.Copy(all, switching)
	case Governor:
		maps.Copy(all, switching)
	case Reader, Operator:
	}
	return all
}

// dialTimeout bounds one attempt to connect, where the connection string does not say
// less.
const dialTimeout = 10 * time.Second

// config reads the connection string and adds what the role needs.
func config(dsn string, id Identity) (*pgx.ConnConfig, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("connection string of %s: not in the form that libpq takes", id.name())
	}
	for key, value := range settings(id.Role) {
		cfg.RuntimeParams[key] = value
	}
	cfg.RuntimeParams["application_name"] = id.name()
	if cfg.ConnectTimeout <= 0 || cfg.ConnectTimeout > dialTimeout {
		cfg.ConnectTimeout = dialTimeout
	}
	cfg.DialFunc = (&net.Dialer{Timeout: dialTimeout, Control: userTimeout, KeepAlive: 5 * time.Second}).DialContext
	return cfg, nil
}

// Connect opens a session.
func Connect(ctx context.Context, dsn string, id Identity) (*pgx.Conn, error) {
	cfg, err := config(dsn, id)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect %s: %w", id.name(), overdue(ctx, err))
	}
	return conn, nil
}

// ConnectReplication opens a session of the reader in which the server accepts
// replication commands for the database.
func ConnectReplication(ctx context.Context, dsn string, id Identity) (*pgconn.PgConn, error) {
	cfg, err := config(dsn, id)
	if err != nil {
		return nil, err
	}
	cfg.RuntimeParams["replication"] = "database"
	cfg.RuntimeParams["wal_sender_timeout"] = "10s"
	cfg.DialFunc = pgconn.DialFunc(gathered(dial(cfg.DialFunc)))
	conn, err := pgconn.ConnectConfig(ctx, &cfg.Config)
	if err != nil {
		return nil, fmt.Errorf("connect %s for replication: %w", id.name(), overdue(ctx, err))
	}
	return conn, nil
}

// Close ends a session whatever its state; a session that is already gone is no
// error.
func Close(conn interface{ Close(context.Context) error }) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = conn.Close(ctx) // the server forgets the session either way
}
