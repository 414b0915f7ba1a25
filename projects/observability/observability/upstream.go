package observability

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
)

// upstream is what other layers promise, as far as it is looked at.
type upstream struct {
	services catalog.Catalog
	// things has the physical name of each thing that is watched.
	things     map[estate.Key]pulumi.StringOutput
	topicsKey  pulumi.StringOutput
	trailGroup pulumi.StringOutput
	operator   pulumi.StringOutput
	reports    reports
}

// reports are what the layer of security has for reports of deliveries.
type reports struct{ roleARN, roleName, key pulumi.StringOutput }

// names resolves the estate: what a dashboard or the verification needs at once.
func (u upstream) names() pulumi.StringMapOutput {
	all := pulumi.StringMap{}
	for key, name := range u.things {
		all[key.String()] = name
	}
	return all.ToStringMapOutput()
}

// value is what a dimension has.
func (u upstream) value(of estate.Value) (pulumi.StringInput, error) {
	key, named := of.Key()
	if !named {
		return pulumi.String(of.String()), nil
	}
	name, known := u.things[key]
	if !known {
		return nil, fmt.Errorf("%s: nothing of that name is watched", key)
	}
	return name, nil
}

// told is a value that must not be empty: an alarm over nothing is never on.
func told(value pulumi.StringOutput, key estate.Key) pulumi.StringOutput {
	return value.ApplyT(func(name string) (string, error) {
		if name == "" {
			return "", fmt.Errorf("%s: the layer that makes it has told no name", key)
		}
		return name, nil
	}).(pulumi.StringOutput)
}

func readUpstream(ctx *pulumi.Context, baseline string) (upstream, error) {
	services, err := catalog.Load()
	if err != nil {
		return upstream{}, err
	}
	from, err := importAll(ctx)
	if err != nil {
		return upstream{}, err
	}
	u := upstream{
		services: services, things: make(map[estate.Key]pulumi.StringOutput),
		topicsKey: from.security.EventsKeyARN, trailGroup: from.security.TrailLogGroupName, operator: from.security.OperatorRoleName,
		reports: reports{from.security.ReportsRoleARN, from.security.ReportsRoleName, from.security.AuditKeyARN},
	}
	for thing, name := range map[estate.Thing]pulumi.StringOutput{
		estate.ControlTable: from.data.ControlTableName, estate.Firewall: from.edge.Firewall.MetricName,
		estate.FirewallLogs: from.edge.Firewall.LogGroupName, estate.Certificate: from.edge.CertificateARN, estate.Zone: from.edge.ZoneID,
	} {
		u.add(estate.Key{Thing: thing}, name)
	}
	if baseline == manage {
		u.add(estate.Key{Thing: estate.TrailLogs}, from.security.TrailLogGroupName)
		u.add(estate.Key{Thing: estate.Archive}, from.security.ArchiveStreamName)
	}
	for _, color := range naming.Colors() {
		u.addColor(color, from.of(color))
	}
	return u, nil
}

func (u upstream) add(key estate.Key, name pulumi.StringOutput) { u.things[key] = told(name, key) }

// imports are the contracts that the layer reads.
type imports struct {
	foundation contract.FoundationOutputs
	security   contract.SecurityOutputs
	data       contract.DataOutputs
	edge       contract.EdgeOutputs
	services   contract.ServicesOutputs
	migration  contract.MigrationOutputs
}

func importAll(ctx *pulumi.Context) (from imports, err error) {
	if from.foundation, err = contract.Import[contract.FoundationOutputs](ctx); err != nil {
		return from, err
	}
	if from.security, err = contract.Import[contract.SecurityOutputs](ctx); err != nil {
		return from, err
	}
	if from.data, err = contract.Import[contract.DataOutputs](ctx); err != nil {
		return from, err
	}
	if from.edge, err = contract.Import[contract.EdgeOutputs](ctx); err != nil {
		return from, err
	}
	if from.services, err = contract.Import[contract.ServicesOutputs](ctx); err != nil {
		return from, err
	}
	from.migration, err = contract.Import[contract.MigrationOutputs](ctx)
	return from, err
}

// surroundings are what other layers made for one colour.
type surroundings struct {
	network   contract.Network
	balancer  contract.Balancer
	workloads contract.Workloads
	stores    contract.Stores
	sync      contract.Sync
}

func (i imports) of(color naming.Color) surroundings {
	if color == naming.Blue {
		return surroundings{i.foundation.Blue, i.edge.Blue, i.services.Blue, i.data.Blue, i.migration.Blue}
	}
	return surroundings{i.foundation.Green, i.edge.Green, i.services.Green, i.data.Green, i.migration.Green}
}

func (u upstream) addColor(color naming.Color, from surroundings) {
	for thing, name := range map[estate.Thing]pulumi.StringOutput{
		estate.Network: from.network.VpcID, estate.Balancer: from.balancer.ARNSuffix, estate.HealthCheck: from.balancer.PaymentsHealthCheckID,
		estate.Cluster: from.workloads.ClusterName, estate.Database: from.stores.ClusterID, estate.Sessions: from.stores.SessionsTableName,
		estate.RateLimits: from.stores.RateLimitsTableName, estate.Rotation: from.stores.RotationFunctionName,
		estate.LostEvents: from.sync.DeadLetterQueueName,
	} {
		u.add(estate.Key{Color: color, Thing: thing}, name)
	}
	entry := func(thing estate.Thing, of pulumi.StringMapOutput, what string, names ...string) {
		for _, name := range names {
			u.things[estate.Key{Color: color, Thing: thing, Name: name}] = component.Entry(of, string(color)+" "+what, name)
		}
	}
	services, queues := u.services.Names(), u.services.Queues()
	entry(estate.TargetGroup, from.balancer.TargetGroupARNSuffixes, "target groups of the edge layer", services...)
	entry(estate.Service, from.workloads.ServiceNames, "services of the services layer", services...)
	entry(estate.LogGroup, from.workloads.LogGroupNames, "log groups of the services layer", services...)
	entry(estate.Queue, from.workloads.QueueNames, "queues of the services layer", queues...)
	entry(estate.DeadLetters, from.workloads.DeadLetterQueueNames, "queues of dead letters of the services layer", queues...)
	entry(estate.Function, from.sync.FunctionNames, "functions of the migration layer", estate.Functions()...)
	entry(estate.Machine, from.sync.StateMachineARNs, "state machines of the migration layer", estate.Machines()...)
}
