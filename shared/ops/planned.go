package ops

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/cutover/cutover/shared/ops/dag"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/fault"
)

// planned is what an action would do to one layer.
type planned struct {
	Layer   string          `json:"layer"`
	Changes engine.Changes  `json:"changes"`
	List    []engine.Change `json:"list"`
}

// looker tells what an action would do to one layer.
type looker func(ctx context.Context, r engine.Request) (engine.Result, error)

// ahead looks at every layer of the graph, all side by side: looking changes
// nothing, so nothing has to wait for anything.
func (s *session) ahead(ctx context.Context, g *dag.Graph, look looker) ([]planned, error) {
	var nodes []dag.Node
	for _, name := range g.Order() {
		if err := s.newScratchLog(name); err != nil {
			return nil, err
		}
		nodes = append(nodes, dag.Node{Name: name})
	}
	preparations := s.prepareLayers(ctx, g.Order(), s.scratchLog)
	flat, err := dag.New(nodes)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	results := map[string]engine.Result{}
	opts := dag.Options{Parallel: s.lookers()}
	ends, err := dag.Run(ctx, flat, dag.NewControl(), opts, func(ctx context.Context, name string) dag.Outcome {
		if err := preparations[name].wait(ctx); err != nil {
			return dag.Outcome{State: dag.Failed, Err: err}
		}
		result, err := look(ctx, engine.Request{Stack: s.stack(name, s.scratchLog(name)), Targets: s.targets()})
		if err != nil {
			return dag.Outcome{State: dag.Failed, Err: err}
		}
		mu.Lock()
		defer mu.Unlock()
		results[name] = result
		return dag.Outcome{State: dag.Succeeded}
	})
	if err != nil {
		return nil, err
	}
	return fold(ends, results)
}

// lookers bounds how many layers are looked at side by side: each is a process
// and a plugin, half a gigabyte together.
func (s *session) lookers() int {
	if s.set.Parallel > 0 {
		return s.set.Parallel
	}
	return 4
}

// fold puts the results in order; all failures come joined.
func fold(ends []dag.Result, results map[string]engine.Result) ([]planned, error) {
	var list []planned
	var failed []string
	code := fault.OK
	for _, end := range ends {
		if end.State == dag.Succeeded {
			result := results[end.Name]
			list = append(list, planned{end.Name, result.Changes, result.List})
			continue
		}
		if end.Err != nil {
			failed = append(failed, end.Err.Error())
		}
		if code == fault.OK {
			code = fault.CodeOf(end.Err)
		}
	}
	if len(failed) > 0 {
		return list, fault.New(code, "%s", strings.Join(failed, "\n"))
	}
	if len(list) < len(ends) {
		return list, fault.New(fault.Cancelled, "interrupted while looking ahead; nothing was changed")
	}
	return list, nil
}

// tellPlanned writes what would change, and only that; every replacement and
// deletion with its cause.
func tellPlanned(list []planned) string {
	var b strings.Builder
	for _, p := range list {
		fmt.Fprintf(&b, "[%s] %s\n", p.Layer, tellChanges(p.Changes))
		for _, c := range p.List {
			fmt.Fprintf(&b, "  %s %-8s %-45s %s%s%s\n", sign(c.Op), c.Op, c.Type, c.Name, because(c), precious(c))
		}
	}
	return b.String()
}

func tellChanges(c engine.Changes) string {
	if !c.Any() {
		return "no changes"
	}
	var parts []string
	for _, p := range []struct {
		n    int
		word string
	}{{c.Create, "create"}, {c.Update, "update"}, {c.Replace, "replace"}, {c.Delete, "delete"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", p.n, p.word))
		}
	}
	return strings.Join(parts, ", ")
}

func sign(op string) string {
	switch op {
	case "create":
		return "+"
	case "delete":
		return "-"
	case "replace":
		return "±"
	default:
		return "~"
	}
}

func because(c engine.Change) string {
	if c.Op == "create" || len(c.Causes) == 0 {
		return ""
	}
	return "  because of " + strings.Join(c.Causes, ", ")
}

func precious(c engine.Change) string {
	if kind := preciousKind(c); kind != "" {
		return "  (" + kind + ")"
	}
	return ""
}

// scratchLog is the log of a layer that is only looked at; the next look
// replaces it.
func (s *session) scratchLog(name string) string {
	return filepath.Join(s.app.store.Dir, "looks", s.env.Name, name+".log")
}

// newScratchLog empties the log of a layer that is about to be looked at.
func (s *session) newScratchLog(name string) error {
	path := s.scratchLog(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("make folder of logs: %w", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return fmt.Errorf("empty log: %w", err)
	}
	return nil
}
