// Package local is the pair of databases of the local profile: two PostgreSQL
// servers on the loopback interface, blue with a small payment platform in it and
// green with the same tables, empty. They keep running between commands, beside
// the processes that carry their changes, and hold nothing but made-up rows. What
// the package needs to find them again is below .cutover/local of the checkout.
// It plays the part that the data layer has in AWS: databases, group roles, and
// logins in secrets; it moves nothing.
package local

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/pgtest"
)

//go:embed sql
var scripts embed.FS

// Database is the name of the database on either side.
const Database = "payments"

// Profile is the local profile of one checkout.
type Profile struct {
	// Root is the checkout.
	Root string
}

// ErrDown tells that the databases do not run.
var ErrDown = errors.New("the local databases do not run")

// Dir is the folder of all that the profile writes.
func (p Profile) Dir() string { return filepath.Join(p.Root, ".cutover", "local") }

// Controls is the folder of the control items.
func (p Profile) Controls() string { return filepath.Join(p.Dir(), "control") }

// settings make either server a possible source, with durable commits.
var settings = map[string]string{
	"wal_level": "logical", "max_replication_slots": "10", "max_wal_senders": "10", "wal_sender_timeout": "10s",
	"fsync": "on", "full_page_writes": "on", "shared_buffers": "64MB", "max_wal_size": "2GB",
}

// server finds one side's server. Its name holds the checkout's path, so that two
// checkouts do not meet.
func (p Profile) server(ctx context.Context, side naming.Color) (*pgtest.Kept, error) {
	sum := sha256.Sum256([]byte(p.Root))
	k, err := pgtest.Keep(ctx, "checkout-"+hex.EncodeToString(sum[:4])+"-"+string(side), pgtest.Options{Settings: settings})
	if err != nil {
		return nil, fmt.Errorf("local database of %s: %w", side, err)
	}
	return k, nil
}

// Up starts both servers and, the first time, makes what is in them.
func (p Profile) Up(ctx context.Context, w io.Writer) error {
	if err := os.MkdirAll(p.Controls(), 0o700); err != nil {
		return fmt.Errorf("make the folder of the local profile: %w", err)
	}
	for _, side := range naming.Colors() {
		if err := p.up(ctx, w, side, contents[side]); err != nil {
			return err
		}
	}
	return nil
}

// up starts one server and, the first time, makes what is in it.
func (p Profile) up(ctx context.Context, w io.Writer, side naming.Color, with content) error {
	k, err := p.server(ctx, side)
	if err != nil {
		return err
	}
	if err := k.Up(ctx); err != nil {
		return fmt.Errorf("start the local database of %s: %w", side, err)
	}
	if err := p.fill(ctx, k, side, with); err != nil {
		return fmt.Errorf("fill the local database of %s: %w", side, err)
	}
	port, err := k.Port(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "database of %s: PostgreSQL %s at %s:%d/%s\n", side, pgtest.Version, k.Host(), port, Database)
	if err != nil {
		return fmt.Errorf("report the local database of %s: %w", side, err)
	}
	return nil
}

// Replace deletes the database of one side and makes a new one in its place, with the
// tables and no row: what a deployment of a new cluster is in AWS.
func (p Profile) Replace(ctx context.Context, side naming.Color) error {
	if _, err := os.Stat(p.Dir()); err != nil {
		return ErrDown
	}
	k, err := p.server(ctx, side)
	if err != nil {
		return err
	}
	if err := k.Remove(ctx); err != nil {
		return fmt.Errorf("delete the local database of %s: %w", side, err)
	}
	return p.up(ctx, io.Discard, side, tablesOnly)
}

// Down ends the lanes, then the servers. Rows and positions stay: the next Up goes
// on from them.
func (p Profile) Down(ctx context.Context, w io.Writer) error {
	if err := p.StopAll(ctx, w); err != nil {
		return err
	}
	return p.each(ctx, w, "stopped", func(k *pgtest.Kept) error { return k.Down(ctx) })
}

// Lose ends the server of one side at once, as a machine that fails would, for an exercise
// of its loss. What was committed stays; the next Up brings it back.
func (p Profile) Lose(ctx context.Context, side naming.Color) error {
	if _, err := os.Stat(p.Dir()); err != nil {
		return ErrDown
	}
	k, err := p.server(ctx, side)
	if err != nil {
		return err
	}
	if err := k.Kill(ctx); err != nil {
		return fmt.Errorf("end the local database of %s: %w", side, err)
	}
	return nil
}

// Reset ends everything and deletes it.
func (p Profile) Reset(ctx context.Context, w io.Writer) error {
	if err := p.StopAll(ctx, w); err != nil {
		return err
	}
	err := p.each(ctx, w, "removed", func(k *pgtest.Kept) error { return k.Remove(ctx) })
	return errors.Join(err, os.RemoveAll(p.Dir()))
}

// each does something to both servers. Where the profile was never up there are
// none.
func (p Profile) each(ctx context.Context, w io.Writer, done string, do func(*pgtest.Kept) error) error {
	if _, err := os.Stat(p.Dir()); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var problems []error
	for _, side := range naming.Colors() {
		k, err := p.server(ctx, side)
		if err == nil {
			err = do(k)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("local database of %s: %w", side, err))
			continue
		}
		_, err = fmt.Fprintf(w, "database of %s: %s\n", side, done)
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}
