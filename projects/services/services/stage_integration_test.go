//go:build integration

package services

import (
	"bytes"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scalingtypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	balancertypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/emulator"
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
	registry  *ecr.Client
	discovery *servicediscovery.Client
	namespace string
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
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""), HTTPClient: emulator.HTTPClient(),
	}
	s := &stage{
		t: t, address: address, names: naming.New("local").In(naming.Blue), cfg: cfg, asked: map[string]any{},
		ecs: ecs.NewFromConfig(api), queues: sqs.NewFromConfig(api), scaling: applicationautoscaling.NewFromConfig(api),
		balancers: elasticloadbalancingv2.NewFromConfig(api), registry: ecr.NewFromConfig(api), discovery: servicediscovery.NewFromConfig(api),
	}
	s.args = verify.Args{
		AWS: api, Environment: "local", StackFile: stackFile(t, "local"), Color: naming.Blue,
		Outputs: map[string]any{"blueTaskDefinitionArns": s.asked},
	}
	s.makeNetwork(ec2.NewFromConfig(api))
	s.makeQueues(kms.NewFromConfig(api))
	s.makeRepositories(kms.NewFromConfig(api))
	s.makeNamespace()
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

// makeKey makes a key under an alias and returns its ARN.
func (s *stage) makeKey(keys *kms.Client, alias string) string {
	key, err := keys.CreateKey(s.t.Context(), &kms.CreateKeyInput{})
	require.NoError(s.t, err)
	_, err = keys.CreateAlias(s.t.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/" + alias), TargetKeyId: key.KeyMetadata.KeyId})
	require.NoError(s.t, err)
	return *key.KeyMetadata.Arn
}

func (s *stage) makeQueues(keys *kms.Client) {
	key := s.makeKey(keys, s.names.Name(naming.KeyAlias, "messaging"))
	processor := s.service("transaction-processor")
	letters := s.names.Name(naming.Queue, processor.Name, "dead-letters")
	redrive, err := json.Marshal(map[string]any{"maxReceiveCount": processor.Queue.Attempts, "deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:" + letters})
	require.NoError(s.t, err)
	s.makeQueue(letters, map[string]string{"KmsMasterKeyId": key, "MessageRetentionPeriod": "1209600"})
	s.makeQueue(s.names.Name(naming.Queue, processor.Name), map[string]string{
		"KmsMasterKeyId": key, "MessageRetentionPeriod": "345600", "VisibilityTimeout": "90", "RedrivePolicy": string(redrive),
	})
}

func (s *stage) makeRepositories(keys *kms.Client) {
	key := s.makeKey(keys, naming.New("local").Name(naming.KeyAlias, "images"))
	for _, service := range listed(s.t) {
		_, err := s.registry.CreateRepository(s.t.Context(), &ecr.CreateRepositoryInput{
			RepositoryName: aws.String(repositoryOf(service.Name)), ImageTagMutability: ecrtypes.ImageTagMutabilityImmutable,
			ImageScanningConfiguration: &ecrtypes.ImageScanningConfiguration{ScanOnPush: true},
			EncryptionConfiguration:    &ecrtypes.EncryptionConfiguration{EncryptionType: ecrtypes.EncryptionTypeKms, KmsKey: &key},
		})
		require.NoError(s.t, err)
		s.expire(service.Name, keepBuilds)
	}
}

func repositoryOf(service string) string { return naming.New("local").Name(naming.Repository, service) }

// expire lets all builds of a service go but the last.
func (s *stage) expire(service string, keep int) {
	policy, err := lifecycle()
	require.NoError(s.t, err)
	policy = strings.Replace(policy, `"countNumber":50`, `"countNumber":`+strconv.Itoa(keep), 1)
	_, err = s.registry.PutLifecyclePolicy(s.t.Context(), &ecr.PutLifecyclePolicyInput{RepositoryName: aws.String(repositoryOf(service)), LifecyclePolicyText: &policy})
	require.NoError(s.t, err)
}

func (s *stage) makeNamespace() {
	_, err := s.discovery.CreateHttpNamespace(s.t.Context(), &servicediscovery.CreateHttpNamespaceInput{Name: aws.String(s.names.Name(naming.ECS))})
	require.NoError(s.t, err)
	all, err := s.discovery.ListNamespaces(s.t.Context(), &servicediscovery.ListNamespacesInput{})
	require.NoError(s.t, err)
	s.namespace = *all.Namespaces[0].Arn
}

// connect is the part that a service takes in calls, as the layer makes it.
func (s *stage) connect(service string) *types.ServiceConnectConfiguration {
	part := &types.ServiceConnectConfiguration{Enabled: service != "reporting"}
	if part.Enabled {
		part.Namespace = &s.namespace
	}
	if service == "transaction-processor" {
		part.Services = []types.ServiceConnectService{{
			PortName: &service, DiscoveryName: &service, IngressPortOverride: aws.Int32(catalog.ConnectPort),
			ClientAliases: []types.ServiceConnectClientAlias{{DnsName: &service, Port: aws.Int32(8444)}},
		}}
	}
	return part
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
		ServiceConnectConfiguration: s.connect(service.Name),
	})
	require.NoError(s.t, err)
	_, err = s.scaling.RegisterScalableTarget(ctx, &applicationautoscaling.RegisterScalableTargetInput{
		ServiceNamespace: scalingtypes.ServiceNamespaceEcs, ScalableDimension: scalingtypes.ScalableDimensionECSServiceDesiredCount,
		ResourceId: s.scaled(service.Name), MinCapacity: aws.Int32(int32(bounds.Min)), MaxCapacity: aws.Int32(int32(bounds.Max)),
	})
	require.NoError(s.t, err)
	for _, each := range s.cfg.Scaling[service.Name].aims() {
		s.aim(service.Name, each, *group.TargetGroups[0].TargetGroupArn)
	}
	for at, each := range s.cfg.Scaling[service.Name].schedule() {
		s.schedule(service.Name, at, each.At, each.least(bounds), bounds.Max)
	}
}

