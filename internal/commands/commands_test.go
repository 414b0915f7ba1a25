// Package commands_test holds every command that code and documents name against the
// targets and settings that there are: no hint, no page may tell an operator to type
// what does not exist.
package commands_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/magefile/mage/parse"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/ops/settings"
)

// root is the checkout.
const root = "../.."

// targets are those of the magefiles, by their names on the command line.
func targets(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "magefile*.go"))
	require.NoError(t, err)
	var names []string
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			names = append(names, filepath.Base(file))
		}
	}
	read, err := parse.PrimaryPackage("go", root, names, false)
	require.NoError(t, err)
	all := map[string]bool{}
	for _, f := range read.Funcs {
		all[lowerFirst(f.TargetName())] = true
	}
	for alias := range read.Aliases {
		all[alias] = true
	}
	require.Greater(t, len(all), 80, "the magefiles are read")
	return all
}

// lowerFirst writes a target as mage lists it: each word begins with a small letter.
func lowerFirst(name string) string {
	words := strings.Split(name, ":")
	for i, word := range words {
		words[i] = strings.ToLower(word[:1]) + word[1:]
	}
	return strings.Join(words, ":")
}

// faults of a command line are what keeps it from being given: a target that there is
// not, and flags or values that the settings refuse.
func faults(all map[string]bool, line string) (found []string) {
	rest, flags := settings.Split(append([]string{"mage"}, words(strings.TrimPrefix(line, "go tool mage "))...))
	for _, target := range rest[1:] {
		if !all[target] {
			found = append(found, "there is no target "+target)
		}
	}
	if _, err := settings.Load(flags, nil, config.Names()); err != nil {
		found = append(found, err.Error())
	}
	return found
}

// words are those of a shell: what stands in quotes is one.
func words(line string) (all []string) {
	var word strings.Builder
	quote, begun := rune(0), false
	for _, r := range line {
		switch {
		case quote == 0 && (r == '\'' || r == '"'):
			quote, begun = r, true
		case r == quote:
			quote = 0
		case quote == 0 && (r == ' ' || r == '\n'):
			if begun {
				all = append(all, word.String())
			}
			begun = false
			word.Reset()
		default:
			begun = true
			word.WriteRune(r)
		}
	}
	if begun {
		all = append(all, word.String())
	}
	return all
}

func TestFaultsOfACommandLineAreFound(t *testing.T) {
	all := targets(t)
	for line, want := range map[string]string{
		"go tool mage migrate:planChange -table=a.b -columns='note text; fee int' -reason='…'": "",
		"go tool mage deploy:all -env=prod -resume":                                            "",
		"go tool mage migrate:return":                                                          "there is no target migrate:return",
		"go tool mage migrate:PlanChange":                                                      "there is no target migrate:PlanChange",
		"go tool mage migrate:start -lane=core":                                                "flag -lane is unknown",
		"go tool mage migrate:start -color=red":                                                `flag -color is "red"`,
		"go tool mage migrate:start -env=production":                                           `flag -env is "production"`,
		"go tool mage -resume":                                                                 "there is no target -resume",
	} {
		found := strings.Join(faults(all, line), "; ")
		if want == "" {
			assert.Empty(t, found, line)
		} else {
			assert.Contains(t, found, want, line)
		}
	}
}
