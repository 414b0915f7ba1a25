package security

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/accessanalyzer"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/guardduty"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/inspector2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/macie2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/securityhub"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
)

// soon is the shortest interval at which findings are published.
const soon = "FIFTEEN_MINUTES"

// Detection are the services that look for what should not be: intruders
// (GuardDuty), vulnerable code (Inspector), card data in the wrong place (Macie),
// access from outside (Access Analyzer), and the standards' own checks (Security
// Hub). Macie's automated discovery has no resource and is set by hand.
type Detection struct {
	pulumi.ResourceState
}

// NewDetection turns the detecting services on. recording is what Security Hub's
// checks are evaluated from.
func NewDetection(ctx *pulumi.Context, name string, args *ControlArgs, recording pulumi.Resource, opts ...pulumi.ResourceOption) (*Detection, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("detection: %w", err)
	}
	d := &Detection{}
	if err := ctx.RegisterComponentResource("cutover:security:Detection", name, d, opts...); err != nil {
		return nil, fmt.Errorf("register detection: %w", err)
	}
	for _, step := range []func(*pulumi.Context, string, *ControlArgs) error{
		d.addGuardDuty, d.addInspector, d.addMacie, d.addAnalyzer,
	} {
		if err := step(ctx, name, args); err != nil {
			return nil, fmt.Errorf("detection: %w", err)
		}
	}
	if err := d.addSecurityHub(ctx, name, recording); err != nil {
		return nil, fmt.Errorf("detection: %w", err)
	}
	return d, ctx.RegisterResourceOutputs(d, pulumi.Map{})
}

// detectorFeatures are what GuardDuty watches beside its three base sources.
func detectorFeatures() []string {
	return []string{"LAMBDA_NETWORK_LOGS", "RDS_LOGIN_EVENTS", runtimeMonitoring, "S3_DATA_EVENTS"}
}

const (
	runtimeMonitoring = "RUNTIME_MONITORING"
	fargateAgent      = "ECS_FARGATE_AGENT_MANAGEMENT"
	on                = "ENABLED"
)

func (d *Detection) addGuardDuty(ctx *pulumi.Context, name string, _ *ControlArgs) error {
	detector, err := guardduty.NewDetector(ctx, name, &guardduty.DetectorArgs{
		Enable: pulumi.Bool(true), FindingPublishingFrequency: pulumi.String(soon),
	}, pulumi.Parent(d))
	if err != nil {
		return fmt.Errorf("GuardDuty: %w", err)
	}
	for _, feature := range detectorFeatures() {
		args := &guardduty.DetectorFeatureArgs{
			DetectorId: detector.ID(), Name: pulumi.String(feature), Status: pulumi.String(on),
		}
		opts := []pulumi.ResourceOption{pulumi.Parent(d)}
		if feature == runtimeMonitoring {
			args.AdditionalConfigurations = guardduty.DetectorFeatureAdditionalConfigurationArray{
				guardduty.DetectorFeatureAdditionalConfigurationArgs{Name: pulumi.String(fargateAgent), Status: pulumi.String(on)},
			}
			// GuardDuty answers with the agents of EKS and EC2 as well, in an order
			// of its own; the check of the layer looks at Fargate's.
			opts = append(opts, pulumi.IgnoreChanges([]string{"additionalConfigurations"}))
		}
		if _, err := guardduty.NewDetectorFeature(ctx, name+"-"+feature, args, opts...); err != nil {
			return fmt.Errorf("GuardDuty's feature %s: %w", feature, err)
		}
	}
	return nil
}

func (d *Detection) addInspector(ctx *pulumi.Context, name string, args *ControlArgs) error {
	if _, err := inspector2.NewEnabler(ctx, name, &inspector2.EnablerArgs{
		AccountIds:    pulumi.ToStringArray([]string{args.Environment.AccountID}),
		ResourceTypes: pulumi.ToStringArray([]string{"ECR", "LAMBDA", "LAMBDA_CODE"}),
	}, pulumi.Parent(d)); err != nil {
		return fmt.Errorf("switch Inspector on: %w", err)
	}
	return nil
}

func (d *Detection) addMacie(ctx *pulumi.Context, name string, _ *ControlArgs) error {
	if _, err := macie2.NewAccount(ctx, name, &macie2.AccountArgs{
		Status: pulumi.String(on), FindingPublishingFrequency: pulumi.String(soon),
	}, pulumi.Parent(d)); err != nil {
		return fmt.Errorf("switch Macie on: %w", err)
	}
	return nil
}

func (d *Detection) addAnalyzer(ctx *pulumi.Context, name string, args *ControlArgs) error {
	if _, err := accessanalyzer.NewAnalyzer(ctx, name, &accessanalyzer.AnalyzerArgs{
		AnalyzerName: pulumi.String(args.Names.Name(naming.Analyzer, "external-access")), Type: pulumi.String("ACCOUNT"),
	}, pulumi.Parent(d)); err != nil {
		return fmt.Errorf("access analyzer: %w", err)
	}
	return nil
}

// standards are the sets of checks that Security Hub runs, by logical name.
func standards() map[string]string {
	prefix := "arn:aws:securityhub:" + config.Region + "::standards/"
	return map[string]string{
		"best-practices": prefix + "aws-foundational-security-best-practices/v/1.0.0",
		"pci":            prefix + "pci-dss/v/4.0.1",
	}
}

func (d *Detection) addSecurityHub(ctx *pulumi.Context, name string, recording pulumi.Resource) error {
	hub, err := securityhub.NewAccount(ctx, name, &securityhub.AccountArgs{
		EnableDefaultStandards:  pulumi.Bool(false),
		AutoEnableControls:      pulumi.Bool(true),
		ControlFindingGenerator: pulumi.String("SECURITY_CONTROL"),
	}, pulumi.Parent(d), pulumi.DependsOn([]pulumi.Resource{recording}))
	if err != nil {
		return fmt.Errorf("turn Security Hub on: %w", err)
	}
	for standard, arn := range standards() {
		if _, err := securityhub.NewStandardsSubscription(ctx, name+"-"+standard, &securityhub.StandardsSubscriptionArgs{
			StandardsArn: pulumi.String(arn),
		}, pulumi.Parent(d), pulumi.DependsOn([]pulumi.Resource{hub})); err != nil {
			return fmt.Errorf("standard %s: %w", standard, err)
		}
	}
	return nil
}
