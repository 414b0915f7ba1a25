package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// record is what the state file says of the emulator that this checkout started.
type record struct {
	PID     int       `json:"pid"`
	Addr    string    `json:"addr"`
	Token   string    `json:"token"`
	Build   string    `json:"build"`
	Started time.Time `json:"started"`
}

func (e *Emulator) recordFile() string { return filepath.Join(e.opts.StateDir, "emulator.json") }

// readRecord returns nil when there is none. A file that cannot be read is an
// error, not an absence: a process may hide behind it.
func (e *Emulator) readRecord() (*record, error) {
	path := e.recordFile()
	data, err := os.ReadFile(path) //nolint:gosec // the path is the state directory's own
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // absent is an answer of its own, documented above
	}
	if err != nil {
		return nil, fmt.Errorf("read the emulator's state file: %w", err)
	}
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("the emulator's state file %s is not JSON as expected (delete it if no emulator of this checkout runs): %w", path, err)
	}
	if r.PID <= 0 || r.Token == "" {
		return nil, fmt.Errorf("the emulator's state file %s lacks pid or token (delete it if no emulator of this checkout runs)", path)
	}
	return &r, nil
}

// writeRecord replaces the state file in one step.
func (e *Emulator) writeRecord(r *record) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the emulator's state: %w", err)
	}
	path := e.recordFile()
	temporary := path + ".new"
	if err := os.WriteFile(temporary, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the emulator's state file: %w", err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("put the emulator's state file in place: %w", err)
	}
	return nil
}

func (e *Emulator) removeRecord() error {
	if err := os.Remove(e.recordFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the emulator's state file: %w", err)
	}
	return nil
}
