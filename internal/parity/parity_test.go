package parity_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/internal/parity"
	"github.com/cutover/cutover/shared/contract"
)

const root = "../.."

func read(t *testing.T, layer contract.Layer, environment string) parity.Values {
	t.Helper()
	values, err := parity.Read(root, layer, environment)
	require.NoError(t, err)
	require.NotEmpty(t, values)
	return values
}

func TestStagingDiffersFromProductionInWhatTheListAllowsOnly(t *testing.T) {
	used := make(map[parity.Allowed]bool)
	for _, layer := range contract.Layers() {
		found, refused := parity.Judge(parity.Compare(layer, read(t, layer, "staging"), read(t, layer, "prod")), parity.AllowList())
		assert.Empty(t, refused, "%s: not in the list of what may differ", layer)
		maps.Copy(used, found)
	}
	for _, allowed := range parity.AllowList() {
		assert.True(t, used[allowed], "%s:%s is allowed to differ and does not: take it off the list", allowed.Layer, allowed.Key)
	}
}

// Two environments with one account, state or address would be one environment.
func TestIdentitiesDiffer(t *testing.T) {
	for _, layer := range contract.Layers() {
		staging, prod := read(t, layer, "staging"), read(t, layer, "prod")
		different := parity.Compare(layer, staging, prod)
		for key := range prod {
			for _, allowed := range parity.AllowList() {
				if allowed.Kind == parity.Identity && parity.Covers(allowed, layer, key) {
					assert.True(t, slices.ContainsFunc(different, func(d parity.Difference) bool { return d.Key == key }),
						"%s:%s is the same in staging and in prod", layer, key)
				}
			}
		}
	}
}

// Every key of production is changed, taken away and joined by another once, in
// every layer: all but those of the list have to be noticed.
func TestEveryOtherDifferenceIsNoticed(t *testing.T) {
	for _, layer := range contract.Layers() {
		prod := read(t, layer, "prod")
		for key := range prod {
			allowed := slices.ContainsFunc(parity.AllowList(), func(a parity.Allowed) bool { return parity.Covers(a, layer, key) })
			for how, change := range map[string]func(parity.Values){
				"changed":    func(v parity.Values) { v[key] = []any{"something else"} },
				"taken away": func(v parity.Values) { delete(v, key) },
				"repeated":   func(v parity.Values) { v[key] = append(slices.Clone(v[key]), v[key]...) },
			} {
				mutant := maps.Clone(prod)
				change(mutant)
				_, refused := parity.Judge(parity.Compare(layer, mutant, prod), parity.AllowList())
				assert.Equal(t, !allowed, len(refused) == 1, "%s:%s %s: %v", layer, key, how, refused)
			}
		}
		mutant := maps.Clone(prod)
		mutant["onlyInStaging"] = []any{"true"}
		_, refused := parity.Judge(parity.Compare(layer, mutant, prod), parity.AllowList())
		require.Len(t, refused, 1, layer)
		assert.Equal(t, string(layer)+":onlyInStaging is true in one environment and <nil> in the other", refused[0].String())
	}
}

func TestListsAndNestingAreCompared(t *testing.T) {
	parse := func(text string) parity.Values {
		values, err := parity.Parse(contract.Data, []byte("config:\n  data:a:\n"+text))
		require.NoError(t, err)
		return values
	}
	cases := map[string]struct {
		one, other string
		keys       []string
	}{
		"equal":                {"    b: 1\n", "    b: \"1\"\n", nil},
		"order of a list":      {"    b: [1, 2]\n", "    b: [2, 1]\n", []string{"a.b[]"}},
		"length of a list":     {"    b: [1, 2]\n", "    b: [1]\n", []string{"a.b[]"}},
		"empty list":           {"    b: []\n", "    c: 1\n", []string{"a.b", "a.c"}},
		"empty map":            {"    b: {}\n", "    b: {c: 1}\n", []string{"a.b", "a.b.c"}},
		"deep":                 {"    b: {c: {d: 1}}\n", "    b: {c: {d: 2}}\n", []string{"a.b.c.d"}},
		"a list within a list": {"    b: [{c: 1}]\n", "    b: [{c: 2}]\n", []string{"a.b[].c"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var keys []string
			for _, d := range parity.Compare(contract.Data, parse(c.one), parse(c.other)) {
				keys = append(keys, d.Key)
			}
			assert.Equal(t, c.keys, keys)
		})
	}
}

func TestAPatternStandsForItsLayerAndDepthOnly(t *testing.T) {
	allowed := parity.Allowed{Layer: contract.Services, Key: "*.*.tasks.min", Kind: parity.Capacity}
	for key, want := range map[string]bool{
		"blue.payment-api.tasks.min": true, "blue.payment-api.tasks.max": false, "blue.tasks.min": false, "blue.a.b.tasks.min": false,
	} {
		assert.Equal(t, want, parity.Covers(allowed, contract.Services, key), key)
		assert.False(t, parity.Covers(allowed, contract.Edge, key), key)
	}
}
