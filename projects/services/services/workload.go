package services

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/appautoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecr"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/naming"
)

// How a deployment goes: new tasks beside the old ones, never fewer than the
// release asks for.
const (
	minHealthyPercent = 100
	maxPercent        = 200
	// gracePeriod, in seconds, is what a task may take to answer its first check.
	gracePeriod = 60
	// platformVersion is Fargate's; LATEST follows security updates.
	platformVersion = "LATEST"
)

// WorkloadArgs describes one service in one colour.
type WorkloadArgs struct {
	Names   naming.Namer
	Color   naming.Color
	Service catalog.Service
	// Listed is the whole catalogue: who calls the service stands with the callers.
	Listed       catalog.Catalog
	Release      Release
	Scaling      Scaling
	Architecture string
	Repository   *ecr.Repository
	Cluster      *Cluster
	// Queues are all of the colour, by the service that takes work from them.
	Queues map[string]*Queue
	// Called are the services that this one calls: they have to be there first, since
	// a proxy knows only those that were there when its task started.
	Called []pulumi.Resource
	Around surroundings
}

// Validate joins all that is wrong with the arguments.
func (a *WorkloadArgs) Validate() error {
	var problems []error
	at := fmt.Sprintf("workload %s in %s", a.Service.Name, a.Color)
	if !digest.MatchString(a.Release.Digest) {
		problems = append(problems, fmt.Errorf("%s: image digest %q, expected sha256: and 64 hexadecimal digits", at, a.Release.Digest))
	}
	if tasks := a.Release.Tasks; tasks.Min < 0 || tasks.Max < tasks.Min || tasks.Max > maxTasks {
		problems = append(problems, fmt.Errorf("%s: %d to %d tasks, expected bounds from 0 to %d", at, tasks.Min, tasks.Max, maxTasks))
	}
	for _, owner := range queuesOf(a.Service) {
		if a.Queues[owner] == nil {
			problems = append(problems, fmt.Errorf("%s: queue of %s is missing", at, owner))
		}
	}
	if (a.Service.Queue == nil) != (a.Scaling.BacklogPerTask == nil) {
		problems = append(problems, errors.New(at+": a backlog for each task belongs to a queue of its own, and the reverse"))
	}
	if a.Service.Port < 1024 {
		problems = append(problems, fmt.Errorf("%s: port %d, expected one that needs no root, from 1024", at, a.Service.Port))
	}
	if a.Repository == nil || a.Cluster == nil {
		problems = append(problems, errors.New(at+": repository or cluster is missing"))
	}
	return errors.Join(problems...)
}

// Workload is one service in one colour: what its tasks are, how many run, what
// may reach them and what starts them.
type Workload struct {
	pulumi.ResourceState

	ServiceName  pulumi.StringOutput
	LogGroupName pulumi.StringOutput
	// TaskDefinitionARN is the revision that the release asks for.
	TaskDefinitionARN pulumi.StringOutput
	// AlarmNames are by service and what the alarm watches, "payment-api/errors".
	AlarmNames pulumi.StringMap
	// ScheduleNames are by service and time, "reporting/working-hours".
	ScheduleNames pulumi.StringMap

	physical   string
	logGroup   pulumi.StringOutput
	definition *ecs.TaskDefinition
	service    *ecs.Service
	target     *appautoscaling.Target
	// alarms end a deployment while one of them is in alarm.
	alarms pulumi.StringArray
	// before has to exist when the first task starts.
	before []pulumi.Resource
}

// NewWorkload makes one service in one colour.
func NewWorkload(ctx *pulumi.Context, name string, args *WorkloadArgs, opts ...pulumi.ResourceOption) (*Workload, error) {
	if err := args.Validate(); err != nil {
		return nil, err
	}
	w := &Workload{physical: args.Names.Name(naming.ECS, args.Service.Name), AlarmNames: pulumi.StringMap{}, ScheduleNames: pulumi.StringMap{}}
	if err := ctx.RegisterComponentResource("cutover:services:Workload", name, w, opts...); err != nil {
		return nil, fmt.Errorf("register workload %s: %w", name, err)
	}
	for _, step := range []func(*pulumi.Context, string, *WorkloadArgs) error{
		w.addLogs, w.addPermissions, w.addMessages, w.addIngress, w.addCalls, w.addAlarms, w.addTaskDefinition, w.addService, w.addScaling, w.addSchedule,
	} {
		if err := step(ctx, name, args); err != nil {
			return nil, fmt.Errorf("workload %s: %w", name, err)
		}
	}
	return w, ctx.RegisterResourceOutputs(w, pulumi.Map{"serviceName": w.ServiceName})
}

