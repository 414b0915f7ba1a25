// Package fault gives every way in which a command can end a code, so that a
// caller who sees only the exit status knows what to do next. An error carries
// its code, the sentence for the reader and, where one exists, the command that
// mends it. The package does not print and does not exit.
package fault

import (
	"errors"
	"fmt"
)

// Code is the exit status of a command.
type Code int

// The exit statuses, the same for every target.
const (
	OK           Code = 0
	Failed       Code = 1  // anything that has no code of its own
	Usage        Code = 2  // settings, flags or configuration
	Credentials  Code = 3  // no credentials, or those of another account
	Resource     Code = 4  // a resource could not be created, changed or deleted
	Policy       Code = 5  // a policy forbids what was asked
	NoStack      Code = 6  // a stack, or an output of it, does not exist
	Changes      Code = 7  // changes or drift were found where none were expected
	Cancelled    Code = 8  // somebody asked to stop
	Timeout      Code = 9  // the time given was not enough
	Locked       Code = 10 // somebody else works on the stack
	Verification Code = 11 // what is deployed is not what should be there
	Stale        Code = 12 // an upstream layer is newer than this one
	Gate         Code = 13 // a gate of the migration is closed
)

var names = map[Code]string{
	OK: "done", Failed: "failed", Usage: "usage or configuration", Credentials: "credentials",
	Resource: "resource error", Policy: "policy", NoStack: "no stack", Changes: "changes or drift",
	Cancelled: "cancelled", Timeout: "timeout", Locked: "locked", Verification: "verification failed",
	Stale: "stale upstream", Gate: "gate closed",
}

// String names the code in words.
func (c Code) String() string {
	if name, ok := names[c]; ok {
		return name
	}
	return fmt.Sprintf("code %d", int(c))
}

// Error is an error with an exit status and, where an operator can act on it, a hint.
type Error struct {
	Code Code
	Hint string // the command or the change that mends it; may be empty
	Err  error
}

// Error returns the message and the hint on a line of its own.
func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Err.Error()
	}
	return e.Err.Error() + "\n  mend it with: " + e.Hint
}

// Unwrap returns the error underneath.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error with the given code; format and args as in fmt.Errorf,
// including %w.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Err: fmt.Errorf(format, args...)}
}

// Wrap gives err a code. It returns nil for nil.
func Wrap(code Code, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Code: code, Err: err}
}

// WithHint returns a copy of e that says how to mend it.
func (e *Error) WithHint(format string, args ...any) *Error {
	with := *e
	with.Hint = fmt.Sprintf(format, args...)
	return &with
}

// reworded is an error that says what it says in other words.
type reworded struct {
	err  error
	edit func(string) string
}

func (r *reworded) Error() string { return r.edit(r.err.Error()) }

func (r *reworded) Unwrap() error { return r.err }

// Reword returns err with its text, hints included, as edit gives it. Its exit status
// and all that it wraps stay. It returns nil for nil.
func Reword(err error, edit func(string) string) error {
	if err == nil {
		return nil
	}
	return &reworded{err, edit}
}

// CodeOf returns the exit status for err: 0 for nil, that of the first Error in
// its tree, 1 when there is none.
func CodeOf(err error) Code {
	if err == nil {
		return OK
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Failed
}

// HintOf returns the hint of the first Error in err's tree, or "", as Reword has it.
func HintOf(err error) string {
	var r *reworded
	if errors.As(err, &r) {
		return r.edit(HintOf(r.err))
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Hint
	}
	return ""
}