// aim makes what scales a service as the layer does, or changes it.
func (s *stage) aim(service string, each aim, group string) {
	kept := &scalingtypes.TargetTrackingScalingPolicyConfiguration{
		TargetValue: aws.Float64(float64(each.value)), ScaleOutCooldown: aws.Int32(scaleOutCooldown), ScaleInCooldown: aws.Int32(scaleInCooldown),
	}
	switch each.kind {
	case "":
		kept.CustomizedMetricSpecification = &scalingtypes.CustomizedMetricSpecification{Metrics: []scalingtypes.TargetTrackingMetricDataQuery{
			{Id: aws.String("waiting"), ReturnData: aws.Bool(false)}, {Id: aws.String("running"), ReturnData: aws.Bool(false)},
			{Id: aws.String("backlog"), Expression: aws.String(backlogExpression), ReturnData: aws.Bool(true)},
		}}
	case ofRequests:
		kept.PredefinedMetricSpecification = &scalingtypes.PredefinedMetricSpecification{
			PredefinedMetricType: scalingtypes.MetricType(each.kind), ResourceLabel: aws.String("app/b/1/" + group[strings.LastIndex(group, ":")+1:]),
		}
	default:
		kept.PredefinedMetricSpecification = &scalingtypes.PredefinedMetricSpecification{PredefinedMetricType: scalingtypes.MetricType(each.kind)}
	}
	_, err := s.scaling.PutScalingPolicy(s.t.Context(), &applicationautoscaling.PutScalingPolicyInput{
		ServiceNamespace: scalingtypes.ServiceNamespaceEcs, ScalableDimension: scalingtypes.ScalableDimensionECSServiceDesiredCount,
		ResourceId: s.scaled(service), PolicyName: aws.String(scalingName(s.names, service, each.name)),
		PolicyType: scalingtypes.PolicyTypeTargetTrackingScaling, TargetTrackingScalingPolicyConfiguration: kept,
	})
	require.NoError(s.t, err)
}

