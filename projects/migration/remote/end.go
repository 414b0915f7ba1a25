package remote

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/shared/naming"
)

// End asks the function that ends a migration to the side that has the authority.
func (c *Cloud) End(ctx context.Context, holder naming.Color, e function.FinaliseEvent) (function.FinaliseAnswer, error) {
	var answer function.FinaliseAnswer
	err := c.call(ctx, holder, finaliseFunction, e, &answer)
	return answer, err
}

// Caller is the id of whoever calls, as IAM's variable aws:userid has it (AWS STS API
// reference, GetCallerIdentity, UserId).
func (c *Cloud) Caller(ctx context.Context) (string, error) {
	identity, err := c.identities.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", refused(fmt.Errorf("ask AWS who calls: %w", err))
	}
	if aws.ToString(identity.UserId) == "" {
		return "", errors.New("ask AWS who calls: the answer has no id")
	}
	return aws.ToString(identity.UserId), nil
}
