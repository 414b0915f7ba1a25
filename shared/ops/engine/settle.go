package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
)

// Settle ends the interrupted operations in the stack's state. What was made is
// moved from the pending operations to the resources with its id, as the program
// described it, and then read from the provider together with all else that was
// interrupted; what cannot be read any more disappears from the state. Pulumi's
// own `refresh --import-pending-creates` (3.230) forgets such resources.
func (p *Pulumi) Settle(ctx context.Context, r Request, found map[string]string) (Result, error) {
	text, err := p.read(ctx, r.Stack, "stack", "export")
	if err != nil {
		return Result{}, err
	}
	settled, read, err := settleState([]byte(text), found)
	if err != nil {
		return Result{}, fmt.Errorf("state of %s: %w", r.Layer, err)
	}
	if err := p.importState(ctx, r.Stack, settled); err != nil {
		return Result{}, err
	}
	if len(read) == 0 {
		return Result{}, nil
	}
	return p.refresh(ctx, r, read)
}

// settleState edits an exported state and returns the URNs that have to be read.
// Everything it does not know stays as it is.
func settleState(text []byte, found map[string]string) (settled []byte, read []string, err error) {
	var export struct {
		Version    json.RawMessage            `json:"version"`
		Deployment map[string]json.RawMessage `json:"deployment"`
	}
	if err := json.Unmarshal(text, &export); err != nil {
		return nil, nil, fmt.Errorf("read export: %w", err)
	}
	var resources []map[string]any
	var pending []struct {
		Resource map[string]any `json:"resource"`
		Type     string         `json:"type"`
	}
	err = errors.Join(decode(export.Deployment["resources"], &resources), decode(export.Deployment["pending_operations"], &pending))
	if err != nil {
		return nil, nil, fmt.Errorf("read export: %w", err)
	}
	known := map[string]bool{}
	for _, resource := range resources {
		known[fmt.Sprint(resource["urn"])] = true
	}
	for _, op := range pending {
		urn := fmt.Sprint(op.Resource["urn"])
		if id := found[urn]; id != "" {
			op.Resource["id"] = id
			resources = append(resources, op.Resource)
			known[urn] = true
		}
		if known[urn] && !slices.Contains(read, urn) {
			read = append(read, urn)
		}
	}
	delete(export.Deployment, "pending_operations")
	if export.Deployment["resources"], err = json.Marshal(resources); err != nil {
		return nil, nil, fmt.Errorf("write export: %w", err)
	}
	settled, err = json.Marshal(export)
	return settled, read, err
}

// decode reads JSON without touching its numbers; absent stands for empty.
func decode(text json.RawMessage, into any) error {
	if len(text) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(into)
}

func (p *Pulumi) importState(ctx context.Context, s Stack, state []byte) (err error) {
	file, err := os.CreateTemp(p.opts.Scratch, string(s.Layer)+"-*.json")
	if err != nil {
		return fmt.Errorf("write state of %s: %w", s.Layer, err)
	}
	defer func() { err = errors.Join(err, os.Remove(file.Name())) }()
	_, writeErr := file.Write(state)
	if err := errors.Join(writeErr, file.Close()); err != nil {
		return fmt.Errorf("write state of %s: %w", s.Layer, err)
	}
	_, err = p.read(ctx, s, "stack", "import", "--file", file.Name())
	return err
}

// Refresh takes reality into the state of the targets.
func (p *Pulumi) Refresh(ctx context.Context, r Request) (Result, error) {
	return p.refresh(ctx, r, r.Targets)
}

// refresh reads the given resources from the provider into the state.
func (p *Pulumi) refresh(ctx context.Context, r Request, urns []string) (Result, error) {
	args := []string{"refresh", "--yes", "--skip-preview", "--color", "never", "--suppress-progress", "--stack", r.Env}
	for _, urn := range urns {
		args = append(args, "--target", urn)
	}
	cmd := p.command(r.Stack)
	t := newTally(r.Observe, false)
	follower := follow(cmd.events, t.add)
	_, stderr, _, err := cmd.Run(ctx, r.Dir, nil, nil, nil, p.environ(), args...)
	followErr := follower.stop()
	if err != nil {
		return t.result(), p.explain(ctx, r.Stack, withText(err, stderr), t, nil)
	}
	return t.result(), followErr
}
