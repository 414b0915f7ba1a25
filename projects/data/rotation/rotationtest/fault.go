package rotationtest

import (
	"context"

	"github.com/cutover/cutover/projects/data/rotation"
)

// Hook is asked before and after every call to a store or a database. When it
// returns an error, the caller gets that: before the call, which is then not made,
// or in place of the call's answer, which is lost.
type Hook func(point string) error

// Hooked returns the store and the database with a hook at every call. An
// Exclusive has a further point between the work and its commit.
func Hooked(s rotation.Store, d rotation.Database, hook Hook) (rotation.Store, rotation.Database) {
	return &store{s, hook}, &database{d, hook}
}

// around makes a call between two points.
func (h Hook) around(name string, call func() error) error {
	if err := h(name + " is asked for"); err != nil {
		return err
	}
	if err := call(); err != nil {
		return err
	}
	return h(name + " is done")
}

type store struct {
	rotation.Store
	hook Hook
}

func (s *store) Describe(ctx context.Context, secret string) (found rotation.Description, err error) {
	err = s.hook.around("describe", func() error { found, err = s.Store.Describe(ctx, secret); return err })
	return found, err
}

func (s *store) Value(ctx context.Context, secret, version string) (value string, err error) {
	err = s.hook.around("value", func() error { value, err = s.Store.Value(ctx, secret, version); return err })
	return value, err
}

func (s *store) Current(ctx context.Context, secret string) (value string, err error) {
	err = s.hook.around("current", func() error { value, err = s.Store.Current(ctx, secret); return err })
	return value, err
}

func (s *store) Put(ctx context.Context, secret, version, value string) error {
	return s.hook.around("put", func() error { return s.Store.Put(ctx, secret, version, value) })
}

func (s *store) Move(ctx context.Context, secret string, label rotation.Label, from, to string) error {
	return s.hook.around("move "+string(label), func() error { return s.Store.Move(ctx, secret, label, from, to) })
}

type database struct {
	rotation.Database
	hook Hook
}

func (d *database) Login(ctx context.Context, login rotation.Login, role string) error {
	return d.hook.around("login", func() error { return d.Database.Login(ctx, login, role) })
}

func (d *database) Exclusive(ctx context.Context, master rotation.Login, role string, work func(context.Context, rotation.Session) error) error {
	return d.hook.around("exclusive", func() error {
		return d.Database.Exclusive(ctx, master, role, func(ctx context.Context, s rotation.Session) error {
			if err := work(ctx, &session{s, d.hook}); err != nil {
				return err
			}
			return d.hook("commit is asked for")
		})
	})
}

type session struct {
	rotation.Session
	hook Hook
}

func (s *session) SetLogin(ctx context.Context, role, user, verifier string) error {
	return s.hook.around("set login", func() error { return s.Session.SetLogin(ctx, role, user, verifier) })
}

func (s *session) Check(ctx context.Context) error {
	return s.hook.around("check", func() error { return s.Session.Check(ctx) })
}
