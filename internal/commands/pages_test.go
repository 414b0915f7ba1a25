package commands_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/ops/settings"
)

// pages are what operators read.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"README.md", "docs/*.md", "docs/adr/*.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, files, pattern)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			all[filepath.Base(file)] = string(text)
		}
	}
	return all
}

var (
	fence = regexp.MustCompile("(?s)```[a-z]*\n(.*?)```")
	code  = regexp.MustCompile("`([^`]+)`")
	// afterwards begins what a line goes on with behind a command.
	afterwards  = regexp.MustCompile(`\s+#|&&|\)"|\||;`)
	placeholder = regexp.MustCompile(`^<.*>$|^…$|^N$|^CODE$`)
)

// plain is a target in a sentence, as alarms name it, with flags behind it.
var plain = regexp.MustCompile(`\b[a-z]+:[A-Za-z]+\b(?: -[a-z-]+(?:=\S*[^\s,;:.)])?)*`)

// spans are the pieces of a page in which a command may stand: each line of a block,
// each piece between backticks, which may be broken over two lines, and what looks
// like a target in a sentence.
func spans(page string) (all []string) {
	for _, block := range fence.FindAllStringSubmatch(page, -1) {
		all = append(all, strings.Split(block[1], "\n")...)
	}
	for _, piece := range code.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
		all = append(all, strings.Join(strings.Fields(piece[1]), " "))
	}
	return append(all, plain.FindAllString(code.ReplaceAllString(fence.ReplaceAllString(page, ""), ""), -1)...)
}

// commands are the command lines of a span, each with a value in the place of what the
// reader has to fill in: those behind "go tool mage", and a target that stands for
// itself, such as migrate:start -halt=CODE.
func commands(span string, namespaces []string) (all []string) {
	parts := strings.Split(span, "go tool mage ")
	for _, part := range parts[1:] {
		all = append(all, "go tool mage "+filled(afterwards.Split(part, 2)[0]))
	}
	if len(parts) == 1 && slices.ContainsFunc(namespaces, func(n string) bool { return strings.HasPrefix(span, n) }) {
		all = append(all, "go tool mage "+filled(afterwards.Split(span, 2)[0]))
	}
	return all
}

// samples are values for what a page leaves open; any other flag takes a word.
var samples = map[string]string{"env": "prod", "change": "1", "color": "blue", "base": "clone", "show": "connection", "output": "json"}

// filled is a command line with something in each place that a page leaves open.
func filled(line string) string {
	var out []string
	for _, word := range words(line) {
		word = strings.ReplaceAll(word, ":<layer>", ":edge")
		if name, value, given := strings.Cut(word, "="); given && strings.HasPrefix(word, "-") && placeholder.MatchString(value) {
			sample, known := samples[strings.TrimPrefix(name, "-")]
			if !known {
				sample = "word"
			}
			word = name + "=" + sample
		}
		out = append(out, "'"+word+"'")
	}
	return strings.Join(out, " ")
}

// mageFlags are flags of mage itself, which come before a target.
var mageFlags = []string{"-compile", "-l", "-t"}

// Every command in a page can be given: its target exists, and so do its flags.
func TestEveryCommandInThePagesCanBeGiven(t *testing.T) {
	all := targets(t)
	var namespaces []string
	for target := range all {
		if namespace, _, nested := strings.Cut(target, ":"); nested {
			namespaces = append(namespaces, namespace+":")
		}
	}
	found := map[string]int{}
	for name, page := range pages(t) {
		for _, span := range spans(page) {
			for _, line := range commands(span, namespaces) {
				if slices.ContainsFunc(mageFlags, func(f string) bool { return strings.HasPrefix(line, "go tool mage '"+f) }) {
					continue
				}
				found[name]++
				for _, fault := range faults(all, line) {
					assert.Fail(t, fault, "%s: %s", name, span)
				}
			}
		}
	}
	for name, least := range map[string]int{"README.md": 25, "operations.md": 90, "sync.md": 10, "alarms.md": 12} {
		assert.GreaterOrEqual(t, found[name], least, "commands found in %s", name)
	}
}

// What is found in a page, and what is wrong with it.
func TestCommandsOfAPageAreFound(t *testing.T) {
	all, namespaces := targets(t), []string{"migrate:", "rollback:", "unlock:"}
	for text, want := range map[string][]string{
		"see `migrate:start\n-halt=<code>` there":                         {"go tool mage 'migrate:start' '-halt=word'"},
		"```sh\ngo tool mage graph && go tool mage env   # both\n```":     {"go tool mage 'graph'", "go tool mage 'env'"},
		"```sh\neval \"$(go tool mage env -env=prod)\" && pulumi up\n```": {"go tool mage 'env' '-env=prod'"},
		"`unlock:<layer> -reason='a word'`, `data:clones`, `-dry-run`":    {"go tool mage 'unlock:edge' '-reason=a word'"},
		"`migrate:makeChange -change=N`":                                  {"go tool mage 'migrate:makeChange' '-change=1'"},
		"First: rollback:edge -reason=…; then on, at 10:30.":              {"go tool mage 'rollback:edge' '-reason=word'"},
		"`migrate:back`": {"go tool mage 'migrate:back'"},
	} {
		var got []string
		for _, span := range spans(text) {
			got = append(got, commands(span, namespaces)...)
		}
		assert.Equal(t, want, got, text)
		for _, line := range got {
			assert.Equal(t, strings.Contains(line, "migrate:back"), len(faults(all, line)) > 0, line)
		}
	}
}

// The page of operations has a row for every setting, and for every target that moves
// data.
func TestTheSettingsAndTargetsHaveTheirRows(t *testing.T) {
	page := pages(t)["operations.md"]
	_, err := settings.Load([]settings.Flag{{Name: "unknown", Value: "x"}}, nil, nil)
	require.Error(t, err)
	names := regexp.MustCompile(`-[a-z-]+`).FindAllString(strings.SplitN(err.Error(), "expected one of", 2)[1], -1)
	require.Greater(t, len(names), 15)
	for _, name := range names {
		assert.Regexp(t, "(?m)^\\|[^|]*`"+strings.TrimPrefix(name, "-")+"`[^|]*\\|", page)
	}
	for target := range targets(t) {
		if strings.HasPrefix(target, "migrate:") {
			assert.Contains(t, page, "\n| `"+target+"` |")
		}
	}
}
