package rotation_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/data/rotation"
	"github.com/cutover/cutover/projects/data/rotation/rotationtest"
)

const role = "payment_api"

func cluster() rotation.Cluster {
	return rotation.Cluster{Host: "db.internal", Port: 5433, Database: "payments"}
}

func world(firstIsCurrent bool) rotationtest.World {
	return rotationtest.NewWorld(&rotationtest.Memory{FirstIsCurrent: firstIsCurrent}, &rotationtest.Users{Master: "master"},
		cluster(), rotation.Login{Username: "cutover_master", Password: "master"}, role)
}

func token(n int) string { return rotationtest.Token(n) }

func TestMemoryKeepsThePromiseOfAStore(t *testing.T) {
	for _, firstIsCurrent := range []bool{false, true} {
		store := &rotationtest.Memory{FirstIsCurrent: firstIsCurrent}
		number := 0
		rotationtest.Conform(t, store, func(*testing.T) string {
			number++
			name := fmt.Sprintf("secret %d", number)
			store.Make(name)
			return name
		})
	}
}

func TestUsersTakeTurnsAndTheFormerOneKeepsWorking(t *testing.T) {
	for _, firstIsCurrent := range []bool{false, true} {
		w := world(firstIsCurrent)
		var former rotation.Secret
		for n := range 5 {
			require.NoError(t, w.Rotate(t.Context(), token(n), nil))
			now, err := w.Current(t.Context())
			require.NoError(t, err)
			assert.Equal(t, []string{"payment_api_a", "payment_api_b"}[n%2], now.Username)
			require.NoError(t, w.CheckCurrent(t.Context()))
			if n > 0 {
				require.NoError(t, w.Database.Login(t.Context(), former.Login(), role))
				require.NotEqual(t, former.Password, now.Password)
			}
			former = now
		}
	}
}

func TestValueHasTheShapeOfTheSecretsOfRDS(t *testing.T) {
	w := world(false)
	require.NoError(t, w.Rotate(t.Context(), token(0), nil))
	value, err := w.Store.Current(t.Context(), w.Secret)
	require.NoError(t, err)
	var fields map[string]any
	require.NoError(t, json.Unmarshal([]byte(value), &fields))
	assert.Len(t, fields["password"], 32)
	delete(fields, "password")
	assert.Equal(t, map[string]any{
		"engine": "postgres", "host": "db.internal", "port": 5433.0, "dbname": "payments",
		"username": "payment_api_a", "masterarn": w.Cluster.MasterARN,
	}, fields)
}

