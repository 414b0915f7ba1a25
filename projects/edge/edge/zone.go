package edge

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// ZoneArgs describes the public zone of the platform's names.
type ZoneArgs struct {
	Names       naming.Namer
	Environment config.Environment
	Domain      string
	// ExistingID is the zone to use; nil makes one.
	ExistingID *string
	// LogsKeyARN encrypts the log of queries.
	LogsKeyARN pulumi.StringInput
	// SigningKeyARN signs the zone that is made here; nil leaves it unsigned.
	SigningKeyARN pulumi.StringInput
}

// Validate joins all that is wrong with the arguments.
func (a *ZoneArgs) Validate() error {
	var problems []error
	if a.Domain == "" {
		problems = append(problems, errors.New("zone domain: is empty, expected a domain such as cutover.example"))
	}
	if a.LogsKeyARN == nil {
		problems = append(problems, errors.New("zone log key: is missing, expected the ARN of a key for logs"))
	}
	return errors.Join(problems...)
}

// Zone is the public zone. A zone that was given keeps whatever logging and
// signatures its owner set up; one that is made here logs every query.
type Zone struct {
	pulumi.ResourceState

	ID pulumi.StringOutput
	// NameServers are empty for a zone that was given.
	NameServers pulumi.StringArrayOutput
	// DSRecord is for the parent domain; empty for a zone that was given or is not
	// signed.
	DSRecord pulumi.StringOutput
}

// NewZone makes the zone, or takes the one that was given.
func NewZone(ctx *pulumi.Context, name string, args *ZoneArgs, opts ...pulumi.ResourceOption) (*Zone, error) {
	if err := args.Validate(); err != nil {
		return nil, err
	}
	z := &Zone{DSRecord: pulumi.String("").ToStringOutput()}
	if err := ctx.RegisterComponentResource("cutover:edge:Zone", name, z, opts...); err != nil {
		return nil, fmt.Errorf("register zone %s: %w", args.Domain, err)
	}
	if args.ExistingID != nil {
		z.ID = pulumi.String(*args.ExistingID).ToStringOutput()
		z.NameServers = pulumi.StringArray{}.ToStringArrayOutput()
	} else if err := z.make(ctx, name, args); err != nil {
		return nil, fmt.Errorf("zone %s: %w", args.Domain, err)
	}
	return z, ctx.RegisterResourceOutputs(z, pulumi.Map{"id": z.ID, "nameServers": z.NameServers, "dsRecord": z.DSRecord})
}

func (z *Zone) make(ctx *pulumi.Context, name string, args *ZoneArgs) error {
	zone, err := route53.NewZone(ctx, name, &route53.ZoneArgs{
		Name:    pulumi.String(args.Domain),
		Comment: pulumi.String("Public names of the payment platform"),
		Tags:    nameTag(args.Names, "zone"),
	}, component.Stateful(args.Environment, pulumi.Parent(z))...)
	if err != nil {
		return fmt.Errorf("make it: %w", err)
	}
	z.ID, z.NameServers = zone.ZoneId, zone.NameServers
	if args.SigningKeyARN != nil {
		if err := z.sign(ctx, name, args); err != nil {
			return err
		}
	}
	return z.logQueries(ctx, name, args)
}

// logQueries writes every query to a log group (AWS Security Hub control
// Route53.2). The group's name has to begin with /aws/route53/ for the zone to
// show it (Route 53 developer guide, "Public DNS query logging").
func (z *Zone) logQueries(ctx *pulumi.Context, name string, args *ZoneArgs) error {
	group, err := component.NewLogGroup(ctx, name+"-queries", &component.LogGroupArgs{
		Name:   "/aws/route53/" + args.Domain,
		KeyARN: args.LogsKeyARN,
	}, pulumi.Parent(z))
	if err != nil {
		return err
	}
	policy, err := queryLogPolicy(args).JSON()
	if err != nil {
		return fmt.Errorf("policy of the query log: %w", err)
	}
	permission, err := cloudwatch.NewLogResourcePolicy(ctx, name+"-queries", &cloudwatch.LogResourcePolicyArgs{
		PolicyName:     pulumi.String(args.Names.Name(naming.Policy, "route53", "queries")),
		PolicyDocument: pulumi.String(policy),
	}, pulumi.Parent(z))
	if err != nil {
		return fmt.Errorf("permission to log queries: %w", err)
	}
	if _, err := route53.NewQueryLog(ctx, name+"-queries", &route53.QueryLogArgs{
		ZoneId:                z.ID,
		CloudwatchLogGroupArn: group.Arn,
	}, pulumi.Parent(z), pulumi.DependsOn([]pulumi.Resource{permission})); err != nil {
		return fmt.Errorf("query log: %w", err)
	}
	return nil
}

func queryLogPolicy(args *ZoneArgs) iamdoc.Document {
	group := fmt.Sprintf("arn:aws:logs:%s:%s:log-group:/aws/route53/%s:*", config.Region, args.Environment.AccountID, args.Domain)
	return iamdoc.Document{Statements: []iamdoc.Statement{{
		Sid:        "LogQueries",
		Principals: iamdoc.Principals{Services: []string{"route53.amazonaws.com"}},
		Actions:    []string{"logs:CreateLogStream", "logs:PutLogEvents"},
		Resources:  []string{group},
		Conditions: iamdoc.Conditions{"StringEquals": {"aws:SourceAccount": {args.Environment.AccountID}}},
	}}}
}
