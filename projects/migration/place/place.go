// Package place says where the databases of both sides are and how each part of
// the engine gets into them: it reads the login of a group role from a secret and
// makes a connection string of it. A secret is read every time, so that a rotated
// password is used from the next call on; nothing is kept. Host, port and name of
// a database come from the configuration: a secret that speaks of another one is
// refused, and nothing is ever sent to a host that a secret names. The package
// connects to nothing but the store of secrets.
package place

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/shared/naming"
)

// Lane is the name of the lane that ends at color. The one that ends at green
// carries blue's changes.
func Lane(color naming.Color) string {
	if color == naming.Green {
		return "core.fwd"
	}
	return "core.rev"
}

// Place makes connection strings.
type Place interface {
	// DSN is the connection string of a member of group on one side, in the form
	// that libpq takes. It holds a password and is for no log.
	DSN(ctx context.Context, side naming.Color, group bgsync.Group) (string, error)
}

// Administrator is the group of the login that installs the engine's schema: a
// superuser, or the master user of a cluster on Aurora.
const Administrator bgsync.Group = "administrator"

// Writers is the group of a login of the applications, with which it is tried after
// a switch who may write. It is never used to change a row.
const Writers bgsync.Group = "writers"

// Endpoints are the connection strings of the lane that starts at source.
func Endpoints(ctx context.Context, p Place, source naming.Color) (lane.Endpoints, error) {
	var e lane.Endpoints
	var problems []error
	for _, each := range []struct {
		to    *string
		side  naming.Color
		group bgsync.Group
	}{{&e.Reader, source, bgsync.Reader}, {&e.Apply, source.Other(), bgsync.Apply}, {&e.Builder, source.Other(), bgsync.Builder}} {
		var err error
		*each.to, err = p.DSN(ctx, each.side, each.group)
		problems = append(problems, err)
	}
	return e, errors.Join(problems...)
}

// Secrets reads the value of a secret by its reference.
type Secrets interface {
	Read(ctx context.Context, reference string) (string, error)
}

var _ Place = (*Databases)(nil)

// Databases is the Place that a configuration describes.
type Databases struct {
	Sides   map[naming.Color]Database
	Secrets Secrets
	// Authorities is the PEM file of those who sign the servers' certificates.
	Authorities string
}

// Database is where one side's database is.
type Database struct {
	Host string `json:"host"`
	Port int    `json:"port"`
	Name string `json:"name"`
	// Plain connects without TLS, which a server on the loopback interface may.
	Plain bool `json:"plain,omitempty"`
	// Logins are references of secrets by group: ARNs, or file:<path>.
	Logins map[bgsync.Group]string `json:"logins"`
}

// ErrUnknown tells that the configuration has no login of that group and side.
var ErrUnknown = errors.New("no login is configured")

// login is a secret's value (AWS Secrets Manager user guide, "JSON structure of
// AWS Secrets Manager secrets"). The master user's secret, which RDS writes, holds
// user and password only.
type login struct {
	Username string `json:"username"`
	Password string `json:"password"`
	Host     string `json:"host"`
	Port     int    `json:"port"`
	Database string `json:"dbname"`
}

// DSN reads the secret and makes the connection string.
func (d *Databases) DSN(ctx context.Context, side naming.Color, group bgsync.Group) (string, error) {
	database := d.Sides[side]
	reference := database.Logins[group]
	if reference == "" {
		return "", fmt.Errorf("login of %s on %s: %w", group, side, ErrUnknown)
	}
	value, err := d.Secrets.Read(ctx, reference)
	if err != nil {
		return "", fmt.Errorf("login of %s on %s: %w", group, side, err)
	}
	var l login
	// The parser's own error would quote the secret.
	if json.Unmarshal([]byte(value), &l) != nil || l.Username == "" || l.Password == "" {
		return "", fmt.Errorf("login of %s on %s: secret %s holds something else, expected JSON with username and password", group, side, reference)
	}
	if l.Host != "" && (l.Host != database.Host || l.Port != database.Port || l.Database != database.Name) {
		return "", fmt.Errorf("login of %s on %s: secret %s is for %s:%d/%s, expected %s:%d/%s",
			group, side, reference, l.Host, l.Port, l.Database, database.Host, database.Port, database.Name)
	}
	query := url.Values{"sslmode": {"verify-full"}, "sslrootcert": {d.Authorities}}
	if database.Plain {
		query = url.Values{"sslmode": {"disable"}}
	}
	dsn := url.URL{
		Scheme: "postgres", User: url.UserPassword(l.Username, l.Password), RawQuery: query.Encode(),
		Host: net.JoinHostPort(database.Host, strconv.Itoa(database.Port)), Path: "/" + database.Name,
	}
	return dsn.String(), nil
}

// Parse reads the configuration of both sides from JSON and joins all that is
// wrong with it.
func Parse(text string) (map[naming.Color]Database, error) {
	var sides map[naming.Color]Database
	if err := json.Unmarshal([]byte(text), &sides); err != nil {
		return nil, errors.New("expected a JSON object of databases by side: host, port, name, logins")
	}
	var problems []error
	for _, color := range naming.Colors() {
		database, known := sides[color]
		if !known {
			problems = append(problems, fmt.Errorf("%s: is missing", color))
			continue
		}
		for _, err := range database.problems() {
			problems = append(problems, fmt.Errorf("%s: %w", color, err))
		}
	}
	return sides, errors.Join(problems...)
}

const maxPort = 65535

func (d Database) problems() []error {
	var problems []error
	if d.Host == "" {
		problems = append(problems, errors.New("host: is empty, expected the writer's endpoint"))
	}
	if d.Port < 1 || d.Port > maxPort {
		problems = append(problems, fmt.Errorf("port: is %d, expected 1 to %d", d.Port, maxPort))
	}
	if d.Name == "" {
		problems = append(problems, errors.New("name: is empty, expected the name of the database"))
	}
	if len(d.Logins) == 0 {
		problems = append(problems, errors.New("logins: none, expected references of secrets by group role"))
	}
	if address := net.ParseIP(d.Host); d.Plain && (address == nil || !address.IsLoopback()) {
		problems = append(problems, fmt.Errorf("plain: is true for host %q, expected TLS for all but this machine's own addresses", d.Host))
	}
	return problems
}
