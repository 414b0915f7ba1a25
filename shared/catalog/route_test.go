package catalog_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/cutover/cutover/shared/catalog"
)

func TestPatternsMatchAsABalancerMatchesThem(t *testing.T) {
	for _, tc := range []struct {
		pattern, path string
		want          bool
	}{
		{"/payments", "/payments", true},
		{"/payments", "/payments/", false},
		{"/payments", "/Payments", false},
		{"/payments/*", "/payments/", true},
		{"/payments/*", "/payments", false},
		{"/payments/*", "/payments/1/2/3", true},
		{"/a/?", "/a/", false},
		{"/a/?", "/a/b", true},
		{"/a/?", "/a/bc", false},
		{"/a/?", "/a//", true},
		{"*", "", true},
		{"**", "/x", true},
		{"/*/b", "/a/c/b", true},
		{"/*/b", "/a/c/bd", false},
		{"/*b*c", "/abbc", true},
		{"/*b*c", "/abb", false},
		{"/a.b", "/axb", false},
		{"", "", true},
		{"", "/", false},
	} {
		assert.Equal(t, tc.want, catalog.Match(tc.pattern, tc.path), "%q against %q", tc.pattern, tc.path)
	}
}

// The evaluator against another one: regular expressions.
func TestPatternsMatchLikeTheirRegularExpressions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`/[ab/*?.]{0,8}`).Draw(t, "pattern")
		path := rapid.StringMatching(`/[ab/.]{0,10}`).Draw(t, "path")
		quoted := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
		assert.Equal(t, regexp.MustCompile("^"+quoted+"$").MatchString(path), catalog.Match(pattern, path), "%q %q", pattern, path)
	})
}

func TestOverlapsAreFoundWhateverTheWildcards(t *testing.T) {
	for pair, want := range map[[2]string]bool{
		{"/a", "/a"}: true, {"/a", "/b"}: false, {"/a*", "/ab/c"}: true, {"/a/*", "/*/b"}: true, {"/a?", "/?b"}: true,
		{"/a?", "/a"}: false, {"/*", "*"}: true, {"/a*c", "/a*d"}: false, {"/a*b", "/ac*"}: true, {"", "*"}: true, {"", "?"}: false,
	} {
		assert.Equal(t, want, catalog.Overlap(pair[0], pair[1]), "%v", pair)
		assert.Equal(t, want, catalog.Overlap(pair[1], pair[0]), "%v turned round", pair)
	}
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.StringMatching(`/[ab*?]{0,5}`).Draw(t, "a")
		b := rapid.StringMatching(`/[ab*?]{0,5}`).Draw(t, "b")
		path := rapid.StringMatching(`/[ab]{0,6}`).Draw(t, "path")
		if catalog.Match(a, path) && catalog.Match(b, path) {
			assert.True(t, catalog.Overlap(a, b), "%q and %q both match %q", a, b, path)
		}
		if catalog.Covers(a, b) && catalog.Match(b, path) {
			assert.True(t, catalog.Match(a, path), "%q covers %q, which matches %q", a, b, path)
		}
	})
}

func TestRoutesFollowPriorityAndNotTheFile(t *testing.T) {
	list := catalog.Catalog{Services: []catalog.Service{
		{Name: "all", Priority: 900, Paths: []string{"/*"}},
		{Name: "some", Priority: 10, Paths: []string{"/some/*"}},
	}}
	for path, want := range map[string]string{"/some/1": "some", "/some": "all", "x": ""} {
		service, found := list.Route(path)
		require.Equal(t, want != "", found, path)
		assert.Equal(t, want, service.Name, path)
	}
}
