package place_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/naming"
)

// secrets are values by reference.
type secrets map[string]string

func (s secrets) Read(_ context.Context, reference string) (string, error) {
	value, known := s[reference]
	if !known {
		return "", errors.New("no such secret")
	}
	return value, nil
}

const password = "p@ss/word?&=#"

// databases are two, with a login of the reader on blue whose secret has the value.
func databases(t *testing.T, value string) *place.Databases {
	t.Helper()
	authorities, err := place.Trust("")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.Remove(authorities)) })
	return &place.Databases{
		Authorities: authorities, Secrets: secrets{"arn:reader": value},
		Sides: map[naming.Color]place.Database{
			naming.Blue: {Host: "blue.db.internal", Port: 5433, Name: "payments", Logins: map[bgsync.Group]string{bgsync.Reader: "arn:reader"}},
		},
	}
}

const whole = `{"username": "bgsync_reader_b", "password": "` + password + `", "host": "blue.db.internal", "port": 5433, "dbname": "payments"}`

func TestALoginBecomesAConnectionThatVerifiesWhoAnswers(t *testing.T) {
	for name, value := range map[string]string{"a rotated user's": whole, "the master user's": `{"username": "bgsync_reader_b", "password": "` + password + `"}`} {
		t.Run(name, func(t *testing.T) {
			dsn, err := databases(t, value).DSN(t.Context(), naming.Blue, bgsync.Reader)
			require.NoError(t, err)
			cfg, err := pgx.ParseConfig(dsn)
			require.NoError(t, err)
			assert.Equal(t, "bgsync_reader_b", cfg.User)
			assert.Equal(t, password, cfg.Password)
			assert.Equal(t, "blue.db.internal", cfg.Host)
			assert.EqualValues(t, 5433, cfg.Port)
			assert.Equal(t, "payments", cfg.Database)
			require.NotNil(t, cfg.TLSConfig)
			assert.False(t, cfg.TLSConfig.InsecureSkipVerify)
			assert.Equal(t, "blue.db.internal", cfg.TLSConfig.ServerName)
			assert.NotNil(t, cfg.TLSConfig.RootCAs, "the authorities of Amazon RDS and no others")
			assert.Empty(t, cfg.Fallbacks, "no way round")
		})
	}
}

// Nothing is sent to a host that a secret names.
func TestASecretOfAnotherDatabaseIsRefusedWithoutItsPassword(t *testing.T) {
	for name, value := range map[string]string{
		"another host":     `{"username": "u", "password": "` + password + `", "host": "evil.example", "port": 5433, "dbname": "payments"}`,
		"another port":     `{"username": "u", "password": "` + password + `", "host": "blue.db.internal", "port": 1, "dbname": "payments"}`,
		"another database": `{"username": "u", "password": "` + password + `", "host": "blue.db.internal", "port": 5433, "dbname": "other"}`,
		"no user":          `{"password": "` + password + `"}`,
		"no JSON":          password,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := databases(t, value).DSN(t.Context(), naming.Blue, bgsync.Reader)
			require.ErrorContains(t, err, "login of bgsync_reader on blue: secret arn:reader")
			assert.NotContains(t, err.Error(), password)
		})
	}
}

func TestALoginThatIsNotConfiguredIsNamed(t *testing.T) {
	_, err := place.Endpoints(t.Context(), databases(t, whole), naming.Blue)
	require.ErrorIs(t, err, place.ErrUnknown)
	for _, missing := range []string{"login of bgsync_apply on green", "login of bgsync_ddl on green"} {
		require.ErrorContains(t, err, missing)
	}
	assert.NotContains(t, err.Error(), "login of bgsync_reader on blue: no login", "that one is there")
}

func TestWrongDatabasesAreToldTogether(t *testing.T) {
	_, err := place.Parse(`{"blue": {"host": "db.example", "port": 70000, "plain": true}}`)
	for _, part := range []string{
		"blue: port: is 70000, expected 1 to 65535", "blue: name: is empty", "blue: logins: none",
		`blue: plain: is true for host "db.example", expected TLS`, "green: is missing",
	} {
		require.ErrorContains(t, err, part)
	}
	_, err = place.Parse("nothing")
	require.ErrorContains(t, err, "expected a JSON object of databases by side")
}

func TestFilesAreSecretsToo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "login.json")
	require.NoError(t, os.WriteFile(path, []byte("x"), 0o600))
	value, err := place.Files{}.Read(t.Context(), "file:"+path)
	require.NoError(t, err)
	assert.Equal(t, "x", value)
	_, err = place.Files{}.Read(t.Context(), "arn:aws:secretsmanager:x")
	require.ErrorContains(t, err, "expected file:<path>")
}
