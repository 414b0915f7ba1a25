package rotation

import (
	"context"
	"errors"
)

// What a Database answers besides failures of its own.
var (
	// ErrRefused tells that the database does not take the login, or that it is
	// not a member of the group role.
	ErrRefused = errors.New("the database refuses the login")
	// ErrMasterRefused tells that the database does not take the master user's.
	ErrMasterRefused = errors.New("the database refuses the master user")
	// ErrBusy tells that another rotation of the same role is at work.
	ErrBusy = errors.New("another rotation of the role is at work")
	// ErrUnsuitable tells that a role of that name exists and is not for rotation.
	ErrUnsuitable = errors.New("the role is not one that is rotated")
)

// Login is what a user logs in with. It does not print its password.
type Login struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// String names the user only.
func (l Login) String() string { return l.Username }

// GoString names the user only.
func (l Login) GoString() string { return "rotation.Login{Username:" + l.Username + "}" }

// Database is the database server whose users are rotated.
type Database interface {
	// Login logs in over a verified connection and checks that the user is a
	// member of the group role; otherwise the answer is ErrRefused.
	Login(ctx context.Context, login Login, role string) error
	// Exclusive runs work as the master user while no other rotation of the role
	// can run its own. What work did counts when Exclusive returns nil; else
	// nothing of it does, or, when the connection broke at the very end, it may.
	// When another rotation holds on for long, the answer is ErrBusy.
	Exclusive(ctx context.Context, master Login, role string, work func(ctx context.Context, session Session) error) error
}

// Session is the master user's.
type Session interface {
	// SetLogin makes the group role and both its users, members of it without login
	// and without rights of their own, unless they exist, and lets one of the users
	// log in with the password that the verifier proves (see Verifier). The other
	// user is there from the beginning so that what membership does not inherit can
	// be given to both. A role of one of the names that can do more than such a role
	// does is ErrUnsuitable.
	SetLogin(ctx context.Context, role, user, verifier string) error
	// Check proves that the session still excludes others.
	Check(ctx context.Context) error
}
