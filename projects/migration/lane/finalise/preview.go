package finalise

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// Preview is what Finalise would ask for and take away.
type Preview struct {
	// Decided tells that an earlier call has stored the decision and not come to its
	// end: conditions are not asked for any more.
	Decided    bool
	Conditions []switching.Gate
	// Going is what would go, first on the side that goes first.
	Going []Going
}

// Going is what goes on one side.
type Going struct {
	Side naming.Color
	// Slots are those of the lanes that begin here, Lanes those that end here.
	Slots, Lanes []string
	// Triggers are event triggers, Tables those of the schema bgsync.
	Triggers, Publications, Tables []string
}

// Empty tells that nothing is left to go.
func (g Going) Empty() bool {
	return len(g.Slots)+len(g.Lanes)+len(g.Triggers)+len(g.Publications)+len(g.Tables) == 0
}

// String names what goes.
func (g Going) String() string {
	if g.Empty() {
		return fmt.Sprintf("%s: nothing is left of the engine", g.Side)
	}
	return fmt.Sprintf("%s: retires lanes %v, drops slots %v, event triggers %v, publications %v and schema bgsync with its %d tables",
		g.Side, g.Lanes, g.Slots, g.Triggers, g.Publications, len(g.Tables))
}

// Preview reads what Finalise would do for the same order, and changes nothing. With
// ErrNotYet it returns the conditions.
func (f *Finaliser) Preview(ctx context.Context, order Order) (Preview, error) {
	if err := order.bothAgree(); err != nil {
		return Preview{}, err
	}
	token, sw, err := f.begin(ctx, order)
	if err != nil {
		return Preview{}, err
	}
	p := Preview{Decided: sw.State == items.Finalised}
	if !p.Decided {
		if p.Conditions, err = f.conditions(ctx, token, sw); err != nil {
			return p, err
		}
	}
	p.Going, err = f.goes(ctx, token.Holder)
	return p, err
}

// goes lists what would go on both sides, first on the one that goes first.
func (f *Finaliser) goes(ctx context.Context, holder naming.Color) ([]Going, error) {
	var all []Going
	for _, color := range inOrder(holder) {
		going, err := f.going(ctx, color)
		if err != nil {
			return all, pg.Wrap(err, "look what goes on %s", color)
		}
		all = append(all, going)
	}
	return all, nil
}

// going lists what goes on a side.
func (f *Finaliser) going(ctx context.Context, color naming.Color) (Going, error) {
	on, g := f.Sides[color], Going{Side: color}
	resting, streamed, err := list(ctx, on)
	if err != nil {
		return g, err
	}
	g.Slots = append(resting, streamed...)
	there, err := installed(ctx, on)
	if err != nil {
		return g, err
	}
	names := `SELECT NULL::text WHERE false`
	if there {
		names = `SELECT lane::text FROM bgsync.lane ORDER BY 1`
	}
	for _, each := range []struct {
		into *[]string
		sql  string
	}{
		{&g.Lanes, names},
		{&g.Triggers, `SELECT evtname::text FROM pg_catalog.pg_event_trigger WHERE evtname ~ '^bgsync_(ddl|freeze)_' ORDER BY 1`},
		{&g.Publications, `SELECT pubname::text FROM pg_catalog.pg_publication WHERE pubname = 'bgsync_pub'`},
		{&g.Tables, `SELECT relname::text FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.to_regnamespace('bgsync') AND relkind IN ('r', 'p') ORDER BY 1`},
	} {
		rows, err := on.Query(ctx, each.sql)
		if err != nil {
			return g, err
		}
		if *each.into, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return g, err
		}
	}
	return g, nil
}
