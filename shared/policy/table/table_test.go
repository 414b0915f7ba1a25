package table_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/table"
)

var update = flag.Bool("update", false, "write docs/controls.md")

// counts are the rows of each group.
var counts = map[string]int{"X": 23, "F": 17, "S": 23, "D": 23, "E": 15, "V": 14, "O": 10, "M": 12}

func TestEveryRowIsWhole(t *testing.T) {
	requirement := regexp.MustCompile(`^([1-9]|1[0-2])(\.[0-9]+){1,4}$`)
	control := regexp.MustCompile(`^[A-Z][A-Za-z0-9]+\.[0-9]+$`)
	layers := map[string]contract.Layer{"X": "", "F": contract.Foundation, "S": contract.Security, "D": contract.Data,
		"E": contract.Edge, "V": contract.Services, "O": contract.Observability, "M": contract.Migration}
	found, ids := make(map[string]int), make(map[string]bool)
	for _, row := range table.Rows() {
		require.Regexp(t, `^[XFSDEVOM]-[0-9]{2}$`, row.ID)
		assert.False(t, ids[row.ID], row.ID)
		ids[row.ID] = true
		found[row.ID[:1]]++
		assert.Equal(t, layers[row.ID[:1]], row.Layer, row.ID)
		assert.NotEmpty(t, row.Title, row.ID)
		assert.Contains(t, []table.Severity{table.Must, table.Should}, row.Severity, row.ID)
		for _, each := range row.Requirements {
			assert.Regexp(t, requirement, each, row.ID)
		}
		for _, each := range row.Controls {
			assert.Regexp(t, control, each, row.ID)
		}
		assert.True(t, !row.RuntimeOnly || len(row.Rules) > 0, "%s is proven by rules and has none", row.ID)
	}
	assert.Equal(t, counts, found)
}

func TestEveryRuleStandsOnceWithAWholeParameterList(t *testing.T) {
	seen := make(map[string]string)
	for _, row := range table.Rows() {
		for _, rule := range row.Rules {
			assert.Regexp(t, `^[A-Z][A-Z0-9_]+$`, rule.Identifier, row.ID)
			assert.Empty(t, seen[rule.Identifier], "%s in %s too", rule.Identifier, row.ID)
			seen[rule.Identifier] = row.ID
			var names []string
			for _, p := range rule.Parameters {
				assert.NotEmpty(t, p.Name, rule.Identifier)
				assert.NotEqual(t, p.Value == "", p.Input == "", "%s: %s has a value or an input", rule.Identifier, p.Name)
				assert.NotContains(t, names, p.Name, rule.Identifier)
				names = append(names, p.Name)
			}
		}
	}
}

// These replace values of the public sample packs, which do not fit the platform.
func TestParametersThatReplaceStockValues(t *testing.T) {
	for identifier, want := range map[string]map[string]string{
		"CW_LOGGROUP_RETENTION_PERIOD_CHECK":         {"MinRetentionTime": "90"},
		"ACM_CERTIFICATE_EXPIRATION_CHECK":           {"daysToExpiration": "30"},
		"ALB_DESYNC_MODE_CHECK":                      {"desyncMode": "strictest"},
		"IAM_USER_UNUSED_CREDENTIALS_CHECK":          {"maxCredentialUsageAge": "45"},
		"VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS":       {"authorizedTcpPorts": "443"},
		"LAMBDA_FUNCTION_SETTINGS_CHECK":             {"runtime": "provided.al2023"},
		"IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS": {"excludePermissionBoundaryPolicy": "true"},
		"IAM_POLICY_NO_STATEMENTS_WITH_FULL_ACCESS":  {"excludePermissionBoundaryPolicy": "true"},
		"S3_BUCKET_DEFAULT_LOCK_ENABLED":             {"mode": "COMPLIANCE"},
		"SECRETSMANAGER_ROTATION_ENABLED_CHECK":      {"maximumAllowedRotationFrequency": "30"},
		"SECRETSMANAGER_SECRET_PERIODIC_ROTATION":    {"maxDaysSinceRotation": "31"},
		"RESTRICTED_INCOMING_TRAFFIC":                {"blockedPort1": "20", "blockedPort2": "21", "blockedPort3": "3389", "blockedPort4": "5432", "blockedPort5": "5433"},
	} {
		rule := find(t, identifier)
		got := make(map[string]string)
		for _, p := range rule.Parameters {
			got[p.Name] = p.Value
		}
		assert.Equal(t, want, got, identifier)
	}
}

func find(t *testing.T, identifier string) table.Rule {
	t.Helper()
	for _, row := range table.Rows() {
		for _, rule := range row.Rules {
			if rule.Identifier == identifier {
				return rule
			}
		}
	}
	require.Fail(t, "no row has the rule", identifier)
	return table.Rule{}
}

func TestRulesLeftOutOnPurpose(t *testing.T) {
	out := []string{
		"S3_BUCKET_MFA_DELETE_ENABLED", "SHIELD_DRT_ACCESS", "CLOUDFORMATION_STACK_NOTIFICATION_CHECK", "API_GW_ASSOCIATED_WITH_WAF",
		"DAX_ENCRYPTION_ENABLED", "DAX_TLS_ENDPOINT_ENCRYPTION", "ELB_ACM_CERTIFICATE_REQUIRED", "ELB_TLS_HTTPS_LISTENERS_ONLY",
		"RDS_IN_BACKUP_PLAN", "RDS_RESOURCES_PROTECTED_BY_BACKUP_PLAN", "DYNAMODB_IN_BACKUP_PLAN", "DYNAMODB_TABLE_ENCRYPTION_ENABLED",
		"S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS", "CLOUDWATCH_ALARM_RESOURCE_CHECK", "CLOUDWATCH_ALARM_SETTINGS_CHECK",
		"S3_BUCKET_POLICY_NOT_MORE_PERMISSIVE",
	}
	for _, row := range table.Rows() {
		for _, rule := range row.Rules {
			assert.NotContains(t, out, rule.Identifier, row.ID)
		}
	}
}

func TestPacksStayWithinTheServicesLimit(t *testing.T) {
	sizes := make(map[table.Pack]int)
	for _, row := range table.Rows() {
		for _, rule := range row.Rules {
			if rule.Deployment == table.InPack {
				sizes[row.Pack()]++
			}
		}
	}
	for _, pack := range table.Packs() {
		assert.Positive(t, sizes[pack], pack)
		assert.LessOrEqual(t, sizes[pack], 130, pack)
	}
}

func TestThePageIsUpToDate(t *testing.T) {
	path := filepath.Join("..", "..", "..", filepath.FromSlash(table.File))
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(table.Markdown()), 0o644))
	}
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, table.Markdown(), string(page), "write it anew: go tool mage policy:report")
}

func TestFindKnowsAllRowsAndNoOther(t *testing.T) {
	row, known := table.Find("E-02")
	assert.True(t, known)
	assert.Equal(t, contract.Edge, row.Layer)
	_, known = table.Find("E-99")
	assert.False(t, known)
	assert.True(t, slices.ContainsFunc(table.Rows(), func(r table.Row) bool { return r.Pack() == table.Account }))
}
