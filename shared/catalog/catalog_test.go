package catalog_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/catalog"
)

func TestTheCompiledCatalogueIsValidAndComplete(t *testing.T) {
	services, err := catalog.Load()
	require.NoError(t, err)
	assert.Equal(t, []string{"payment-api", "transaction-processor", "reporting"}, services.Names())
	assert.Contains(t, services.Names(), catalog.Writer)
	fromFile, err := catalog.ReadFile("catalog.yaml")
	require.NoError(t, err)
	assert.Equal(t, services, fromFile)
}

func TestBadEntriesNameFileKeyValueAndExpectation(t *testing.T) {
	text, err := os.ReadFile("catalog.yaml")
	require.NoError(t, err)
	for name, tc := range map[string]struct{ from, to, want string }{
		"missing health path":    {"    health: /payments/health\n", "", "shared/catalog/catalog.yaml: services[0].health is missing"},
		"empty health path":      {"health: /payments/health", `health: ""`, "services[0].health is missing: expected a health path"},
		"health nobody routes":   {"health: /payments/health", "health: /health", `services[0].health is "/health": expected a path that one of the service's own patterns matches`},
		"health with a wildcard": {"health: /payments/health", "health: /payments/*", "expected a health path"},
		"privileged port":        {"port: 8443", "port: 443", `services[0].port is "443": expected a port from 1024`},
		"port taken":             {"port: 8444", "port: 8443", `services[1] is "port 8443": expected a value that payment-api does not use`},
		"priority taken":         {"priority: 200", "priority: 100", `"priority 100"`},
		"path taken":             {"[/reports, /reports/*]", "[/reports, /reports/*, /payments/*]", `services[2].paths[2] is "/payments/*": expected a pattern that /payments/* of payment-api does not take first`},
		"path below another":     {"[/reports, /reports/*]", "[/reports, /reports/*, /payments/r/*]", `services[2].paths[2] is "/payments/r/*": expected a pattern that /payments/* of payment-api does not take first`},
		"overlap, one priority":  {"[/transactions, /transactions/*]\n    priority: 200", "[/transactions, /transactions/*, /*/late]\n    priority: 100", `services[1].paths[2] is "/*/late": expected another priority than 100, or no path of /payments/* of payment-api, which has the same`},
		"four paths":             {"[/reports, /reports/*]", "[/a, /b, /reports, /reports/*]", "1 to 3 path patterns"},
		"short slow start":       {"slowStartSeconds: 30", "slowStartSeconds: 29", `services[2].slowStartSeconds is "29": expected 0, or a number from 30 to 900`},
		"long slow start":        {"slowStartSeconds: 30", "slowStartSeconds: 901", "0, or a number from 30 to 900"},
		"endless drain":          {"drainSeconds: 120", "drainSeconds: 3601", `services[2].drainSeconds is "3601": expected a number from 0 to 3600`},
		"missing drain":          {"    drainSeconds: 120\n", "", "services[2].drainSeconds is missing"},
		"relative path":          {"[/reports, /reports/*]", "[reports, /reports/*]", "services[2].paths[0]"},
		"no such size":           {"cpu: 512", "cpu: 500", `services[2].cpu is "500": expected a size of Fargate`},
		"memory too small":       {"memory: 4096", "memory: 1024", "2048 to 8192 MiB in steps of 1024"},
		"memory off step":        {"memory: 4096", "memory: 4000", "steps of 1024"},
		"upper case name":        {"name: reporting", "name: Reporting", "lower-case"},
		"unknown key":            {"payments: false", "payments: false\n    colour: blue", "services[2].colour"},
		"unknown access":         {"documents: none", "documents: all", `services[0].stores.documents is "all": expected none, read or write`},
		"missing store":          {", documents: none", "", "services[0].stores.documents is missing"},
		"slow message":           {"handlingSeconds: 30", "handlingSeconds: 61", `services[1].queue.handlingSeconds is "61": expected 1 to 60 seconds`},
		"instant message":        {"handlingSeconds: 30", "handlingSeconds: 0", `services[1].queue.handlingSeconds`},
		"one attempt":            {"attempts: 5", "attempts: 1", `services[1].queue.attempts is "1": expected a number from 2 to 1000`},
		"too many attempts":      {"attempts: 5", "attempts: 1001", `services[1].queue.attempts is "1001"`},
		"missing attempts":       {", attempts: 5", "", "services[1].queue.attempts is missing"},
		"queue nobody feeds":     {"sendsTo: [transaction-processor]", "sendsTo: []", "services[1].queue is \"transaction-processor\": expected a queue that a service names under sendsTo"},
		"receiver without queue": {"sendsTo: [transaction-processor]", "sendsTo: [transaction-processor, reporting]", `services[0].sendsTo[1] is "reporting": expected a service with a queue: transaction-processor`},
		"receiver twice":         {"sendsTo: [transaction-processor]", "sendsTo: [transaction-processor, transaction-processor]", "each service once"},
		"receiver is itself":     {"sendsTo: []", "sendsTo: [transaction-processor]", "another service than itself"},
		"missing receivers":      {"    sendsTo: []\n", "", "services[1].sendsTo is missing"},
		"no time to stop":        {"stopSeconds: 60", "stopSeconds: 1", `services[0].stopSeconds is "1": expected 2 to 120 seconds, which AWS Fargate gives`},
		"too long to stop":       {"stopSeconds: 60", "stopSeconds: 121", `services[0].stopSeconds is "121": expected 2 to 120`},
		"missing time to stop":   {"    stopSeconds: 60\n", "", "services[0].stopSeconds is missing"},
		"call of nobody":         {"calls: [transaction-processor]", "calls: [ledger]", `services[0].calls is "ledger": expected another service of the catalogue`},
		"call of itself":         {"calls: [transaction-processor]", "calls: [payment-api]", `services[0].calls is "payment-api": expected another service`},
		"call twice":             {"calls: [transaction-processor]", "calls: [transaction-processor, transaction-processor]", "each service once"},
		"calls in a circle":      {"calls: []", "calls: [payment-api]", `services[1].calls is "payment-api": expected a service that does not call this one`},
		"missing calls":          {"    calls: []\n", "", "services[1].calls is missing"},
		"port of the proxies":    {"port: 8443", "port: 9443", `services[0].port is "9443": expected another port than that of the proxies`},
		"no services":            {string(text), "services: []", "at least one service"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, string(text), tc.from)
			_, err := catalog.Parse([]byte(strings.Replace(string(text), tc.from, tc.to, 1)))
			assert.ErrorContains(t, err, tc.want)
		})
	}
}

// A message must not be handed out again while a task may still work on it.
func TestAMessageStaysHiddenUntilItsTaskIsGone(t *testing.T) {
	services, err := catalog.Load()
	require.NoError(t, err)
	assert.Equal(t, []string{"transaction-processor"}, services.Queues())
	for _, name := range services.Queues() {
		service, found := services.Find(name)
		require.True(t, found)
		assert.GreaterOrEqual(t, service.VisibilitySeconds(), service.Queue.HandlingSeconds+service.StopSeconds)
		assert.LessOrEqual(t, service.VisibilitySeconds(), 43200, "the longest of SQS")
	}
	_, found := services.Find("ledger")
	assert.False(t, found)
}

func TestServicesComeAfterThoseThatTheyCall(t *testing.T) {
	services, err := catalog.Load()
	require.NoError(t, err)
	assert.Equal(t, []string{"payment-api"}, services.CallersOf("transaction-processor"))
	assert.Empty(t, services.CallersOf("payment-api"))
	var order []string
	for _, each := range services.CalledFirst() {
		order = append(order, each.Name)
	}
	assert.Equal(t, []string{"transaction-processor", "payment-api", "reporting"}, order)
}
