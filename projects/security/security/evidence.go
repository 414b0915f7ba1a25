package security

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
)

// Services that deliver evidence by themselves.
const (
	trailService  = "cloudtrail.amazonaws.com"
	configService = "config.amazonaws.com"
)

// EvidenceArgs describes where the evidence of an account is kept.
type EvidenceArgs struct {
	Names       naming.Namer
	Environment config.Environment
	BoundaryARN pulumi.StringInput
	// Keep says how long evidence stays and who may delete it before.
	Keep Retention
}

// Validate joins all that is wrong with the arguments.
func (a *EvidenceArgs) Validate() error {
	problems := []error{checkAccount(a.Environment.AccountID, a.BoundaryARN)}
	if a.Keep.Days < minKeepDays {
		problems = append(problems, fmt.Errorf("retention: is %d days, expected at least %d", a.Keep.Days, minKeepDays))
	}
	return errors.Join(problems...)
}

// Evidence is where the account keeps what auditors read: the key, the buckets
// of trail, archive, configuration history and access logs, and the topic that
// tells of events. Those who write to it are other components.
type Evidence struct {
	pulumi.ResourceState

	KeyARN, EventsKeyARN, EventsTopicARN      pulumi.StringOutput
	AccessLogs, Trail, Archive, ConfigHistory *component.Bucket
	// ReportsRole is taken by Amazon SNS to report deliveries.
	ReportsRole *iam.Role
}

// NewEvidence makes the keys, the buckets and the topic.
func NewEvidence(ctx *pulumi.Context, name string, args *EvidenceArgs, opts ...pulumi.ResourceOption) (*Evidence, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	e := &Evidence{}
	if err := ctx.RegisterComponentResource("cutover:security:Evidence", name, e, opts...); err != nil {
		return nil, fmt.Errorf("register evidence: %w", err)
	}
	for _, step := range []func(*pulumi.Context, string, *EvidenceArgs) error{
		e.addKey, e.addAccessLogs, e.addTrailBucket, e.addArchive, e.addConfigHistory, e.addTopic,
	} {
		if err := step(ctx, name, args); err != nil {
			return nil, fmt.Errorf("evidence: %w", err)
		}
	}
	return e, ctx.RegisterResourceOutputs(e, pulumi.Map{"keyArn": e.KeyARN})
}

func (e *Evidence) addKey(ctx *pulumi.Context, name string, args *EvidenceArgs) (err error) {
	e.KeyARN, err = makeKey(ctx, name, Audit, keyArgs{
		names: args.Names, environment: args.Environment, description: auditUse().description,
		policy: auditKeyPolicy(trailARN(args.Names, args.Environment.AccountID), args.Environment.AccountID),
	}, pulumi.Parent(e))
	return err
}
