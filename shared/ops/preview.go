package ops

import (
	"context"
	"fmt"
	"strings"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/settings"
)

// PreviewAll shows what a deployment of all layers would change.
func (a *App) PreviewAll(ctx context.Context) error {
	return a.inspect(ctx, "preview:all", "", previewing())
}

// Preview shows what a deployment of one layer would change.
func (a *App) Preview(ctx context.Context, layer contract.Layer) error {
	return a.inspect(ctx, "preview:"+string(layer), layer, previewing())
}

// DriftAll compares the state of all layers with reality.
func (a *App) DriftAll(ctx context.Context) error { return a.inspect(ctx, "drift:all", "", drifting()) }

// Drift compares the state of one layer with reality.
func (a *App) Drift(ctx context.Context, layer contract.Layer) error {
	return a.inspect(ctx, "drift:"+string(layer), layer, drifting())
}

// inspection is a command that looks at layers and changes none.
type inspection struct {
	makeStacks bool // missing stacks are made, so that references to them resolve
	alarm      bool // changes are always a failure, not only with -check
	look       func(ctx context.Context, s *session, r engine.Request) (engine.Result, error)
}

func previewing() inspection {
	return inspection{makeStacks: true, look: func(ctx context.Context, s *session, r engine.Request) (engine.Result, error) {
		return s.engine.Preview(ctx, r)
	}}
}

func drifting() inspection {
	return inspection{alarm: true, look: func(ctx context.Context, s *session, r engine.Request) (engine.Result, error) {
		return s.engine.Drift(ctx, r)
	}}
}

// inspect looks at the selected layers, all side by side, and shows the changes.
func (a *App) inspect(ctx context.Context, target string, one contract.Layer, what inspection) error {
	s, err := a.open(ctx, target)
	if err != nil {
		return err
	}
	stop := newStopper(s.con, s.set.Timeout)
	defer stop.release()
	if a.ports.Signals {
		stop.takeSignals(ctx)
	}
	list, err := s.look(stop.before, one, what)
	if err != nil {
		return stop.explain(err)
	}
	if err := s.showPlanned(list); err != nil {
		return err
	}
	return s.judge(list, what)
}

func (s *session) look(ctx context.Context, one contract.Layer, what inspection) ([]planned, error) {
	selected, err := s.selection(one)
	if err != nil {
		return nil, err
	}
	if err := s.app.checkConfig(s.env.Name, selected); err != nil {
		return nil, fault.Wrap(fault.Usage, err)
	}
	graph, err := s.app.graph.Subset(selected)
	if err != nil {
		return nil, err
	}
	if err := s.equip(ctx); err != nil {
		return nil, err
	}
	if err := s.connect(ctx); err != nil {
		return nil, err
	}
	if what.makeStacks {
		if err := s.handOver(ctx, selected); err != nil {
			return nil, err
		}
		if err := s.ensure(ctx, s.withUpstream(selected)); err != nil {
			return nil, err
		}
	}
	s.con.Block(s.header(plan(graph)))
	return s.ahead(ctx, graph, func(ctx context.Context, r engine.Request) (engine.Result, error) {
		return what.look(ctx, s, r)
	})
}

// withUpstream adds everything that the selected layers read from.
func (s *session) withUpstream(selected []string) []string {
	wanted := map[string]bool{}
	for _, name := range selected {
		wanted[name] = true
		for _, up := range s.app.graph.Upstream(name) {
			wanted[up] = true
		}
	}
	var list []string
	for _, name := range s.app.graph.Order() {
		if wanted[name] {
			list = append(list, name)
		}
	}
	return list
}

func (s *session) showPlanned(list []planned) error {
	switch s.set.Output {
	case settings.JSON:
		return s.printJSON(list)
	case settings.Markdown:
		return s.app.print(plannedMarkdown(list))
	case settings.Table:
		s.con.Block(tellPlanned(list))
	}
	return nil
}

func plannedMarkdown(list []planned) string {
	var b strings.Builder
	b.WriteString("| layer | | resource | type | because of |\n|---|---|---|---|---|\n")
	for _, p := range list {
		for _, c := range p.List {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", p.Layer, c.Op, c.Name, c.Type, strings.Join(c.Causes, ", "))
		}
	}
	return b.String()
}

// judge gives found changes their exit status, where they are not expected.
func (s *session) judge(list []planned, what inspection) error {
	var changed []string
	for _, p := range list {
		if p.Changes.Any() {
			changed = append(changed, p.Layer)
		}
	}
	if len(changed) > 0 && (what.alarm || s.set.Check) {
		return fault.New(fault.Changes, "%s found changes in %s", s.target, strings.Join(changed, ", "))
	}
	return nil
}
