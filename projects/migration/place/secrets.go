package place

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/cutover/cutover/shared/rdstrust"
)

// filePrefix begins the reference of a secret that is a file.
const filePrefix = "file:"

// Files are secrets in files of this machine, for an engine that runs as a
// process beside its databases. A reference is file:<path>.
type Files struct{}

// Read reads the file.
func (Files) Read(_ context.Context, reference string) (string, error) {
	path, isFile := strings.CutPrefix(reference, filePrefix)
	if !isFile {
		return "", fmt.Errorf("secret %s: expected %s<path>", reference, filePrefix)
	}
	text, err := os.ReadFile(path) //nolint:gosec // the operator's choice
	if err != nil {
		return "", fmt.Errorf("secret %s: %w", reference, err)
	}
	return string(text), nil
}

// Manager are the secrets of AWS Secrets Manager. A reference is an ARN.
type Manager struct{ Client *secretsmanager.Client }

// Read reads the current version.
func (m Manager) Read(ctx context.Context, reference string) (string, error) {
	out, err := m.Client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(reference)})
	if err != nil {
		return "", fmt.Errorf("secret %s: %w", reference, err)
	}
	return aws.ToString(out.SecretString), nil
}

// Trust writes the authorities of Amazon RDS into a file of its own, which
// connection strings can name, and returns the file's path. With a path it returns
// that path, once it is known to hold certificates.
func Trust(path string) (string, error) {
	if _, err := rdstrust.Pool(path); err != nil {
		return "", err
	}
	if path != "" {
		return path, nil
	}
	file, err := os.CreateTemp("", "rds-*.pem")
	if err != nil {
		return "", fmt.Errorf("write the authorities of Amazon RDS: %w", err)
	}
	_, err = file.Write(rdstrust.PEM())
	if err := errors.Join(err, file.Close()); err != nil {
		return "", fmt.Errorf("write the authorities of Amazon RDS: %w", err)
	}
	return file.Name(), nil
}
