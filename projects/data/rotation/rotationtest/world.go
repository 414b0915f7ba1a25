package rotationtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/data/rotation"
)

// ErrCrash is what a process gets that has died: everything fails from then on.
var ErrCrash = errors.New("the process has died")

// World is one secret, its database, and the means to rotate it.
type World struct {
	Store    *Memory
	Database rotation.Database
	Cluster  rotation.Cluster
	Secret   string
	Role     string
}

// NewWorld makes a secret without a value for a database whose master user's
// login is given.
func NewWorld(store *Memory, database rotation.Database, cluster rotation.Cluster, master rotation.Login, role string) World {
	cluster.MasterARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:master"
	text, err := json.Marshal(map[string]string{"username": master.Username, "password": master.Password})
	if err != nil {
		panic(err) // two strings
	}
	store.Make(cluster.MasterARN)
	store.Set(cluster.MasterARN, one, string(text))
	w := World{Store: store, Database: database, Cluster: cluster, Role: role, Secret: "arn:aws:secretsmanager:us-east-1:123456789012:secret:" + role}
	store.Make(w.Secret)
	return w
}

// Rotator rotates the world's secret; the hook, if any, stands at every call.
func (w World) Rotator(hook Hook) *rotation.Rotator {
	r := &rotation.Rotator{
		Store: w.Store, Database: w.Database, Cluster: w.Cluster, Roles: map[string]string{w.Secret: w.Role},
		Wait: func(context.Context, int) error { return nil },
	}
	if hook != nil {
		r.Store, r.Database = Hooked(w.Store, w.Database, hook)
	}
	return r
}

// Token is the id of a secret's nth version.
func Token(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// Steps makes the four steps of a rotation until one fails, as Secrets Manager does.
func (w World) Steps(ctx context.Context, token string, hook Hook) error {
	r := w.Rotator(hook)
	for _, step := range rotation.Steps() {
		if err := r.Run(ctx, rotation.Request{Step: step, Secret: w.Secret, Token: token}); err != nil {
			return err
		}
	}
	return nil
}

// Rotate begins a rotation and makes its steps.
func (w World) Rotate(ctx context.Context, token string, hook Hook) error {
	if err := w.Store.Begin(w.Secret, token, false); err != nil {
		return err
	}
	return w.Steps(ctx, token, hook)
}

// Current is the current secret.
func (w World) Current(ctx context.Context) (rotation.Secret, error) {
	value, err := w.Store.Current(ctx, w.Secret)
	if err != nil {
		return rotation.Secret{}, err
	}
	var s rotation.Secret
	return s, json.Unmarshal([]byte(value), &s)
}

// CheckCurrent logs in with the current secret.
func (w World) CheckCurrent(ctx context.Context) error {
	s, err := w.Current(ctx)
	if err != nil {
		return err
	}
	return w.Database.Login(ctx, s.Login(), w.Role)
}

// CrashEverywhere rotates with a process that dies at each of the points around
// the calls in turn, and checks that the current login works right after and that
// the next run makes up for it: with the same token, as Secrets Manager repeats,
// and with a token of its own.
func CrashEverywhere(t *testing.T, newWorld func(t *testing.T) World) int {
	t.Helper()
	points := 0
	for _, again := range []string{"the same rotation", "another rotation"} {
		for first := range 2 {
			for at := 0; ; at++ {
				w := newWorld(t)
				for n := range 1 - first {
					require.NoError(t, w.Rotate(t.Context(), Token(n), nil))
				}
				point, crashed := crash(t, w, at, 1-first)
				if !crashed {
					break
				}
				points++
				t.Run(fmt.Sprintf("%s after a crash when %s (%d), %d rotations before", again, point, at, 1-first), func(t *testing.T) {
					recoverWith(t, w, again == "another rotation", 1-first)
				})
			}
		}
	}
	return points
}

// crash makes a rotation whose process dies at the given point; it tells which
// that was, and whether it came to that.
func crash(t *testing.T, w World, at, before int) (string, bool) {
	t.Helper()
	seen, where := 0, ""
	err := w.Rotate(t.Context(), Token(before), func(point string) error {
		if seen < at {
			seen++
			return nil
		}
		if where == "" {
			where = point
		}
		return ErrCrash
	})
	if where == "" {
		require.NoError(t, err)
		return "", false
	}
	require.ErrorIs(t, err, ErrCrash)
	return where, true
}

func recoverWith(t *testing.T, w World, another bool, before int) {
	t.Helper()
	ctx := t.Context()
	var former rotation.Secret
	if before > 0 {
		require.NoError(t, w.CheckCurrent(ctx), "right after the crash")
		var err error
		former, err = w.Current(ctx)
		require.NoError(t, err)
	}
	token := Token(before)
	if another {
		token = Token(before + 1)
		require.NoError(t, w.Store.Begin(w.Secret, token, true))
	}
	found, err := w.Store.Describe(ctx, w.Secret)
	require.NoError(t, err)
	over := len(found.Labels[token]) == 1 && found.Labels[token][0] == rotation.Current
	require.NoError(t, w.Steps(ctx, token, nil))
	require.NoError(t, w.CheckCurrent(ctx), "after the next run")
	found, err = w.Store.Describe(ctx, w.Secret)
	require.NoError(t, err)
	require.Equal(t, []rotation.Label{rotation.Current}, found.Labels[token], "exactly the new version is current, and none is pending")
	now, err := w.Current(ctx)
	require.NoError(t, err)
	if before > 0 && !over {
		require.NoError(t, w.Database.Login(ctx, former.Login(), w.Role), "the former login works until the next rotation")
	}
	if another && before > 0 {
		require.NotEqual(t, former.Username, now.Username)
	}
	require.NoError(t, w.Rotate(ctx, Token(before+2), nil), "and the rotation after that")
	require.NoError(t, w.CheckCurrent(ctx))
}
