package rotation

import (
	"encoding/json"
	"errors"
	"fmt"
)

// engine is what RDS's secrets call the engine.
const engine = "postgres"

// Cluster is the database whose users are rotated, as configured: a secret that
// speaks of another one is refused, and nothing is ever sent to a host that a
// secret names.
type Cluster struct {
	Host     string
	Port     int
	Database string
	// MasterARN is the secret that RDS keeps the master user's password in.
	MasterARN string
}

// Secret is the value of a secret, in the shape that RDS and its clients know
// (Secrets Manager user guide, "JSON structure of AWS Secrets Manager database
// credential secrets"). It does not print its password.
type Secret struct {
	Engine    string `json:"engine"`
	Host      string `json:"host"`
	Port      int    `json:"port"`
	Username  string `json:"username"`
	Password  string `json:"password"`
	Database  string `json:"dbname"`
	MasterARN string `json:"masterarn"`
}

// String names user and database only.
func (s Secret) String() string {
	return fmt.Sprintf("%s at %s:%d/%s", s.Username, s.Host, s.Port, s.Database)
}

// GoString names user and database only.
func (s Secret) GoString() string { return "rotation.Secret{" + s.String() + "}" }

// Login is what the secret's user logs in with.
func (s Secret) Login() Login { return Login{Username: s.Username, Password: s.Password} }

// parse reads a secret's value. An error tells what is wrong and not what stands
// there.
func parse(value string) (Secret, error) {
	var s Secret
	if err := json.Unmarshal([]byte(value), &s); err != nil {
		return Secret{}, fmt.Errorf("%w: it is no JSON object with the fields of a database secret", ErrForeign)
	}
	return s, nil
}

// parseMaster reads the value of the master user's secret.
func parseMaster(value string) (Login, error) {
	var l Login
	if err := json.Unmarshal([]byte(value), &l); err != nil || l.Username == "" || l.Password == "" {
		return Login{}, errors.New("the master user's secret: expected a JSON object with username and password")
	}
	return l, nil
}

// next is the secret of the role's other user, with a new password. Without a
// current secret it is that of the first.
func (c Cluster) next(role, currentUser, password string) (string, error) {
	first, second := Users(role)
	user := first
	if currentUser == first {
		user = second
	}
	text, err := json.Marshal(Secret{
		Engine: engine, Host: c.Host, Port: c.Port, Username: user, Password: password, Database: c.Database, MasterARN: c.MasterARN,
	})
	if err != nil {
		return "", fmt.Errorf("write the new value: %w", err)
	}
	return string(text), nil
}

// Users returns the two users of a group role.
func Users(role string) (first, second string) { return role + "_a", role + "_b" }

// check joins all that a pending value says about something else than this
// cluster and role.
func (c Cluster) check(s Secret, role string) error {
	first, second := Users(role)
	var problems []error
	for _, field := range []struct {
		name      string
		got, want any
	}{
		{"engine", s.Engine, engine}, {"host", s.Host, c.Host}, {"port", s.Port, c.Port},
		{"dbname", s.Database, c.Database}, {"masterarn", s.MasterARN, c.MasterARN},
	} {
		if field.got != field.want {
			problems = append(problems, fmt.Errorf("%w: %s is %v, expected %v", ErrForeign, field.name, field.got, field.want))
		}
	}
	if s.Username != first && s.Username != second {
		problems = append(problems, fmt.Errorf("%w: username is %q, expected %s or %s", ErrForeign, s.Username, first, second))
	}
	if !printable(s.Password) {
		problems = append(problems, fmt.Errorf("%w: password is empty or not of printable ASCII characters", ErrForeign))
	}
	return errors.Join(problems...)
}
