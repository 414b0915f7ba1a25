package data

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// Secrets says how the secrets of database users are kept.
type Secrets struct {
	// RotationDays is how often each password changes.
	RotationDays int `config:"rotationDays"`
	// RecoveryDays is how long a deleted secret can be had back; its name is taken
	// for as long. 0 deletes at once.
	RecoveryDays int `config:"recoveryDays"`
}

const (
	maxRotationDays = 30 // PCI DSS 8.3.9 and 8.6.3 by way of this platform's rule
	// minWindow and maxWindow bound a recovery window (Secrets Manager API
	// reference, DeleteSecret).
	minWindow, maxWindow = 7, 30
)

func (s Secrets) validate(p *config.Problems, protect bool) {
	p.Check(s.RotationDays >= 1 && s.RotationDays <= maxRotationDays, "secrets.rotationDays", s.RotationDays,
		fmt.Sprintf("a number of days from 1 to %d", maxRotationDays))
	p.Check(s.RecoveryDays >= minWindow && s.RecoveryDays <= maxWindow || s.RecoveryDays == 0 && !protect, "secrets.recoveryDays", s.RecoveryDays,
		fmt.Sprintf("a number of days from %d to %d, or 0 (at once) while environment.protect is false", minWindow, maxWindow))
}

// databaseRole is the group role of a service: its name with the one separator
// that needs no quotes in SQL.
func databaseRole(service string) string { return strings.ReplaceAll(service, "-", "_") }

// databaseSecret is the secret of one database role.
type databaseSecret struct {
	role    string // the group role
	readers pulumi.StringArray
	made    *secretsmanager.Secret
}

// readPolicy is who may read certain secrets, by the roles' names.
type readPolicy struct {
	secrets []string // keys of Stores.secrets
	// master lets the master user's secret be read besides.
	master bool
	roles  map[string]pulumi.StringInput
}

// addSecrets makes a secret for each service and each role of the engine, without
// a value: the first rotation makes it. Nobody but its users and the rotation may
// read it.
func (s *Stores) addSecrets(ctx *pulumi.Context, name string, args *StoresArgs) error {
	s.secrets = make(map[string]*databaseSecret)
	of := string(args.Color)
	policies := make(map[string]*readPolicy)
	for _, service := range args.Services {
		task := component.Entry(args.Principals.TaskRoleARNs, of+" task roles of the security layer", service.Name)
		execution := component.Entry(args.Principals.ExecutionRoleARNs, of+" execution roles of the security layer", service.Name)
		s.secrets[service.Name] = &databaseSecret{role: databaseRole(service.Name), readers: pulumi.StringArray{execution, task}}
		policies[service.Name] = &readPolicy{secrets: []string{service.Name}, roles: map[string]pulumi.StringInput{
			"execution": component.Entry(args.Principals.ExecutionRoleNames, of+" execution roles of the security layer", service.Name),
			"task":      component.Entry(args.Principals.TaskRoleNames, of+" task roles of the security layer", service.Name),
		}}
	}
	s.addEngineLogins(args, policies)
	for _, key := range s.secretKeys() {
		if err := s.addSecret(ctx, name, key, args); err != nil {
			return err
		}
	}
	for _, user := range slices.Sorted(maps.Keys(policies)) {
		if err := s.permitReading(ctx, name, user, args, policies[user]); err != nil {
			return err
		}
	}
	return nil
}

// secretKeys lists the keys of the secrets in an order that does not change.
func (s *Stores) secretKeys() []string { return slices.Sorted(maps.Keys(s.secrets)) }

func (s *Stores) addSecret(ctx *pulumi.Context, name, key string, args *StoresArgs) error {
	at, secret := name+"-"+key, s.secrets[key]
	physical := args.Names.Name(naming.Secret, "database", secret.role)
	made, err := secretsmanager.NewSecret(ctx, at, &secretsmanager.SecretArgs{
		Name:                 pulumi.String(physical),
		Description:          pulumi.String("Login of the database role " + secret.role),
		KmsKeyId:             args.Principals.SecretsKeyARN,
		RecoveryWindowInDays: pulumi.Int(args.Config.Secrets.RecoveryDays),
		Tags:                 pulumi.StringMap{"Name": pulumi.String(physical)},
	}, component.Stateful(args.Config.Environment, pulumi.Parent(s))...)
	if err != nil {
		return fmt.Errorf("secret %s: %w", physical, err)
	}
	secret.made = made
	if _, err := secretsmanager.NewSecretPolicy(ctx, at, &secretsmanager.SecretPolicyArgs{
		SecretArn:         made.Arn,
		BlockPublicPolicy: pulumi.Bool(true),
		Policy:            secretPolicy(made.Arn, args.Principals.RotationRoleARN, secret.readers),
	}, pulumi.Parent(s)); err != nil {
		return fmt.Errorf("policy of secret %s: %w", physical, err)
	}
	return nil
}

// reading is what the users of a secret do with it.
func reading() []string {
	return []string{"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"}
}

// rotating is what the rotation does with a secret.
func rotating() []string {
	return append(reading(), "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage")
}

// secretPolicy names the principals of one secret.
func secretPolicy(secret, rotation pulumi.StringInput, readers pulumi.StringArray) pulumi.StringOutput {
	return pulumi.All(secret, rotation, readers).ApplyT(func(known []any) (string, error) {
		arn, rotation, readers := known[0].(string), known[1].(string), known[2].([]string) // as given above
		statements := []iamdoc.Statement{
			{Sid: "Rotation", Principals: iamdoc.Principals{AWS: []string{rotation}}, Actions: rotating(), Resources: []string{arn}},
		}
		if len(readers) > 0 {
			statements = append(statements, iamdoc.Statement{
				Sid: "Users", Principals: iamdoc.Principals{AWS: readers}, Actions: reading(), Resources: []string{arn},
			})
		}
		return iamdoc.Document{Statements: statements}.JSON()
	}).(pulumi.StringOutput)
}

// permitReading lets the users of secrets read them and no others.
func (s *Stores) permitReading(ctx *pulumi.Context, name, user string, args *StoresArgs, policy *readPolicy) error {
	values := pulumi.StringMap{secretsKeyARN: args.Principals.SecretsKeyARN}
	for _, key := range policy.secrets {
		values[key] = s.secrets[key].made.Arn
	}
	logins := slices.Sorted(slices.Values(policy.secrets))
	if policy.master {
		values[masterARN] = s.Database.MasterSecretARN
		logins = append(logins, masterARN)
	}
	_, err := component.NewPolicy(ctx, name+"-"+user+"-secrets", &component.PolicyArgs{
		Name:        args.Names.Name(naming.Policy, user, "secrets"),
		Description: "Database logins of " + user,
		Values:      values,
		Write: func(values map[string]string) iamdoc.Document {
			return iamdoc.Document{Statements: []iamdoc.Statement{
				{Sid: "Logins", Actions: reading(), Resources: pick(values, logins)},
				useKey("KeyOfTheLogins", values[secretsKeyARN], "secretsmanager", "kms:Decrypt"),
			}}
		},
		Roles: policy.roles,
	}, pulumi.Parent(s))
	return err
}

func pick(values map[string]string, keys []string) []string {
	picked := make([]string, len(keys))
	for i, key := range keys {
		picked[i] = values[key]
	}
	return picked
}
