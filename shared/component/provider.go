// Package component holds the resources that more than one layer makes: the
// AWS provider with its tags, encrypted log groups, roles. Whatever only one
// layer needs stays in that layer.
package component

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/config"
)

// NewProvider makes the only AWS provider of a stack. It refuses every account
// but the configured one and tags every resource. The endpoint, where it is not
// AWS itself, comes from AWS_ENDPOINT_URL in the environment.
func NewProvider(ctx *pulumi.Context, env config.Environment) (*aws.Provider, error) {
	tags := pulumi.StringMap{
		"Environment": pulumi.String(ctx.Stack()),
		"Layer":       pulumi.String(ctx.Project()),
		"Owner":       pulumi.String(env.Owner),
		"CostCenter":  pulumi.String(env.CostCenter),
		"DataClass":   pulumi.String(env.DataClass),
		"ManagedBy":   pulumi.String("pulumi"),
	}
	provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{
		Region:            pulumi.String(env.Region),
		AllowedAccountIds: pulumi.StringArray{pulumi.String(env.AccountID)},
		MaxRetries:        pulumi.Int(env.MaxRetries),
		DefaultTags:       &aws.ProviderDefaultTagsArgs{Tags: tags},
	})
	if err != nil {
		return nil, fmt.Errorf("make AWS provider of stack %s/%s: %w", ctx.Project(), ctx.Stack(), err)
	}
	return provider, nil
}
