// Package services is the layer of containers: for each colour an ECS cluster on
// Fargate with the services of the catalogue, and the repositories of their
// images, which both colours share, and the queues that services take work from. What reaches a service from outside is the
// edge layer's, what a service may read and write is granted by the layer that
// holds the data.
//
// An image has to serve TLS on the catalogue's port with a key it makes at
// start, answer the health path of the catalogue, carry the program /healthcheck
// (which takes a URL and ends with 0 when that answers 200, whatever the
// certificate), and declare /tmp as a volume with mode 1777: the volume's root
// takes over the mode of the image's directory.
package services

import (
	"maps"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
)

// Program declares the layer.
func Program(ctx *pulumi.Context) error { return component.Program(ctx, build) }

// upstream is what other layers promise.
type upstream struct {
	services     catalog.Catalog
	imagesKeyARN pulumi.StringOutput
	colors       map[naming.Color]surroundings
}

// surroundings are what other layers made for one colour.
type surroundings struct {
	network    contract.Network
	principals contract.Principals
	stores     contract.Stores
	balancer   contract.Balancer
	// controlTable and eventsTopic, an ARN, are the same for both colours.
	controlTable, eventsTopic pulumi.StringOutput
}

func readUpstream(ctx *pulumi.Context) (upstream, error) {
	services, err := catalog.Load()
	if err != nil {
		return upstream{}, err
	}
	foundation, err := contract.Import[contract.FoundationOutputs](ctx)
	if err != nil {
		return upstream{}, err
	}
	security, err := contract.Import[contract.SecurityOutputs](ctx)
	if err != nil {
		return upstream{}, err
	}
	data, err := contract.Import[contract.DataOutputs](ctx)
	if err != nil {
		return upstream{}, err
	}
	edge, err := contract.Import[contract.EdgeOutputs](ctx)
	if err != nil {
		return upstream{}, err
	}
	return upstream{
		services:     services,
		imagesKeyARN: security.ImagesKeyARN,
		colors: map[naming.Color]surroundings{
			naming.Blue:  {foundation.Blue, security.Blue, data.Blue, edge.Blue, data.ControlTableName, security.EventsTopicARN},
			naming.Green: {foundation.Green, security.Green, data.Green, edge.Green, data.ControlTableName, security.EventsTopicARN},
		},
	}, nil
}

// build makes the repositories, which both colours share, then the colours.
func build(ctx *pulumi.Context, cfg Config, opts ...pulumi.ResourceOption) (contract.ServicesOutputs, error) {
	var none contract.ServicesOutputs
	from, err := readUpstream(ctx)
	if err != nil {
		return none, err
	}
	images, err := NewRepositories(ctx, "images", &RepositoriesArgs{
		Names:       naming.New(ctx.Stack()),
		Environment: cfg.Environment,
		Services:    from.services.Names(),
		KeyARN:      from.imagesKeyARN,
	}, opts...)
	if err != nil {
		return none, err
	}
	outputs := contract.ServicesOutputs{RepositoryURLs: images.URLs.ToStringMapOutput()}
	for color, into := range map[naming.Color]*contract.Workloads{naming.Blue: &outputs.Blue, naming.Green: &outputs.Green} {
		if *into, err = buildColor(ctx, cfg, from, color, images, opts...); err != nil {
			return none, err
		}
	}
	return outputs, nil
}

func buildColor(ctx *pulumi.Context, cfg Config, from upstream, color naming.Color, images *Repositories, opts ...pulumi.ResourceOption) (contract.Workloads, error) {
	var none contract.Workloads
	names, around := naming.New(ctx.Stack()).In(color), from.colors[color]
	cluster, err := NewCluster(ctx, string(color), &ClusterArgs{Names: names, LogsKeyARN: around.principals.LogsKeyARN}, opts...)
	if err != nil {
		return none, err
	}
	queues, err := buildQueues(ctx, cfg, from, color, opts...)
	if err != nil {
		return none, err
	}
	serviceNames, logGroups, definitions, alarms, schedules := pulumi.StringMap{}, pulumi.StringMap{}, pulumi.StringMap{}, pulumi.StringMap{}, pulumi.StringMap{}
	made := make(map[string]*Workload)
	for _, service := range from.services.CalledFirst() {
		workload, err := NewWorkload(ctx, string(color)+"-"+service.Name, &WorkloadArgs{
			Names:        names,
			Color:        color,
			Service:      service,
			Listed:       from.services,
			Called:       called(service, made),
			Release:      cfg.Releases(color)[service.Name],
			Scaling:      cfg.Scaling[service.Name],
			Architecture: cfg.Architecture,
			Repository:   images.repositories[service.Name],
			Cluster:      cluster,
			Queues:       queues,
			Around:       around,
		}, opts...)
		if err != nil {
			return none, err
		}
		made[service.Name] = workload
		serviceNames[service.Name], logGroups[service.Name] = workload.ServiceName, workload.LogGroupName
		definitions[service.Name] = workload.TaskDefinitionARN
		maps.Copy(alarms, workload.AlarmNames)
		maps.Copy(schedules, workload.ScheduleNames)
	}
	promised := contract.Workloads{
		ClusterName:   cluster.Name,
		ClusterARN:    cluster.ARN,
		ServiceNames:  serviceNames.ToStringMapOutput(),
		LogGroupNames: logGroups.ToStringMapOutput(),

		ScheduleNames:      schedules.ToStringMapOutput(),
		NamespaceName:      cluster.NamespaceName,
		TaskDefinitionARNs: definitions.ToStringMapOutput(),
		AlarmNames:         alarms.ToStringMapOutput(),
	}
	nameQueues(&promised, queues)
	return promised, nil
}

// called are the services that have to be there before the one that calls them.
func called(service catalog.Service, made map[string]*Workload) []pulumi.Resource {
	var resources []pulumi.Resource
	for _, name := range service.Calls {
		resources = append(resources, made[name].service)
	}
	return resources
}

// buildQueues makes the queues of one colour, by the service that takes work from
// them.
func buildQueues(ctx *pulumi.Context, cfg Config, from upstream, color naming.Color, opts ...pulumi.ResourceOption) (map[string]*Queue, error) {
	queues := make(map[string]*Queue)
	for _, owner := range from.services.Queues() {
		service, _ := from.services.Find(owner)
		queue, err := NewQueue(ctx, string(color)+"-"+owner, &QueueArgs{
			Names:       naming.New(ctx.Stack()).In(color),
			Environment: cfg.Environment,
			Service:     service,
			KeyARN:      from.colors[color].principals.MessagingKeyARN,
		}, opts...)
		if err != nil {
			return nil, err
		}
		queues[owner] = queue
	}
	return queues, nil
}

// nameQueues tells other layers where the queues are.
func nameQueues(into *contract.Workloads, queues map[string]*Queue) {
	names, arns, urls := pulumi.StringMap{}, pulumi.StringMap{}, pulumi.StringMap{}
	letterNames, letterARNs := pulumi.StringMap{}, pulumi.StringMap{}
	for owner, queue := range queues {
		names[owner], arns[owner], urls[owner] = queue.Name, queue.ARN, queue.URL
		letterNames[owner], letterARNs[owner] = queue.DeadLetterName, queue.DeadLetterARN
	}
	into.QueueNames, into.QueueARNs, into.QueueURLs = names.ToStringMapOutput(), arns.ToStringMapOutput(), urls.ToStringMapOutput()
	into.DeadLetterQueueNames, into.DeadLetterQueueARNs = letterNames.ToStringMapOutput(), letterARNs.ToStringMapOutput()
}
