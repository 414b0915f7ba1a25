package services

import (
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/catalog"
)

// told returns the environment of a container, by name.
func told(t *testing.T, c container) map[string]string {
	t.Helper()
	values := make(map[string]string)
	for _, each := range c.Environment {
		require.NotContains(t, values, each.Name)
		values[each.Name] = each.Value
	}
	return values
}

func TestContainersAreToldWhereTheirDataIsAndNoCredential(t *testing.T) {
	recording := run(t, "local", nil)
	for _, color := range []string{"blue", "green"} {
		for _, each := range listed(t) {
			c := theContainer(t, recording, color+"-"+each.Name)
			values := told(t, c)
			require.True(t, slices.IsSortedFunc(c.Environment, func(a, b variableValue) int {
				return map[bool]int{true: -1, false: 1}[a.Name < b.Name]
			}), "the same values make the same definition")
			for name := range values {
				require.NotRegexp(t, `(?i)secret|password|token|credential|key`, name)
			}
			require.Equal(t, "data/"+color+"WriterEndpoint", values["DB_HOST"])
			require.Equal(t, strconv.Itoa(catalog.DatabasePort), values["DB_PORT"])
			require.Equal(t, "data/controlTableName", values["CONTROL_TABLE"])
			require.Equal(t, "data/"+color+"ParameterPath", values["PARAMETER_PATH"])
			require.Equal(t, color, values["COLOR"])
			login := "data/" + color + "ApplicationSecretArns/" + each.Name
			require.Equal(t, login, values["DB_LOGIN_ARN"])
			require.Equal(t, []variableSecret{{Name: "DB_LOGIN", ValueFrom: login}}, c.Secrets, "its own login and no other")
		}
	}
}

func TestContainersAreToldOfTheStoresTheyMayUseOnly(t *testing.T) {
	recording := run(t, "local", nil)
	optional := map[string]string{
		"SESSIONS_TABLE": "data/greenSessionsTableName", "RATE_LIMITS_TABLE": "data/greenRateLimitsTableName",
		"TRANSACTION_LOGS_BUCKET": "data/greenTransactionLogsBucket", "DOCUMENTS_BUCKET": "data/greenDocumentsBucket",
	}
	for service, uses := range map[string][]string{
		"payment-api":           {"SESSIONS_TABLE", "RATE_LIMITS_TABLE", "TRANSACTION_LOGS_BUCKET"},
		"transaction-processor": {"TRANSACTION_LOGS_BUCKET", "DOCUMENTS_BUCKET"},
		"reporting":             {"TRANSACTION_LOGS_BUCKET", "DOCUMENTS_BUCKET"},
	} {
		values := told(t, theContainer(t, recording, "green-"+service))
		for name, value := range optional {
			if slices.Contains(uses, name) {
				require.Equal(t, value, values[name], "%s of %s", name, service)
			} else {
				require.NotContains(t, values, name, service)
			}
		}
		const queue = "TRANSACTION_PROCESSOR_QUEUE_URL"
		if service == "reporting" {
			require.NotContains(t, values, queue)
		} else {
			require.Equal(t, recording.Exports["greenQueueUrls"].(map[string]any)["transaction-processor"], values[queue])
		}
	}
}

// A secret of the configuration must not take the place of what a container is
// told.
func TestEveryVariableOfAContainerIsReserved(t *testing.T) {
	services, err := catalog.Load()
	require.NoError(t, err)
	recording := run(t, "local", nil)
	used := map[string]bool{"DB_LOGIN": true}
	for _, each := range services.Services {
		for name := range told(t, theContainer(t, recording, "blue-"+each.Name)) {
			used[name] = true
		}
	}
	require.Equal(t, slices.Sorted(maps.Keys(used)), ownVariables(services))
}
