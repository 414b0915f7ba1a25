package services

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

// checkRepositories expects the images of every service where nobody can change
// one: tags that never move, a scan of each push, the key for images, no images
// taken away but builds, and no other account let in.
func (v *verifier) checkRepositories(ctx context.Context) error {
	key, err := v.keys.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/" + v.names.Name(naming.KeyAlias, "images"))})
	if err != nil {
		return fmt.Errorf("key of images: %w", err)
	}
	var problems []error
	for _, service := range v.listed.Names() {
		problems = append(problems, v.checkRepository(ctx, v.names.Name(naming.Repository, service), aws.ToString(key.KeyMetadata.Arn)))
	}
	return errors.Join(problems...)
}

func (v *verifier) checkRepository(ctx context.Context, name, key string) error {
	f := verify.About("repository %s", name)
	answer, err := v.images.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{RepositoryNames: []string{name}})
	if err != nil {
		return f.Failed(err)
	}
	for _, found := range answer.Repositories {
		judgeRepository(f, found, key)
	}
	policy, err := v.images.GetLifecyclePolicy(ctx, &ecr.GetLifecyclePolicyInput{RepositoryName: aws.String(name)})
	var none *types.LifecyclePolicyNotFoundException
	switch {
	case errors.As(err, &none):
		f.Expect(false, "keeps every build for ever: it has no lifecycle")
	case err != nil:
		return f.Failed(fmt.Errorf("lifecycle: %w", err))
	default:
		want, err := lifecycle()
		if err != nil {
			return f.Failed(err)
		}
		f.Expect(sameJSON(aws.ToString(policy.LifecyclePolicyText), want), "has another lifecycle than it was given: images that run may be taken away")
	}
	return v.checkOpenings(ctx, f, name)
}

func judgeRepository(f *verify.Findings, found types.Repository, key string) {
	f.Equal("mutability of tags", found.ImageTagMutability, types.ImageTagMutabilityImmutable)
	f.Expect(found.ImageScanningConfiguration != nil && found.ImageScanningConfiguration.ScanOnPush, "does not scan what is pushed")
	encryption := found.EncryptionConfiguration
	f.Expect(encryption != nil && encryption.EncryptionType == types.EncryptionTypeKms && aws.ToString(encryption.KmsKey) == key, "is not encrypted with the key for images")
}

// checkOpenings expects no policy of the repository's own: who pulls is granted by
// the roles of this account.
func (v *verifier) checkOpenings(ctx context.Context, f *verify.Findings, name string) error {
	_, err := v.images.GetRepositoryPolicy(ctx, &ecr.GetRepositoryPolicyInput{RepositoryName: aws.String(name)})
	var none *types.RepositoryPolicyNotFoundException
	if err != nil && !errors.As(err, &none) {
		return f.Failed(fmt.Errorf("policy: %w", err))
	}
	f.Expect(err != nil, "has a policy that lets others in, expected none")
	return f.Err()
}

// sameJSON compares documents without regard to white space and order of keys.
func sameJSON(one, other string) bool {
	var a, b any
	return json.Unmarshal([]byte(one), &a) == nil && json.Unmarshal([]byte(other), &b) == nil && reflect.DeepEqual(a, b)
}