func TestRotationThatIsOverStaysAsItIs(t *testing.T) {
	w := world(false)
	require.NoError(t, w.Rotate(t.Context(), token(0), nil))
	require.NoError(t, w.Rotate(t.Context(), token(1), nil))
	before, err := w.Current(t.Context())
	require.NoError(t, err)
	// Nothing but a look: any other call would be an error.
	looks := func(point string) error {
		if !strings.HasPrefix(point, "describe") {
			return fmt.Errorf("unexpected call: %s", point)
		}
		return nil
	}
	require.NoError(t, w.Steps(t.Context(), token(1), looks))
	after, err := w.Current(t.Context())
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestEveryStepMayBeRepeated(t *testing.T) {
	w := world(true)
	require.NoError(t, w.Rotate(t.Context(), token(0), nil))
	require.NoError(t, w.Store.Begin(w.Secret, token(1), false))
	var made string
	for _, step := range rotation.Steps() {
		for range 3 {
			require.NoError(t, w.Rotator(nil).Run(t.Context(), rotation.Request{Step: step, Secret: w.Secret, Token: token(1)}))
			value, err := w.Store.Value(t.Context(), w.Secret, token(1))
			require.NoError(t, err)
			if made == "" {
				made = value
			}
			require.Equal(t, made, value, "%s made another password", step)
			require.NoError(t, w.CheckCurrent(t.Context()))
		}
	}
}

func TestCrashAnywhereLeavesTheCurrentLoginWorkingAndIsRepairedByTheNextRun(t *testing.T) {
	for _, firstIsCurrent := range []bool{false, true} {
		points := rotationtest.CrashEverywhere(t, func(*testing.T) rotationtest.World { return world(firstIsCurrent) })
		require.Greater(t, points, 100)
	}
}

func TestStepsAreRefused(t *testing.T) {
	broken := func(change func(*rotation.Secret)) func(*testing.T, rotationtest.World) {
		return func(t *testing.T, w rotationtest.World) {
			value, err := w.Store.Current(t.Context(), w.Secret)
			require.NoError(t, err)
			var s rotation.Secret
			require.NoError(t, json.Unmarshal([]byte(value), &s))
			s.Username = "payment_api_b"
			change(&s)
			text, err := json.Marshal(s)
			require.NoError(t, err)
			require.NoError(t, w.Store.Put(t.Context(), w.Secret, token(1), string(text)))
		}
	}
	cases := map[string]struct {
		arrange func(*testing.T, rotationtest.World)
		step    rotation.Step
		secret  string
		token   string
		want    error
		says    string
	}{
		"foreign secret":    {step: rotation.CreateSecret, secret: "arn:other", want: rotation.ErrUnknownSecret, says: `"arn:other"`},
		"no such step":      {step: "revokeSecret", want: rotation.ErrUnknownStep, says: `"revokeSecret", expected one of [createSecret setSecret testSecret finishSecret]`},
		"switched off":      {arrange: func(_ *testing.T, w rotationtest.World) { w.Store.Enable(w.Secret, false) }, step: rotation.CreateSecret, want: rotation.ErrNotEnabled},
		"unknown token":     {step: rotation.CreateSecret, token: token(9), want: rotation.ErrUnknownToken, says: "version " + token(9)},
		"outdated token":    {arrange: func(t *testing.T, w rotationtest.World) { require.NoError(t, w.Steps(t.Context(), token(1), nil)) }, step: rotation.SetSecret, token: token(0), want: rotation.ErrNotPending},
		"set before made":   {step: rotation.SetSecret, want: rotation.ErrNoValue},
		"test before made":  {step: rotation.TestSecret, want: rotation.ErrNoValue},
		"test before set":   {arrange: broken(func(*rotation.Secret) {}), step: rotation.TestSecret, want: rotation.ErrRefused},
		"finish before set": {arrange: broken(func(*rotation.Secret) {}), step: rotation.FinishSecret, want: rotation.ErrRefused},
		"another host":      {arrange: broken(func(s *rotation.Secret) { s.Host = "evil.example.com" }), step: rotation.SetSecret, want: rotation.ErrForeign, says: "host is evil.example.com, expected db.internal"},
		"another port":      {arrange: broken(func(s *rotation.Secret) { s.Port = 5432 }), step: rotation.TestSecret, want: rotation.ErrForeign, says: "port is 5432, expected 5433"},
		"another database":  {arrange: broken(func(s *rotation.Secret) { s.Database = "postgres" }), step: rotation.FinishSecret, want: rotation.ErrForeign, says: "dbname is postgres"},
		"another engine":    {arrange: broken(func(s *rotation.Secret) { s.Engine = "mysql" }), step: rotation.SetSecret, want: rotation.ErrForeign, says: "engine is mysql"},
		"another master":    {arrange: broken(func(s *rotation.Secret) { s.MasterARN = "arn:theirs" }), step: rotation.SetSecret, want: rotation.ErrForeign, says: "masterarn is arn:theirs"},
		"another user":      {arrange: broken(func(s *rotation.Secret) { s.Username = "cutover_master" }), step: rotation.SetSecret, want: rotation.ErrForeign, says: `username is "cutover_master", expected payment_api_a or payment_api_b`},
		"password that SQL or SASLprep would change": {arrange: broken(func(s *rotation.Secret) { s.Password = "pass\u00adword" }), step: rotation.SetSecret, want: rotation.ErrForeign, says: "password"},
		"current user":                         {arrange: broken(func(s *rotation.Secret) { s.Username, s.Password = "payment_api_a", "another" }), step: rotation.SetSecret, want: rotation.ErrCurrentUser},
		"current user, before a value is made": {arrange: broken(func(s *rotation.Secret) { s.Username = "payment_api_a" }), step: rotation.CreateSecret, want: rotation.ErrAbandoned},
		"no JSON": {arrange: func(t *testing.T, w rotationtest.World) {
			require.NoError(t, w.Store.Put(t.Context(), w.Secret, token(1), "hunter2"))
		}, step: rotation.SetSecret, want: rotation.ErrForeign, says: "no JSON object"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := world(false)
			require.NoError(t, w.Rotate(t.Context(), token(0), nil))
			require.NoError(t, w.Store.Begin(w.Secret, token(1), false))
			if c.arrange != nil {
				c.arrange(t, w)
			}
			before, err := w.Store.Current(t.Context(), w.Secret)
			require.NoError(t, err)
			request := rotation.Request{Step: c.step, Secret: w.Secret, Token: token(1)}
			if c.secret != "" {
				request.Secret = c.secret
			}
			if c.token != "" {
				request.Token = c.token
			}
			err = w.Rotator(nil).Run(t.Context(), request)
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "hunter2", "values stay out of errors")
			after, err := w.Store.Current(t.Context(), w.Secret)
			require.NoError(t, err)
			require.Equal(t, before, after)
			require.NoError(t, w.CheckCurrent(t.Context()))
		})
	}
}

