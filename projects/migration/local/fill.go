package local

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/pgtest"
)

// Groups are the group roles whose logins the engine uses.
func Groups() []bgsync.Group {
	return []bgsync.Group{bgsync.Apply, bgsync.Builder, bgsync.Fence, bgsync.Operator, bgsync.Reader, bgsync.Verify}
}

// application is the group role of the platform's services, owner the role that
// owns the tables. Both are on either side, as in AWS.
const (
	application = "payments_app"
	owner       = "payments_owner"
)

// fill makes database, roles, logins and tables where they are missing. The tables
// come in one transaction: what is there is complete.
func (p Profile) fill(ctx context.Context, k *pgtest.Kept, side naming.Color, with content) error {
	if err := k.CreateDatabase(ctx, Database); err != nil {
		return err
	}
	dsn, err := k.AdminDSN(ctx, Database)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer pg.Close(conn)
	var filled bool
	if err := conn.QueryRow(ctx, `SELECT pg_catalog.to_regclass('payments.account') IS NOT NULL`).Scan(&filled); err != nil {
		return fmt.Errorf("look for the tables: %w", err)
	}
	if !filled {
		if err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return platform(ctx, tx, with) }); err != nil {
			return fmt.Errorf("make the tables: %w", err)
		}
	}
	return p.enrol(ctx, k, conn, side)
}

// content is what a database is made with: files of the sample.
type content []string

// tablesOnly is what a side has that gets its rows from the other one.
var tablesOnly = content{"schema.sql", "passive.sql"}

// contents are those of both sides in the beginning: blue has the rest, and the rows.
var contents = map[naming.Color]content{naming.Blue: {"schema.sql", "secondary.sql", "seed.sql"}, naming.Green: tablesOnly}

// platform makes the roles of the applications and the tables, with what belongs to them.
func platform(ctx context.Context, tx pgx.Tx, files content) error {
	statements := []string{
		"CREATE ROLE " + owner + " NOLOGIN", "CREATE ROLE " + application + " NOLOGIN",
		"GRANT CREATE ON DATABASE " + Database + " TO " + owner, "SET LOCAL ROLE " + owner,
	}
	for _, file := range files {
		text, err := scripts.ReadFile("sql/" + file)
		if err != nil {
			return fmt.Errorf("read the sample: %w", err)
		}
		statements = append(statements, string(text))
	}
	for _, statement := range statements {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// enrol makes both login users of each group role, as the rotation of secrets does
// in AWS, and a secret with the login of the first.
func (p Profile) enrol(ctx context.Context, k *pgtest.Kept, conn *pgx.Conn, side naming.Color) error {
	for _, group := range append(Groups(), bgsync.Group(application)) {
		if err := role(ctx, conn, string(group), "NOLOGIN"); err != nil {
			return err
		}
		password := rand.Text()
		for _, user := range []string{string(group) + "_a", string(group) + "_b"} {
			if err := role(ctx, conn, user, "NOLOGIN INHERIT"); err != nil {
				return err
			}
			if err := run(ctx, conn, "GRANT "+pg.Ident(string(group))+" TO "+pg.Ident(user)); err != nil {
				return err
			}
		}
		first := string(group) + "_a"
		if err := run(ctx, conn, "ALTER ROLE "+pg.Ident(first)+" LOGIN PASSWORD "+pg.Literal(password)); err != nil {
			return err
		}
		if err := p.keep(ctx, k, side, group, first, password); err != nil {
			return err
		}
	}
	return p.keep(ctx, k, side, place.Administrator, pgtest.Superuser, pgtest.SuperuserPassword)
}

func run(ctx context.Context, conn *pgx.Conn, statement string) error {
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("make the roles: %w", pg.Reduce(err))
	}
	return nil
}

// role makes a role unless it is there.
func role(ctx context.Context, conn *pgx.Conn, name, options string) error {
	var exists bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1)`, name).Scan(&exists); err != nil {
		return fmt.Errorf("look for role %s: %w", name, err)
	}
	if exists {
		return nil
	}
	return run(ctx, conn, "CREATE ROLE "+pg.Ident(name)+" "+options)
}

// secret is the file of one login.
func (p Profile) secret(side naming.Color, group bgsync.Group) string {
	return filepath.Join(p.Dir(), "logins", string(side)+"-"+string(group)+".json")
}

// keep writes a login as Secrets Manager would hold it, for this account's eyes.
func (p Profile) keep(ctx context.Context, k *pgtest.Kept, side naming.Color, group bgsync.Group, user, password string) error {
	port, err := k.Port(ctx)
	if err != nil {
		return err
	}
	text, err := json.Marshal(map[string]any{
		"engine": "postgres", "host": k.Host(), "port": port, "dbname": Database, "username": user, "password": password,
	})
	path := p.secret(side, group)
	if err := errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, text, 0o600)); err != nil {
		return fmt.Errorf("keep the login of %s: %w", user, err)
	}
	return nil
}

// Databases is where both databases are and which secrets hold their logins.
func (p Profile) Databases(ctx context.Context) (map[naming.Color]place.Database, error) {
	return p.DatabasesBut(ctx, "")
}

// DatabasesBut is the same while a side may be lost: that one need not run.
func (p Profile) DatabasesBut(ctx context.Context, lost naming.Color) (map[naming.Color]place.Database, error) {
	if _, err := os.Stat(p.Dir()); err != nil {
		return nil, ErrDown
	}
	sides := map[naming.Color]place.Database{}
	for _, side := range naming.Colors() {
		k, err := p.server(ctx, side)
		if err != nil {
			return nil, err
		}
		running, err := k.Running(ctx)
		if err != nil {
			return nil, fmt.Errorf("look at the local database of %s: %w", side, err)
		}
		if !running && side != lost {
			return nil, ErrDown
		}
		port, err := k.Port(ctx)
		if err != nil {
			return nil, err
		}
		logins := map[bgsync.Group]string{}
		for _, group := range append(Groups(), bgsync.Group(application), place.Administrator) {
			logins[group] = "file:" + p.secret(side, group)
		}
		logins[place.Writers] = logins[bgsync.Group(application)]
		sides[side] = place.Database{Host: k.Host(), Port: port, Name: Database, Plain: true, Logins: logins}
	}
	return sides, nil
}
