package security

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/account"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ebs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

const (
	// The password policy of PCI DSS 8.3.6, 8.3.7 and 8.3.9 and of CIS 1.8, 1.9.
	passwordLength  = 14
	passwordsBarred = 24
	passwordDays    = 90

	// supportAccess is what people need to open and follow cases with AWS.
	supportAccess = "arn:aws:iam::aws:policy/AWSSupportAccess"
)

// AccountSettings are the switches of an account and region that close what AWS
// leaves open: passwords, public buckets, snapshots and documents; and whom AWS
// calls in an incident.
type AccountSettings struct {
	pulumi.ResourceState
}

// NewAccountSettings sets every switch.
func NewAccountSettings(ctx *pulumi.Context, name string, args *ControlArgs, contact Contact, opts ...pulumi.ResourceOption) (*AccountSettings, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("account settings: %w", err)
	}
	s := &AccountSettings{}
	if err := ctx.RegisterComponentResource("cutover:security:AccountSettings", name, s, opts...); err != nil {
		return nil, fmt.Errorf("register account settings: %w", err)
	}
	for _, step := range []func(*pulumi.Context, string, *ControlArgs) error{
		s.addPasswordPolicy, s.addPublicAccessBlock, s.addVolumes, s.addDocuments, s.addSupportRole,
	} {
		if err := step(ctx, name, args); err != nil {
			return nil, fmt.Errorf("account settings: %w", err)
		}
	}
	if _, err := account.NewAlternativeContact(ctx, name+"-security", &account.AlternativeContactArgs{
		AlternateContactType: pulumi.String("SECURITY"),
		Name:                 pulumi.String(contact.Name),
		Title:                pulumi.String(contact.Title),
		EmailAddress:         pulumi.String(contact.Email),
		PhoneNumber:          pulumi.String(contact.Phone),
	}, pulumi.Parent(s)); err != nil {
		return nil, fmt.Errorf("security contact: %w", err)
	}
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{})
}

func (s *AccountSettings) addPasswordPolicy(ctx *pulumi.Context, name string, _ *ControlArgs) error {
	if _, err := iam.NewAccountPasswordPolicy(ctx, name, &iam.AccountPasswordPolicyArgs{
		MinimumPasswordLength:      pulumi.Int(passwordLength),
		PasswordReusePrevention:    pulumi.Int(passwordsBarred),
		MaxPasswordAge:             pulumi.Int(passwordDays),
		RequireLowercaseCharacters: pulumi.Bool(true),
		RequireUppercaseCharacters: pulumi.Bool(true),
		RequireNumbers:             pulumi.Bool(true),
		RequireSymbols:             pulumi.Bool(true),
		AllowUsersToChangePassword: pulumi.Bool(true),
	}, pulumi.Parent(s)); err != nil {
		return fmt.Errorf("password policy: %w", err)
	}
	return nil
}

func (s *AccountSettings) addPublicAccessBlock(ctx *pulumi.Context, name string, args *ControlArgs) error {
	if _, err := s3.NewAccountPublicAccessBlock(ctx, name, &s3.AccountPublicAccessBlockArgs{
		AccountId:             pulumi.String(args.Environment.AccountID),
		BlockPublicAcls:       pulumi.Bool(true),
		BlockPublicPolicy:     pulumi.Bool(true),
		IgnorePublicAcls:      pulumi.Bool(true),
		RestrictPublicBuckets: pulumi.Bool(true),
	}, pulumi.Parent(s)); err != nil {
		return fmt.Errorf("public access to buckets: %w", err)
	}
	return nil
}

// addVolumes encrypts volumes by default and shares no snapshot; the platform
// has no instances, an operator may make one.
func (s *AccountSettings) addVolumes(ctx *pulumi.Context, name string, _ *ControlArgs) error {
	if _, err := ebs.NewEncryptionByDefault(ctx, name, &ebs.EncryptionByDefaultArgs{Enabled: pulumi.Bool(true)}, pulumi.Parent(s)); err != nil {
		return fmt.Errorf("encryption of volumes: %w", err)
	}
	if _, err := ebs.NewSnapshotBlockPublicAccess(ctx, name, &ebs.SnapshotBlockPublicAccessArgs{
		State: pulumi.String("block-all-sharing"),
	}, pulumi.Parent(s)); err != nil {
		return fmt.Errorf("sharing of snapshots: %w", err)
	}
	return nil
}

// documentSharing is the switch that lets documents of Systems Manager be public.
const documentSharing = "/ssm/documents/console/public-sharing-permission"

func (s *AccountSettings) addDocuments(ctx *pulumi.Context, name string, args *ControlArgs) error {
	setting := "arn:aws:ssm:" + config.Region + ":" + args.Environment.AccountID + ":servicesetting" + documentSharing
	if _, err := ssm.NewServiceSetting(ctx, name, &ssm.ServiceSettingArgs{
		SettingId: pulumi.String(setting), SettingValue: pulumi.String("Disable"),
	}, pulumi.Parent(s)); err != nil {
		return fmt.Errorf("sharing of documents: %w", err)
	}
	return nil
}

// addSupportRole makes the role for cases with AWS. Its ceiling is the policy
// that it carries: the boundary of workloads allows nothing of it.
func (s *AccountSettings) addSupportRole(ctx *pulumi.Context, name string, args *ControlArgs) error {
	role, err := component.NewRole(ctx, name+"-support", &component.RoleArgs{
		Name:        args.Names.Name(naming.Role, "support"),
		Description: "People who handle cases with AWS Support",
		Trust: iamdoc.Document{Statements: []iamdoc.Statement{{
			Sid: "AssumeWithMFA", Principals: root(args.Environment.AccountID), Actions: []string{"sts:AssumeRole"},
			Conditions: iamdoc.Conditions{"Bool": {"aws:MultiFactorAuthPresent": {"true"}}},
		}}},
		BoundaryARN: pulumi.String(supportAccess),
	}, pulumi.Parent(s))
	if err != nil {
		return err
	}
	if _, err := iam.NewRolePolicyAttachment(ctx, name+"-support", &iam.RolePolicyAttachmentArgs{
		Role: role.Name, PolicyArn: pulumi.String(supportAccess),
	}, pulumi.Parent(s)); err != nil {
		return fmt.Errorf("attach %s: %w", supportAccess, err)
	}
	return nil
}
