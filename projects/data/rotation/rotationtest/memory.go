// Package rotationtest holds a store and a database in memory that behave as AWS
// Secrets Manager and PostgreSQL do, faults that strike at any call, and what
// every store has to fulfil.
package rotationtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/cutover/cutover/projects/data/rotation"
)

var _ rotation.Store = (*Memory)(nil)

// Memory is AWS Secrets Manager in memory. The zero value is ready.
type Memory struct {
	// FirstIsCurrent has the first value of a secret become current by itself, as
	// PutSecretValue does. Whether it does so for the empty version that a rotation
	// begins with is not documented; rotations must stand both.
	FirstIsCurrent bool

	mu      sync.Mutex
	secrets map[string]*secret
}

type secret struct {
	rotating bool
	values   map[string]string         // by version
	labels   map[rotation.Label]string // version by label
	known    map[string]bool           // versions, empty ones included
}

// errNoSecret is a failure, not an answer: secrets are made by the deployment.
var errNoSecret = errors.New("there is no such secret")

func (m *Memory) find(ctx context.Context, name string) (*secret, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, found := m.secrets[name]
	if !found {
		return nil, fmt.Errorf("%w: %s", errNoSecret, name)
	}
	return s, nil
}

// Make makes a secret without a value, with rotation enabled.
func (m *Memory) Make(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.secrets == nil {
		m.secrets = map[string]*secret{}
	}
	m.secrets[name] = &secret{rotating: true, values: map[string]string{}, labels: map[rotation.Label]string{}, known: map[string]bool{}}
}

// Set gives a secret a current value, as its owner does.
func (m *Memory) Set(name, version, value string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.secrets[name]
	s.values[version], s.known[version] = value, true
	s.move(rotation.Current, version)
}

// Enable switches rotation on or off.
func (m *Memory) Enable(name string, on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.secrets[name].rotating = on
}

// Begin starts a rotation as RotateSecret does: with an empty pending version. It
// refuses while another rotation is under way, unless force takes its label away.
func (m *Memory) Begin(name, version string, force bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.secrets[name]
	if pending := s.labels[rotation.Pending]; pending != "" && pending != s.labels[rotation.Current] && !force {
		return errors.New("a previous rotation isn't complete")
	}
	s.known[version] = true
	s.labels[rotation.Pending] = version
	return nil
}

// Describe tells the labels of the secret's versions.
func (m *Memory) Describe(ctx context.Context, name string) (rotation.Description, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.find(ctx, name)
	if err != nil {
		return rotation.Description{}, err
	}
	found := rotation.Description{Rotating: s.rotating, Labels: map[string][]rotation.Label{}}
	for _, label := range slices.Sorted(maps.Keys(s.labels)) {
		found.Labels[s.labels[label]] = append(found.Labels[s.labels[label]], label)
	}
	return found, nil
}

// Value returns the value of a version.
func (m *Memory) Value(ctx context.Context, name, version string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.find(ctx, name)
	if err != nil {
		return "", err
	}
	value, found := s.values[version]
	if !found {
		return "", rotation.ErrNoValue
	}
	return value, nil
}

// Current returns the current value.
func (m *Memory) Current(ctx context.Context, name string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.find(ctx, name)
	if err != nil {
		return "", err
	}
	value, found := s.values[s.labels[rotation.Current]]
	if !found {
		return "", rotation.ErrNoValue
	}
	return value, nil
}

// Put gives a version its value.
func (m *Memory) Put(ctx context.Context, name, version, value string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.find(ctx, name)
	if err != nil {
		return err
	}
	if former, found := s.values[version]; found {
		if former != value {
			return rotation.ErrVersionTaken
		}
		return nil
	}
	s.values[version], s.known[version] = value, true
	s.labels[rotation.Pending] = version
	if m.FirstIsCurrent && s.labels[rotation.Current] == "" {
		s.labels[rotation.Current] = version
	}
	return nil
}

// Move moves a label.
func (m *Memory) Move(ctx context.Context, name string, label rotation.Label, from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.find(ctx, name)
	if err != nil {
		return err
	}
	if s.labels[label] != from || to != "" && !s.known[to] || label == rotation.Current && to == "" {
		return fmt.Errorf("%w: %s", rotation.ErrLabelMoved, label)
	}
	s.move(label, to)
	return nil
}

func (s *secret) move(label rotation.Label, to string) {
	if former := s.labels[label]; label == rotation.Current && former != "" {
		s.labels[rotation.Previous] = former
	}
	if to == "" {
		delete(s.labels, label)
		return
	}
	s.labels[label] = to
}
