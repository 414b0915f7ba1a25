package edge

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/naming"
)

// How Route 53 judges a colour: a check every requestInterval seconds from each
// checker, unhealthy after failuresInRow (Route 53 API reference,
// HealthCheckConfig).
const (
	requestInterval = 10
	failuresInRow   = 3
	// weightedType is the type of every record of a balancer: an alias to its
	// addresses, which are IPv4.
	weightedType = "A"
)

// EntranceArgs describes the names under which one colour is reached.
type EntranceArgs struct {
	Names  naming.Namer
	Color  naming.Color
	ZoneID pulumi.StringInput
	// PublicName is what customers call, ColorName what always reaches this colour.
	PublicName, ColorName string
	Traffic               Traffic
	Services              catalog.Catalog
	Balancer              *Balancer
}

// Validate joins all that is wrong with the arguments.
func (a *EntranceArgs) Validate() error {
	var problems []error
	if a.PublicName == "" || a.ColorName == "" {
		problems = append(problems, fmt.Errorf("entrance names %q and %q: expected the public name and the colour's", a.PublicName, a.ColorName))
	}
	if a.ZoneID == nil || a.Balancer == nil {
		problems = append(problems, errors.New("entrance zone or balancer: is missing"))
	}
	if a.Traffic.Ready && (a.Traffic.Weight < 1 || a.Traffic.Weight > maxWeight) {
		problems = append(problems, fmt.Errorf("entrance weight: got %d, expected 1 to %d for a colour that is ready", a.Traffic.Weight, maxWeight))
	}
	if len(payments(a.Services)) == 0 {
		problems = append(problems, errors.New("entrance health: no service of the catalogue has payments: true, expected at least one to check"))
	}
	return errors.Join(problems...)
}

// Entrance is the way from DNS to one colour: a name of its own, a health check
// over the payment paths behind it, and, while the colour is ready, its part of
// the public name.
type Entrance struct {
	pulumi.ResourceState

	HealthCheckID pulumi.StringOutput
}

// NewEntrance makes one colour's names and health checks.
func NewEntrance(ctx *pulumi.Context, name string, args *EntranceArgs, opts ...pulumi.ResourceOption) (*Entrance, error) {
	if err := args.Validate(); err != nil {
		return nil, err
	}
	e := &Entrance{}
	if err := ctx.RegisterComponentResource("cutover:edge:Entrance", name, e, opts...); err != nil {
		return nil, fmt.Errorf("register entrance %s: %w", name, err)
	}
	for _, step := range []func(*pulumi.Context, string, *EntranceArgs) error{
		e.addColorName, e.addHealthChecks, e.addPublicName,
	} {
		if err := step(ctx, name, args); err != nil {
			return nil, fmt.Errorf("entrance %s: %w", name, err)
		}
	}
	return e, ctx.RegisterResourceOutputs(e, pulumi.Map{"healthCheckId": e.HealthCheckID})
}

// addColorName makes the name that always reaches this colour. The health checks
// ask it: the public name would lead them to either colour.
func (e *Entrance) addColorName(ctx *pulumi.Context, name string, args *EntranceArgs) error {
	if _, err := route53.NewRecord(ctx, name+"-own", &route53.RecordArgs{
		ZoneId:  args.ZoneID,
		Name:    pulumi.String(args.ColorName),
		Type:    pulumi.String(weightedType),
		Aliases: aliasOf(args.Balancer, false),
	}, pulumi.Parent(e)); err != nil {
		return fmt.Errorf("record %s: %w", args.ColorName, err)
	}
	return nil
}

// addHealthChecks asks the health path of every service that customers pay
// through; the check is healthy while all of them are. It sees what a customer
// sees, from outside and through DNS, TLS and rule; whether the balancer has
// healthy targets at all the public record evaluates besides.
func (e *Entrance) addHealthChecks(ctx *pulumi.Context, name string, args *EntranceArgs) error {
	var ids pulumi.StringArray
	for _, service := range payments(args.Services) {
		check, err := route53.NewHealthCheck(ctx, name+"-"+service.Name, &route53.HealthCheckArgs{
			Type:             pulumi.String("HTTPS"),
			Fqdn:             pulumi.String(args.ColorName),
			Port:             pulumi.Int(https),
			EnableSni:        pulumi.Bool(true),
			ResourcePath:     pulumi.String(service.Health),
			RequestInterval:  pulumi.Int(requestInterval),
			FailureThreshold: pulumi.Int(failuresInRow),
			Tags:             nameTag(args.Names, service.Name),
		}, pulumi.Parent(e))
		if err != nil {
			return fmt.Errorf("health check of %s: %w", service.Name, err)
		}
		ids = append(ids, check.ID().ToStringOutput())
	}
	all, err := route53.NewHealthCheck(ctx, name+"-payments", &route53.HealthCheckArgs{
		Type:                 pulumi.String("CALCULATED"),
		ChildHealthchecks:    ids,
		ChildHealthThreshold: pulumi.Int(len(ids)),
		Tags:                 nameTag(args.Names, "payments"),
	}, pulumi.Parent(e))
	if err != nil {
		return fmt.Errorf("health check over the payment paths: %w", err)
	}
	e.HealthCheckID = all.ID().ToStringOutput()
	return nil
}

// addPublicName makes the colour's part of the public name. It waits for the
// whole balancer: a record without rules behind it would answer 404 to payments.
func (e *Entrance) addPublicName(ctx *pulumi.Context, name string, args *EntranceArgs) error {
	if !args.Traffic.Ready {
		return nil
	}
	if _, err := route53.NewRecord(ctx, name+"-public", &route53.RecordArgs{
		ZoneId:                  args.ZoneID,
		Name:                    pulumi.String(args.PublicName),
		Type:                    pulumi.String(weightedType),
		SetIdentifier:           pulumi.String(string(args.Color)),
		WeightedRoutingPolicies: route53.RecordWeightedRoutingPolicyArray{route53.RecordWeightedRoutingPolicyArgs{Weight: pulumi.Int(args.Traffic.Weight)}},
		HealthCheckId:           e.HealthCheckID.ToStringPtrOutput(),
		Aliases:                 aliasOf(args.Balancer, true),
	}, pulumi.Parent(e), pulumi.DependsOn([]pulumi.Resource{args.Balancer})); err != nil {
		return fmt.Errorf("weighted record %s: %w", args.PublicName, err)
	}
	return nil
}

func aliasOf(balancer *Balancer, evaluateHealth bool) route53.RecordAliasArray {
	return route53.RecordAliasArray{route53.RecordAliasArgs{
		Name:                 balancer.Endpoint,
		ZoneId:               balancer.ZoneID,
		EvaluateTargetHealth: pulumi.Bool(evaluateHealth),
	}}
}

// payments lists the services that customers pay through.
func payments(services catalog.Catalog) []catalog.Service {
	var found []catalog.Service
	for _, service := range services.Services {
		if service.Payments {
			found = append(found, service)
		}
	}
	return found
}
