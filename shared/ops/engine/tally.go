package engine

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
)

const stackType = "pulumi:pulumi:Stack"

// tally folds the engine's events into progress and result.
type tally struct {
	mu       sync.Mutex
	observe  func(Progress)
	planning bool // a preview announces steps without finishing them
	changes  Changes
	running  map[string]string // URN to name
	list     []Change
	listed   map[string]bool
	outputs  map[string]any
	errors   []string
}

func newTally(observe func(Progress), planning bool) *tally {
	return &tally{observe: observe, planning: planning, running: map[string]string{}, listed: map[string]bool{}}
}

func (t *tally) add(e apitype.EngineEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case e.ResourcePreEvent != nil:
		t.begin(e.ResourcePreEvent.Metadata)
	case e.ResOutputsEvent != nil:
		t.end(e.ResOutputsEvent.Metadata)
	case e.ResOpFailedEvent != nil:
		delete(t.running, e.ResOpFailedEvent.Metadata.URN)
	case e.DiagnosticEvent != nil:
		t.diagnose(*e.DiagnosticEvent)
	case e.SummaryEvent != nil:
		t.summarize(e.SummaryEvent.ResourceChanges)
	default:
		return
	}
	if t.observe != nil {
		t.observe(t.progress())
	}
}

func (t *tally) begin(m apitype.StepEventMetadata) {
	op := simple(m.Op)
	if op == "" {
		return
	}
	if op != "same" && custom(m) {
		t.running[m.URN] = nameOf(m.URN)
	}
	if t.planning {
		t.enlist(m, op)
	}
}

func (t *tally) end(m apitype.StepEventMetadata) {
	delete(t.running, m.URN)
	if m.Type == stackType && m.New != nil {
		t.outputs = m.New.Outputs
	}
	if op := simple(m.Op); op != "" {
		t.enlist(m, op)
	}
}

// enlist counts a step once, whether it was announced, finished, or both.
func (t *tally) enlist(m apitype.StepEventMetadata, op string) {
	key := op + " " + m.URN
	if t.listed[key] {
		return
	}
	t.listed[key] = true
	t.changes = t.changes.Add(one(op))
	if op != "same" && !strings.HasPrefix(m.Type, "pulumi:") {
		t.list = append(t.list, Change{
			Op: op, URN: m.URN, Type: m.Type, Name: nameOf(m.URN), Causes: causes(m, op), Protect: m.Old != nil && m.Old.Protect,
		})
	}
}

func (t *tally) diagnose(d apitype.DiagnosticEvent) {
	if d.Severity != "error" || d.Ephemeral {
		return
	}
	message := strings.TrimSpace(colors.Never.Colorize(d.Message))
	// The bridge logs each failure once for itself, with its own source line,
	// before the engine reports it.
	if message == "" || endings[message] || strings.HasPrefix(message, "sdk-v2/") {
		return
	}
	message = unwrap(message)
	if name := nameOf(d.URN); name != "" && !strings.HasSuffix(typeOf(d.URN), stackType) {
		message = name + " (" + typeOf(d.URN) + "): " + message
	}
	if !slices.Contains(t.errors, message) {
		t.errors = append(t.errors, message)
	}
}

// unwrap takes the causes out of nested lists of the form "1 error occurred:".
func unwrap(message string) string {
	if !strings.Contains(message, "occurred:") {
		return message
	}
	var causes []string
	for line := range strings.Lines(message) {
		text := strings.TrimPrefix(strings.TrimSpace(line), "* ")
		if text != "" && !strings.HasSuffix(text, "occurred:") {
			causes = append(causes, text)
		}
	}
	return strings.Join(causes, "; ")
}

// endings are the engine's closing words, which explain nothing.
var endings = map[string]bool{"update failed": true, "preview failed": true, "destroy failed": true, "refresh failed": true}

// summarize takes the engine's own count, which also knows what had no event.
func (t *tally) summarize(by map[apitype.OpType]int) {
	var sum Changes
	for op, n := range by {
		for range n {
			sum = sum.Add(one(simple(op)))
		}
	}
	t.changes = sum
}

func (t *tally) progress() Progress {
	return Progress{Changes: t.changes, Current: slices.Sorted(maps.Values(t.running))}
}

func (t *tally) result() Result {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Result{Changes: t.changes, List: slices.Clone(t.list), Outputs: maps.Clone(t.outputs)}
}

func (t *tally) failures() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.errors)
}

// simple reduces the engine's operations to what a reader counts. The halves of
// a replacement are not counted beside it; reads change nothing.
func simple(op apitype.OpType) string {
	switch op {
	case apitype.OpCreate, apitype.OpImport:
		return "create"
	case apitype.OpUpdate:
		return "update"
	case apitype.OpReplace, apitype.OpImportReplacement:
		return "replace"
	case apitype.OpDelete:
		return "delete"
	case apitype.OpSame, apitype.OpRefresh:
		return "same"
	case apitype.OpCreateReplacement, apitype.OpDeleteReplaced, apitype.OpRead, apitype.OpReadReplacement,
		apitype.OpReadDiscard, apitype.OpDiscardReplaced, apitype.OpRemovePendingReplace:
		return ""
	}
	return ""
}

func one(op string) Changes {
	switch op {
	case "create":
		return Changes{Create: 1}
	case "update":
		return Changes{Update: 1}
	case "replace":
		return Changes{Replace: 1}
	case "delete":
		return Changes{Delete: 1}
	case "same":
		return Changes{Same: 1}
	}
	return Changes{}
}

func custom(m apitype.StepEventMetadata) bool {
	return m.New != nil && m.New.Custom || m.New == nil && m.Old != nil && m.Old.Custom
}

// causes lists the properties that make a change necessary.
func causes(m apitype.StepEventMetadata, op string) []string {
	if op == "delete" {
		return []string{"no longer in the program"}
	}
	var paths []string
	for path, diff := range m.DetailedDiff {
		if op != "replace" || strings.HasSuffix(string(diff.Kind), "-replace") {
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 && op == "replace" {
		paths = slices.Clone(m.Keys)
	}
	if len(paths) == 0 {
		paths = slices.Clone(m.Diffs)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// nameOf returns the last part of a URN.
func nameOf(urn string) string {
	_, name, _ := cutLast(urn, "::")
	return name
}

// typeOf returns a URN's own type, without those of its parents.
func typeOf(urn string) string {
	head, _, _ := cutLast(urn, "::")
	_, chain, _ := cutLast(head, "::")
	_, own, found := cutLast(chain, "$")
	if !found {
		return chain
	}
	return own
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+len(sep):], true
}
