package hint_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/hint"
	"github.com/cutover/cutover/shared/ops/settings"
)

// What is pasted works on the environment of the command that failed, and is not sent
// back for want of a reason.
func TestACommandInAHintIsThatOfTheEnvironment(t *testing.T) {
	here := hint.Place{Target: "migrate:start", Settings: settings.Settings{Env: "local"}}
	staging := hint.Place{Target: "migrate:start", Settings: settings.Settings{Env: "staging", Color: settings.Blue}}
	prod := hint.Place{Target: "migrate:cutover", Settings: settings.Settings{Env: "prod", DryRun: true, Reason: "it's time"}, Guarded: true}
	unexplained := hint.Place{Target: "migrate:cutover", Settings: settings.Settings{Env: "prod"}, Guarded: true}
	for _, c := range []struct {
		place      hint.Place
		text, want string
	}{
		{here, "go tool mage migrate:start -halt=poison", "go tool mage migrate:start -halt=poison"},
		{here, "mend it, then the same command again", "mend it, then go tool mage migrate:start"},
		{staging, "go tool mage migrate:start -halt=poison", "go tool mage migrate:start -env=staging -halt=poison"},
		{staging, "the same command again: it is safe", "go tool mage migrate:start -env=staging -color=blue: it is safe"},
		{staging, "go tool mage local:up", "go tool mage local:up"},
		{staging, "go tool mage unlock:data -reason='…'", "go tool mage unlock:data -env=staging -reason='…'"},
		{prod, "go tool mage migrate:status, then go tool mage migrate:verify.", "go tool mage migrate:status -env=prod, then go tool mage migrate:verify -env=prod -reason='…'."},
		{prod, "go tool mage migrate:planChange -table=S.T -columns='note text; fee int' -reason='…'", "go tool mage migrate:planChange -env=prod -table=S.T -columns='note text; fee int' -reason='…'"},
		{prod, "go tool mage migrate:makeChange -change=3, when that is mended", "go tool mage migrate:makeChange -env=prod -change=3 -reason='…', when that is mended"},
		{prod, "go tool mage migrate:preflight -dry-run shows it", "go tool mage migrate:preflight -env=prod -dry-run shows it"},
		{here, "go tool mage migrate:abandon -dry-run shows it", "go tool mage migrate:abandon -dry-run -reason='…' shows it"},
		{here, "`go tool mage outputs:data -show=connection`", "`go tool mage outputs:data -show=connection`"},
		{prod, "go tool mage deploy:all -from=data, then on", "go tool mage deploy:all -env=prod -from=data, then on"},
		{prod, "eval \"$(go tool mage env)\" && pulumi up", "eval \"$(go tool mage env -env=prod)\" && pulumi up"},
		{prod, "`go tool mage traffic:status`", "`go tool mage traffic:status -env=prod`"},
		{prod, "go tool mage rollback:list", "go tool mage rollback:list -env=prod"},
		{prod, "go tool mage rollback:edge", "go tool mage rollback:edge -env=prod -reason='…'"},
		{prod, "go tool mage outputs:data -show=connection", "go tool mage outputs:data -env=prod -show=connection -reason='…'"},
		{prod, "the same command again", `go tool mage migrate:cutover -env=prod -dry-run -reason='it'\''s time'`},
		{unexplained, "the same command again", "go tool mage migrate:cutover -env=prod -reason='…'"},
		{prod, "no command, prod", "no command, prod"},
	} {
		got := c.place.Complete(c.text)
		assert.Equal(t, c.want, got)
		assert.Equal(t, c.want, c.place.Complete(got), "what is complete stays")
	}
}

// In JSON every text is completed, whatever it has to be quoted with; all else stays.
func TestTheTextsOfJSONAreCompleted(t *testing.T) {
	prod := hint.Place{Target: "migrate:status", Settings: settings.Settings{Env: "prod"}, Guarded: true}
	value := map[string]any{
		"next": []string{"go tool mage migrate:start -halt=poison", "eval \"$(go tool mage env)\" && <go tool mage status>\n\\"},
		"note": "say \"no command\", é \u2028", "count": 3, "go tool": nil,
	}
	text, err := json.MarshalIndent(value, "", "  ")
	require.NoError(t, err)
	completed := prod.CompleteJSON(text)
	var told map[string]any
	require.NoError(t, json.Unmarshal(completed, &told), string(completed))
	assert.Equal(t, map[string]any{
		"next": []any{"go tool mage migrate:start -env=prod -halt=poison -reason='…'", "eval \"$(go tool mage env -env=prod)\" && <go tool mage status -env=prod>\n\\"},
		"note": "say \"no command\", é \u2028", "count": 3.0, "go tool": nil,
	}, told)
	assert.Equal(t, string(completed), string(prod.CompleteJSON(completed)), "what is complete stays")
	assert.Equal(t, strings.Count(string(text), "\n"), strings.Count(string(completed), "\n"), "in the same order and form")
}

// An error keeps its status and what it wraps; its text and its hint are those that
// can be pasted.
func TestAnErrorIsExplainedWithAllItWraps(t *testing.T) {
	prod := hint.Place{Target: "migrate:start", Settings: settings.Settings{Env: "prod"}, Guarded: true}
	cause := errors.New("gone")
	told := fmt.Errorf("lane: %w", fault.New(fault.Gate, "closed: %w; see go tool mage status", cause).WithHint("go tool mage migrate:start"))

	err := prod.Explain(errors.Join(errors.New("first"), told))

	assert.Equal(t, fault.Gate, fault.CodeOf(err))
	require.ErrorIs(t, err, cause)
	assert.Equal(t, "go tool mage migrate:start -env=prod -reason='…'", fault.HintOf(err))
	assert.EqualError(t, err, "first\nlane: closed: gone; see go tool mage status -env=prod\n  mend it with: go tool mage migrate:start -env=prod -reason='…'")
	assert.NoError(t, prod.Explain(nil))
}

func TestCommandsAreFoundWithTheirFlags(t *testing.T) {
	assert.Equal(t, []string{"go tool mage a:b -x=1 -y='p q'", "go tool mage status"},
		hint.Commands("do go tool mage a:b -x=1 -y='p q', and (go tool mage status)"))
}
