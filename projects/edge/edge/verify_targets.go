package edge

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/verify"
)

func (c *colorVerifier) checkTargetGroups(ctx context.Context) error {
	groups := c.Texts(c.output("targetGroupArns"))
	var all []func(context.Context) error
	for _, service := range c.services.Services {
		all = append(all, func(ctx context.Context) error { return c.checkTargetGroup(ctx, service, groups[service.Name]) })
	}
	return verify.All(ctx, all...)
}

func (c *colorVerifier) checkTargetGroup(ctx context.Context, service catalog.Service, arn string) error {
	f := verify.About("%s", c.groupName(service.Name))
	answer, err := c.balancers.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{arn}})
	if err != nil {
		return f.Failed(err)
	}
	for _, group := range answer.TargetGroups {
		f.Equal("protocol", group.Protocol, types.ProtocolEnumHttps)
		f.Equal("port", int(aws.ToInt32(group.Port)), service.Port)
		f.Equal("protocol of the health check", group.HealthCheckProtocol, types.ProtocolEnumHttps)
		f.Equal("path of the health check", aws.ToString(group.HealthCheckPath), service.Health)
		f.Equal("health check", aws.ToBool(group.HealthCheckEnabled), true)
		f.Equal("interval of the health check in seconds", aws.ToInt32(group.HealthCheckIntervalSeconds), int32(checkInterval))
		f.Equal("failures in a row", aws.ToInt32(group.UnhealthyThresholdCount), int32(unhealthyAfter))
	}
	attributes, err := c.balancers.DescribeTargetGroupAttributes(ctx, &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: aws.String(arn)})
	if err != nil {
		return f.Failed(err)
	}
	found := make(map[string]string)
	for _, attribute := range attributes.Attributes {
		found[aws.ToString(attribute.Key)] = aws.ToString(attribute.Value)
	}
	expectAttributes(f, found, map[string]string{
		"deregistration_delay.timeout_seconds": strconv.Itoa(service.DrainSeconds),
		"slow_start.duration_seconds":          strconv.Itoa(service.SlowStartSeconds),
		"load_balancing.algorithm.type":        roundRobin,
	})
	return f.Err()
}

// checkTargets looks at the health of what is registered. A colour without a share
// may be sick: the steps of traffic ask for its health before it gets one. Whether
// enough is registered at all the layer of services verifies, which knows how many
// tasks it wants.
func (c *colorVerifier) checkTargets(ctx context.Context) error {
	weight, err := c.weight(ctx)
	if err != nil || weight == 0 {
		return err
	}
	var problems []func(context.Context) error
	groups := c.Texts(c.output("targetGroupArns"))
	for _, service := range c.services.Services {
		problems = append(problems, func(ctx context.Context) error {
			f := verify.About("%s", c.groupName(service.Name))
			answer, err := c.balancers.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String(groups[service.Name])})
			if err != nil {
				return f.Failed(err)
			}
			judgeTargets(f, answer.TargetHealthDescriptions)
			return f.Err()
		})
	}
	return verify.All(ctx, problems...)
}

// transient are states on the way to health or out of the group.
var transient = []types.TargetHealthStateEnum{types.TargetHealthStateEnumInitial, types.TargetHealthStateEnumDraining}

// judgeTargets expects every target to be healthy or on its way, and one of them
// healthy.
func judgeTargets(f *verify.Findings, targets []types.TargetHealthDescription) {
	healthy := 0
	var sick []string
	for _, target := range targets {
		if target.TargetHealth == nil || target.Target == nil {
			continue
		}
		switch state := target.TargetHealth.State; {
		case state == types.TargetHealthStateEnumHealthy:
			healthy++
		case !slices.Contains(transient, state):
			sick = append(sick, fmt.Sprintf("%s is %s (%s)", aws.ToString(target.Target.Id), state, target.TargetHealth.Reason))
		}
	}
	f.Expect(len(sick) == 0, "%d of %d are healthy: %s", healthy, len(targets), strings.Join(sick, ", "))
	f.Expect(healthy > 0 || len(targets) == 0 || len(sick) > 0, "none of %d is healthy yet", len(targets))
}
