package services

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/cutover/cutover/shared/verify"
)

// checkAims expects the values of the stack file that autoscaling keeps, each over
// its own metric, and no others: of several the one that wants most tasks wins, so
// that a forgotten one keeps tasks running for nothing.
func (c *colorVerifier) checkAims(ctx context.Context, f *verify.Findings, service string, found ecstypes.Service) error {
	answer, err := c.scaling.DescribeScalingPolicies(ctx, &applicationautoscaling.DescribeScalingPoliciesInput{
		ServiceNamespace: types.ServiceNamespaceEcs, ResourceId: aws.String("service/" + c.cluster() + "/" + c.serviceName(service)),
	})
	if err != nil {
		return fmt.Errorf("scaling: %w", err)
	}
	policies := make(map[string]types.ScalingPolicy)
	for _, policy := range answer.ScalingPolicies {
		policies[aws.ToString(policy.PolicyName)] = policy
	}
	for _, want := range c.cfg.Scaling[service].aims() {
		name := scalingName(c.names, service, want.name)
		policy, made := policies[name]
		delete(policies, name)
		if !made || policy.TargetTrackingScalingPolicyConfiguration == nil {
			f.Expect(false, "does not scale by %s", want.name)
			continue
		}
		judgeAim(f, want, *policy.TargetTrackingScalingPolicyConfiguration, found)
	}
	f.Expect(len(policies) == 0, "scales by %v, which nobody configured", slices.Sorted(maps.Keys(policies)))
	return nil
}

// judgeAim compares what autoscaling keeps with what it should.
func judgeAim(f *verify.Findings, want aim, kept types.TargetTrackingScalingPolicyConfiguration, service ecstypes.Service) {
	about := "scaling by " + want.name
	f.Equal("value of "+about, aws.ToFloat64(kept.TargetValue), float64(want.value))
	f.Equal("pause in seconds before more tasks, "+about, aws.ToInt32(kept.ScaleOutCooldown), int32(scaleOutCooldown))
	f.Equal("pause in seconds before fewer tasks, "+about, aws.ToInt32(kept.ScaleInCooldown), int32(scaleInCooldown))
	f.Expect(!aws.ToBool(kept.DisableScaleIn), "%s never takes a task away", about)
	if want.kind == "" {
		f.Expect(backlogOf(kept.CustomizedMetricSpecification) == backlogExpression, "%s looks at %q, expected %s", about, backlogOf(kept.CustomizedMetricSpecification), backlogExpression)
		return
	}
	metric := kept.PredefinedMetricSpecification
	if metric == nil {
		metric = &types.PredefinedMetricSpecification{}
	}
	f.Equal("metric of "+about, string(metric.PredefinedMetricType), want.kind)
	if want.kind == ofRequests {
		f.Expect(slices.ContainsFunc(service.LoadBalancers, func(b ecstypes.LoadBalancer) bool {
			arn := aws.ToString(b.TargetGroupArn)
			return strings.HasSuffix(aws.ToString(metric.ResourceLabel), "/"+arn[strings.LastIndex(arn, ":")+1:])
		}), "%s counts those of %q, expected its own target group", about, aws.ToString(metric.ResourceLabel))
	}
}

// backlogOf is the expression that decides.
func backlogOf(metric *types.CustomizedMetricSpecification) string {
	if metric == nil {
		return ""
	}
	for _, query := range metric.Metrics {
		if query.ReturnData == nil || *query.ReturnData {
			return aws.ToString(query.Expression)
		}
	}
	return ""
}
