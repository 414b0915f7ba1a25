package ops

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/dag"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/report"
	"github.com/cutover/cutover/shared/ops/settings"
)

// LayerStatus is one line of the status page.
type LayerStatus struct {
	Layer     string     `json:"layer"`
	State     string     `json:"state"` // deployed, empty or absent; hidden where the credentials may not read it
	Resources int        `json:"resources"`
	Version   string     `json:"version"` // commit of the last successful update; + for local changes
	Updated   *time.Time `json:"updated"`
	Stale     []string   `json:"stale"` // upstream layers that changed after this one's last update
	Locks     []string   `json:"locks"`
	Pending   int        `json:"pending"` // interrupted operations
	changed   time.Time  // of the last update that changed something
}

// historyDepth is how far back the last change of a layer is looked for.
const historyDepth = 30

// Status shows one page: the layers, who holds them, the last actions.
func (a *App) Status(ctx context.Context) error {
	s, err := a.open(ctx, "status")
	if err != nil {
		return err
	}
	if err := s.equip(ctx); err != nil {
		return err
	}
	layers, err := s.statuses(ctx)
	if err != nil {
		return err
	}
	entries, err := a.store.Entries(s.env.Name)
	if err != nil {
		return err
	}
	entries = entries[max(0, len(entries)-shownActions):]
	sections, told := s.sections(ctx)
	switch s.set.Output {
	case settings.JSON:
		page := map[string]any{
			"environment": s.env.Name, "account": s.env.AccountID, "layers": layers, "traffic": s.trafficLine(ctx), "actions": entries,
		}
		maps.Copy(page, sections)
		return s.printJSON(page)
	case settings.Markdown:
		return s.print(statusMarkdown(layers))
	case settings.Table:
	}
	return s.print(fmt.Sprintf("%s: account %s, %s\n\n%s\n%s\n\n%s%s", s.env.Name, s.env.AccountID, s.env.Region,
		a.statusTable(layers), s.trafficLine(ctx), told, tellEntries(entries)))
}

// Section is a part of the status page that another package knows.
type Section struct {
	// Name is its key in JSON.
	Name string
	// Read returns it for JSON and for a person. What cannot be read is told in the
	// section: the page is for the moments in which something is wrong.
	Read func(ctx context.Context, w *Workplace) (value any, text string)
}

// sections reads all of them.
func (s *session) sections(ctx context.Context) (values map[string]any, text string) {
	values = map[string]any{}
	var b strings.Builder
	w := s.workplace()
	for _, section := range s.app.config.Sections {
		value, told := section.Read(ctx, w)
		values[section.Name] = value
		if told != "" {
			fmt.Fprintf(&b, "%s\n\n", strings.TrimRight(told, "\n"))
		}
	}
	return values, b.String()
}

// shownActions is how many of the last actions the status page shows.
const shownActions = 8

// statuses asks all layers side by side.
func (s *session) statuses(ctx context.Context) ([]LayerStatus, error) {
	order := s.app.graph.Order()
	list := make([]LayerStatus, len(order))
	var nodes []dag.Node
	index := map[string]int{}
	for i, name := range order {
		index[name] = i
		nodes = append(nodes, dag.Node{Name: name})
	}
	flat, err := dag.New(nodes)
	if err != nil {
		return nil, err
	}
	ends, err := dag.Run(ctx, flat, dag.NewControl(), dag.Options{Parallel: s.lookers()}, func(ctx context.Context, name string) dag.Outcome {
		status, err := s.status(ctx, name)
		if err != nil {
			return dag.Outcome{State: dag.Failed, Err: err}
		}
		list[index[name]] = status
		return dag.Outcome{State: dag.Succeeded}
	})
	if err != nil {
		return nil, err
	}
	for _, end := range ends {
		if end.Err != nil {
			return nil, end.Err
		}
	}
	markStale(list)
	return list, nil
}

