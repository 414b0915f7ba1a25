package desk

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/naming"
)

// prepare makes both databases ready for a lane. A plan that cannot be registered
// is no failure of the act: the checks that follow find the reason.
func (d *Desk) prepare(ctx context.Context, r Request) (Reply, error) {
	s, err := d.standing(ctx)
	if err != nil {
		return Reply{}, err
	}
	if s.sw.Untrusted == r.To {
		return d.prepareAnew(ctx, r)
	}
	source, target, done, err := d.administrators(ctx, r.To)
	if err != nil {
		return Reply{}, err
	}
	defer done()
	var reply Reply
	if armed, err := frozen(ctx, source, target); err != nil || armed {
		return Reply{Done: []string{"a switch is armed: nothing is installed and the plan stays as it is registered"}}, err
	}
	for _, side := range []struct {
		color naming.Color
		conn  *pgx.Conn
	}{{r.To.Other(), source}, {r.To, target}} {
		if refused, err := s.foreign(ctx, side.color, side.conn); err != nil || refused != "" {
			return Reply{Refused: refused, RefusedAs: NotNow}, err
		}
		if err := install(ctx, side.conn, bgsync.Installation{Side: side.color, Writable: side.color == First, By: r.By}); err != nil {
			return reply, err
		}
		if err := d.at("prepare.installed_" + string(side.color)); err != nil {
			return reply, err
		}
		reply.Done = append(reply.Done, fmt.Sprintf("%s: schema bgsync of version %d, logins enrolled", side.color, bgsync.SchemaVersion))
	}
	return reply, d.list(ctx, r, source, target, &reply)
}

// list registers the plan on both sides; a lane that is there keeps its tables. A plan
// that cannot be registered is told in the reply.
func (d *Desk) list(ctx context.Context, r Request, source, target *pgx.Conn, reply *Reply) error {
	again, err := registered(ctx, target, r.To)
	if err != nil {
		return err
	}
	if again {
		err = bgsync.Again(ctx, source, target, r.Plan)
	} else {
		_, err = bgsync.Register(ctx, source, target, r.Plan)
	}
	if err != nil {
		reply.Unregistered = err.Error()
		return nil //nolint:nilerr // told in the reply
	}
	reply.Done = append(reply.Done, fmt.Sprintf("%d tables registered on both sides, %d excluded", len(r.Plan.Tables), len(r.Plan.Excluded)))
	return d.at("prepare.registered")
}

// foreign says why the schema is not installed in a database that does not have it: once
// the authority has been given, a side without it is not the one that has taken part.
func (s standing) foreign(ctx context.Context, side naming.Color, conn *pgx.Conn) (refused string, err error) {
	if !s.known || s.token.Epoch == 1 && s.token.Holder == First {
		return "", nil
	}
	var there bool
	if err := conn.QueryRow(ctx, `SELECT pg_catalog.to_regclass('bgsync.identity') IS NOT NULL`).Scan(&there); err != nil || there {
		return "", pg.Wrap(err, "look for schema bgsync on %s", side)
	}
	return fmt.Sprintf("the database of %s has no schema bgsync, and %s has the authority in epoch %d: expected the database of this migration; "+
		"where it is lost for good, see \"A side is lost for good\" in docs/operations.md", side, s.token.Holder, s.token.Epoch), nil
}

// frozen tells whether a switch keeps the schema of a side from being changed.
func frozen(ctx context.Context, sides ...*pgx.Conn) (bool, error) {
	for _, conn := range sides {
		var there, row bool
		if err := conn.QueryRow(ctx, `SELECT pg_catalog.to_regclass('bgsync.ddl_freeze') IS NOT NULL`).Scan(&there); err != nil || !there {
			if err != nil {
				return false, pg.Wrap(err, "look for schema bgsync")
			}
			continue
		}
		if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM bgsync.ddl_freeze)`).Scan(&row); err != nil || row {
			return row, pg.Wrap(err, "read bgsync.ddl_freeze")
		}
	}
	return false, nil
}

// registered tells whether the lane that ends at a side is there: its target rests on the
// numbers and forms of its tables, and on the list of what is built.
func registered(ctx context.Context, target *pgx.Conn, to naming.Color) (bool, error) {
	_, err := checkpoint.Load(ctx, target, place.Lane(to))
	if errors.Is(err, checkpoint.ErrAbsent) {
		return false, nil
	}
	return err == nil, err
}

// logins are the group roles whose users are enrolled.
var logins = []bgsync.Group{bgsync.Reader, bgsync.Apply, bgsync.Builder, bgsync.Fence, bgsync.Verify, bgsync.Operator}

// install makes the schema and gives both users of each group role, between which
// the rotation of secrets changes, what PostgreSQL does not inherit.
func install(ctx context.Context, conn *pgx.Conn, with bgsync.Installation) error {
	if err := bgsync.Install(ctx, conn, with); err != nil {
		return err
	}
	for _, group := range logins {
		for _, user := range []string{string(group) + "_a", string(group) + "_b"} {
			if err := bgsync.Enrol(ctx, conn, user, group); err != nil {
				return fmt.Errorf("%s: %w", with.Side, err)
			}
		}
	}
	return nil
}
