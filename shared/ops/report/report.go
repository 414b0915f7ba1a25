// Package report keeps what runs did: a report per run, as JSON and Markdown,
// and an audit line per writing action. A report is written at every change of
// state, so that after a kill it still tells how far the run came; resuming
// starts from it. The package prints nothing.
package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cutover/cutover/shared/ops/engine"
)

// Version of the report's form; report.schema.json describes it.
const Version = 1

// Report of one run.
type Report struct {
	Version     int               `json:"version"`
	ID          string            `json:"id"`      // name of the run's folder
	Command     string            `json:"command"` // the target, such as deploy:all
	Environment string            `json:"environment"`
	Account     string            `json:"account"`
	Region      string            `json:"region"`
	User        string            `json:"user"`
	Host        string            `json:"host"`
	PID         int               `json:"pid"`
	Commit      string            `json:"commit"` // empty outside a git checkout
	Dirty       bool              `json:"dirty"`
	Tools       map[string]string `json:"tools"`
	Color       string            `json:"color,omitempty"`
	Reason      string            `json:"reason,omitempty"`
	Resumes     string            `json:"resumes,omitempty"` // ID of the run it goes on with
	Started     time.Time         `json:"started"`
	Ended       *time.Time        `json:"ended"` // null while it runs, and for ever after a kill
	ExitCode    *int              `json:"exitCode"`
	Error       string            `json:"error,omitempty"`
	Resume      string            `json:"resume,omitempty"` // command that goes on with this run
	Layers      []Layer           `json:"layers"`           // in the order of the plan
}

// Layer is one layer's part of a run.
type Layer struct {
	Name    string          `json:"name"`
	State   string          `json:"state"`
	Cause   string          `json:"cause,omitempty"`   // of a skipped layer: the one that failed
	Earlier bool            `json:"earlier,omitempty"` // done by the run that this one resumes
	Started *time.Time      `json:"started"`
	Ended   *time.Time      `json:"ended"`
	Changes engine.Changes  `json:"changes"`
	List    []engine.Change `json:"list"`
	Log     string          `json:"log,omitempty"` // path of the full log
	Error   string          `json:"error,omitempty"`
}

// Seconds is how long the layer took, 0 unless it has ended.
func (l Layer) Seconds() float64 {
	if l.Started == nil || l.Ended == nil {
		return 0
	}
	return l.Ended.Sub(*l.Started).Seconds()
}

// Complete reports whether every layer ended well.
func (r *Report) Complete() bool { return len(r.Done()) == len(r.Layers) }

// Done lists the layers that ended well, in this run or the one it resumes.
func (r *Report) Done() []string {
	var names []string
	for _, l := range r.Layers {
		if l.State == "succeeded" || l.State == "unchanged" {
			names = append(names, l.Name)
		}
	}
	return names
}

// Find returns the layer called name, or nil.
func (r *Report) Find(name string) *Layer {
	for i := range r.Layers {
		if r.Layers[i].Name == name {
			return &r.Layers[i]
		}
	}
	return nil
}

// Store keeps reports and the audit trail of one checkout.
type Store struct {
	Dir string // <checkout>/.cutover
}

// RunDir returns the folder of a run.
func (s Store) RunDir(id string) string { return filepath.Join(s.Dir, "runs", id) }

// Begin makes the run's folder. The ID is made of time, environment and command;
// a second run within the same second gets a number.
func (s Store) Begin(r *Report) error {
	command := strings.ReplaceAll(r.Command, ":", "-")
	base := fmt.Sprintf("%s-%s-%s", r.Started.UTC().Format("20060102T150405Z"), r.Environment, command)
	if err := os.MkdirAll(filepath.Join(s.Dir, "runs"), 0o750); err != nil {
		return fmt.Errorf("make folder of runs: %w", err)
	}
	for n := 1; ; n++ {
		r.ID = base
		if n > 1 {
			r.ID = fmt.Sprintf("%s-%d", base, n)
		}
		err := os.Mkdir(s.RunDir(r.ID), 0o750)
		if err == nil {
			return s.Save(r)
		}
		if !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("make folder of run: %w", err)
		}
	}
}

// Save writes the report in both forms; a reader never sees half of one.
func (s Store) Save(r *Report) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write report %s: %w", r.ID, err)
	}
	dir := s.RunDir(r.ID)
	return errors.Join(
		replace(filepath.Join(dir, "report.json"), append(text, '\n')),
		replace(filepath.Join(dir, "report.md"), []byte(r.Markdown())),
	)
}

func replace(path string, text []byte) error {
	next := path + ".next"
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// Load reads the report of one run.
func (s Store) Load(id string) (*Report, error) {
	path := filepath.Join(s.RunDir(id), "report.json")
	text, err := os.ReadFile(path) //nolint:gosec // the path is the state directory's own
	if err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	var r Report
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("read report %s: %w", path, err)
	}
	if r.Version != Version {
		return nil, fmt.Errorf("report %s has version %d: expected %d", path, r.Version, Version)
	}
	return &r, nil
}

// Last returns the latest run of a command in an environment, or nil.
func (s Store) Last(environment, command string) (*Report, error) {
	ids, err := s.runs()
	if err != nil {
		return nil, err
	}
	suffix := fmt.Sprintf("-%s-%s", environment, strings.ReplaceAll(command, ":", "-"))
	for _, id := range slices.Backward(ids) {
		if !strings.Contains(id, suffix) {
			continue
		}
		r, err := s.Load(id)
		if errors.Is(err, os.ErrNotExist) {
			continue // killed between making its folder and its first report
		}
		if err != nil {
			return nil, err
		}
		if r.Environment == environment && r.Command == command {
			return r, nil
		}
	}
	return nil, nil
}

// runs lists the runs' IDs, oldest first.
func (s Store) runs() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(s.Dir, "runs"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var ids []string
	for _, entry := range entries {
		if entry.IsDir() {
			ids = append(ids, entry.Name())
		}
	}
	slices.Sort(ids)
	return ids, nil
}