func (s *session) status(ctx context.Context, name string) (LayerStatus, error) {
	stack := s.stack(name, os.DevNull)
	status := LayerStatus{Layer: name, State: "absent"}
	state, err := s.engine.State(ctx, stack)
	if errors.Is(err, engine.ErrDenied) { // an operator's: the rest of the page is theirs
		status.State = "hidden"
		return status, nil
	}
	if err != nil || !state.Exists {
		return status, err
	}
	status.State, status.Resources = "empty", len(state.Resources)
	if status.Resources > 0 {
		status.State = "deployed"
	}
	locks, _, err := s.engine.Locks(ctx, stack)
	if err != nil {
		return status, err
	}
	if len(locks) == 0 {
		status.Pending = len(state.Pending) // with a lock they are under way
	}
	for _, l := range locks {
		status.Locks = append(status.Locks, fmt.Sprintf("%s (%s)", l, l.Owner()))
	}
	history, err := s.engine.History(ctx, stack, historyDepth)
	status.read(history)
	return status, err
}

// read takes the layer's age and version out of its history, newest first.
func (l *LayerStatus) read(history []engine.Update) {
	for _, u := range history {
		if u.Result != "succeeded" || u.Kind != "update" && u.Kind != "destroy" {
			continue
		}
		if l.Updated == nil {
			end := u.End
			l.Updated, l.Version = &end, version(u)
		}
		if u.Changes.Any() {
			l.changed = u.End
			return
		}
	}
}

func version(u engine.Update) string {
	commit := u.Commit
	if len(commit) > 8 {
		commit = commit[:8]
	}
	if u.Dirty {
		commit += "+"
	}
	return commit
}

// markStale names, for each deployed layer, the layers it reads from that have
// changed since it was updated.
func markStale(list []LayerStatus) {
	changed := map[contract.Layer]time.Time{}
	for _, l := range list {
		changed[contract.Layer(l.Layer)] = l.changed
	}
	for i, l := range list {
		if l.State != "deployed" || l.Updated == nil {
			continue
		}
		for _, need := range contract.Layer(l.Layer).Needs() {
			if changed[need].After(*l.Updated) {
				list[i].Stale = append(list[i].Stale, string(need))
			}
		}
	}
}

func (a *App) statusTable(layers []LayerStatus) string {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "layer\tstate\tresources\tversion\tage\tnotes")
	for _, l := range layers {
		age := ""
		if l.Updated != nil {
			age = engine.Age(a.ports.Now().Sub(*l.Updated))
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\t%s\n", l.Layer, l.State, l.Resources, l.Version, age, strings.Join(l.notes(), "; "))
	}
	_ = table.Flush() // into memory
	return b.String()
}

func (l LayerStatus) notes() []string {
	var notes []string
	if len(l.Stale) > 0 {
		notes = append(notes, "stale: "+strings.Join(l.Stale, ", ")+" changed since")
	}
	for _, lock := range l.Locks {
		notes = append(notes, "locked by "+lock)
	}
	if l.Pending > 0 {
		notes = append(notes, fmt.Sprintf("%d interrupted operations, see -resume", l.Pending))
	}
	return notes
}

func statusMarkdown(layers []LayerStatus) string {
	var b strings.Builder
	b.WriteString("| layer | state | resources | version | updated | notes |\n|---|---|---:|---|---|---|\n")
	for _, l := range layers {
		updated := ""
		if l.Updated != nil {
			updated = l.Updated.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %s | %s | %s |\n", l.Layer, l.State, l.Resources, l.Version, updated, strings.Join(l.notes(), "; "))
	}
	return b.String()
}

// History shows who did what, when, why and with which result.
func (a *App) History(ctx context.Context) error {
	s, err := a.open(ctx, "history")
	if err != nil {
		return err
	}
	entries, err := a.store.Entries(s.env.Name)
	if err != nil {
		return err
	}
	if s.set.Output == settings.JSON {
		return s.printJSON(entries)
	}
	if len(entries) == 0 {
		return a.print("no actions in " + s.env.Name + " from this checkout\n")
	}
	return a.print(tellEntries(entries))
}

func tellEntries(entries []report.Entry) string {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	for _, e := range entries {
		detail := strings.TrimSpace(strings.Join([]string{e.Reason, e.Detail}, " "))
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", e.Time.Local().Format("2006-01-02 15:04:05"), e.User+"@"+e.Host,
			e.Action, e.Result, e.Commit, detail)
	}
	_ = table.Flush() // into memory
	return b.String()
}
