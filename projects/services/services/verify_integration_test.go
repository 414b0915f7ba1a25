//go:build integration

package services

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scalingtypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	alarmtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	balancertypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/emulator/emulatortest"
	"github.com/cutover/cutover/shared/verify"
)

// stage is one colour's services in an emulator of the test's own, made through
// the AWS API as the layer makes them.
type stage struct {
	t       *testing.T
	args    verify.Args
	address string
	names   naming.Namer
	cfg     Config
	subnets []string
	group   string
	network string
	asked   map[string]any

	ecs       *ecs.Client
	queues    *sqs.Client
	scaling   *applicationautoscaling.Client
	balancers *elasticloadbalancingv2.Client
}

func newStage(t *testing.T) *stage {
	t.Helper()
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	_, address := emulatortest.Start(t, root)
	cfg, err := config.ReadFile[Config](stackFile(t, "local"))
	require.NoError(t, err)
	api := aws.Config{
		Region: config.Region, BaseEndpoint: aws.String("http://" + address),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
	s := &stage{
		t: t, address: address, names: naming.New("local").In(naming.Blue), cfg: cfg, asked: map[string]any{},
		ecs: ecs.NewFromConfig(api), queues: sqs.NewFromConfig(api), scaling: applicationautoscaling.NewFromConfig(api),
		balancers: elasticloadbalancingv2.NewFromConfig(api),
	}
	s.args = verify.Args{
		AWS: api, Environment: "local", StackFile: stackFile(t, "local"), Color: naming.Blue,
		Outputs: map[string]any{"blueTaskDefinitionArns": s.asked},
	}
	s.makeNetwork(ec2.NewFromConfig(api))
	s.makeQueues(kms.NewFromConfig(api))
	s.makeCluster()
	return s
}

func (s *stage) makeNetwork(client *ec2.Client) {
	network, err := client.CreateVpc(s.t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
	require.NoError(s.t, err)
	s.network = *network.Vpc.VpcId
	for cidr, zone := range map[string]string{"10.0.1.0/24": "us-east-1a", "10.0.2.0/24": "us-east-1b", "10.0.3.0/24": "us-east-1c"} {
		made, err := client.CreateSubnet(s.t.Context(), &ec2.CreateSubnetInput{VpcId: &s.network, CidrBlock: aws.String(cidr), AvailabilityZone: aws.String(zone)})
		require.NoError(s.t, err)
		s.subnets = append(s.subnets, *made.Subnet.SubnetId)
	}
	group, err := client.CreateSecurityGroup(s.t.Context(), &ec2.CreateSecurityGroupInput{VpcId: &s.network, GroupName: aws.String("tasks"), Description: aws.String("tasks")})
	require.NoError(s.t, err)
	s.group = *group.GroupId
}

func (s *stage) makeQueues(keys *kms.Client) {
	ctx := s.t.Context()
	key, err := keys.CreateKey(ctx, &kms.CreateKeyInput{})
	require.NoError(s.t, err)
	alias := "alias/" + s.names.Name(naming.KeyAlias, "messaging")
	_, err = keys.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: &alias, TargetKeyId: key.KeyMetadata.KeyId})
	require.NoError(s.t, err)
	processor := s.service("transaction-processor")
	letters := s.names.Name(naming.Queue, processor.Name, "dead-letters")
	redrive, err := json.Marshal(map[string]any{"maxReceiveCount": processor.Queue.Attempts, "deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:" + letters})
	require.NoError(s.t, err)
	s.makeQueue(letters, map[string]string{"KmsMasterKeyId": *key.KeyMetadata.Arn, "MessageRetentionPeriod": "1209600"})
	s.makeQueue(s.names.Name(naming.Queue, processor.Name), map[string]string{
		"KmsMasterKeyId": *key.KeyMetadata.Arn, "MessageRetentionPeriod": "345600", "VisibilityTimeout": "90", "RedrivePolicy": string(redrive),
	})
}

