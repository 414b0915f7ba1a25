package ops

import (
	"fmt"
	"os"
	"strings"

	"github.com/cutover/cutover/shared/ops/console"
	"github.com/cutover/cutover/shared/ops/dag"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/report"
)

// begin makes the run's folder and its first report.
func (r *run) begin() error {
	user, host := r.app.ports.Who()
	next := &report.Report{
		Version: report.Version, Command: r.target, Environment: r.env.Name, Account: r.env.AccountID, Region: r.env.Region,
		User: user, Host: host, PID: os.Getpid(), Commit: r.commit, Dirty: r.dirty, Tools: r.toolVersions(),
		Color: string(r.set.Color), Reason: r.set.Reason, Started: r.app.ports.Now().UTC(),
		Resume: r.resumeCommand(),
	}
	if r.report != nil {
		next.Resumes = r.report.ID
	}
	for _, name := range r.graph.Order() {
		next.Layers = append(next.Layers, report.Layer{Name: name, State: string(dag.Waiting)})
	}
	r.report = next
	if err := r.app.store.Begin(next); err != nil {
		return err
	}
	for i := range next.Layers {
		next.Layers[i].Log = r.log(next.Layers[i].Name)
	}
	r.stop.running = r.inFlight
	r.preparations = r.prepareLayers(r.stop.before, r.graph.Order(), r.log)
	return nil
}

func (r *run) toolVersions() map[string]string {
	return map[string]string{
		"pulumi": r.tools.PulumiVersion + " (" + r.tools.PulumiOrigin + ")",
		"aws":    r.tools.PluginVersion + " (" + r.tools.PluginOrigin + ")",
	}
}

// resumeCommand is the command that goes on with this run.
func (r *run) resumeCommand() string {
	again := r.set
	again.Resume, again.Only, again.From, again.Color, again.DryRun = true, nil, "", "", false
	return again.Command(r.target)
}

func (r *run) initialRows() []console.Row {
	r.mu.Lock()
	defer r.mu.Unlock()
	rows := make([]console.Row, 0, len(r.report.Layers))
	for _, l := range r.report.Layers {
		row := console.Row{Layer: l.Name, State: string(dag.Waiting)}
		r.rows[l.Name] = row
		rows = append(rows, row)
	}
	return rows
}

// observe keeps report and screen up to date with the run. A report that cannot
// be written is shown and does not stop what is in flight.
func (r *run) observe(e dag.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.app.ports.Now().UTC()
	l := r.report.Find(e.Name)
	row := r.rows[e.Name]
	l.State, l.Cause = string(e.To), e.Cause
	switch {
	case e.To == dag.Running:
		l.Started, row.Started = &now, now
	case e.From == dag.Running:
		l.Ended, row.Ended = &now, now
	case e.To == dag.Succeeded:
		l.Earlier = true
	}
	if e.Err != nil {
		l.Error = e.Err.Error()
	}
	row.State, row.Changes = r.report.Outcome(*l), l.Changes
	r.rows[e.Name] = row
	if err := r.app.store.Save(r.report); err != nil {
		r.con.Say(e.Name, "warning: %v", err)
	}
	r.con.Set(row)
	if e.To == dag.Failed {
		first, _, more := strings.Cut(e.Err.Error(), "\n")
		if more {
			first += " … (all of it below and in the log)"
		}
		r.con.Say(e.Name, "%s", first)
	}
}

// note keeps a layer's result for its report.
func (r *run) note(name string, result engine.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.report.Find(name)
	l.Changes, l.List = result.Changes, result.List
}

// progress shows how far a layer is.
func (r *run) progress(name string, p engine.Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	row := r.rows[name]
	row.Changes, row.Current = p.Changes, p.Current
	r.rows[name] = row
	r.con.Set(row)
}

// audit writes a line for one layer's part of the run.
func (r *run) audit(name, result string, changes engine.Changes) error {
	return r.auditAction(r.act.verb+":"+name, result, "", changes)
}

func (s *session) auditEntry(action, result, detail string, changes engine.Changes) report.Entry {
	user, host := s.app.ports.Who()
	return report.Entry{
		Time: s.app.ports.Now().UTC(), User: user, Host: host, Environment: s.env.Name, Account: s.env.AccountID,
		Action: action, Commit: s.commit, Dirty: s.dirty, Reason: s.set.Reason, Result: result, Changes: changes, Detail: detail,
	}
}

func (r *run) auditAction(action, result, detail string, changes engine.Changes) error {
	entry := r.auditEntry(action, result, detail, changes)
	entry.Run = r.report.ID
	if err := r.app.store.Append(entry); err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	return nil
}
