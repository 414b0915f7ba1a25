package relation_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/relation"
)

func ledger() *relation.Table {
	return &relation.Table{
		Schema: "public", Name: "ledger", Kind: "r", Identity: relation.IdentityDefault, KeyIndex: "ledger_pkey",
		Columns: []relation.Column{
			{Name: "account", Type: "uuid", Modified: "uuid", NotNull: true, Builtin: true, EngineOrder: true},
			{Name: "amount", Type: "numeric", Modified: "numeric(12,2)", NotNull: true, Builtin: true},
			{Name: "kind", Type: "public.kind", Modified: "public.kind", Builtin: false},
			{Name: "note", Type: "text", Modified: "text", Collation: "pg_catalog.default", Builtin: true, Toastable: true},
			{Name: "seq", Type: "bigint", Modified: "bigint", NotNull: true, Builtin: true, EngineOrder: true},
		},
		Computed: []relation.Column{{Name: "cents", Type: "bigint", Modified: "bigint", Generated: "(amount * 100)", Builtin: true}},
		Key:      []int{0, 4},
		Types:    []string{"public.kind e 'debit','credit'"},
	}
}

func TestRangesAreOpenAtTheirEndsAndQuoted(t *testing.T) {
	for name, row := range map[string]struct {
		lo, hi []string
		want   string
	}{
		"everything": {nil, nil, "true"},
		"from":       {[]string{"a", "1"}, nil, `ROW("account", "seq") > ROW('a'::uuid, '1'::bigint)`},
		"to":         {nil, []string{"it's", "2"}, `ROW("account", "seq") <= ROW('it''s'::uuid, '2'::bigint)`},
		"between":    {[]string{"a", "1"}, []string{"b", "2"}, `ROW("account", "seq") > ROW('a'::uuid, '1'::bigint) AND ROW("account", "seq") <= ROW('b'::uuid, '2'::bigint)`},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := ledger().Range(row.lo, row.hi)
			require.NoError(t, err)
			assert.Equal(t, row.want, found)
		})
	}
	_, err := ledger().Range([]string{"a"}, nil)
	require.EqualError(t, err, "table public.ledger: a bound of 1 values for a key of 2 columns")
}

func TestWhatATableSaysOfItself(t *testing.T) {
	table := ledger()
	assert.Equal(t, []string{"account", "seq"}, table.KeyNames())
	assert.Equal(t, []string{"note"}, table.Toastable())
	assert.False(t, table.BinaryOK(), "the enum's OID is another one on the other side")
	assert.True(t, table.EngineOrder())
	table.Columns[2].Builtin = true
	assert.True(t, table.BinaryOK())
}

func TestTheFingerprintCoversWhatMustBeEqual(t *testing.T) {
	same := ledger()
	same.Identity, same.Rows, same.Bytes, same.ID = relation.IdentityFull, 7, 8, 9
	same.Columns[0].TypeOID, same.Columns[0].Toastable = 5, true
	require.Equal(t, ledger().Fingerprint(), same.Fingerprint())
	require.Empty(t, relation.Differences(ledger(), same))

	for name, change := range map[string]func(*relation.Table){
		"schema":          func(t *relation.Table) { t.Schema = "private" },
		"name":            func(t *relation.Table) { t.Name = "ledgers" },
		"kind":            func(t *relation.Table) { t.Kind = "p" },
		"partition bound": func(t *relation.Table) { t.Bound = "DEFAULT" },
		"column renamed":  func(t *relation.Table) { t.Columns[1].Name = "amounts" },
		"column dropped":  func(t *relation.Table) { t.Columns = t.Columns[:4]; t.Key = t.Key[:1] },
		"modifier":        func(t *relation.Table) { t.Columns[1].Modified = "numeric(12,3)" },
		"collation":       func(t *relation.Table) { t.Columns[3].Collation = "pg_catalog.C" },
		"not null":        func(t *relation.Table) { t.Columns[3].NotNull = true },
		"identity":        func(t *relation.Table) { t.Columns[4].Always = true },
		"identity kind":   func(t *relation.Table) { t.Columns[4].ByDefault = true },
		"expression":      func(t *relation.Table) { t.Computed[0].Generated = "(amount * 1000)" },
		"key":             func(t *relation.Table) { t.Key = []int{4, 0} },
		"enum order":      func(t *relation.Table) { t.Types = []string{"public.kind e 'credit','debit'"} },
	} {
		t.Run(name, func(t *testing.T) {
			other := ledger()
			change(other)
			assert.NotEqual(t, ledger().Fingerprint(), other.Fingerprint())
			assert.NotEmpty(t, relation.Differences(ledger(), other))
		})
	}
}

func TestTheFingerprintOfALaneDoesNotDependOnTheOrderOfItsTables(t *testing.T) {
	a, b := ledger(), ledger()
	b.Name = "account"
	assert.Equal(t, relation.Combine([]*relation.Table{a, b}), relation.Combine([]*relation.Table{b, a}))
	assert.NotEqual(t, relation.Combine([]*relation.Table{a}), relation.Combine([]*relation.Table{a, b}))
}
