package rotationtest

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"github.com/cutover/cutover/projects/data/rotation"
)

var _ rotation.Database = (*Users)(nil)

// Users is a database server in memory: who can log in with which verifier. The
// zero value is ready. Exclusive does not wait: held off, it is busy.
type Users struct {
	// Master is the master user's password.
	Master string

	mu        sync.Mutex
	passwords map[string]string // verifiers by user
	locked    map[string]bool   // by role
}

func (u *Users) works(login rotation.Login) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.passwords[login.Username] != "" && Proves(u.passwords[login.Username], login.Password)
}

// Login checks the user's password.
func (u *Users) Login(ctx context.Context, login rotation.Login, _ string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !u.works(login) {
		return fmt.Errorf("%w: %s", rotation.ErrRefused, login.Username)
	}
	return nil
}

// Drop deletes a user.
func (u *Users) Drop(user string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.passwords, user)
}

// Exclusive runs work on a copy that counts when work is done.
func (u *Users) Exclusive(ctx context.Context, master rotation.Login, role string, work func(context.Context, rotation.Session) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if master.Password != u.Master {
		return fmt.Errorf("%w: %s", rotation.ErrMasterRefused, master.Username)
	}
	if !u.take(role) {
		return rotation.ErrBusy
	}
	defer u.leave(role)
	changes := changes{}
	if err := work(ctx, changes); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.passwords == nil {
		u.passwords = map[string]string{}
	}
	maps.Copy(u.passwords, changes)
	return nil
}

func (u *Users) take(role string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.locked[role] {
		return false
	}
	if u.locked == nil {
		u.locked = map[string]bool{}
	}
	u.locked[role] = true
	return true
}

func (u *Users) leave(role string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.locked, role)
}

// changes are the passwords set in one session.
type changes map[string]string

// SetLogin notes the user's verifier.
func (c changes) SetLogin(ctx context.Context, _, user, verifier string) error {
	c[user] = verifier
	return ctx.Err()
}

// Check finds the lock in place.
func (c changes) Check(ctx context.Context) error { return ctx.Err() }
