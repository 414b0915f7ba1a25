// Package engine is what the runner knows of an infrastructure engine: previews,
// updates and destroys of one stack, its state, its locks, and what an
// interrupted update left behind. The adapter for Pulumi's Automation API lives
// here, a fake for the runner's tests in enginetest. The package decides nothing
// about order, confirmation or the screen.
package engine

import (
	"context"
	"slices"
	"time"

	"github.com/cutover/cutover/shared/contract"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Engine does everything that can be done to one stack.
type Engine interface {
	Updater
	Inspector
	Repairer
}

// Updater compares stacks with their programs and makes them equal. A context
// that ends asks the engine to stop properly: it finishes what it has in flight,
// writes its state, gives its lock back, and the error carries fault.Cancelled.
type Updater interface {
	// Ensure makes the stack if it does not exist. It never changes an existing
	// one, nor any file of the project.
	Ensure(ctx context.Context, s Stack) error
	// Preview tells what Up would do.
	Preview(ctx context.Context, r Request) (Result, error)
	// Up makes the stack equal to its program.
	Up(ctx context.Context, r Request) (Result, error)
	// Destroy deletes everything in the stack and keeps the stack itself.
	Destroy(ctx context.Context, r Request) (Result, error)
	// Drift compares the state with reality and writes nothing.
	Drift(ctx context.Context, r Request) (Result, error)
	// Refresh takes reality into the state of the targets; it changes no resource
	// and runs no program.
	Refresh(ctx context.Context, r Request) (Result, error)
}

// Inspector reads and changes nothing.
type Inspector interface {
	// State reads the stack's state. A stack that does not exist is a State with
	// Exists false, not an error.
	State(ctx context.Context, s Stack) (State, error)
	// Outputs reads what the stack exports; secrets stay masked. The error of a
	// stack that does not exist carries fault.NoStack.
	Outputs(ctx context.Context, s Stack) (map[string]any, error)
	// History lists the latest updates, newest first, limit at the most.
	History(ctx context.Context, s Stack, limit int) ([]Update, error)
	// Locks lists who holds the stack. known is false where the backend tells it
	// only to one who tries to take the lock.
	Locks(ctx context.Context, s Stack) (locks []Lock, known bool, err error)
}

// Repairer undoes what interrupted updates left behind.
type Repairer interface {
	// Release removes one lock whose owner is provably dead.
	Release(ctx context.Context, s Stack, l Lock) error
	// Unlock removes all locks of the stack, whoever holds them.
	Unlock(ctx context.Context, s Stack) error
	// Settle ends the interrupted operations in the stack's state: a resource
	// with an id in found was made and is taken into the state, all others in
	// state are read again, and a creation that is not in found is forgotten.
	Settle(ctx context.Context, r Request, found map[string]string) (Result, error)
	// Unprotect lifts the protection of the given resources in the state.
	Unprotect(ctx context.Context, s Stack, urns []string) error
}

// Stack is one layer in one environment, with all that is needed to work on it.
type Stack struct {
	Layer   contract.Layer
	Env     string         // environment, which is the stack's name
	Dir     string         // the project's folder
	Program pulumi.RunFunc // what the layer consists of
	Log     string         // file for the engine's whole output; appended to
}

// Request is one operation on one stack.
type Request struct {
	Stack
	Targets []string       // URN patterns it is limited to; none means everything
	Message string         // for the stack's history
	Observe func(Progress) // called after every event; may be nil
}

// Progress is how far an operation has come.
type Progress struct {
	Changes Changes
	Current []string // names of the resources being worked on, sorted
}

// Changes counts resources by what happened, or would happen, to them.
type Changes struct {
	Create  int `json:"create"`
	Update  int `json:"update"`
	Replace int `json:"replace"`
	Delete  int `json:"delete"`
	Same    int `json:"same"`
}

// Any reports whether anything changes.
func (c Changes) Any() bool { return c.Create+c.Update+c.Replace+c.Delete > 0 }

// Add returns the sum of both.
func (c Changes) Add(other Changes) Changes {
	return Changes{
		Create: c.Create + other.Create, Update: c.Update + other.Update, Replace: c.Replace + other.Replace,
		Delete: c.Delete + other.Delete, Same: c.Same + other.Same,
	}
}

// Change is one resource that changes, and why.
type Change struct {
	Op      string   `json:"op"` // create, update, replace or delete
	URN     string   `json:"urn"`
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Causes  []string `json:"causes,omitempty"` // properties that differ; for replace those that force it
	Protect bool     `json:"protect,omitempty"`
}

// Result of an operation.
type Result struct {
	Changes Changes
	List    []Change       // without what stays the same, in the engine's order
	Outputs map[string]any // of an update; secrets masked
}

// State is what the engine remembers of a stack.
type State struct {
	Exists    bool
	Resources []Resource // without the stack, components and providers
	Outputs   bool
	Pending   []Pending
}

// Resource is a resource in a stack's state.
type Resource struct {
	URN, Type, Name, ID string
	Protected           bool // the engine refuses to delete it
	// Inputs are what it was to be and Outputs what it was when the state last
	// learned of it; secrets are encrypted.
	Inputs, Outputs map[string]any
}

// Protected lists the resources that the engine refuses to delete.
func (s State) Protected() []Resource {
	return slices.DeleteFunc(slices.Clone(s.Resources), func(r Resource) bool { return !r.Protected })
}

// Pending is an operation that was interrupted before its outcome was written.
type Pending struct {
	Resource
	Op     string         // creating, updating, deleting, reading, importing
	Inputs map[string]any // what the resource was to be
	IDs    []string       // ids of resources of this type that are in the state
}

// Creating reports whether the resource may exist without being in the state.
func (p Pending) Creating() bool { return p.Op == "creating" || p.Op == "importing" }

// Update is one entry of a stack's history.
type Update struct {
	Kind    string // update, refresh, destroy
	Result  string // succeeded, failed, in-progress
	Message string
	Start   time.Time
	End     time.Time
	Commit  string // of the checkout it came from; may be empty
	Dirty   bool
	Changes Changes
}
