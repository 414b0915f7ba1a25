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
	// The health checks over all probes, by what they are for.
	paymentsCheck  = "payments"
	admissionCheck = "admission"
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
	if a.Traffic.Weight < 0 || a.Traffic.Weight > maxWeight || !a.Traffic.Ready && a.Traffic.Weight != 0 {
		problems = append(problems, fmt.Errorf("entrance weight: got %d, expected 0 to %d, and 0 for a colour that is not ready", a.Traffic.Weight, maxWeight))
	}
	if len(payments(a.Services)) == 0 {
		problems = append(problems, errors.New("entrance health: no service of the catalogue has payments: true, expected at least one to check"))
	}
	return errors.Join(problems...)
}

// Entrance is the way from DNS to one colour: a name of its own, health checks
// over the payment paths behind it, and, while the colour is ready, its part of
// the public name.
type Entrance struct {
	pulumi.ResourceState

	// AdmissionID is the health check of the public record, closed while the colour
	// has no share. PaymentsID measures the same paths and is never closed.
	AdmissionID, PaymentsID pulumi.StringOutput

	// probes are the health checks of the payment paths, in the catalogue's order.
	probes pulumi.StringArray
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
		e.addColorName, e.addProbes, e.addHealthChecks, e.addPublicName,
	} {
		if err := step(ctx, name, args); err != nil {
			return nil, fmt.Errorf("entrance %s: %w", name, err)
		}
	}
	return e, ctx.RegisterResourceOutputs(e, pulumi.Map{"healthCheckId": e.AdmissionID})
}

// addColorName makes the name that always reaches this colour. The health checks
// ask it: the public name would lead them to either colour.
func (e *Entrance) addColorName(ctx *pulumi.Context, name string, args *EntranceArgs) error {
	if _, err := route53.NewRecord(ctx, name+"-own", &route53.RecordArgs{
		ZoneId:  args.ZoneID,
		Name:    pulumi.String(args.ColorName),
		Type:    pulumi.String(weightedType),
		Aliases: aliasOf(args.Balancer),
	}, pulumi.Parent(e)); err != nil {
		return fmt.Errorf("record %s: %w", args.ColorName, err)
	}
	return nil
}

// addProbes asks the health path of every service that customers pay through. A
// probe sees what a customer sees, from outside and through DNS, TLS and rule.
func (e *Entrance) addProbes(ctx *pulumi.Context, name string, args *EntranceArgs) error {
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
		e.probes = append(e.probes, check.ID().ToStringOutput())
	}
	return nil
}

// addHealthChecks sums the probes up twice, healthy while all of them are: as a
// measurement, and as admission, which is closed while the colour has no share.
// Route 53 takes a disabled check for healthy and an inverted one for the
// opposite, so that disabled and inverted together mean unhealthy whatever the
// probes say (Route 53 API reference, HealthCheckConfig, Disabled).
func (e *Entrance) addHealthChecks(ctx *pulumi.Context, name string, args *EntranceArgs) error {
	sum := func(what string, closed bool) (pulumi.StringOutput, error) {
		check, err := route53.NewHealthCheck(ctx, name+"-"+what, &route53.HealthCheckArgs{
			Type:                 pulumi.String("CALCULATED"),
			ChildHealthchecks:    e.probes,
			ChildHealthThreshold: pulumi.Int(len(e.probes)),
			Disabled:             pulumi.Bool(closed),
			InvertHealthcheck:    pulumi.Bool(closed),
			Tags:                 nameTag(args.Names, what),
		}, pulumi.Parent(e))
		if err != nil {
			return pulumi.StringOutput{}, fmt.Errorf("health check of %s: %w", what, err)
		}
		return check.ID().ToStringOutput(), nil
	}
	var err error
	if e.PaymentsID, err = sum(paymentsCheck, false); err != nil {
		return err
	}
	e.AdmissionID, err = sum(admissionCheck, !args.Traffic.open())
	return err
}

// addPublicName makes the colour's part of the public name. It waits for the
// whole balancer: a record without rules behind it would answer 404 to payments.
func (e *Entrance) addPublicName(ctx *pulumi.Context, name string, args *EntranceArgs) error {
	if !args.Traffic.Ready {
		return nil
	}
	if _, err := route53.NewRecord(ctx, name+publicSuffix, &route53.RecordArgs{
		ZoneId:                  args.ZoneID,
		Name:                    pulumi.String(args.PublicName),
		Type:                    pulumi.String(weightedType),
		SetIdentifier:           pulumi.String(string(args.Color)),
		WeightedRoutingPolicies: route53.RecordWeightedRoutingPolicyArray{route53.RecordWeightedRoutingPolicyArgs{Weight: pulumi.Int(args.Traffic.Weight)}},
		HealthCheckId:           e.AdmissionID.ToStringPtrOutput(),
		Aliases:                 aliasOf(args.Balancer),
	}, pulumi.Parent(e), pulumi.DependsOn([]pulumi.Resource{args.Balancer})); err != nil {
		return fmt.Errorf("weighted record %s: %w", args.PublicName, err)
	}
	return nil
}

// aliasOf leads to the balancer whatever the state of its target groups: Route 53
// takes a balancer for unhealthy when one of them is, also one without payments or
// without tasks (Route 53 API reference, AliasTarget, EvaluateTargetHealth).
func aliasOf(balancer *Balancer) route53.RecordAliasArray {
	return route53.RecordAliasArray{route53.RecordAliasArgs{
		Name:                 balancer.Endpoint,
		ZoneId:               balancer.ZoneID,
		EvaluateTargetHealth: pulumi.Bool(false),
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