// unaim takes what scales a service away.
func (s *stage) unaim(service, what string) {
	_, err := s.scaling.DeleteScalingPolicy(s.t.Context(), &applicationautoscaling.DeleteScalingPolicyInput{
		ServiceNamespace: scalingtypes.ServiceNamespaceEcs, ScalableDimension: scalingtypes.ScalableDimensionECSServiceDesiredCount,
		ResourceId: s.scaled(service), PolicyName: aws.String(scalingName(s.names, service, what)),
	})
	require.NoError(s.t, err)
}

// scaled is the service as Application Auto Scaling names it.
func (s *stage) scaled(service string) *string {
	return aws.String("service/" + s.names.Name(naming.ECS) + "/" + s.names.Name(naming.ECS, service))
}

// schedule makes a scheduled action as the layer does, or changes one.
func (s *stage) schedule(service, at, when string, least, most int) {
	_, err := s.scaling.PutScheduledAction(s.t.Context(), &applicationautoscaling.PutScheduledActionInput{
		ServiceNamespace: scalingtypes.ServiceNamespaceEcs, ScalableDimension: scalingtypes.ScalableDimensionECSServiceDesiredCount,
		ResourceId:          s.scaled(service),
		ScheduledActionName: aws.String(scalingName(s.names, service, at)), Schedule: &when, Timezone: aws.String("UTC"),
		ScalableTargetAction: &scalingtypes.ScalableTargetAction{MinCapacity: aws.Int32(int32(least)), MaxCapacity: aws.Int32(int32(most))},
	})
	require.NoError(s.t, err)
}

// unschedule takes a scheduled action away.
func (s *stage) unschedule(service, at string) {
	_, err := s.scaling.DeleteScheduledAction(s.t.Context(), &applicationautoscaling.DeleteScheduledActionInput{
		ServiceNamespace: scalingtypes.ServiceNamespaceEcs, ScalableDimension: scalingtypes.ScalableDimensionECSServiceDesiredCount,
		ResourceId:          s.scaled(service),
		ScheduledActionName: aws.String(scalingName(s.names, service, at)),
	})
	require.NoError(s.t, err)
}

// revision registers a task definition and notes it as what was asked for.
func (s *stage) revision(service catalog.Service, digest string) string {
	return s.define(service, digest, func(*ecs.RegisterTaskDefinitionInput) {})
}

// define registers a task definition as the layer does, but for what change does to
// it, and notes it as what was asked for.
func (s *stage) define(service catalog.Service, digest string, change func(*ecs.RegisterTaskDefinitionInput)) string {
	definition := &ecs.RegisterTaskDefinitionInput{
		Family: aws.String(s.names.Name(naming.ECS, service.Name)), NetworkMode: types.NetworkModeAwsvpc,
		Cpu: aws.String(strconv.Itoa(service.CPU)), Memory: aws.String(strconv.Itoa(service.Memory)),
		TaskRoleArn: aws.String("arn:task"), ExecutionRoleArn: aws.String("arn:execution"),
		ContainerDefinitions: []types.ContainerDefinition{{
			Name: &service.Name, Image: aws.String("registry/" + service.Name + "@" + digest), User: aws.String(user), ReadonlyRootFilesystem: aws.Bool(true),
			PortMappings: []types.PortMapping{{Name: &service.Name, ContainerPort: aws.Int32(int32(service.Port))}},
			LinuxParameters: &types.LinuxParameters{
				InitProcessEnabled: aws.Bool(true), Capabilities: &types.KernelCapabilities{Drop: []string{"ALL"}},
			},
			HealthCheck: &types.HealthCheck{Command: []string{"CMD", healthcheck}}, StopTimeout: aws.Int32(int32(service.StopSeconds)),
			LogConfiguration: &types.LogConfiguration{
				LogDriver: types.LogDriverAwslogs, Options: map[string]string{"awslogs-group": s.names.Name(naming.LogGroup, "services", service.Name)},
			},
		}},
	}
	change(definition)
	made, err := s.ecs.RegisterTaskDefinition(s.t.Context(), definition)
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
