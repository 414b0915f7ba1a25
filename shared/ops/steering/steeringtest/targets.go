package steeringtest

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/require"
)

// MakeGroup makes a target group with as many targets, at addresses of the default
// VPC, and returns its ARN.
func MakeGroup(t *testing.T, cloud aws.Config, name string, targets ...string) string {
	t.Helper()
	client := elb.NewFromConfig(cloud)
	vpcs, err := ec2.NewFromConfig(cloud).DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
	require.NoError(t, err)
	made, err := client.CreateTargetGroup(t.Context(), &elb.CreateTargetGroupInput{
		Name: aws.String(name), Protocol: elbtypes.ProtocolEnumHttps, Port: aws.Int32(8443), TargetType: elbtypes.TargetTypeEnumIp, VpcId: vpcs.Vpcs[0].VpcId,
	})
	require.NoError(t, err)
	group := made.TargetGroups[0].TargetGroupArn
	for _, address := range targets {
		_, err := client.RegisterTargets(t.Context(), &elb.RegisterTargetsInput{
			TargetGroupArn: group, Targets: []elbtypes.TargetDescription{{Id: aws.String(address), Port: aws.Int32(8443)}},
		})
		require.NoError(t, err)
	}
	return aws.ToString(group)
}

// MakeAlarm makes an alarm in a state.
func MakeAlarm(t *testing.T, cloud aws.Config, name string, state cwtypes.StateValue) {
	t.Helper()
	client := cloudwatch.NewFromConfig(cloud)
	_, err := client.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String(name), MetricName: aws.String("Errors"), Namespace: aws.String("Test"), Statistic: cwtypes.StatisticSum,
		Period: aws.Int32(60), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1),
		ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold,
	})
	require.NoError(t, err)
	SetAlarm(t, cloud, name, state)
}

// SetAlarm puts an alarm into a state.
func SetAlarm(t *testing.T, cloud aws.Config, name string, state cwtypes.StateValue) {
	t.Helper()
	_, err := cloudwatch.NewFromConfig(cloud).SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{
		AlarmName: aws.String(name), StateValue: state, StateReason: aws.String("test"),
	})
	require.NoError(t, err)
}
