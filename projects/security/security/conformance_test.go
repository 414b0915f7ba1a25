package security_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/security/security"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/policy/conformance"
	"github.com/cutover/cutover/shared/policy/table"
	"github.com/cutover/cutover/shared/pulumitest"
)

const (
	packType = "aws:cfg/conformancePack:ConformancePack"
	ruleType = "aws:cfg/rule:Rule"
)

// singletons are the types of which an account and region has one each.
var singletons = []string{
	trailType, accountType, streamType, packType,
	"aws:accessanalyzer/analyzer:Analyzer", "aws:account/alternativeContact:AlternativeContact",
	"aws:cfg/deliveryChannel:DeliveryChannel", "aws:cfg/recorder:Recorder", "aws:cfg/recorderStatus:RecorderStatus",
	"aws:cfg/retentionConfiguration:RetentionConfiguration", "aws:ebs/encryptionByDefault:EncryptionByDefault",
	"aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess", "aws:guardduty/detector:Detector",
	"aws:iam/accountPasswordPolicy:AccountPasswordPolicy", "aws:iam/serviceLinkedRole:ServiceLinkedRole",
	"aws:inspector2/enabler:Enabler", "aws:macie2/account:Account", "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
	"aws:securityhub/account:Account", "aws:securityhub/standardsSubscription:StandardsSubscription", "aws:ssm/serviceSetting:ServiceSetting",
}

func run(t *testing.T, stack string, config map[string]string) *pulumitest.Recording {
	t.Helper()
	opts := options(t, stack)
	opts.Config = config
	return pulumitest.MustRun(t, opts, security.Program)
}

func TestTheOrganisationsSingletonsAreLeftAlone(t *testing.T) {
	managed := prod(t)
	assumed := run(t, "prod", map[string]string{"security:accountBaseline": "assume", "security:conformance": "rules"})
	for _, token := range singletons {
		assert.NotEmpty(t, managed.OfType(token), token)
		assert.Empty(t, assumed.OfType(token), token)
	}
	assert.Len(t, assumed.OfType(flowLogType), 3, "networks are ours in any case")
	assert.Equal(t, managed.ExportKeys, assumed.ExportKeys, "the contract does not depend on who owns the account")
}

func TestPacksAreDeployedWithTheInputsOfTheirTemplates(t *testing.T) {
	recording := prod(t)
	given := make(map[string]any)
	for _, pack := range table.Packs() {
		made := recording.Find(t, packType, string(pack)).Inputs
		template, err := conformance.Render(pack)
		require.NoError(t, err)
		assert.Equal(t, template.Body, made["templateBody"])
		assert.Equal(t, "cutover-prod-"+string(pack), made["name"])
		var names []string
		inputs, _ := made["inputParameters"].([]any)
		for _, each := range inputs {
			input := each.(map[string]any)
			names = append(names, input["parameterName"].(string))
			given[input["parameterName"].(string)] = input["parameterValue"]
		}
		assert.Equal(t, template.Inputs, names)
	}
	assert.Equal(t, "cutover-prod-access-logs-"+prodAccount, given["AccessLogsBucket"])
	assert.Equal(t, "foundation/blueVpcId,foundation/greenVpcId", given["EdgeVpcIds"])
	assert.Equal(t, "foundation/bluePublicRouteTableId,foundation/greenPublicRouteTableId", given["PublicRouteTableIds"])
	assert.Equal(t, given["EdgeVpcIds"], given["WorkloadVpcIds"])
	for input, keys := range map[string][]string{
		"BucketKeyArns": {"blue-documents", "green-documents", "evidence-audit"},
		"SecretKeyArns": {"blue-secrets", "green-secrets"},
		"TableKeyArns":  {"blue-sessions", "green-sessions", "shared-control"},
		"ImageKeyArns":  {"shared-images"},
	} {
		var named []string
		for _, arn := range strings.Split(given[input].(string), ",") {
			named = append(named, arn[strings.LastIndex(arn, "/")+1:])
		}
		assert.Equal(t, keys, named, input)
	}
}

