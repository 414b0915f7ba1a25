package migration

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/migration/canary"
	handler "github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/isolation"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/preflight"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
)

// variables configure one function. They name secrets and hold none.
func (a *SyncArgs) variables(f function, stack string) pulumi.StringMap {
	if f.own == nil && f.peer == nil {
		return pulumi.StringMap{
			canary.VariableTable: a.ControlTable.ToStringOutput(),
			canary.VariableColor: pulumi.String(a.Color),
		}
	}
	variables := pulumi.StringMap{
		handler.VariablePlatform:  pulumi.String(stack),
		handler.VariableColor:     pulumi.String(a.Color),
		handler.VariableStore:     pulumi.Sprintf("table:%s", a.ControlTable),
		handler.VariableDatabases: a.databases(f),
		handler.VariableLimits:    pulumi.String(a.limits().String()),
	}
	if f.looks {
		variables[handler.VariableFunctions] = pulumi.String(a.settings())
		variables[handler.VariableWindow] = a.Window
	}
	if f.proves || f.closes {
		variables[handler.VariableProofStore] = pulumi.Sprintf("bucket:%s", a.Keeping.ProofsBucket)
		variables[handler.VariableProofKey] = a.Keeping.KeyARN
		variables[handler.VariableSigningKey] = a.Keeping.SigningKeyARN
	}
	if f.proves {
		variables[handler.VariableHashKey] = a.Keeping.HashKeyARN
	}
	if f.forces {
		variables[handler.VariableClusters] = a.clusters()
	}
	if f.closes || f.counts {
		variables[handler.VariableOperatorRole] = a.OperatorRoleID
	}
	return variables
}

// limits are those of all who load or compare for the colour's lane.
func (a *SyncArgs) limits() handler.LoadLimits {
	return handler.LoadLimits{
		Loaders: a.Workers.Load, Comparers: a.Workers.Verify,
		SourceProcessors: a.Throttle.SourceProcessors, CostPercent: a.Throttle.CostPercent, BandwidthMiB: a.Throttle.BandwidthMiB,
	}
}

// settings are those of all functions of the colour, for the one that compares them
// with what Lambda has.
func (a *SyncArgs) settings() string {
	all := map[string]preflight.Settings{}
	for _, f := range functions(a.Workers) {
		all[a.Names.Name(naming.Function, f.name)] = preflight.Settings{Timeout: f.timeout, Memory: f.memory, AtOnce: f.atOnce}
	}
	text, _ := json.Marshal(all) // numbers by name always have a form
	return string(text)
}

// clusters renders which clusters are both sides'.
func (a *SyncArgs) clusters() pulumi.StringOutput {
	return pulumi.All(a.Stores.ClusterID, a.Stores.ClusterResourceID, a.PeerStores.ClusterID, a.PeerStores.ClusterResourceID).ApplyT(func(known []any) (string, error) {
		text, err := json.Marshal(map[naming.Color]isolation.Cluster{
			a.Color:         {ID: known[0].(string), Resource: known[1].(string)}, //nolint:forcetypeassert // as given above
			a.Color.Other(): {ID: known[2].(string), Resource: known[3].(string)}, //nolint:forcetypeassert // as given above
		})
		if err != nil {
			return "", fmt.Errorf("render the clusters: %w", err)
		}
		return string(text), nil
	}).(pulumi.StringOutput)
}

// databases renders where both databases are and the secrets of the logins that
// the function uses.
func (a *SyncArgs) databases(f function) pulumi.StringOutput {
	own, peer := a.database(a.Stores, a.Color, f.own), a.database(a.PeerStores, a.Color.Other(), f.peer)
	return pulumi.All(own, peer).ApplyT(func(known []any) (string, error) {
		text, err := json.Marshal(map[naming.Color]any{a.Color: known[0], a.Color.Other(): known[1]})
		if err != nil {
			return "", fmt.Errorf("render the databases: %w", err)
		}
		return string(text), nil
	}).(pulumi.StringOutput)
}

// database is one side's, with the secrets of the groups.
func (a *SyncArgs) database(stores contract.Stores, side naming.Color, groups []bgsync.Group) pulumi.Output {
	inputs := []any{stores.WriterEndpoint, stores.Port, stores.DatabaseName}
	groups = slices.Clone(groups)
	for _, group := range groups {
		inputs = append(inputs, secretOf(stores, side, group))
	}
	return pulumi.All(inputs...).ApplyT(func(known []any) place.Database {
		database := place.Database{ // as given above
			Host: known[0].(string), Port: known[1].(int), Name: known[2].(string), Logins: map[bgsync.Group]string{},
		}
		for i, group := range groups {
			database.Logins[group] = known[3+i].(string) // as given above
		}
		return database
	})
}

// secretOf is the ARN of the secret of a group's login.
func secretOf(stores contract.Stores, side naming.Color, group bgsync.Group) pulumi.StringOutput {
	switch group {
	case place.Administrator:
		return stores.MasterSecretARN
	case place.Writers:
		return component.Entry(stores.ApplicationSecretARNs, "secrets of the applications of "+string(side)+" of the data layer", catalog.Writer)
	default:
		return component.Entry(stores.SyncSecretARNs, "sync secrets of "+string(side)+" of the data layer", short(group))
	}
}

// short is the name of a group's secret in the contract: without the prefix that
// all groups have.
func short(group bgsync.Group) string { return string(group)[len("bgsync_"):] }