func (s *stage) makeQueue(name string, attributes map[string]string) {
	_, err := s.queues.CreateQueue(s.t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	require.NoError(s.t, err)
}

func (s *stage) service(name string) catalog.Service {
	listed, err := catalog.Load()
	require.NoError(s.t, err)
	found, known := listed.Find(name)
	require.True(s.t, known)
	return found
}

func (s *stage) makeCluster() {
	_, err := s.ecs.CreateCluster(s.t.Context(), &ecs.CreateClusterInput{
		ClusterName: aws.String(s.names.Name(naming.ECS)),
		Settings:    []types.ClusterSetting{{Name: types.ClusterSettingNameContainerInsights, Value: aws.String(containerInsights)}},
	})
	require.NoError(s.t, err)
	for _, service := range listed(s.t) {
		s.makeService(service)
	}
}

func (s *stage) makeService(service catalog.Service) {
	ctx, physical := s.t.Context(), s.names.Name(naming.ECS, service.Name)
	group, err := s.balancers.CreateTargetGroup(ctx, &elasticloadbalancingv2.CreateTargetGroupInput{
		Name: &service.Name, Protocol: balancertypes.ProtocolEnumHttps, Port: aws.Int32(int32(service.Port)), VpcId: &s.network,
		TargetType: balancertypes.TargetTypeEnumIp,
	})
	require.NoError(s.t, err)
	bounds := s.cfg.Blue[service.Name].Tasks
	_, err = s.ecs.CreateService(ctx, &ecs.CreateServiceInput{
		Cluster: aws.String(s.names.Name(naming.ECS)), ServiceName: &physical, DesiredCount: aws.Int32(int32(bounds.Min)),
		TaskDefinition: aws.String(s.revision(service, s.cfg.Blue[service.Name].Digest)), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: s.subnets, SecurityGroups: []string{s.group}}},
		LoadBalancers: []types.LoadBalancer{{
			TargetGroupArn: group.TargetGroups[0].TargetGroupArn, ContainerName: &service.Name, ContainerPort: aws.Int32(int32(service.Port)),
		}},
		DeploymentConfiguration: &types.DeploymentConfiguration{
			DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true},
			Alarms:                   &types.DeploymentAlarms{Enable: true, Rollback: true, AlarmNames: []string{"errors"}},
		},
	})
	require.NoError(s.t, err)
	resource := aws.String("service/" + s.names.Name(naming.ECS) + "/" + physical)
	_, err = s.scaling.RegisterScalableTarget(ctx, &applicationautoscaling.RegisterScalableTargetInput{
		ServiceNamespace: scalingtypes.ServiceNamespaceEcs, ScalableDimension: scalingtypes.ScalableDimensionECSServiceDesiredCount,
		ResourceId: resource, MinCapacity: aws.Int32(int32(bounds.Min)), MaxCapacity: aws.Int32(int32(bounds.Max)),
	})
	require.NoError(s.t, err)
	_, err = s.scaling.PutScalingPolicy(ctx, &applicationautoscaling.PutScalingPolicyInput{
		ServiceNamespace: scalingtypes.ServiceNamespaceEcs, ScalableDimension: scalingtypes.ScalableDimensionECSServiceDesiredCount,
		ResourceId: resource, PolicyName: aws.String("cpu"), PolicyType: scalingtypes.PolicyTypeTargetTrackingScaling,
		TargetTrackingScalingPolicyConfiguration: &scalingtypes.TargetTrackingScalingPolicyConfiguration{
			TargetValue: aws.Float64(50), PredefinedMetricSpecification: &scalingtypes.PredefinedMetricSpecification{
				PredefinedMetricType: scalingtypes.MetricTypeECSServiceAverageCPUUtilization,
			},
		},
	})
	require.NoError(s.t, err)
	for at, each := range s.cfg.Scaling[service.Name].schedule() {
		s.schedule(service.Name, at, each.At, each.least(bounds), bounds.Max)
	}
}

