//go:build integration

package desk_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/preflight"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/pgtest"
)

// servers leads each side to a server of a test.
type servers map[naming.Color]*pgtest.Server

func (s servers) DSN(_ context.Context, side naming.Color, group bgsync.Group) (string, error) {
	if group == place.Administrator {
		return s[side].AdminDSN("payments"), nil
	}
	return s[side].DSN(string(group)+"_a", "of a test", "payments"), nil
}

// end is the position of a copy.
type end string

func (e end) Start(context.Context, *pgx.Conn) (pglogrepl.LSN, error) {
	return pglogrepl.ParseLSN(string(e))
}

// The acts of a lane from a clone: the source is prepared alone; a target that is no
// clone is told from one; the clone becomes the target, the checks for running it are
// content, and asked for again nothing is done. Both acts die at each of their steps,
// and the same act ends what was begun.
func TestTheDeskMakesALaneFromAClone(t *testing.T) {
	t.Parallel()
	settings := map[string]string{"wal_level": "logical", "max_replication_slots": "10"}
	at := servers{
		naming.Blue:  pgtest.Start(t, pgtest.Options{Settings: settings, Databases: []string{"payments"}}),
		naming.Green: pgtest.Start(t, pgtest.Options{Settings: settings, Databases: []string{"payments"}}),
	}
	var statements []string
	for _, group := range []bgsync.Group{bgsync.Reader, bgsync.Apply, bgsync.Builder, bgsync.Fence, bgsync.Verify, bgsync.Operator} {
		for _, user := range []string{"_a", "_b"} {
			statements = append(statements, fmt.Sprintf(`CREATE ROLE %s%s LOGIN PASSWORD 'of a test'`, group, user))
		}
	}
	statements = append(statements, `CREATE ROLE app NOLOGIN`, `CREATE TABLE public.account (id bigserial PRIMARY KEY, balance bigint NOT NULL)`,
		`GRANT INSERT, UPDATE ON public.account TO app`, `GRANT USAGE ON SEQUENCE public.account_id_seq TO app`, `INSERT INTO public.account (balance) SELECT 1 FROM generate_series(1, 100)`)
	require.NoError(t, at[naming.Blue].Exec(t.Context(), "payments", statements...))
	d := &desk.Desk{Place: at, Store: &control.Memory{}, Limits: lane.Defaults()}
	plan := &bgsync.Plan{Lane: "core.fwd", Tables: []bgsync.TablePlan{{Schema: "public", Name: "account", Class: bgsync.Critical}}}
	var died []string
	d.At = func(step string) error {
		if slices.Contains(died, step) {
			return nil
		}
		died = append(died, step)
		return fmt.Errorf("%s: %w", step, errDied)
	}
	ask := func(act desk.Act) desk.Reply {
		t.Helper()
		for {
			reply, err := d.Do(t.Context(), desk.Request{Act: act, To: naming.Green, Plan: plan, By: "ann"})
			if !errors.Is(err, errDied) {
				require.NoError(t, err, act)
				return reply
			}
		}
	}

	reserved := ask(desk.Reserve)
	require.Len(t, reserved.Done, 2)
	assert.Contains(t, reserved.Done[0], "1 tables published")
	assert.Contains(t, reserved.Done[1], "in slot bgsync_core_fwd_g1")
	assert.Contains(t, ask(desk.Reserve).Done[1], "as before")
	assert.Contains(t, ask(desk.Adopt).NoCopy, "has no schema bgsync")

	c := at[naming.Blue].Duplicate(t)
	at[naming.Green], d.Start = c.Server, end(c.End)
	adopted := ask(desk.Adopt)
	require.Empty(t, adopted.NoCopy)
	require.Equal(t, checkpoint.Running, adopted.State)
	assert.Empty(t, adopted.Done, "the call that died last had done it all")
	conn, err := pgx.Connect(t.Context(), c.AdminDSN("payments"))
	require.NoError(t, err)
	var base string
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT base_lsn::text FROM bgsync.lane`).Scan(&base))
	require.NoError(t, conn.Close(t.Context()))
	assert.Equal(t, c.End, base, "the lane follows from where the copy ends")
	again := ask(desk.Adopt)
	assert.Equal(t, checkpoint.Running, again.State)
	assert.Empty(t, again.Done, "it was done")
	assert.Empty(t, ask(desk.Reserve).Done, "the lane is there")

	assert.Equal(t, []string{
		"reserve.published", lane.AfterIntent, lane.AfterSlot, lane.AfterSettle, lane.AfterAnchor, lane.AfterTake, lane.AfterDropSlots, lane.AfterRunning,
	}, died, "each act has died at each of its steps")

	checked := ask(desk.Check)
	require.Equal(t, checkpoint.Running, checked.State)
	for _, result := range checked.Results {
		if result.ID == "PF07" { // servers of tests sync nothing
			continue
		}
		assert.NotEqual(t, preflight.Refuse, result.Status, "%s %s: %v", result.ID, result.Name, result.Findings)
	}
}
