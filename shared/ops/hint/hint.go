// Package hint makes the commands that messages name such that they can be pasted.
// A hint is written where a fault is known, and that place knows no environment: it
// names the target, and the flags that belong to the matter. Where a command ends,
// or shows something, Place adds what belongs to the command that was given: its
// environment, a reason where that environment wants one, and the command itself
// where the hint says Again. Without it `go tool mage migrate:start`, pasted during
// a move of production, would start one on this machine.
//
// The package knows which targets want a reason; it runs nothing.
package hint

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/settings"
)

// Again stands in a hint for the command that was given.
const Again = "the same command again"

// local is the environment in which a command works that names none.
const local = "local"

// reason is the flag with its value left to whoever knows it.
const reason = " -reason='…'"

// Place is a command that was given.
type Place struct {
	Target   string // as it was called: migrate:start
	Settings settings.Settings
	Guarded  bool // its environment wants a reason for what changes something
}

// command is a command in a text: a target and its flags, each with its value behind
// an equals sign. A value in quotes may have anything in it, another ends before the
// sign with which a sentence goes on.
var command = regexp.MustCompile(`go tool mage ([a-z][A-Za-z0-9]*(?::[A-Za-z0-9<>]+)?)` +
	`((?: -[a-z][a-z-]*(?:=(?:'(?:[^'\n]|'\\'')*'|"[^"\n]*"|[^\s'"\x60]*[^\s'"\x60,;:.)]))?)*)`)

// Complete gives each command in text its settings. A text that is complete stays.
func (p Place) Complete(text string) string {
	if strings.Contains(text, Again) {
		text = strings.ReplaceAll(text, Again, p.Settings.Command(p.Target))
	}
	return command.ReplaceAllStringFunc(text, func(call string) string {
		part := command.FindStringSubmatch(call)
		return "go tool mage " + part[1] + p.flags(part[1], part[2])
	})
}

// text is one text in JSON.
var text = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// CompleteJSON does so in every text of a value in JSON, which it leaves as it is otherwise.
func (p Place) CompleteJSON(value []byte) []byte {
	return text.ReplaceAllFunc(value, func(quoted []byte) []byte {
		var plain string
		if json.Unmarshal(quoted, &plain) != nil {
			return quoted
		}
		told := p.Complete(plain)
		if told == plain {
			return quoted
		}
		all, _ := json.Marshal(told) // a text always has a form
		return all
	})
}

// flags are those of a command with what they lack.
func (p Place) flags(target, given string) string {
	if p.Settings.Env != local && !strings.HasPrefix(target, "local:") && !strings.Contains(given, " -env=") {
		given = " -env=" + p.Settings.Env + given
	}
	if (p.Guarded && NeedsReason(target, given) || AlwaysNeedsReason(target)) && !strings.Contains(given, " -reason=") {
		given += reason
	}
	return given
}

// Explain returns err with all that it says completed. Its exit status and what it
// wraps stay.
func (p Place) Explain(err error) error { return fault.Reword(err, p.Complete) }

// readers are the targets of a namespace that change nothing, where the others do.
var readers = map[string][]string{
	"migrate":  {"status", "changes"},
	"traffic":  {"status"},
	"rollback": {"list"},
	"destroy":  nil,
	"unlock":   nil,
}

// NeedsReason tells whether a guarded environment refuses a target without a reason.
// flags are those that are given with it.
func NeedsReason(target, flags string) bool {
	namespace, name, _ := strings.Cut(target, ":")
	if namespace == "outputs" { // of passwords
		return strings.Contains(flags, " -show=")
	}
	if namespace == "migrate" && strings.Contains(flags, " -dry-run") { // the others ask before they look
		return false
	}
	reading, known := readers[namespace]
	return known && !slices.Contains(reading, name)
}

// decisions are the targets that want a reason in every environment: what they do
// tells it to those who come after.
var decisions = []string{
	"migrate:planChange", "migrate:withdrawChange", "migrate:reload", "migrate:halt", "migrate:renew", "migrate:abandon", "migrate:cancel", "migrate:accept", "migrate:thaw",
	"migrate:finalise", "migrate:discard", "migrate:force", "traffic:hold",
}

// AlwaysNeedsReason tells whether a target is refused without a reason anywhere.
func AlwaysNeedsReason(target string) bool { return slices.Contains(decisions, target) }

// Commands are the commands that a text names, each as a command line.
func Commands(text string) []string { return command.FindAllString(text, -1) }