// Both forms come from one table; neither may forget a rule.
func TestRulesAreThoseOfThePacks(t *testing.T) {
	for baseline, packs := range map[string][]table.Pack{
		"manage": {table.Account, table.Storage, table.Workload}, "assume": {table.Storage, table.Workload},
	} {
		recording := run(t, "prod", map[string]string{"security:accountBaseline": baseline, "security:conformance": "rules"})
		want := map[string]bool{"S3_BUCKET_DEFAULT_LOCK_ENABLED": true}
		for _, pack := range packs {
			for _, rule := range conformance.Rules(pack) {
				want[rule.Identifier] = true
			}
		}
		assert.Empty(t, recording.OfType(packType))
		assert.Len(t, recording.OfType(ruleType), len(want))
		for _, rule := range recording.OfType(ruleType) {
			source := rule.Inputs["source"].(map[string]any)
			assert.Equal(t, "AWS", source["owner"])
			assert.True(t, want[source["sourceIdentifier"].(string)], rule.Name)
			assert.LessOrEqual(t, len(rule.Inputs["name"].(string)), 128)
		}
	}
	recording := run(t, "prod", map[string]string{"security:conformance": "rules"})
	logging := recording.Find(t, ruleType, "s3-bucket-logging-enabled").Inputs
	assert.JSONEq(t, `{"targetBucket": "cutover-prod-access-logs-`+prodAccount+`"}`, logging["inputParameters"].(string))
}

func TestTheLockOfTheTaggedBucketsIsWatchedInTheModeOfTheEnvironment(t *testing.T) {
	for stack, mode := range map[string]string{"prod": "COMPLIANCE", "staging": "GOVERNANCE"} {
		recording := run(t, stack, nil)
		rule := recording.Find(t, ruleType, "s3-bucket-default-lock-enabled").Inputs
		assert.JSONEq(t, `{"mode": "`+mode+`"}`, rule["inputParameters"].(string))
		scope := rule["scope"].(map[string]any)
		var tagged []string
		for _, bucket := range recording.OfType(bucketType) {
			tags, _ := bucket.Inputs["tags"].(map[string]any)
			if tags[scope["tagKey"].(string)] == scope["tagValue"] {
				tagged = append(tagged, bucket.Name)
			}
		}
		slices.Sort(tagged)
		assert.Equal(t, []string{"evidence-archive", "evidence-trail"}, tagged)
	}
}

func TestNoRuleIsDeployedWhereTheOrganisationWatches(t *testing.T) {
	recording := run(t, "prod", map[string]string{"security:accountBaseline": "assume", "security:conformance": "none"})
	assert.Empty(t, recording.OfType(packType))
	assert.Empty(t, recording.OfType(ruleType))
}

func TestARuleWithoutItsValueIsNotDeployed(t *testing.T) {
	recording, err := pulumitest.Run(t, options(t, "local"), func(ctx *pulumi.Context) error {
		_, err := security.NewConformanceRules(ctx, "x", &security.ConformanceArgs{
			Names: naming.New("local"), Form: security.Packs, Inputs: pulumi.StringMap{"EdgeVpcIds": pulumi.String("vpc-1")},
		})
		return err
	})
	require.ErrorContains(t, err, "input AccessLogsBucket: is missing, expected a value for rule s3-bucket-logging-enabled of control X-16")
	assert.NotContains(t, err.Error(), "EdgeVpcIds")
	assert.Empty(t, recording.Resources)
}

func TestWrongBaselineNamesKeyAndExpectation(t *testing.T) {
	contact := func(name, title, email, phone string) string {
		return `{"name": "` + name + `", "title": "` + title + `", "email": "` + email + `", "phone": "` + phone + `"}`
	}
	for _, c := range []struct{ key, value, want string }{
		{"accountBaseline", "own", `security:accountBaseline is "own": expected manage, where this layer owns`},
		{"accountBaseline", "assume", `security:conformance is "pack": expected rules or none while accountBaseline is assume`},
		{"conformance", "packs", `security:conformance is "packs": expected pack, rules or none`},
		{"conformance", "none", `security:conformance is "none": expected pack or rules while accountBaseline is manage`},
		{"securityContact", contact("", "t", "a@b.example", "1"), "security:securityContact.name is missing: expected 1 to 64 characters"},
		{"securityContact", contact("n", strings.Repeat("t", 51), "a@b.example", "1"), "expected 1 to 50 characters"},
		{"securityContact", contact("n", "t", "nobody", "1"), `security:securityContact.email is "nobody": expected an e-mail address`},
		{"securityContact", contact("n", "t", "a@b.example", "call us"), `security:securityContact.phone is "call us"`},
	} {
		opts := options(t, "prod")
		opts.Config = map[string]string{"security:" + c.key: c.value}
		_, err := pulumitest.Run(t, opts, security.Program)
		require.ErrorContains(t, err, c.want)
		require.ErrorContains(t, err, "projects/security/Pulumi.prod.yaml")
	}
}
