// Package rotation changes the passwords of the database's users, in the four
// steps of AWS Secrets Manager (user guide, "Lambda rotation functions").
//
// Rights hang on group roles that cannot log in ("payment_api"). Each has two
// users that can, "payment_api_a" and "payment_api_b", of which one is in the
// current version of the role's secret. A rotation gives the other one a new
// password, proves that it can log in, and makes it the current one: whoever still
// uses the former keeps working until the next rotation, and at no moment does the
// current version name a login that fails.
//
// The package knows neither AWS nor a driver: a Store keeps the versions of
// secrets, a Database the users. It gives the group roles no rights; the schema
// does. See docs/adr/020-alternating-users.md.
package rotation

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Step is one of the four calls of a rotation.
type Step string

// The steps, in their order.
const (
	CreateSecret Step = "createSecret"
	SetSecret    Step = "setSecret"
	TestSecret   Step = "testSecret"
	FinishSecret Step = "finishSecret"
)

// Steps lists the steps in their order.
func Steps() []Step { return []Step{CreateSecret, SetSecret, TestSecret, FinishSecret} }

// Request is the event of Secrets Manager.
type Request struct {
	Step   Step   `json:"Step"`
	Secret string `json:"SecretId"` // ARN
	// Token is the id of the version that the rotation makes.
	Token string `json:"ClientRequestToken"`
}

// Why a step was refused. A refused step changed nothing, unless the error says so.
var (
	// ErrUnknownSecret: the function does not rotate this secret.
	ErrUnknownSecret = errors.New("the function does not rotate this secret")
	// ErrUnknownStep: there is no such step.
	ErrUnknownStep = errors.New("no such step")
	// ErrNotEnabled: rotation of the secret is switched off.
	ErrNotEnabled = errors.New("rotation of the secret is not enabled")
	// ErrUnknownToken: the secret has no version with the token.
	ErrUnknownToken = errors.New("the secret has no such version")
	// ErrNotPending: another rotation has taken the place of the token's.
	ErrNotPending = errors.New("the version is not pending")
	// ErrForeign: the version's value speaks of another database or user.
	ErrForeign = errors.New("the value is not this rotation's")
	// ErrCurrentUser: the step would change the password that is in use.
	ErrCurrentUser = errors.New("the user is the current one")
	// ErrAbandoned: the pending version can never become current and is pending no
	// more; the next rotation starts afresh.
	ErrAbandoned = errors.New("the rotation was abandoned")
	// ErrNoTime: too little is left until the deadline.
	ErrNoTime = errors.New("too little time is left")
)

// Rotator rotates the secrets of one database.
type Rotator struct {
	Store    Store
	Database Database
	Cluster  Cluster
	// Roles holds the group role of each secret, by the secret's ARN.
	Roles map[string]string
	// Wait waits between attempts to log in as the master user while its own
	// password changes; without it time passes.
	Wait func(ctx context.Context, attempt int) error
}

// How a step spends the time until the deadline of its context.
const (
	// margin stays for reporting a failure.
	margin = 2 * time.Second
	// least is what a step needs at least: it does not begin what it cannot finish.
	least = 5 * time.Second
)

// step is one step at work.
type step struct {
	*Rotator
	secret, token, role string
}

// Run makes one step. Every step may be repeated, at any time and by several
// callers at once; a step of a rotation that is over does nothing.
func (r *Rotator) Run(ctx context.Context, request Request) error {
	role, known := r.Roles[request.Secret]
	if !known {
		return fmt.Errorf("%w: %q", ErrUnknownSecret, request.Secret)
	}
	work, known := map[Step]func(*step, context.Context) error{
		CreateSecret: (*step).create, SetSecret: (*step).set, TestSecret: (*step).test, FinishSecret: (*step).finish,
	}[request.Step]
	if !known {
		return fmt.Errorf("%w: %q, expected one of %v", ErrUnknownStep, request.Step, Steps())
	}
	ctx, cancel, err := within(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	s := &step{Rotator: r, secret: request.Secret, token: request.Token, role: role}
	stage, err := s.stage(ctx)
	if err == nil && !stage.over {
		err = work(s, ctx)
	}
	if err != nil {
		return fmt.Errorf("%s of %s, version %s: %w", request.Step, request.Secret, request.Token, err)
	}
	return nil
}

// within ends the work a moment before the deadline, if there is one.
func within(ctx context.Context) (context.Context, context.CancelFunc, error) {
	deadline, limited := ctx.Deadline()
	if !limited {
		ctx, cancel := context.WithCancel(ctx)
		return ctx, cancel, nil
	}
	if left := time.Until(deadline) - margin; left < least {
		return nil, nil, fmt.Errorf("%w: %s, expected at least %s", ErrNoTime, left.Round(time.Millisecond), least)
	}
	ctx, cancel := context.WithDeadline(ctx, deadline.Add(-margin))
	return ctx, cancel, nil
}
