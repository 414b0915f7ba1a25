package observability

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/shared/naming"
)

// finding is a kind of event that people hear of.
type finding struct {
	name, source, kind string
	// detail narrows the events down, in the form of EventBridge's patterns.
	detail   map[string]any
	severity alarm.Severity
	// tells are the fields that the notification names, by name. Findings can quote
	// what they found, which must not travel by mail.
	tells map[string]string
	text  string
}

var (
	grave    = []string{"HIGH", "CRITICAL"}
	common   = map[string]string{"at": "$.time", "account": "$.account"}
	findings = []finding{
		{
			// GuardDuty calls 4 and above medium (Amazon GuardDuty user guide, "Finding severity levels").
			name: "guardduty", source: "aws.guardduty", kind: "GuardDuty Finding", severity: alarm.Page,
			detail: map[string]any{"severity": []any{map[string]any{"numeric": []any{">=", 4}}}},
			tells:  map[string]string{"id": "$.detail.id", "type": "$.detail.type"}, text: "GuardDuty finding <type> (<id>) in <account> at <at>",
		},
		{
			name: "securityhub", source: "aws.securityhub", kind: "Security Hub Findings - Imported", severity: alarm.Warn,
			detail: map[string]any{"findings": map[string]any{
				"Severity": map[string]any{"Label": grave}, "Workflow": map[string]any{"Status": []string{"NEW"}}, "RecordState": []string{"ACTIVE"},
			}},
			tells: map[string]string{"id": "$.detail.findings[0].Id", "type": "$.detail.findings[0].GeneratorId"}, text: "Security Hub finding of <type> (<id>) in <account> at <at>",
		},
		{
			name: "inspector", source: "aws.inspector2", kind: "Inspector2 Finding", severity: alarm.Warn,
			detail: map[string]any{"severity": grave, "status": []string{"ACTIVE"}},
			tells:  map[string]string{"id": "$.detail.findingArn", "type": "$.detail.type"}, text: "Inspector finding <type> (<id>) in <account> at <at>",
		},
		{
			name: "macie", source: "aws.macie", kind: "Macie Finding", severity: alarm.Page,
			tells: map[string]string{"id": "$.detail.id", "type": "$.detail.type"}, text: "Macie finding <type> (<id>) in <account> at <at>",
		},
		{
			name: "config", source: "aws.config", kind: "Config Rules Compliance Change", severity: alarm.Warn,
			detail: map[string]any{"messageType": []string{"ComplianceChangeNotification"}, "newEvaluationResult": map[string]any{"complianceType": []string{"NON_COMPLIANT"}}},
			tells:  map[string]string{"id": "$.detail.resourceId", "type": "$.detail.configRuleName"}, text: "Config rule <type> is broken by <id> in <account> at <at>",
		},
		{
			name: "failover", source: "aws.rds", kind: "RDS DB Cluster Event", severity: alarm.Page,
			detail: map[string]any{"EventCategories": []string{"failover"}},
			tells:  map[string]string{"id": "$.detail.SourceIdentifier", "type": "$.detail.EventID"}, text: "Database <id> fails over (<type>) in <account> at <at>",
		},
		{
			// Also of a deployment that an alarm ends (Amazon ECS developer guide, "Service deployment state change events").
			name: "deployment", source: "aws.ecs", kind: "ECS Deployment State Change", severity: alarm.Warn,
			detail: map[string]any{"eventName": []string{"SERVICE_DEPLOYMENT_FAILED"}},
			tells:  map[string]string{"id": "$.resources[0]", "type": "$.detail.deploymentId"}, text: "Deployment <type> of <id> has failed in <account> at <at>",
		},
	}
)

// pattern is what EventBridge matches events with.
func (f finding) pattern() (string, error) {
	what := map[string]any{"source": []string{f.source}, "detail-type": []string{f.kind}}
	if f.detail != nil {
		what["detail"] = f.detail
	}
	text, err := json.Marshal(what)
	if err != nil {
		return "", fmt.Errorf("pattern of %s: %w", f.name, err)
	}
	return string(text), nil
}

// FindingsArgs describes who hears of findings.
type FindingsArgs struct {
	Names  naming.Namer
	Topics map[alarm.Severity]pulumi.StringOutput
}

// Validate says what is missing.
func (a *FindingsArgs) Validate() error {
	for _, each := range findings {
		if _, known := a.Topics[each.severity]; !known {
			return fmt.Errorf("findings of %s: no topic for severity %s", each.name, each.severity)
		}
	}
	return nil
}

// Findings are rules that tell people what AWS's detectors found, that a database
// fails over, and that a deployment was taken back.
type Findings struct {
	pulumi.ResourceState
}

// NewFindings makes a rule with its target for each.
func NewFindings(ctx *pulumi.Context, name string, args *FindingsArgs, opts ...pulumi.ResourceOption) (*Findings, error) {
	if err := args.Validate(); err != nil {
		return nil, err
	}
	f := &Findings{}
	if err := ctx.RegisterComponentResource("cutover:observability:Findings", name, f, opts...); err != nil {
		return nil, fmt.Errorf("register findings: %w", err)
	}
	for _, each := range findings {
		if err := f.add(ctx, name+"-"+each.name, each, args); err != nil {
			return nil, fmt.Errorf("findings of %s: %w", each.name, err)
		}
	}
	return f, ctx.RegisterResourceOutputs(f, pulumi.Map{})
}

func (f *Findings) add(ctx *pulumi.Context, name string, of finding, args *FindingsArgs) error {
	pattern, err := of.pattern()
	if err != nil {
		return err
	}
	rule, err := cloudwatch.NewEventRule(ctx, name, &cloudwatch.EventRuleArgs{
		Name: pulumi.String(args.Names.Name(naming.EventRule, "findings", of.name)), Description: pulumi.String(of.kind),
		EventPattern: pulumi.String(pattern), State: pulumi.String("ENABLED"),
	}, pulumi.Parent(f))
	if err != nil {
		return fmt.Errorf("rule: %w", err)
	}
	paths := pulumi.StringMap{}
	for _, fields := range []map[string]string{common, of.tells} {
		for field, path := range fields {
			paths[field] = pulumi.String(path)
		}
	}
	if _, err := cloudwatch.NewEventTarget(ctx, name, &cloudwatch.EventTargetArgs{
		Rule: rule.Name, Arn: args.Topics[of.severity], TargetId: pulumi.String("topic"),
		InputTransformer: cloudwatch.EventTargetInputTransformerArgs{InputPaths: paths, InputTemplate: pulumi.String(`"` + of.text + `"`)},
	}, pulumi.Parent(f)); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	return nil
}
