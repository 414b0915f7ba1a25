package data

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"

	"github.com/cutover/cutover/projects/data/rotation"
	"github.com/cutover/cutover/shared/naming"
)

// Connection is a way into a database, password included.
type Connection struct {
	Name      string `json:"name"`
	SecretARN string `json:"secretArn"`
	// URL is a connection URI of PostgreSQL (PostgreSQL 14 manual, "Connection
	// Strings"), or noLogin.
	URL string `json:"url"`
}

// noLogin stands for the URL of a user whose secret has no value yet.
const noLogin = "none yet: the first rotation is not over"

// Connections resolves the connections that the layer exports by secret, for one
// colour or, when color is empty, both: the master user's first, then those of the
// applications and of the functions. It asks Secrets Manager with the caller's own
// rights; a secret that the caller may not read is part of the error, and the
// others are returned beside it.
func Connections(ctx context.Context, cfg aws.Config, outputs map[string]any, color naming.Color) ([]Connection, error) {
	client := secretsmanager.NewFromConfig(cfg)
	var all []Connection
	var problems []error
	for _, each := range naming.Colors() {
		if color != "" && color != each {
			continue
		}
		places, err := endpoints(outputs, each)
		problems = append(problems, err)
		for _, holder := range holders(outputs, each) {
			login, err := readLogin(ctx, client, holder.secret)
			if errors.Is(err, errNoLogin) {
				all = append(all, Connection{Name: holder.name, SecretARN: holder.secret, URL: noLogin})
				continue
			}
			if err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", holder.name, err))
				continue
			}
			for _, place := range places {
				all = append(all, Connection{Name: holder.name + " " + place.name, SecretARN: holder.secret, URL: login.at(place)})
			}
		}
	}
	return all, errors.Join(problems...)
}

// place is where a client connects to.
type place struct{ name, address, database string }

func endpoints(outputs map[string]any, color naming.Color) ([]place, error) {
	var places []place
	var problems []error
	read := func(key string) string {
		value, known := outputs[string(color)+key]
		if !known {
			problems = append(problems, fmt.Errorf("output %s%s of the data layer: does not exist: deploy the layer first", color, key))
		}
		return fmt.Sprint(value)
	}
	port, database := read("Port"), read("DatabaseName")
	for name, key := range map[string]string{"writer": "WriterEndpoint", "reader": "ReaderEndpoint"} {
		places = append(places, place{name: name, address: net.JoinHostPort(read(key), port), database: database})
	}
	slices.SortFunc(places, func(a, b place) int {
		if a.name > b.name { // the writer first
			return -1
		}
		return 1
	})
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return places, nil
}

// holder is whose password a secret keeps: the user, with the colour before it as its
// name.
type holder struct{ name, user, secret string }

// holders lists the secrets of one colour: the master user's, then those that the
// layer exports by name of their user.
func holders(outputs map[string]any, color naming.Color) []holder {
	var list []holder
	if arn, known := outputs[string(color)+"MasterSecretArn"].(string); known {
		list = append(list, holder{name: string(color) + " master", user: "master", secret: arn})
	}
	for _, key := range []string{"ApplicationSecretArns", "SyncSecretArns"} {
		byName, _ := outputs[string(color)+key].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(byName)) {
			if arn, isText := byName[name].(string); isText {
				list = append(list, holder{name: string(color) + " " + name, user: name, secret: arn})
			}
		}
	}
	return list
}

// login is what a secret of a database user holds (AWS Secrets Manager user
// guide, "JSON structure of AWS Secrets Manager secrets").
type login struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// String keeps the password out of any message.
func (l login) String() string { return l.Username + ":***" }

func (l login) at(p place) string {
	address := url.URL{
		Scheme: "postgresql", User: url.UserPassword(l.Username, l.Password), Host: p.address, Path: "/" + p.database,
		RawQuery: url.Values{"sslmode": {tlsMode}}.Encode(),
	}
	return address.String()
}

// errNoLogin tells that a secret exists and has no value.
var errNoLogin = errors.New("the secret has no value yet")

// hasNoVersion tells a secret without a current value from one that does not
// exist, for which there is the same answer.
func hasNoVersion(ctx context.Context, client *secretsmanager.Client, arn string) bool {
	found, err := client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: aws.String(arn)})
	if err != nil {
		return false
	}
	for _, stages := range found.VersionIdsToStages {
		if slices.Contains(stages, string(rotation.Current)) {
			return false
		}
	}
	return true
}

func readLogin(ctx context.Context, client *secretsmanager.Client, arn string) (login, error) {
	var l login
	answer, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(arn)})
	var empty *types.ResourceNotFoundException
	if errors.As(err, &empty) && hasNoVersion(ctx, client, arn) {
		return l, errNoLogin
	}
	var refused smithy.APIError
	if errors.As(err, &refused) && refused.ErrorCode() == "AccessDeniedException" {
		return l, fmt.Errorf("secret %s: these credentials may not read it, expected secretsmanager:GetSecretValue on it and kms:Decrypt on its key: %w", arn, err)
	}
	if err != nil {
		return l, fmt.Errorf("secret %s: %w", arn, err)
	}
	// The parser's own error would quote the secret.
	if json.Unmarshal([]byte(aws.ToString(answer.SecretString)), &l) != nil || l.Username == "" || l.Password == "" {
		return login{}, fmt.Errorf("secret %s: holds something else, expected JSON with username and password", arn)
	}
	return l, nil
}
