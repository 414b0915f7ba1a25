package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cutover/cutover/shared/ops/engine"
)

// Entry is one line of the audit trail. A writing action has two: one before it
// begins and one with its result, so that a killed action leaves a trace too.
type Entry struct {
	Time        time.Time      `json:"time"`
	User        string         `json:"user"`
	Host        string         `json:"host"`
	Environment string         `json:"environment"`
	Account     string         `json:"account"`
	Action      string         `json:"action"` // deploy:data, unlock:edge, release-stale-lock:data, …
	Run         string         `json:"run,omitempty"`
	Commit      string         `json:"commit,omitempty"`
	Dirty       bool           `json:"dirty,omitempty"`
	Reason      string         `json:"reason,omitempty"`
	Result      string         `json:"result"` // started, or how it ended
	Changes     engine.Changes `json:"changes"`
	Detail      string         `json:"detail,omitempty"`
}

func (s Store) auditFile() string { return filepath.Join(s.Dir, "audit.jsonl") }

// Append adds a line to the audit trail. Lines of several processes never mix:
// each is one write in append mode.
func (s Store) Append(e Entry) (err error) {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write audit line: %w", err)
	}
	if err := os.MkdirAll(s.Dir, 0o750); err != nil {
		return fmt.Errorf("write audit line: %w", err)
	}
	file, err := os.OpenFile(s.auditFile(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("write audit line: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write audit line: %w", err)
	}
	return nil
}

// Entries reads the audit trail of an environment, oldest first.
func (s Store) Entries(environment string) ([]Entry, error) {
	text, err := os.ReadFile(s.auditFile())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read audit trail: %w", err)
	}
	var entries []Entry
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for n := 1; lines.Scan(); n++ {
		var e Entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("read audit trail %s, line %d: %w", s.auditFile(), n, err)
		}
		if e.Environment == environment {
			entries = append(entries, e)
		}
	}
	return entries, lines.Err()
}
