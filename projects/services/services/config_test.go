package services

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/pulumitest"
)

func sixtyFour(digit string) string { return strings.Repeat(digit, 64) }

func containsAll(text string, parts ...string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// check writes the prod stack file with the first occurrence of a text replaced
// and checks it.
func check(t *testing.T, replace, by string) error {
	t.Helper()
	content, err := os.ReadFile(stackFile(t, "prod"))
	require.NoError(t, err)
	require.Contains(t, string(content), replace)
	file := filepath.Join(t.TempDir(), "services", "Pulumi.prod.yaml")
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(content), replace, by, 1)), 0o600))
	return CheckConfig(file)
}

func TestBadConfigurationNamesFileKeyValueAndExpectation(t *testing.T) {
	at := filepath.Join("projects", "services", "Pulumi.prod.yaml") + ": "
	release := "    payment-api:\n      digest: sha256:14b9ac9cc9883f891b2e72058aadb57305ec715b54406a5521c699f0da2ec4f2\n      tasks: {min: 6, max: 30}\n"
	for name, each := range map[string]struct{ replace, by, want string }{
		"image by tag":             {"digest: sha256:14b9ac9cc9883f891b2e72058aadb57305ec715b54406a5521c699f0da2ec4f2", "digest: v1.2.3", `services:blue.payment-api.digest is "v1.2.3": expected the digest of an image`},
		"two tasks in three zones": {"min: 6, max: 30", "min: 2, max: 30", `services:blue.payment-api.tasks.min is "2": expected at least 3, one task for each of the zones`},
		"no task at night":         {"min: 6, max: 30", "min: 0, max: 30", `services:blue.payment-api.tasks.min is "0"`},
		"fewer than none":          {"min: 6, max: 30", "min: -1, max: 30", `services:blue.payment-api.tasks.min is "-1"`},
		"bounds reversed":          {"min: 6, max: 30", "min: 6, max: 5", `services:blue.payment-api.tasks.max is "5": expected a number from min, 6, to 1000`},
		"too many tasks":           {"min: 6, max: 30", "min: 6, max: 1001", `services:blue.payment-api.tasks.max is "1001"`},
		"missing max":              {"min: 6, max: 30", "min: 6", `services:blue.payment-api.tasks.max is missing`},
		"one zone":                 {"zones: 3", "zones: 1", `services:zones is "1": expected a number of zones from 2 to 3`},
		"four zones":               {"zones: 3", "zones: 4", `services:zones is "4"`},
		"missing zones":            {"  services:zones: 3\n", "", `services:zones is missing`},
		"idle processors":          {"cpuPercent: 55", "cpuPercent: 5", `services:scaling.payment-api.cpuPercent is "5": expected a percentage from 10 to 90`},
		"full processors":          {"cpuPercent: 55", "cpuPercent: 100", `services:scaling.payment-api.cpuPercent is "100"`},
		"full memory":              {"memoryPercent: 70", "memoryPercent: 91", `services:scaling.payment-api.memoryPercent is "91"`},
		"no requests":              {"requestsPerTarget: 1200", "requestsPerTarget: 0", `services:scaling.payment-api.requestsPerTarget is "0": expected requests a minute from 1 to 100000`},
		"queue without backlog":    {", backlogPerTask: 120", "", `services:scaling.transaction-processor.backlogPerTask is missing: expected how many messages may wait`},
		"backlog without queue":    {"requestsPerTarget: 1200", "requestsPerTarget: 1200, backlogPerTask: 9", `services:scaling.payment-api.backlogPerTask is "9": expected nothing: shared/catalog/catalog.yaml gives the service no queue`},
		"no backlog":               {"backlogPerTask: 120", "backlogPerTask: 0", `services:scaling.transaction-processor.backlogPerTask is "0"`},
		"scaling of nobody":        {"    reporting:\n      cpu", "    reports:\n      cpu", `services:scaling.reports is "reports": expected a service`},
		"service without scaling":  {"    reporting:\n      cpu", "    reports:\n      cpu", `services:scaling.reporting is missing: expected the scaling of a service`},
		"time in words":            {`"cron(30 11 ? * MON-FRI *)"`, "every morning", `services:scaling.reporting.schedule.working-hours.at is "every morning": expected a time such as cron(`},
		"rise without a fall":      {`        evening: {at: "cron(0 23 ? * MON-FRI *)", percentOfMax: 0}` + "\n", "", `services:scaling.reporting.schedule is "1": expected at least two times`},
		"more than all":            {"percentOfMax: 60", "percentOfMax: 101", `services:scaling.reporting.schedule.working-hours.percentOfMax is "101": expected a percentage from 0 to 100`},
		"time with a loud name":    {"        evening:", "        Evening:", `services:scaling.reporting.schedule.Evening is "Evening": expected a name of lower-case letters`},
		"unknown service":          {"    payment-api:\n", "    payments:\n", `services:blue.payments is "payments": expected a service of shared/catalog/catalog.yaml: payment-api, transaction-processor, reporting`},
		"missing service":          {release, "", `services:blue.payment-api is missing: expected the release of a service that stands in shared/catalog/catalog.yaml`},
		"missing bounds":           {"      tasks: {min: 6, max: 30}\n", "", `services:blue.payment-api.tasks`},
		"unknown processor":        {"architecture: ARM64", "architecture: arm64", `services:architecture is "arm64": expected one of ARM64, X86_64`},
		"secret by name":           {"      tasks: {min: 6, max: 30}\n", "      tasks: {min: 6, max: 30}\n      secrets:\n        CARD_NETWORK_KEY: card-network\n", `services:blue.payment-api.secrets.CARD_NETWORK_KEY is "card-network": expected the whole ARN of a secret in account 345678901234`},
		"secret elsewhere":         {"      tasks: {min: 6, max: 30}\n", "      tasks: {min: 6, max: 30}\n      secrets:\n        CARD_NETWORK_KEY: " + networkSecret + "\n", `services:blue.payment-api.secrets.CARD_NETWORK_KEY is "` + networkSecret + `"`},
		"secret in the login's":    {"      tasks: {min: 6, max: 30}\n", "      tasks: {min: 6, max: 30}\n      secrets:\n        DB_LOGIN: " + networkSecret + "\n", `services:blue.payment-api.secrets is "DB_LOGIN": expected names of environment variables`},
		"secret in the queue's":    {"      tasks: {min: 6, max: 30}\n", "      tasks: {min: 6, max: 30}\n      secrets:\n        TRANSACTION_PROCESSOR_QUEUE_URL: " + networkSecret + "\n", `services:blue.payment-api.secrets is "TRANSACTION_PROCESSOR_QUEUE_URL"`},
		"secret in a variable":     {"      tasks: {min: 6, max: 30}\n", "      tasks: {min: 6, max: 30}\n      secrets:\n        DB_HOST: " + networkSecret + "\n", `services:blue.payment-api.secrets is "DB_HOST": expected names of environment variables`},
	} {
		t.Run(name, func(t *testing.T) {
			err := check(t, each.replace, each.by)
			var invalid *config.Invalid
			require.ErrorAs(t, err, &invalid)
			require.ErrorContains(t, err, at+each.want)
		})
	}
}

