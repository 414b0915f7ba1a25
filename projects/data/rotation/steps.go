package rotation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// stage is where a rotation stands.
type stage struct {
	over    bool   // the token's version is current and no longer pending
	ours    bool   // the token's version is current
	current string // id of the current version; empty before the first rotation
}

// stage looks where the rotation stands and refuses one that is not under way. A
// version that is current and still pending is under way: either the last call
// of finishSecret is missing, or the store made a secret's first value current by
// itself, and its user does not exist yet.
func (s *step) stage(ctx context.Context) (stage, error) {
	found, err := s.Store.Describe(ctx, s.secret)
	if err != nil {
		return stage{}, fmt.Errorf("describe secret: %w", err)
	}
	labels := found.Labels[s.token]
	var at stage
	for version, labels := range found.Labels {
		if slices.Contains(labels, Current) {
			at.current = version
		}
	}
	at.ours = slices.Contains(labels, Current)
	pending := slices.Contains(labels, Pending)
	at.over = at.ours && !pending
	switch {
	case !found.Rotating:
		return stage{}, ErrNotEnabled
	case len(labels) == 0:
		return stage{}, ErrUnknownToken
	case !pending && !at.ours:
		return stage{}, ErrNotPending
	}
	return at, nil
}

// create makes the value of the pending version, once.
func (s *step) create(ctx context.Context) error {
	currentUser, err := s.currentUser(ctx)
	if err != nil {
		return err
	}
	_, err = s.Store.Value(ctx, s.secret, s.token)
	if errors.Is(err, ErrNoValue) {
		err = s.put(ctx, currentUser)
	}
	if err != nil && !errors.Is(err, ErrVersionTaken) {
		return fmt.Errorf("value of the pending version: %w", err)
	}
	// The value may stand since an earlier attempt, or another caller was faster.
	pending, err := s.pending(ctx)
	if err != nil {
		return err
	}
	return s.abandonUnless(ctx, pending)
}

func (s *step) put(ctx context.Context, currentUser string) error {
	password, err := NewPassword()
	if err != nil {
		return err
	}
	value, err := s.Cluster.next(s.role, currentUser, password)
	if err != nil {
		return err
	}
	return s.Store.Put(ctx, s.secret, s.token, value)
}

// abandonUnless gives the rotation up when the pending version's user has become
// the current one since the version was made: an outdated caller of an earlier
// rotation was faster. Its password must not be changed, nor can the version's
// value; without the label the next rotation makes a version of its own.
func (s *step) abandonUnless(ctx context.Context, pending Secret) error {
	refusal := s.other(ctx, pending)
	if !errors.Is(refusal, ErrCurrentUser) {
		return refusal
	}
	if err := s.Store.Move(ctx, s.secret, Pending, s.token, ""); err != nil && !errors.Is(err, ErrLabelMoved) {
		return errors.Join(refusal, fmt.Errorf("take the label from the pending version: %w", err))
	}
	return fmt.Errorf("%w: %w", ErrAbandoned, refusal)
}

// set gives the pending version's user its password, unless it has it.
func (s *step) set(ctx context.Context) error {
	pending, err := s.pending(ctx)
	if err != nil {
		return err
	}
	err = s.Database.Login(ctx, pending.Login(), s.role)
	if !errors.Is(err, ErrRefused) {
		return err
	}
	verifier, err := Verifier(pending.Password)
	if err != nil {
		return err
	}
	return s.exclusive(ctx, func(ctx context.Context, session Session) error {
		// Only now can no other rotation come between the look and the change.
		if err := s.other(ctx, pending); err != nil {
			return err
		}
		if err := session.SetLogin(ctx, s.role, pending.Username, verifier); err != nil {
			return fmt.Errorf("set the password of %s: %w", pending.Username, err)
		}
		return nil
	})
}

