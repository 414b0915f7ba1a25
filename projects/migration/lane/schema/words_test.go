package schema

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestColumnsAreReadAsOperatorsWriteThem(t *testing.T) {
	constant := func(s string) *string { return &s }
	for text, want := range map[string][]Column{
		"note text":    {{Name: "note", Type: "text"}},
		" note text ;": nil,
		"fee numeric(12,2) default '0' not null; at timestamp with time zone": {
			{Name: "fee", Type: "numeric(12,2)", Default: constant("0"), NotNull: true}, {Name: "at", Type: "timestamp with time zone"},
		},
		"tag text default 'it''s; no'": nil, // a semicolon always separates
		"tag text default 'it''s'":     {{Name: "tag", Type: "text", Default: constant("it's")}},
		"tag text default ''":          {{Name: "tag", Type: "text", Default: constant("")}},
		"tag text not null":            {{Name: "tag", Type: "text", NotNull: true}},
		"note":                         nil,
		"":                             nil,
	} {
		got, err := ParseColumns(text)
		if want == nil {
			require.ErrorContains(t, err, "expected a name and a type", text)
			continue
		}
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
}

// What looks like SQL beyond a type is read as a type, which no request may have.
func TestNoStatementHidesInAColumn(t *testing.T) {
	for _, text := range []string{"a text, DROP COLUMN b", "a text default now()", "a text default 'x' || 'y'", "a int references t(id)"} {
		columns, err := ParseColumns(text)
		require.NoError(t, err, text)
		request := Request{Schema: "s", Table: "t", Columns: columns, By: "ann", Reason: "test"}
		require.ErrorContains(t, request.Validate(), "expected a type's name with its modifiers", text)
	}
}

func TestAnIndexIsReadAsOperatorsWriteIt(t *testing.T) {
	got, err := ParseIndex("by_owner(owner, currency)")
	require.NoError(t, err)
	assert.Equal(t, &NewIndex{Name: "by_owner", Columns: []string{"owner", "currency"}}, got)
	for _, text := range []string{"", "by_owner", "by_owner()", "by_owner(lower(owner))", "by(owner) WHERE x"} {
		_, err := ParseIndex(text)
		require.ErrorContains(t, err, "expected name(column, column)", text)
	}
}