// An outdated caller made the current version meanwhile: the version that waits
// can never be used, and the rotation after it works again.
func TestAbandonedRotationMakesRoomForTheNext(t *testing.T) {
	w := world(false)
	require.NoError(t, w.Rotate(t.Context(), token(0), nil))
	require.NoError(t, w.Store.Begin(w.Secret, token(1), false))
	value, err := w.Store.Current(t.Context(), w.Secret)
	require.NoError(t, err)
	require.NoError(t, w.Store.Put(t.Context(), w.Secret, token(1), strings.Replace(value, `"password":"`, `"password":"x`, 1)))
	require.ErrorIs(t, w.Steps(t.Context(), token(1), nil), rotation.ErrAbandoned)
	require.NoError(t, w.CheckCurrent(t.Context()))
	require.NoError(t, w.Rotate(t.Context(), token(2), nil))
	require.NoError(t, w.CheckCurrent(t.Context()))
}

func TestDroppedUserIsMadeAgain(t *testing.T) {
	w := world(false)
	for n := range 2 {
		require.NoError(t, w.Rotate(t.Context(), token(n), nil))
	}
	users := w.Database.(*rotationtest.Users)
	users.Drop("payment_api_a")
	users.Drop("payment_api_b")
	require.Error(t, w.CheckCurrent(t.Context()))
	require.NoError(t, w.Rotate(t.Context(), token(2), nil))
	require.NoError(t, w.CheckCurrent(t.Context()))
}

// While RDS changes the master user's password, a reader may see the former one.
func TestMasterPasswordThatChangesMeanwhileIsReadAgain(t *testing.T) {
	w := world(false)
	users := w.Database.(*rotationtest.Users)
	users.Master = "changed"
	rotator := w.Rotator(nil)
	waits := 0
	rotator.Wait = func(context.Context, int) error {
		waits++
		w.Store.Set(w.Cluster.MasterARN, token(7), `{"username":"cutover_master","password":"changed"}`)
		return nil
	}
	require.NoError(t, w.Store.Begin(w.Secret, token(0), false))
	for _, step := range rotation.Steps() {
		require.NoError(t, rotator.Run(t.Context(), rotation.Request{Step: step, Secret: w.Secret, Token: token(0)}))
	}
	require.Equal(t, 1, waits)

	users.Master = "changed for good"
	require.NoError(t, w.Store.Begin(w.Secret, token(1), false))
	require.ErrorIs(t, w.Steps(t.Context(), token(1), nil), rotation.ErrMasterRefused)
	w.Store.Set(w.Cluster.MasterARN, token(8), `{"username":"cutover_master"}`)
	require.ErrorContains(t, w.Steps(t.Context(), token(1), nil), "expected a JSON object with username and password")
}

func TestStepDoesNotBeginWhatItCannotFinishInTime(t *testing.T) {
	w := world(false)
	require.NoError(t, w.Store.Begin(w.Secret, token(0), false))
	request := rotation.Request{Step: rotation.CreateSecret, Secret: w.Secret, Token: token(0)}
	short, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	require.ErrorIs(t, w.Rotator(nil).Run(short, request), rotation.ErrNoTime)
	_, err := w.Store.Value(t.Context(), w.Secret, token(0))
	require.ErrorIs(t, err, rotation.ErrNoValue)
	long, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, w.Rotator(nil).Run(long, request))
}

func TestOtherRotationAtWorkIsAnAnswerOfItsOwn(t *testing.T) {
	w := world(false)
	err := w.Database.Exclusive(t.Context(), rotation.Login{Username: "m", Password: "master"}, role, func(context.Context, rotation.Session) error {
		require.NoError(t, w.Store.Begin(w.Secret, token(0), false))
		return w.Steps(t.Context(), token(0), nil)
	})
	require.ErrorIs(t, err, rotation.ErrBusy)
	require.NoError(t, w.Steps(t.Context(), token(0), nil))
}

func TestPrintedSecretsHoldNoPassword(t *testing.T) {
	s := rotation.Secret{Host: "h", Username: "u", Password: "hunter2"}
	for _, text := range []string{
		fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s", s, s, s, s), fmt.Sprintf("%v %+v %#v", s.Login(), s.Login(), s.Login()),
		fmt.Sprint(errors.New(s.String())),
	} {
		assert.NotContains(t, text, "hunter2")
	}
}