// The repositories come to be before the first image is pushed.
func TestServiceCanBeMadeWithoutTasks(t *testing.T) {
	require.NoError(t, check(t, "min: 6, max: 30", "min: 0, max: 0"))
}

func TestProgramRefusesAnImageByTag(t *testing.T) {
	opts := options(t, "local")
	opts.Config = map[string]string{"services:blue": `{"payment-api":{"digest":"latest","tasks":{"min":1,"max":2}}}`}
	recording, err := pulumitest.Run(t, opts, Program)
	require.ErrorContains(t, err, `services:blue.payment-api.digest is "latest"`)
	require.Empty(t, recording.Resources)
}

// A zone may fail while customers pay: production keeps a task in each of three.
func TestProductionIsSpreadOverThreeZones(t *testing.T) {
	prod, err := config.ReadFile[Config](stackFile(t, "prod"))
	require.NoError(t, err)
	require.Equal(t, 3, prod.Zones)
	staging, err := config.ReadFile[Config](stackFile(t, "staging"))
	require.NoError(t, err)
	require.Less(t, staging.Zones, prod.Zones)
	for _, color := range naming.Colors() {
		for service, release := range prod.Releases(color) {
			require.GreaterOrEqual(t, release.Tasks.Min, 3, service)
			require.Greater(t, release.Tasks.Max, release.Tasks.Min, service)
			require.Less(t, staging.Releases(color)[service].Tasks.Min, release.Tasks.Min, service)
		}
	}
}
