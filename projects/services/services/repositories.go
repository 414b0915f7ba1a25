package services

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecr"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
)

const (
	// buildTag begins the tags of images that no stack records; those of releases
	// begin otherwise, and nothing expires them.
	buildTag   = "build-"
	keepBuilds = 50
)

// RepositoriesArgs describes the repositories of one environment.
type RepositoriesArgs struct {
	Names       naming.Namer
	Environment config.Environment
	// Services are the names of the services of the catalogue.
	Services []string
	// KeyARN encrypts the images.
	KeyARN pulumi.StringInput
}

// Validate joins all that is wrong with the arguments.
func (a *RepositoriesArgs) Validate() error {
	var problems []error
	if len(a.Services) == 0 {
		problems = append(problems, errors.New("repositories services: none, expected the catalogue's"))
	}
	if a.KeyARN == nil {
		problems = append(problems, errors.New("repositories key: is missing, expected the ARN of a key for images"))
	}
	return errors.Join(problems...)
}

// Repositories hold the images of the services, one repository for each. A tag
// never moves, and every image is scanned when it is pushed.
type Repositories struct {
	pulumi.ResourceState

	// URLs is by service name.
	URLs pulumi.StringMap

	repositories map[string]*ecr.Repository
}

// NewRepositories makes one repository for each service.
func NewRepositories(ctx *pulumi.Context, name string, args *RepositoriesArgs, opts ...pulumi.ResourceOption) (*Repositories, error) {
	if err := args.Validate(); err != nil {
		return nil, err
	}
	r := &Repositories{URLs: pulumi.StringMap{}, repositories: make(map[string]*ecr.Repository)}
	if err := ctx.RegisterComponentResource("cutover:services:Repositories", name, r, opts...); err != nil {
		return nil, fmt.Errorf("register repositories %s: %w", name, err)
	}
	for _, service := range args.Services {
		if err := r.add(ctx, name+"-"+service, service, args); err != nil {
			return nil, fmt.Errorf("repository of %s: %w", service, err)
		}
	}
	return r, ctx.RegisterResourceOutputs(r, pulumi.Map{"urls": r.URLs})
}

func (r *Repositories) add(ctx *pulumi.Context, name, service string, args *RepositoriesArgs) error {
	repository, err := ecr.NewRepository(ctx, name, &ecr.RepositoryArgs{
		Name:                       pulumi.String(args.Names.Name(naming.Repository, service)),
		ImageTagMutability:         pulumi.String("IMMUTABLE"),
		ImageScanningConfiguration: ecr.RepositoryImageScanningConfigurationArgs{ScanOnPush: pulumi.Bool(true)},
		EncryptionConfigurations: ecr.RepositoryEncryptionConfigurationArray{ecr.RepositoryEncryptionConfigurationArgs{
			EncryptionType: pulumi.String("KMS"),
			KmsKey:         args.KeyARN.ToStringOutput().ToStringPtrOutput(),
		}},
		ForceDelete: pulumi.Bool(!args.Environment.Protect),
	}, component.Stateful(args.Environment, pulumi.Parent(r))...)
	if err != nil {
		return fmt.Errorf("make it: %w", err)
	}
	r.URLs[service], r.repositories[service] = repository.RepositoryUrl, repository
	policy, err := lifecycle()
	if err != nil {
		return err
	}
	if _, err := ecr.NewLifecyclePolicy(ctx, name, &ecr.LifecyclePolicyArgs{
		Repository: repository.Name,
		Policy:     pulumi.String(policy),
	}, pulumi.Parent(r)); err != nil {
		return fmt.Errorf("lifecycle: %w", err)
	}
	return nil
}

// lifecycle lets the oldest builds go and touches nothing else: a stack may
// record the digest of any other image (Amazon ECR user guide, "Lifecycle policy
// properties in Amazon ECR").
func lifecycle() (string, error) {
	text, err := json.Marshal(map[string]any{"rules": []map[string]any{{
		"rulePriority": 1,
		"description":  "Keep the latest builds",
		"selection": map[string]any{
			"tagStatus":     "tagged",
			"tagPrefixList": []string{buildTag},
			"countType":     "imageCountMoreThan",
			"countNumber":   keepBuilds,
		},
		"action": map[string]string{"type": "expire"},
	}}})
	if err != nil {
		return "", fmt.Errorf("render lifecycle policy: %w", err)
	}
	return string(text), nil
}
