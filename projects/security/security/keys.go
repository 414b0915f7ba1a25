package security

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

const (
	// rotationDays is how often KMS makes new key material (PCI DSS 3.7.4).
	rotationDays = 365
	// deletionDays is the longest time that KMS lets one take a deletion back.
	deletionDays = 30
)

type keyArgs struct {
	names       naming.Namer
	environment config.Environment
	// color is the colour whose data the key encrypts; empty for both.
	color naming.Color
	roles roster
	// description says what the key encrypts, policy who may use it.
	description string
	policy      iamdoc.Document
	// proves is how a key proves; nil for one that encrypts.
	proves *proving
}

// newKey makes the key of one purpose of the platform.
func newKey(ctx *pulumi.Context, name string, purpose Purpose, args keyArgs, opts ...pulumi.ResourceOption) (pulumi.StringOutput, error) {
	document, err := keyPolicy(purpose, args.color, args.roles)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	args.description, args.policy = uses[purpose].description, document
	return makeKey(ctx, name, purpose, args, opts...)
}

// makeKey makes a key with its alias and returns its ARN.
func makeKey(ctx *pulumi.Context, name string, purpose Purpose, args keyArgs, opts ...pulumi.ResourceOption) (pulumi.StringOutput, error) {
	var none pulumi.StringOutput
	policy, err := args.policy.JSON()
	if err != nil {
		return none, fmt.Errorf("policy of the %s key: %w", purpose, err)
	}
	alias := args.names.Name(naming.KeyAlias, string(purpose))
	at := name + "-" + string(purpose)
	made := &kms.KeyArgs{
		Description:          pulumi.String("Encrypts the " + args.description + " (" + alias + ")"),
		EnableKeyRotation:    pulumi.Bool(true),
		RotationPeriodInDays: pulumi.Int(rotationDays),
		DeletionWindowInDays: pulumi.Int(deletionDays),
		Policy:               pulumi.String(policy),
		Tags:                 pulumi.StringMap{"Name": pulumi.String(alias)},
	}
	if args.proves != nil {
		args.proves.fill(made, alias)
	}
	key, err := kms.NewKey(ctx, at, made, component.Stateful(args.environment, opts...)...)
	if err != nil {
		return none, fmt.Errorf("%s key: %w", purpose, err)
	}
	if _, err := kms.NewAlias(ctx, at, &kms.AliasArgs{
		Name:        pulumi.String("alias/" + alias),
		TargetKeyId: key.KeyId,
	}, opts...); err != nil {
		return none, fmt.Errorf("alias %s: %w", alias, err)
	}
	return key.Arn, nil
}