// schedule makes a scheduled action as the layer does, or changes one.
func (s *stage) schedule(service, at, when string, least, most int) {
	_, err := s.scaling.PutScheduledAction(s.t.Context(), &applicationautoscaling.PutScheduledActionInput{
		ServiceNamespace: scalingtypes.ServiceNamespaceEcs, ScalableDimension: scalingtypes.ScalableDimensionECSServiceDesiredCount,
		ResourceId:          aws.String("service/" + s.names.Name(naming.ECS) + "/" + s.names.Name(naming.ECS, service)),
		ScheduledActionName: aws.String(s.names.Name(naming.Generic, service, at)), Schedule: &when, Timezone: aws.String("UTC"),
		ScalableTargetAction: &scalingtypes.ScalableTargetAction{MinCapacity: aws.Int32(int32(least)), MaxCapacity: aws.Int32(int32(most))},
	})
	require.NoError(s.t, err)
}

// unschedule takes a scheduled action away.
func (s *stage) unschedule(service, at string) {
	_, err := s.scaling.DeleteScheduledAction(s.t.Context(), &applicationautoscaling.DeleteScheduledActionInput{
		ServiceNamespace: scalingtypes.ServiceNamespaceEcs, ScalableDimension: scalingtypes.ScalableDimensionECSServiceDesiredCount,
		ResourceId:          aws.String("service/" + s.names.Name(naming.ECS) + "/" + s.names.Name(naming.ECS, service)),
		ScheduledActionName: aws.String(s.names.Name(naming.Generic, service, at)),
	})
	require.NoError(s.t, err)
}

// revision registers a task definition and notes it as what was asked for.
func (s *stage) revision(service catalog.Service, digest string) string {
	made, err := s.ecs.RegisterTaskDefinition(s.t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: aws.String(s.names.Name(naming.ECS, service.Name)), NetworkMode: types.NetworkModeAwsvpc,
		ContainerDefinitions: []types.ContainerDefinition{{Name: &service.Name, Image: aws.String("registry/" + service.Name + "@" + digest), Memory: aws.Int32(128)}},
	})
	require.NoError(s.t, err)
	s.asked[service.Name] = *made.TaskDefinition.TaskDefinitionArn
	return *made.TaskDefinition.TaskDefinitionArn
}

func (s *stage) update(change *ecs.UpdateServiceInput, service string) {
	change.Cluster, change.Service = aws.String(s.names.Name(naming.ECS)), aws.String(s.names.Name(naming.ECS, service))
	_, err := s.ecs.UpdateService(s.t.Context(), change)
	require.NoError(s.t, err)
}

func (s *stage) images(method, body string) {
	request, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.address+"/_cutover/ecs/broken-images", bytes.NewBufferString(body))
	require.NoError(s.t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	require.NoError(s.t, answer.Body.Close())
}

func (s *stage) verify() error { return Verify(s.t.Context(), s.args) }

// One emulator for all: each part leaves everything as it was asked for.
func TestAWSIsAskedWhatRuns(t *testing.T) {
	s := newStage(t)
	require.NoError(t, Settled(t.Context(), s.args))
	require.NoError(t, s.verify())
	t.Run("a deployment that was undone is no success", s.seesAWayBack)
	t.Run("a deployment that an alarm ended is no success", s.seesAnAlarm)
	t.Run("a stop in the middle is waited for until the time is over", s.waitsNoLongerThanItMay)
	t.Run("drift of what stands beside the deployment", s.seesDrift)
}

