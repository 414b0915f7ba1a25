package edge

import (
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/naming"
)

// maxConditionValues is how many patterns one condition takes (user guide for
// Application Load Balancers, "Condition types for listener rules").
const maxConditionValues = 3

// How a target is judged; all times are in seconds. A target is out after
// checkInterval x unhealthyAfter = 30 s of failures.
const (
	checkInterval  = 10
	checkTimeout   = 5
	healthyAfter   = 2
	unhealthyAfter = 3
	// roundRobin is the only algorithm that starts slowly (user guide, "Slow start
	// mode").
	roundRobin = "round_robin"
)

// addRoutes makes a target group and a rule for every service.
func (b *Balancer) addRoutes(ctx *pulumi.Context, name string, args *BalancerArgs) error {
	for _, service := range args.Services.Services {
		group, err := b.addTargetGroup(ctx, name, args, service)
		if err != nil {
			return err
		}
		b.TargetGroupARNs[service.Name] = group.Arn
		b.TargetGroupARNSuffixes[service.Name] = group.ArnSuffix
		if _, err := lb.NewListenerRule(ctx, name+"-"+service.Name, &lb.ListenerRuleArgs{
			ListenerArn: b.listenerARN,
			Priority:    pulumi.Int(service.Priority),
			Conditions: lb.ListenerRuleConditionArray{lb.ListenerRuleConditionArgs{
				PathPattern: lb.ListenerRuleConditionPathPatternArgs{Values: pulumi.ToStringArray(service.Paths)},
			}},
			Actions: lb.ListenerRuleActionArray{lb.ListenerRuleActionArgs{
				Type:           pulumi.String("forward"),
				TargetGroupArn: group.Arn,
			}},
			Tags: nameTag(args.Names, service.Name),
		}, pulumi.Parent(b)); err != nil {
			return fmt.Errorf("rule of %s: %w", service.Name, err)
		}
	}
	return nil
}

// addTargetGroup makes one service's group. Its name carries the port: another
// port makes another group, and the name must be free while both exist.
func (b *Balancer) addTargetGroup(ctx *pulumi.Context, name string, args *BalancerArgs, service catalog.Service) (*lb.TargetGroup, error) {
	group, err := lb.NewTargetGroup(ctx, name+"-"+service.Name, &lb.TargetGroupArgs{
		Name:                       pulumi.String(targetGroupName(args.Names, service)),
		VpcId:                      args.Network.VpcID,
		TargetType:                 pulumi.String("ip"),
		IpAddressType:              pulumi.String("ipv4"),
		Port:                       pulumi.Int(service.Port),
		Protocol:                   pulumi.String("HTTPS"),
		ProtocolVersion:            pulumi.String("HTTP1"),
		LoadBalancingAlgorithmType: pulumi.String(roundRobin),
		DeregistrationDelay:        pulumi.Int(service.DrainSeconds),
		SlowStart:                  pulumi.Int(service.SlowStartSeconds),
		HealthCheck: lb.TargetGroupHealthCheckArgs{
			Enabled:            pulumi.Bool(true),
			Protocol:           pulumi.String("HTTPS"),
			Port:               pulumi.String("traffic-port"),
			Path:               pulumi.String(service.Health),
			Matcher:            pulumi.String("200"),
			Interval:           pulumi.Int(checkInterval),
			Timeout:            pulumi.Int(checkTimeout),
			HealthyThreshold:   pulumi.Int(healthyAfter),
			UnhealthyThreshold: pulumi.Int(unhealthyAfter),
		},
		Tags: nameTag(args.Names, service.Name),
	}, pulumi.Parent(b))
	if err != nil {
		return nil, fmt.Errorf("target group of %s: %w", service.Name, err)
	}
	return group, nil
}

func targetGroupName(names naming.Namer, service catalog.Service) string {
	return names.Name(naming.TargetGroup, service.Name, strconv.Itoa(service.Port))
}
