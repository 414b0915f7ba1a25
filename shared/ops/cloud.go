package ops

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/cutover/cutover/shared/ops/emulator"
	"github.com/cutover/cutover/shared/ops/fault"
)

// awsConfig returns the configuration for AWS's APIs. vars are variables that
// win over the process's own: those of the emulator.
func awsConfig(ctx context.Context, region string, vars map[string]string) (aws.Config, error) {
	opts := []func(*awsconfig.LoadOptions) error{awsconfig.WithRegion(region)}
	if key := vars["AWS_ACCESS_KEY_ID"]; key != "" {
		opts = append(opts, awsconfig.WithCredentialsProvider(
			credentials.NewStaticCredentialsProvider(key, vars["AWS_SECRET_ACCESS_KEY"], vars["AWS_SESSION_TOKEN"])))
	}
	if endpoint := vars["AWS_ENDPOINT_URL"]; endpoint != "" {
		opts = append(opts, awsconfig.WithBaseEndpoint(endpoint))
	}
	c, err := awsconfig.LoadDefaultConfig(ctx, opts...)
	if err != nil {
		return aws.Config{}, fault.New(fault.Credentials, "read AWS configuration: %w", err)
	}
	if vars["AWS_ENDPOINT_URL"] != "" {
		c.HTTPClient = emulator.HTTPClient()
	}
	return c, nil
}

// account asks AWS whose credentials these are.
func account(ctx context.Context, c aws.Config) (string, error) {
	who, err := sts.NewFromConfig(c).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", fmt.Errorf("ask AWS whose credentials these are: %w", err)
	}
	return aws.ToString(who.Account), nil
}

// checkAccount refuses credentials of another account than the environment's.
func (a *App) checkAccount(ctx context.Context, env Environment, c aws.Config) error {
	id, err := a.ports.Account(ctx, c)
	if err != nil {
		return fault.New(fault.Credentials, "no usable AWS credentials for %s: %w", env.Name, err).
			WithHint("aws sso login, or set AWS_PROFILE to a profile of account %s", env.AccountID)
	}
	if id != env.AccountID {
		return fault.New(fault.Credentials, "the credentials are of AWS account %s: %s is in account %s", id, env.Name, env.AccountID).
			WithHint("set AWS_PROFILE to a profile of account %s", env.AccountID)
	}
	return nil
}
