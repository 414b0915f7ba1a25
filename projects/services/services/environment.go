package services

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/component"
)

// imageKey is where containers finds the repository among the values it waits
// for; it can be no variable's name.
const imageKey = "image of the release"

const (
	// loginVariable holds the service's login to the database as it was when the task
	// started: the JSON of its secret.
	loginVariable = "DB_LOGIN"
	// loginARN names that secret: a task reads it again when the database refuses the
	// login, which a rotation has changed.
	loginARN = "DB_LOGIN_ARN"
)

// ownVariables lists what containers are told, sorted; a secret of the
// configuration cannot take one of these names (Amazon ECS API reference, Secret).
func ownVariables(listed catalog.Catalog) []string {
	names := []string{
		"COLOR", "CONTROL_TABLE", "DB_HOST", loginVariable, loginARN, "DB_NAME", "DB_PORT", "DB_READER_HOST",
		"DOCUMENTS_BUCKET", "LISTEN_PORT", "PARAMETER_PATH", "RATE_LIMITS_TABLE", "SERVICE", "SESSIONS_TABLE",
		"TRANSACTION_LOGS_BUCKET",
	}
	for _, owner := range listed.Queues() {
		names = append(names, queueVariable(owner))
	}
	for _, each := range listed.Services {
		if len(listed.CallersOf(each.Name)) > 0 {
			names = append(names, callVariable(each.Name))
		}
	}
	slices.Sort(names)
	return names
}

// variables is what the container is told: where the stores are that the
// catalogue lets the service use, and no others.
func (a *WorkloadArgs) variables() pulumi.StringMap {
	stores, use := a.Around.stores, a.Service.Stores
	told := pulumi.StringMap{
		"COLOR":          pulumi.String(string(a.Color)),
		"SERVICE":        pulumi.String(a.Service.Name),
		"LISTEN_PORT":    pulumi.String(strconv.Itoa(a.Service.Port)),
		"DB_HOST":        stores.WriterEndpoint,
		"DB_READER_HOST": stores.ReaderEndpoint,
		"DB_PORT":        stores.Port.ApplyT(strconv.Itoa).(pulumi.StringOutput),
		"DB_NAME":        stores.DatabaseName,
		loginARN:         component.Entry(stores.ApplicationSecretARNs, string(a.Color)+" logins of the data layer", a.Service.Name),
		"CONTROL_TABLE":  a.Around.controlTable,
		"PARAMETER_PATH": stores.ParameterPath,
	}
	for _, each := range []struct {
		access catalog.Access
		name   string
		value  pulumi.StringInput
	}{
		{use.Sessions, "SESSIONS_TABLE", stores.SessionsTableName},
		{use.RateLimits, "RATE_LIMITS_TABLE", stores.RateLimitsTableName},
		{use.TransactionLogs, "TRANSACTION_LOGS_BUCKET", stores.TransactionLogsBucket},
		{use.Documents, "DOCUMENTS_BUCKET", stores.DocumentsBucket},
	} {
		if each.access != catalog.None {
			told[each.name] = each.value
		}
	}
	for _, owner := range queuesOf(a.Service) {
		told[queueVariable(owner)] = a.Queues[owner].URL
	}
	for _, name := range a.Service.Calls {
		called, _ := a.Listed.Find(name)
		told[callVariable(name)] = pulumi.String(callURL(called))
	}
	return told
}

// containers renders the only container of a task.
func (w *Workload) containers(args *WorkloadArgs) pulumi.StringOutput {
	values := args.variables()
	values[imageKey] = args.Repository.RepositoryUrl
	return pulumi.All(values.ToStringMapOutput(), w.LogGroupName).ApplyT(func(known []any) (string, error) {
		variables := maps.Clone(known[0].(map[string]string)) // the map output above
		image := variables[imageKey] + "@" + args.Release.Digest
		delete(variables, imageKey)
		credentials := map[string]string{loginVariable: variables[loginARN]}
		maps.Copy(credentials, args.Release.secrets())
		rendered := render(args, image, known[1].(string), variables, credentials) // the string output above
		text, err := json.Marshal([]container{rendered})
		if err != nil {
			return "", fmt.Errorf("render container of %s: %w", args.Service.Name, err)
		}
		return string(text), nil
	}).(pulumi.StringOutput)
}

// environment lists variables by name, so that the same values make the same
// definition.
func environment(variables map[string]string) []variableValue {
	var list []variableValue
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		list = append(list, variableValue{Name: name, Value: variables[name]})
	}
	return list
}