// other refuses to go on when the rotation is not under way or when the pending
// version's user is the current one. While the version itself is current, too, its
// password is the one that everybody uses: setting it repairs.
func (s *step) other(ctx context.Context, pending Secret) error {
	at, err := s.stage(ctx)
	if err != nil || at.ours {
		return err
	}
	currentUser, err := s.currentUser(ctx)
	if err != nil {
		return err
	}
	if currentUser == pending.Username {
		return fmt.Errorf("%w: %s", ErrCurrentUser, currentUser)
	}
	return nil
}

// test logs in with the pending version.
func (s *step) test(ctx context.Context) error {
	pending, err := s.pending(ctx)
	if err != nil {
		return err
	}
	return s.Database.Login(ctx, pending.Login(), s.role)
}

// finish makes the pending version the current one if its login works. It holds
// off every other rotation meanwhile, which could change that.
func (s *step) finish(ctx context.Context) error {
	pending, err := s.pending(ctx)
	if err != nil {
		return err
	}
	return s.exclusive(ctx, func(ctx context.Context, session Session) error {
		at, err := s.stage(ctx)
		if err != nil || at.over {
			return err
		}
		if err := s.Database.Login(ctx, pending.Login(), s.role); err != nil {
			return err
		}
		if err := session.Check(ctx); err != nil {
			return err
		}
		if !at.ours {
			if err := s.Store.Move(ctx, s.secret, Current, at.current, s.token); err != nil {
				return fmt.Errorf("make the version current: %w", err)
			}
		}
		if err := s.Store.Move(ctx, s.secret, Pending, s.token, ""); err != nil && !errors.Is(err, ErrLabelMoved) {
			return fmt.Errorf("end the rotation: %w", err)
		}
		return nil
	})
}

// pending reads the pending version and refuses one that is not this rotation's.
func (s *step) pending(ctx context.Context) (Secret, error) {
	value, err := s.Store.Value(ctx, s.secret, s.token)
	if err != nil {
		return Secret{}, fmt.Errorf("read the pending version: %w", err)
	}
	secret, err := parse(value)
	if err != nil {
		return Secret{}, fmt.Errorf("pending version: %w", err)
	}
	if err := s.Cluster.check(secret, s.role); err != nil {
		return Secret{}, fmt.Errorf("pending version: %w", err)
	}
	return secret, nil
}

// currentUser is the user of the current version; empty before the first rotation.
func (s *step) currentUser(ctx context.Context) (string, error) {
	value, err := s.Store.Current(ctx, s.secret)
	if errors.Is(err, ErrNoValue) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the current version: %w", err)
	}
	secret, err := parse(value)
	if err != nil {
		return "", fmt.Errorf("current version: %w", err)
	}
	return secret.Username, nil
}

// masterAttempts is how often the master user's password is read again when the
// database refuses it: RDS changes it, too.
const masterAttempts = 3

// exclusive runs work as the master user.
func (s *step) exclusive(ctx context.Context, work func(ctx context.Context, session Session) error) error {
	for attempt := 1; ; attempt++ {
		value, err := s.Store.Current(ctx, s.Cluster.MasterARN)
		if err != nil {
			return fmt.Errorf("read the master user's secret: %w", err)
		}
		master, err := parseMaster(value)
		if err != nil {
			return err
		}
		err = s.Database.Exclusive(ctx, master, s.role, work)
		if !errors.Is(err, ErrMasterRefused) || attempt == masterAttempts {
			return err
		}
		if waitErr := s.wait(ctx, attempt); waitErr != nil {
			return errors.Join(err, waitErr)
		}
	}
}

func (s *step) wait(ctx context.Context, attempt int) error {
	if s.Wait != nil {
		return s.Wait(ctx, attempt)
	}
	select {
	case <-ctx.Done():
		return fmt.Errorf("wait for the master user's password: %w", context.Cause(ctx))
	case <-time.After(time.Duration(attempt) * time.Second):
		return nil
	}
}
