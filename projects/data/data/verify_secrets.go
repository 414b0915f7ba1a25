package data

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/verify"
)

// checkSecrets expects that the secret of every database user is encrypted with the
// colour's key, rotated in time by the colour's function, and open to named
// principals only.
func (c *colorVerifier) checkSecrets(ctx context.Context) error {
	key, err := c.keyARN(ctx, c.alias("secrets"))
	if err != nil {
		return err
	}
	var problems []error
	checked := 0
	for _, holder := range holders(c.outputs, c.color) {
		if holder.secret == c.output("masterSecretArn") {
			continue // RDS keeps that one
		}
		problems = append(problems, c.checkSecret(ctx, holder, key))
		checked++
	}
	if checked == 0 {
		problems = append(problems, errors.New("secrets of "+string(c.color)+": none are exported"))
	}
	return errors.Join(problems...)
}

func (c *colorVerifier) checkSecret(ctx context.Context, h holder, key string) error {
	f := verify.About("secret of %s", h.name)
	secret, err := c.secrets.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: aws.String(h.secret)})
	if err != nil {
		return f.Failed(err)
	}
	f.Equal("key", aws.ToString(secret.KmsKeyId), key)
	f.Expect(aws.ToBool(secret.RotationEnabled), "is not rotated")
	f.Equal("function", aws.ToString(secret.RotationLambdaARN), c.output("rotationFunctionArn"))
	if secret.RotationRules != nil {
		f.Equal("rotation in days", aws.ToInt64(secret.RotationRules.AutomaticallyAfterDays), int64(c.cfg.Secrets.RotationDays))
	}
	policy, err := c.secrets.GetResourcePolicy(ctx, &secretsmanager.GetResourcePolicyInput{SecretId: aws.String(h.secret)})
	if err != nil {
		return f.Failed(err)
	}
	principals, err := namedPrincipals(aws.ToString(policy.ResourcePolicy))
	if err != nil {
		return f.Failed(err)
	}
	want := c.principalsOf(h.user)
	f.Expect(len(principals) == want, "its policy names %d principals, expected %d: the rotation and who uses the login", len(principals), want)
	f.Expect(!slices.Contains(principals, "*"), "its policy admits anyone")
	return f.Err()
}

// principalsOf is how many principals the policy of a user's secret names: the
// rotation, the roles of a service's tasks, and the functions that use the login.
func (c *colorVerifier) principalsOf(user string) int {
	users, engine := engineLogins()[user]
	count := 1
	if !engine {
		count += 2 // the task's role and the one that starts it
	}
	if writers, _ := otherLogins(); user == catalog.Writer {
		users = writers
	}
	count += len(users.own)
	if c.cfg.SyncWindow {
		count += len(users.peer)
	}
	return count
}

// namedPrincipals lists whom the statements of a resource policy speak of.
func namedPrincipals(text string) ([]string, error) {
	var document struct{ Statement []struct{ Principal any } }
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		return nil, errors.New("has no policy")
	}
	var principals []string
	for _, statement := range document.Statement {
		principals = append(principals, texts(statement.Principal)...)
	}
	return principals, nil
}

// texts lists the texts in a value of JSON: AWS may write a list of one as a text.
func texts(value any) []string {
	var list []string
	switch v := value.(type) {
	case string:
		list = append(list, v)
	case []any:
		for _, each := range v {
			list = append(list, texts(each)...)
		}
	case map[string]any:
		for _, each := range v {
			list = append(list, texts(each)...)
		}
	}
	return list
}
