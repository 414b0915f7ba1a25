// Package secretsmanager is the store of package rotation in AWS Secrets Manager.
package secretsmanager

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/cutover/cutover/projects/data/rotation"
)

var _ rotation.Store = (*Store)(nil)

// Store is AWS Secrets Manager. Secrets are named by ARN.
type Store struct {
	Client *secretsmanager.Client
}

// Describe reads a secret's metadata, which hold no value.
func (s *Store) Describe(ctx context.Context, secret string) (rotation.Description, error) {
	out, err := s.Client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: aws.String(secret)})
	if err != nil {
		return rotation.Description{}, fmt.Errorf("describe %s: %w", secret, err)
	}
	found := rotation.Description{Rotating: aws.ToBool(out.RotationEnabled), Labels: map[string][]rotation.Label{}}
	for version, stages := range out.VersionIdsToStages {
		for _, stage := range stages {
			found.Labels[version] = append(found.Labels[version], rotation.Label(stage))
		}
	}
	return found, nil
}

// Value reads the value of a version.
func (s *Store) Value(ctx context.Context, secret, version string) (string, error) {
	return s.read(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(secret), VersionId: aws.String(version)})
}

// Current reads the current value.
func (s *Store) Current(ctx context.Context, secret string) (string, error) {
	return s.read(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(secret), VersionStage: aws.String(string(rotation.Current))})
}

// read reads a value. The service has one answer for a secret, a version and a
// value that do not exist (API reference, GetSecretValue).
func (s *Store) read(ctx context.Context, input *secretsmanager.GetSecretValueInput) (string, error) {
	out, err := s.Client.GetSecretValue(ctx, input)
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		return "", fmt.Errorf("%w: %s", rotation.ErrNoValue, aws.ToString(input.SecretId))
	}
	if err != nil {
		return "", fmt.Errorf("read %s: %w", aws.ToString(input.SecretId), err)
	}
	if out.SecretString == nil {
		return "", fmt.Errorf("read %s: the value is binary, expected a string", aws.ToString(input.SecretId))
	}
	return *out.SecretString, nil
}

// Put makes the value of a pending version.
func (s *Store) Put(ctx context.Context, secret, version, value string) error {
	_, err := s.Client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
		SecretId: aws.String(secret), ClientRequestToken: aws.String(version),
		SecretString: aws.String(value), VersionStages: []string{string(rotation.Pending)},
	})
	var taken *types.ResourceExistsException
	if errors.As(err, &taken) {
		return fmt.Errorf("%w: %s, version %s", rotation.ErrVersionTaken, secret, version)
	}
	if err != nil {
		return fmt.Errorf("put a value of %s: %w", secret, err)
	}
	return nil
}

// Move moves a label. The service refuses, as an invalid parameter, a label that
// is not at the version it is to be taken from (API reference,
// UpdateSecretVersionStage).
func (s *Store) Move(ctx context.Context, secret string, label rotation.Label, from, to string) error {
	input := &secretsmanager.UpdateSecretVersionStageInput{SecretId: aws.String(secret), VersionStage: aws.String(string(label))}
	if from != "" {
		input.RemoveFromVersionId = aws.String(from)
	}
	if to != "" {
		input.MoveToVersionId = aws.String(to)
	}
	_, err := s.Client.UpdateSecretVersionStage(ctx, input)
	var elsewhere *types.InvalidParameterException
	if errors.As(err, &elsewhere) {
		return fmt.Errorf("%w: %s of %s: %w", rotation.ErrLabelMoved, label, secret, err)
	}
	if err != nil {
		return fmt.Errorf("move %s of %s: %w", label, secret, err)
	}
	return nil
}
