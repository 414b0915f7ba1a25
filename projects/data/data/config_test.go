package data_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/cutover/cutover/projects/data/data"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/pulumitest"
)

const database = `{"engineVersion": "14.6", "instanceClass": "db.r6g.large", "instances": 2, "backupRetentionDays": 7}`

func logs(infrequent, archive, deep, expire int) string {
	return fmt.Sprintf(`{"infrequentAfterDays": %d, "archiveAfterDays": %d, "deepArchiveAfterDays": %d, "expireAfterDays": %d}`,
		infrequent, archive, deep, expire)
}

func documents(mode string, days int) string {
	return fmt.Sprintf(`{"lockMode": %q, "lockDays": %d, "keep": %s}`, mode, days, logs(60, 365, 730, 2922))
}

func bounds(minimum, maximum, target int) string {
	return fmt.Sprintf(`{"readMin": %[1]d, "readMax": %[2]d, "writeMin": %[1]d, "writeMax": %[2]d, "targetPercent": %[3]d}`, minimum, maximum, target)
}

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
		"early infrequent":      {"transactionLogs", logs(1, 90, 365, 2557), `data:transactionLogs.infrequentAfterDays is "1": expected at least 30 days`},
		"early archive":         {"transactionLogs", logs(30, 59, 365, 2557), `data:transactionLogs.archiveAfterDays is "59": expected at least 30 days after infrequentAfterDays (30)`},
		"early deep archive":    {"transactionLogs", logs(30, 90, 100, 2557), `data:transactionLogs.deepArchiveAfterDays is "100": expected at least 90 days after archiveAfterDays (90)`},
		"early expiry":          {"transactionLogs", logs(30, 60, 150, 365), `data:transactionLogs.expireAfterDays is "365": expected at least 400 days`},
		"short time archived":   {"transactionLogs", logs(30, 60, 350, 420), `expected at least 180 days after deepArchiveAfterDays (350)`},
		"unknown lock":          {"documents", documents("forever", 1), `data:documents.lockMode is "forever": expected COMPLIANCE or GOVERNANCE`},
		"no lock":               {"documents", documents("GOVERNANCE", 0), `data:documents.lockDays is "0": expected a number of days from 1 to 36500`},
		"lock of ages":          {"documents", documents("GOVERNANCE", 36501), `data:documents.lockDays is "36501": expected a number of days from 1 to 36500`},
		"lock beyond expiry":    {"documents", documents("GOVERNANCE", 3000), `data:documents.lockDays is "3000": expected at most documents.keep.expireAfterDays (2922)`},
		"unknown capacity":      {"tables", `{"capacity": "elastic"}`, `data:tables.capacity is "elastic": expected on-demand or provisioned`},
		"bounds on demand":      {"tables", `{"capacity": "on-demand", "provisioned": ` + bounds(5, 50, 70) + `}`, `data:tables.provisioned is`},
		"no bounds":             {"tables", `{"capacity": "provisioned"}`, `data:tables.provisioned is missing: expected bounds of the capacity`},
		"no capacity":           {"tables", `{"capacity": "provisioned", "provisioned": ` + bounds(0, 50, 70) + `}`, `data:tables.provisioned.readMin is "0": expected at least 1 unit`},
		"no room":               {"tables", `{"capacity": "provisioned", "provisioned": ` + bounds(5, 5, 70) + `}`, `data:tables.provisioned.writeMax is "5": expected more than writeMin (5)`},
		"above the quota":       {"tables", `{"capacity": "provisioned", "provisioned": ` + bounds(5, 40001, 70) + `}`, `data:tables.provisioned.readMax is "40001"`},
		"always throttled":      {"tables", `{"capacity": "provisioned", "provisioned": ` + bounds(5, 50, 95) + `}`, `data:tables.provisioned.targetPercent is "95": expected a percentage from 20 to 90`},
		"short recovery":        {"backup", `{"retentionDays": 34, "lockMode": "GOVERNANCE"}`, `data:backup.retentionDays is "34": expected a number of days from 35`},
		"unlocked vault":        {"backup", `{"retentionDays": 35, "lockMode": "none"}`, `data:backup.lockMode is "none": expected COMPLIANCE or GOVERNANCE`},
		"name of the internet":  {"privateDomain", "local.cutover.example", `data:privateDomain is "local.cutover.example": expected a name in lower case that begins with local. and ends with .internal, without a dot at the end, such as local.cutover.internal`},
		"dot at the end":        {"privateDomain", "local.cutover.internal.", `data:privateDomain is "local.cutover.internal."`},
		"capital":               {"privateDomain", "local.Cutover.internal", `data:privateDomain is "local.Cutover.internal"`},
		"empty label":           {"privateDomain", "local..internal", `data:privateDomain is "local..internal"`},
		"another environment's": {"privateDomain", "prod.cutover.internal", `data:privateDomain is "prod.cutover.internal": expected a name in lower case that begins with local.`},
		"name of the instances": {"privateDomain", "local.ec2.internal", `data:privateDomain is "local.ec2.internal"`},
		"name too long":         {"privateDomain", "local." + strings.Repeat("abcdefghi.", 23) + "internal", `data:privateDomain is "local.abcdefghi.`},
		"no word for a switch":  {"syncWindow", "perhaps", `data:syncWindow is "perhaps": expected true or false`},
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

// What is a choice elsewhere is a rule where real account data is.
func TestProductionIsHeldToMore(t *testing.T) {
	environment := `{"accountId": "345678901234", "region": "us-east-1", "owner": "o", "costCenter": "c", "dataClass": "cardholder",
		"backend": "s3://x", "secretsProvider": "awskms://x", "maxRetries": 10, "protect": false}`
	cases := map[string]struct{ key, value, want string }{
		"no deletion protection": {"environment", environment, `data:environment.protect is "false": expected true in prod`},
		"two instances": {"database", `{"engineVersion": "14.6", "instanceClass": "db.r6g.large", "instances": 2, "backupRetentionDays": 35}`,
			`data:database.instances is "2": expected at least 3 in production, one in each zone`},
		"a week of backups": {"database", `{"engineVersion": "14.6", "instanceClass": "db.r6g.large", "instances": 3, "backupRetentionDays": 7}`,
			`data:database.backupRetentionDays is "7": expected 35 in production`},
		"lock with a way round": {"documents", documents("GOVERNANCE", 2557), `data:documents.lockMode is "GOVERNANCE": expected COMPLIANCE in production`},
		"a year of lock":        {"documents", documents("COMPLIANCE", 365), `data:documents.lockDays is "365": expected at least 400 days in production`},
		"vault with a way round": {"backup", `{"retentionDays": 35, "lockMode": "GOVERNANCE"}`,
			`data:backup.lockMode is "GOVERNANCE": expected COMPLIANCE in production`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			opts := options(t, "prod")
			opts.Config = map[string]string{"data:" + c.key: c.value}
			_, err := pulumitest.Run(t, opts, data.Program)
			require.ErrorContains(t, err, "projects/data/Pulumi.prod.yaml: "+c.want)
			opts = options(t, "staging")
			if c.key == "environment" {
				return // keepOnDelete would have to go with it
			}
			opts.Config = map[string]string{"data:" + c.key: c.value}
			pulumitest.MustRun(t, opts, data.Program)
		})
	}
}