func (s *stage) seesAWayBack(t *testing.T) {
	reporting, bad := s.service("reporting"), "sha256:"+strings.Repeat("bad0", 16)
	former := s.asked["reporting"]
	for fault, reason := range map[string]string{"pull": "CannotPullContainerError", "health": "health checks", "exit": "Essential container in task exited"} {
		s.images(http.MethodPost, `{"image": "`+bad+`", "fault": "`+fault+`"}`)
		revision := s.revision(reporting, bad)
		s.update(&ecs.UpdateServiceInput{TaskDefinition: &revision}, "reporting")
		for _, err := range []error{Settled(t.Context(), s.args), s.verify()} {
			require.ErrorContains(t, err, "reporting in blue: runs cutover-local-blue-reporting:1, asked for cutover-local-blue-reporting:")
			require.ErrorContains(t, err, reason)
			require.ErrorContains(t, err, "deployment failed: tasks failed to start")
			require.NotContains(t, err.Error(), "payment-api in blue")
		}
		s.images(http.MethodDelete, "")
	}
	s.asked["reporting"] = former
	require.NoError(t, s.verify())
}

func (s *stage) seesAnAlarm(t *testing.T) {
	client := cloudwatch.NewFromConfig(s.args.AWS)
	_, err := client.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String("errors"), Namespace: aws.String("n"), MetricName: aws.String("m"), Statistic: alarmtypes.StatisticSum,
		Period: aws.Int32(60), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1), ComparisonOperator: alarmtypes.ComparisonOperatorGreaterThanThreshold,
	})
	require.NoError(t, err)
	set := func(state alarmtypes.StateValue) {
		_, err := client.SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{AlarmName: aws.String("errors"), StateValue: state, StateReason: aws.String("test")})
		require.NoError(t, err)
	}
	former := s.asked["payment-api"]
	revision := s.revision(s.service("payment-api"), "sha256:"+strings.Repeat("a1a1", 16))
	s.update(&ecs.UpdateServiceInput{TaskDefinition: &revision}, "payment-api")
	set(alarmtypes.StateValueAlarm)
	err = Settled(t.Context(), s.args)
	require.ErrorContains(t, err, "payment-api in blue: runs cutover-local-blue-payment-api:1, asked for cutover-local-blue-payment-api:2")
	require.ErrorContains(t, err, "deployment failed: alarm detected")
	set(alarmtypes.StateValueOk)
	s.asked["payment-api"] = former
}

func (s *stage) waitsNoLongerThanItMay(t *testing.T) {
	off := &types.DeploymentConfiguration{DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{}, Alarms: &types.DeploymentAlarms{AlarmNames: []string{}}}
	s.update(&ecs.UpdateServiceInput{DeploymentConfiguration: off}, "reporting")
	bad, former := "sha256:"+strings.Repeat("bad1", 16), s.asked["reporting"]
	s.images(http.MethodPost, `{"image": "`+bad+`", "fault": "exit"}`)
	revision := s.revision(s.service("reporting"), bad)
	s.update(&ecs.UpdateServiceInput{TaskDefinition: &revision}, "reporting")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	err := Settled(ctx, s.args)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "reporting in blue: deployment of cutover-local-blue-reporting:")
	require.ErrorContains(t, s.verify(), "reporting in blue: does not go back when a deployment's tasks fail")
	s.images(http.MethodDelete, "")
	s.asked["reporting"] = former
	on := &types.DeploymentConfiguration{
		DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true},
		Alarms:                   &types.DeploymentAlarms{Enable: true, Rollback: true, AlarmNames: []string{"errors"}},
	}
	s.update(&ecs.UpdateServiceInput{DeploymentConfiguration: on, TaskDefinition: aws.String(former.(string))}, "reporting")
	require.NoError(t, Settled(t.Context(), s.args))
}