func (w *Workload) addLogs(ctx *pulumi.Context, name string, args *WorkloadArgs) error {
	group, err := component.NewLogGroup(ctx, name, &component.LogGroupArgs{
		Name:   args.Names.Name(naming.LogGroup, "services", args.Service.Name),
		KeyARN: args.Around.principals.LogsKeyARN,
	}, pulumi.Parent(w))
	if err != nil {
		return err
	}
	w.LogGroupName, w.logGroup = group.Name, group.Arn
	return w.addMask(ctx, name, group)
}

// addIngress opens the service's port to the colour's balancer, and to nobody
// else.
func (w *Workload) addIngress(ctx *pulumi.Context, name string, args *WorkloadArgs) error {
	rule, err := vpc.NewSecurityGroupIngressRule(ctx, name+"-from-alb", &vpc.SecurityGroupIngressRuleArgs{
		SecurityGroupId:           w.groupID(args),
		Description:               pulumi.String("Requests and health checks of the public balancer"),
		IpProtocol:                pulumi.String("tcp"),
		FromPort:                  pulumi.Int(args.Service.Port),
		ToPort:                    pulumi.Int(args.Service.Port),
		ReferencedSecurityGroupId: args.Around.balancer.SecurityGroupID,
	}, pulumi.Parent(w))
	if err != nil {
		return fmt.Errorf("ingress rule: %w", err)
	}
	w.before = append(w.before, rule)
	return nil
}

func (w *Workload) groupID(args *WorkloadArgs) pulumi.StringOutput {
	return component.Entry(args.Around.network.ServiceSecurityGroupIDs,
		string(args.Color)+" service security groups of the foundation layer", args.Service.Name)
}

// addService runs the tasks, as many as there may be at least when it is made;
// from then on autoscaling says how many. The update ends when the deployment does: until
// then the revision it replaces stays active, and the circuit breaker can go
// back to it.
func (w *Workload) addService(ctx *pulumi.Context, name string, args *WorkloadArgs) error {
	made := &ecs.ServiceArgs{
		Name:                 pulumi.String(w.physical),
		Cluster:              args.Cluster.ARN,
		TaskDefinition:       w.definition.Arn,
		DesiredCount:         pulumi.Int(args.Release.Tasks.Min),
		LaunchType:           pulumi.String(fargate),
		PlatformVersion:      pulumi.String(platformVersion),
		EnableExecuteCommand: pulumi.Bool(false),
		EnableEcsManagedTags: pulumi.Bool(true),
		PropagateTags:        pulumi.String("SERVICE"),
		WaitForSteadyState:   pulumi.Bool(true),
		NetworkConfiguration: ecs.ServiceNetworkConfigurationArgs{
			Subnets:        args.Around.network.PrivateSubnetIDs,
			SecurityGroups: pulumi.StringArray{w.groupID(args)},
			AssignPublicIp: pulumi.Bool(false),
		},
		LoadBalancers: ecs.ServiceLoadBalancerArray{ecs.ServiceLoadBalancerArgs{
			TargetGroupArn: component.Entry(args.Around.balancer.TargetGroupARNs,
				string(args.Color)+" target groups of the edge layer", args.Service.Name).ToStringPtrOutput(),
			ContainerName: pulumi.String(args.Service.Name),
			ContainerPort: pulumi.Int(args.Service.Port),
		}},
		HealthCheckGracePeriodSeconds:   pulumi.Int(gracePeriod),
		DeploymentController:            ecs.ServiceDeploymentControllerArgs{Type: pulumi.String("ECS")},
		DeploymentCircuitBreaker:        ecs.ServiceDeploymentCircuitBreakerArgs{Enable: pulumi.Bool(true), Rollback: pulumi.Bool(true)},
		Alarms:                          ecs.ServiceAlarmsArgs{AlarmNames: w.alarms, Enable: pulumi.Bool(true), Rollback: pulumi.Bool(true)},
		DeploymentMinimumHealthyPercent: pulumi.Int(minHealthyPercent),
		DeploymentMaximumPercent:        pulumi.Int(maxPercent),
		AvailabilityZoneRebalancing:     pulumi.String("ENABLED"),
	}
	if part := w.connect(args); part != nil {
		made.ServiceConnectConfiguration = part
	}
	before := append(slices.Clone(w.before), args.Called...)
	service, err := ecs.NewService(ctx, name, made, pulumi.Parent(w), pulumi.DependsOn(before), pulumi.IgnoreChanges(scaledProperties()))
	if err != nil {
		return fmt.Errorf("service: %w", err)
	}
	w.service, w.ServiceName = service, service.Name
	return nil
}
