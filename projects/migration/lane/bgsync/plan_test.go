package bgsync_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/shared/naming"
)

// In any epoch but the first a database joins as the passive side: nothing is asked of one
// that is to be writable.
func TestNoDatabaseJoinsWritableInALaterEpoch(t *testing.T) {
	err := bgsync.Install(t.Context(), nil, bgsync.Installation{Side: naming.Blue, Writable: true, Epoch: 2, By: "ann"})
	require.ErrorContains(t, err, "install schema bgsync on blue: writable in epoch 2, expected a passive side in any but the first")
}

func TestAPlanNamesAllThatIsWrongWithIt(t *testing.T) {
	plan := bgsync.Plan{
		Lane: "Core_Fwd",
		Tables: []bgsync.TablePlan{
			{Schema: "public", Name: "account", Class: "vital"},
			{Schema: "public", Name: "account", Class: bgsync.Critical},
			{Schema: "bgsync", Name: "lane", Class: bgsync.Standard},
			{Name: "nowhere", Class: bgsync.Standard},
		},
		Excluded: []bgsync.Exclusion{{Schema: "public", Name: "cache", Reason: " "}},
	}
	err := plan.Validate()
	for _, want := range []string{
		`lane "Core_Fwd": expected up to 31 lower-case letters, digits and dots, a letter first`,
		`table public.account: class "vital": expected critical or standard`,
		`table public.account: is listed twice`,
		`table bgsync.lane: expected a table of the application`,
		`table ".nowhere": expected a schema and a name`,
		`excluded table public.cache: expected a reason`,
	} {
		assert.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, new(bgsync.Plan{Lane: "core"}).Validate(), "tables: the list is empty")
}

func TestAPlanThatIsCompleteIsTaken(t *testing.T) {
	plan := bgsync.Plan{Lane: "core.fwd", Tables: []bgsync.TablePlan{
		{Schema: "public", Name: "b", Class: bgsync.Critical}, {Schema: "card", Name: "a", Class: bgsync.Standard},
	}}
	require.NoError(t, plan.Validate())
	assert.Equal(t, []string{"card", "public"}, plan.Schemas())
}