func (s *stage) seesDrift(t *testing.T) {
	queue, letters := s.names.Name(naming.Queue, "transaction-processor"), s.names.Name(naming.Queue, "transaction-processor", "dead-letters")
	set := func(name string, attributes map[string]string) {
		found, err := s.queues.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: &name})
		require.NoError(t, err)
		_, err = s.queues.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: found.QueueUrl, Attributes: attributes})
		require.NoError(t, err)
	}
	bounds := func(least, most int32) {
		_, err := s.scaling.RegisterScalableTarget(t.Context(), &applicationautoscaling.RegisterScalableTargetInput{
			ServiceNamespace: scalingtypes.ServiceNamespaceEcs, ScalableDimension: scalingtypes.ScalableDimensionECSServiceDesiredCount,
			ResourceId:  aws.String("service/" + s.names.Name(naming.ECS) + "/" + s.names.Name(naming.ECS, "payment-api")),
			MinCapacity: &least, MaxCapacity: &most,
		})
		require.NoError(t, err)
	}
	for _, c := range []struct {
		seen  string
		spoil func()
	}{
		{"queue " + queue + ": visibility timeout in seconds is 5, expected 90", func() { set(queue, map[string]string{"VisibilityTimeout": "5"}) }},
		{"queue " + letters + ": retention in seconds is 60, expected 1209600", func() { set(letters, map[string]string{"MessageRetentionPeriod": "60"}) }},
		{"queue " + letters + ": key is alias/aws/sqs", func() { set(letters, map[string]string{"KmsMasterKeyId": "alias/aws/sqs"}) }},
		{"queue " + letters + ": 1 messages were given up, expected none", func() {
			found, err := s.queues.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: &letters})
			require.NoError(t, err)
			_, err = s.queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: found.QueueUrl, MessageBody: aws.String("payment")})
			require.NoError(t, err)
		}},
		{"payment-api in blue: largest number of tasks is 9, expected 4", func() { bounds(1, 9) }},
		{"payment-api in blue: 5 tasks are desired, expected 1 to 4", func() { s.update(&ecs.UpdateServiceInput{DesiredCount: aws.Int32(5)}, "payment-api") }},
		{"reporting in blue: scales at evening to 3 to 4 tasks, expected 1 to 2", func() { s.schedule("reporting", "evening", "cron(0 23 ? * MON-FRI *)", 3, 4) }},
		{"reporting in blue: scales at working-hours by cron(0 9 ? * SUN *), expected cron(30 11 ? * MON-FRI *)", func() { s.schedule("reporting", "working-hours", "cron(0 9 ? * SUN *)", 3, 4) }},
		{"reporting in blue: does not change its number of tasks at evening", func() { s.unschedule("reporting", "evening") }},
		{"payment-api in blue: changes its number of tasks by [cutover-local-blue-payment-api-by-hand], which nobody configured", func() { s.schedule("payment-api", "by-hand", "cron(0 9 ? * SUN *)", 0, 1) }},
		{"reporting in blue: lets commands be executed in its tasks", func() { s.update(&ecs.UpdateServiceInput{EnableExecuteCommand: aws.Bool(true)}, "reporting") }},
		{"transaction-processor in blue: number of healthy targets is 0, expected 1", func() { s.loseTargets(t, "transaction-processor") }},
	} {
		require.NotContains(t, textOf(s.verify()), c.seen)
		c.spoil()
		require.ErrorContains(t, s.verify(), c.seen)
	}
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// loseTargets takes the tasks of a service away from the balancer.
func (s *stage) loseTargets(t *testing.T, service string) {
	groups, err := s.balancers.DescribeTargetGroups(t.Context(), &elasticloadbalancingv2.DescribeTargetGroupsInput{Names: []string{service}})
	require.NoError(t, err)
	arn := groups.TargetGroups[0].TargetGroupArn
	health, err := s.balancers.DescribeTargetHealth(t.Context(), &elasticloadbalancingv2.DescribeTargetHealthInput{TargetGroupArn: arn})
	require.NoError(t, err)
	var targets []balancertypes.TargetDescription
	for _, each := range health.TargetHealthDescriptions {
		targets = append(targets, *each.Target)
	}
	_, err = s.balancers.DeregisterTargets(t.Context(), &elasticloadbalancingv2.DeregisterTargetsInput{TargetGroupArn: arn, Targets: targets})
	require.NoError(t, err)
}
