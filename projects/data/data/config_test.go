package data_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/cutover/cutover/projects/data/data"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/pulumitest"
)

const database = `{"engineVersion": "14.6", "instanceClass": "db.r6g.large", "instances": 2, "backupRetentionDays": 7}`

func TestWrongValuesNameFileKeyValueAndExpectation(t *testing.T) {
	cases := map[string]struct{ key, value, want string }{
		"other release": {"database", `{"engineVersion": "14.9", "instanceClass": "db.r6g.large", "instances": 2, "backupRetentionDays": 7}`,
			`data:database.engineVersion is "14.9": expected 14.6`},
		// The emulator takes any class; AWS refuses this one for release 14.6.
		"class that starts at a later release": {"database", `{"engineVersion": "14.6", "instanceClass": "db.r7g.large", "instances": 2, "backupRetentionDays": 7}`,
			`data:database.instanceClass is "db.r7g.large"`},
		"one instance": {"database", `{"engineVersion": "14.6", "instanceClass": "db.r6g.large", "instances": 1, "backupRetentionDays": 7}`,
			`data:database.instances is "1": expected a number from 2 to 16`},
		"more instances than Aurora has": {"database", `{"engineVersion": "14.6", "instanceClass": "db.r6g.large", "instances": 17, "backupRetentionDays": 7}`,
			`data:database.instances is "17"`},
		"short backup": {"database", `{"engineVersion": "14.6", "instanceClass": "db.r6g.large", "instances": 2, "backupRetentionDays": 1}`,
			`data:database.backupRetentionDays is "1": expected a number of days from 7 to 35`},
		"long backup": {"database", `{"engineVersion": "14.6", "instanceClass": "db.r6g.large", "instances": 2, "backupRetentionDays": 36}`,
			`data:database.backupRetentionDays is "36"`},
		"unknown key": {"database", `{"engineVersion": "14.6", "instanceClass": "db.r6g.large", "instances": 2, "backupRetentionDays": 7, "size": 1}`,
			`data:database.size is "1": expected no such key`},
		"early expiry":         {"transactionLogs", `{"archiveAfterDays": 90, "expireAfterDays": 365}`, `data:transactionLogs.expireAfterDays is "365": expected at least 400 days`},
		"early archive":        {"transactionLogs", `{"archiveAfterDays": 1, "expireAfterDays": 400}`, `data:transactionLogs.archiveAfterDays is "1": expected at least 30 days`},
		"short time archived":  {"transactionLogs", `{"archiveAfterDays": 350, "expireAfterDays": 420}`, `expected at least 90 days after archiveAfterDays (350)`},
		"no word for a switch": {"syncWindow", "perhaps", `data:syncWindow is "perhaps": expected true or false`},
		"protected data that goes": {"environment", `{"accountId": "123456789012", "region": "us-east-1", "owner": "o", "costCenter": "c", "dataClass": "cardholder",
			"backend": "file://x", "secretsProvider": "passphrase", "maxRetries": 1, "protect": true}`, `data:keepOnDelete is "false": expected true while environment.protect is true`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			opts := options(t, "local")
			opts.Config = map[string]string{"data:" + c.key: c.value}
			_, err := pulumitest.Run(t, opts, data.Program)
			var invalid *config.Invalid
			require.ErrorAs(t, err, &invalid)
			require.ErrorContains(t, err, "projects/data/Pulumi.local.yaml: ")
			require.ErrorContains(t, err, c.want)
		})
	}
	opts := options(t, "local")
	opts.Config = map[string]string{"data:database": database}
	pulumitest.MustRun(t, opts, data.Program)
}

// stackConfig reads the configuration of a layer's stack file.
func stackConfig(t *testing.T, layer, stack string) map[string]any {
	t.Helper()
	content, err := os.ReadFile("../../" + layer + "/Pulumi." + stack + ".yaml")
	require.NoError(t, err)
	var file struct {
		Config map[string]any `yaml:"config"`
	}
	require.NoError(t, yaml.Unmarshal(content, &file))
	return file.Config
}

// The rules of this layer mean nothing without the routes of the network layer,
// and its closed window would not close what these rules open.
func TestSyncWindowFollowsTheNetworks(t *testing.T) {
	for _, stack := range stacks {
		network := stackConfig(t, "foundation", stack)["foundation:syncWindow"].(map[string]any)
		assert.Equal(t, fmt.Sprint(network["open"]), fmt.Sprint(stackConfig(t, "data", stack)["data:syncWindow"]), stack)
	}
}

func TestStagingDiffersFromProductionInCapacityOnly(t *testing.T) {
	staging, prod := stackConfig(t, "data", "staging"), stackConfig(t, "data", "prod")
	for _, capacity := range []string{"instanceClass", "instances", "backupRetentionDays"} {
		delete(staging["data:database"].(map[string]any), capacity)
		delete(prod["data:database"].(map[string]any), capacity)
	}
	delete(staging, "data:environment")
	delete(prod, "data:environment")
	assert.Equal(t, prod, staging)
}
