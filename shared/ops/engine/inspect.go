package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/cutover/cutover/shared/ops/fault"
)

// State reads the stack's state: from the backend's file where there is one,
// which takes milliseconds, else through the CLI.
func (p *Pulumi) State(ctx context.Context, s Stack) (State, error) {
	d, known, err := p.store.deployment(s)
	if err != nil {
		return State{}, err
	}
	if known {
		return d.state(), nil
	}
	if _, local := p.store.folder(); local && !p.store.exists(s) {
		return State{}, nil
	}
	var export struct {
		Deployment deployment `json:"deployment"`
	}
	err = p.readJSON(ctx, s, &export, "stack", "export")
	if fault.CodeOf(err) == fault.NoStack {
		return State{}, nil
	}
	return export.Deployment.state(), err
}

// Locks lists who holds the stack.
func (p *Pulumi) Locks(_ context.Context, s Stack) ([]Lock, bool, error) {
	return p.store.locks(s)
}

// History lists the latest updates, newest first.
func (p *Pulumi) History(ctx context.Context, s Stack, limit int) ([]Update, error) {
	if _, local := p.store.folder(); local && !p.store.exists(s) {
		return nil, nil
	}
	var entries []historyEntry
	err := p.readJSON(ctx, s, &entries, "stack", "history", "--json", "--page", "1", "--page-size", strconv.Itoa(limit))
	if fault.CodeOf(err) == fault.NoStack {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	updates := make([]Update, 0, len(entries))
	for _, entry := range entries {
		update, err := entry.update()
		if err != nil {
			return nil, fmt.Errorf("history of %s: %w", s.Layer, err)
		}
		updates = append(updates, update)
	}
	return updates, nil
}

// historyEntry is what `pulumi stack history --json` prints for one update.
type historyEntry struct {
	Kind        string            `json:"kind"`
	StartTime   string            `json:"startTime"`
	EndTime     string            `json:"endTime"`
	Message     string            `json:"message"`
	Result      string            `json:"result"`
	Environment map[string]string `json:"environment"`
	Changes     map[string]int    `json:"resourceChanges"`
}

func (h historyEntry) update() (Update, error) {
	start, startErr := historyTime(h.StartTime)
	end, endErr := historyTime(h.EndTime)
	if err := errors.Join(startErr, endErr); err != nil {
		return Update{}, err
	}
	u := Update{
		Kind: h.Kind, Result: h.Result, Message: h.Message, Start: start, End: end,
		Commit: h.Environment["git.head"], Dirty: h.Environment["git.dirty"] == "true",
	}
	for op, n := range h.Changes {
		for range n {
			u.Changes = u.Changes.Add(one(op))
		}
	}
	return u, nil
}

// historyTime reads a time of the history; an update under way has no end.
func historyTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("time %q: %w", text, err)
	}
	return t, nil
}
