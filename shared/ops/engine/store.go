package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// store looks into a state backend that is a folder of this machine, without
// starting the CLI. For every other backend it knows nothing and says so. The
// layout is that of Pulumi's DIY backend (pkg/backend/diy): .pulumi/stacks/
// <project>/<stack>.json, .pulumi/locks/organization/<project>/<stack>/*.json.
type store struct {
	backend string // address, file://… for a folder
}

func (st store) folder() (string, bool) {
	path := localPath(st.backend)
	return filepath.Join(path, ".pulumi"), path != ""
}

func (st store) stackFile(s Stack) (string, bool) {
	folder, local := st.folder()
	return filepath.Join(folder, "stacks", string(s.Layer), s.Env+".json"), local
}

func (st store) exists(s Stack) bool {
	path, local := st.stackFile(s)
	if !local {
		return false
	}
	_, err := os.Stat(path)
	return err == nil
}

// deployment reads the stack's state. known is false when the backend is not a
// folder, or holds the state in another form.
func (st store) deployment(s Stack) (d deployment, known bool, err error) {
	path, local := st.stackFile(s)
	if !local {
		return deployment{}, false, nil
	}
	text, err := os.ReadFile(path) //nolint:gosec // the path is the store's own
	if errors.Is(err, os.ErrNotExist) {
		return deployment{}, false, nil
	}
	if err != nil {
		return deployment{}, false, fmt.Errorf("read state of %s: %w", s.Layer, err)
	}
	var file struct {
		Checkpoint struct {
			Latest deployment `json:"latest"`
		} `json:"checkpoint"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return deployment{}, false, fmt.Errorf("read state of %s in %s: %w", s.Layer, path, err)
	}
	return file.Checkpoint.Latest, true, nil
}

// locks lists who holds the stack. known is false when the backend is not a folder.
func (st store) locks(s Stack) (locks []Lock, known bool, err error) {
	folder, local := st.folder()
	if !local {
		return nil, false, nil
	}
	dir := filepath.Join(folder, "locks", "organization", string(s.Layer), s.Env)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, true, nil
	}
	if err != nil {
		return nil, true, fmt.Errorf("list locks of %s: %w", s.Layer, err)
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".json") {
			continue
		}
		lock, exists, err := readLock(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, true, fmt.Errorf("lock of %s: %w", s.Layer, err)
		}
		if exists {
			locks = append(locks, lock)
		}
	}
	return locks, true, nil
}

// readLock reads one lock; exists is false when it was given back meanwhile.
func readLock(path string) (l Lock, exists bool, err error) {
	text, err := os.ReadFile(path) //nolint:gosec // the path is the store's own
	if errors.Is(err, os.ErrNotExist) {
		return Lock{}, false, nil
	}
	if err != nil {
		return Lock{}, false, fmt.Errorf("read %s: %w", path, err)
	}
	if err := json.Unmarshal(text, &l); err != nil {
		return Lock{}, false, fmt.Errorf("read %s: %w", path, err)
	}
	l.Path = path
	return l, true, nil
}

// deployment is what is needed of a stack's state, in Pulumi's version 3 form.
type deployment struct {
	Resources []stored `json:"resources"`
	Pending   []struct {
		Resource stored `json:"resource"`
		Type     string `json:"type"`
	} `json:"pending_operations"`
}

type stored struct {
	URN     string         `json:"urn"`
	Type    string         `json:"type"`
	ID      string         `json:"id"`
	Custom  bool           `json:"custom"`
	Protect bool           `json:"protect"`
	Delete  bool           `json:"delete"`
	Inputs  map[string]any `json:"inputs"`
	Outputs map[string]any `json:"outputs"`
}

func (s stored) resource() Resource {
	return Resource{URN: s.URN, Type: s.Type, Name: nameOf(s.URN), ID: s.ID, Protected: s.Protect, Inputs: s.Inputs, Outputs: s.Outputs}
}

func (d deployment) state() State {
	state := State{Exists: true}
	ids := map[string][]string{}
	for _, r := range d.Resources {
		if r.Type == stackType {
			state.Outputs = len(r.Outputs) > 0
		}
		if !r.Custom || strings.HasPrefix(r.Type, "pulumi:") {
			continue
		}
		state.Resources = append(state.Resources, r.resource())
		ids[r.Type] = append(ids[r.Type], r.ID)
	}
	for _, op := range d.Pending {
		state.Pending = append(state.Pending, Pending{
			Resource: op.Resource.resource(), Op: op.Type, Inputs: op.Resource.Inputs, IDs: slices.Clone(ids[op.Resource.Type]),
		})
	}
	return state
}
