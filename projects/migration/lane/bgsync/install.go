// Package bgsync makes the catalog objects that the engine needs in a database:
// the roles, the schema bgsync, the map of replicated tables, the publication,
// the grants and the event trigger that writes down DDL. It runs as an
// administrator, once per database and again whenever the plan changes; the
// engine's own roles never create anything. It copies no data and moves no
// position.
package bgsync

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/shared/naming"
)

// SchemaVersion is the version of the schema that this engine works with.
const SchemaVersion = 10

//go:embed sql/roles.sql
var rolesSQL string

//go:embed sql/001_objects.sql
var objectsSQL string

//go:embed sql/002_changes.sql
var changesSQL string

//go:embed sql/003_throttle.sql
var throttleSQL string

//go:embed sql/004_types.sql
var typesSQL string

//go:embed sql/005_reasons.sql
var reasonsSQL string

//go:embed sql/006_publication.sql
var publicationSQL string

//go:embed sql/007_decisions.sql
var decisionsSQL string

//go:embed sql/008_forced.sql
var forcedSQL string

//go:embed sql/009_partitions.sql
var partitionsSQL string

//go:embed sql/010_tables.sql
var tablesSQL string

// migrations are the steps from one version of the schema to the next; the first
// leads from nothing to version 1.
var migrations = []string{objectsSQL, changesSQL, throttleSQL, typesSQL, reasonsSQL, publicationSQL, decisionsSQL, forcedSQL, partitionsSQL, tablesSQL}

// installLock keeps two installers of one database apart.
const installLock = 0x6267_7379_6e63

// VersionError tells that the database has a schema of another version.
type VersionError struct{ Found, Want int }

// Error names both versions.
func (e *VersionError) Error() string {
	return fmt.Sprintf("schema bgsync has version %d, expected %d: install with the engine of this version", e.Found, e.Want)
}

// SideError tells that a database belongs to another side than was said.
type SideError struct{ Found, Want naming.Color }

// Error names both sides.
func (e *SideError) Error() string {
	return fmt.Sprintf("this database is %s, expected %s: check the connection string", e.Found, e.Want)
}

// Installation describes what a database becomes.
type Installation struct {
	Side naming.Color
	// Writable makes the database the authority of the first epoch. Exactly one
	// side is installed so.
	Writable bool
	// Epoch is that of the authority; 0 is the first. A database that joins in a later one
	// joins as the passive side.
	Epoch int64
	// By is who installs; it stands in the authority row.
	By string
}

// Install makes the roles and the schema, or brings the schema to this version.
// It changes nothing where all is there already.
func Install(ctx context.Context, conn *pgx.Conn, with Installation) error {
	if with.Epoch = max(with.Epoch, 1); with.Writable && with.Epoch > 1 {
		return fmt.Errorf("install schema bgsync on %s: writable in epoch %d, expected a passive side in any but the first", with.Side, with.Epoch)
	}
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return install(ctx, tx, with) })
	return pg.Wrap(err, "install schema bgsync on %s", with.Side)
}

func install(ctx context.Context, tx pgx.Tx, with Installation) error {
	if _, err := tx.Exec(ctx, `SELECT pg_catalog.pg_advisory_xact_lock($1)`, int64(installLock)); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	found, err := version(ctx, tx, with.Side)
	if err != nil {
		return err
	}
	if found > SchemaVersion {
		return &VersionError{Found: found, Want: SchemaVersion}
	}
	if _, err := tx.Exec(ctx, rolesSQL); err != nil {
		return fmt.Errorf("roles: %w", err)
	}
	for step := found; step < SchemaVersion; step++ {
		if _, err := tx.Exec(ctx, migrations[step]); err != nil {
			return fmt.Errorf("version %d: %w", step+1, err)
		}
	}
	if found == 0 {
		return identify(ctx, tx, with)
	}
	_, err = tx.Exec(ctx, `UPDATE bgsync.identity SET schema_version = $1 WHERE schema_version < $1`, SchemaVersion)
	return err
}

// version is the version of the schema in the database, 0 for none.
func version(ctx context.Context, tx pgx.Tx, side naming.Color) (int, error) {
	var exists bool
	if err := tx.QueryRow(ctx, `SELECT pg_catalog.to_regclass('bgsync.identity') IS NOT NULL`).Scan(&exists); err != nil {
		return 0, fmt.Errorf("look for the schema: %w", err)
	}
	if !exists {
		return 0, nil
	}
	var found int
	var owner naming.Color
	if err := tx.QueryRow(ctx, `SELECT schema_version, side FROM bgsync.identity`).Scan(&found, &owner); err != nil {
		return 0, fmt.Errorf("read identity: %w", err)
	}
	if owner != side {
		return 0, &SideError{Found: owner, Want: side}
	}
	return found, nil
}

// identify writes the two rows that every database has exactly one of.
func identify(ctx context.Context, tx pgx.Tx, with Installation) error {
	if _, err := tx.Exec(ctx, `INSERT INTO bgsync.identity (db_id, side, schema_version) VALUES (pg_catalog.gen_random_uuid(), $1, $2)`,
		string(with.Side), SchemaVersion); err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	_, err := tx.Exec(ctx, `INSERT INTO bgsync.authority (side, epoch, writable, changed_by) VALUES ($1, $4, $2, $3)`,
		string(with.Side), with.Writable, with.By, with.Epoch)
	if err != nil {
		return fmt.Errorf("authority: %w", err)
	}
	return nil
}

// Group is one of the engine's group roles.
type Group string

// The group roles.
const (
	Owner    Group = "bgsync_owner"
	Reader   Group = "bgsync_reader"
	Apply    Group = "bgsync_apply"
	Builder  Group = "bgsync_ddl"
	Fence    Group = "bgsync_fence"
	Verify   Group = "bgsync_verify"
	Operator Group = "bgsync_operator"
)

// ErrNoReplicaRole tells that the administrator may not give a login user the
// replica role.
var ErrNoReplicaRole = errors.New("session_replication_role cannot be given: it takes a superuser, or rds_superuser on Aurora")

// Enrol makes an existing login user a member of a group and gives it what
// PostgreSQL does not inherit: the REPLICATION attribute to readers where no role
// grants it, the replica role to appliers, so that triggers and foreign keys do
// not fire for them.
func Enrol(ctx context.Context, conn *pgx.Conn, login string, group Group) error {
	statements := []string{"GRANT " + string(group) + " TO " + pg.Ident(login)}
	switch group {
	case Reader:
		var aurora bool
		if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'rds_replication')`).Scan(&aurora); err != nil {
			return pg.Wrap(err, "enrol %s", login)
		}
		if !aurora {
			statements = append(statements, "ALTER ROLE "+pg.Ident(login)+" REPLICATION")
		}
	case Apply:
		statements = append(statements, "ALTER ROLE "+pg.Ident(login)+" SET session_replication_role = replica")
	case Owner, Builder, Fence, Verify, Operator:
	}
	for _, statement := range statements {
		_, err := conn.Exec(ctx, statement)
		if err != nil && group == Apply && pg.Classify(err) == pg.Permission {
			return fmt.Errorf("enrol %s: %w", login, ErrNoReplicaRole)
		}
		if err != nil {
			return pg.Wrap(err, "enrol %s in %s", login, group)
		}
	}
	return nil
}
