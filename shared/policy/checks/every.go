package checks

import (
	"regexp"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/policy/graph"
)

// everyChecks are those of the rows over all layers.
var everyChecks = []Check{
	{Row: "X-01", Run: providersTag},
	{Row: "X-02", Run: noCredentialInInputs},
	{Row: "X-03", Run: noForeignService},
	{Row: "X-04", Run: noInlinePolicy},
	{Row: "X-05", Run: noOpenAction},
	{Row: "X-06", Run: noOpenResource},
	{Row: "X-07", Run: keysByName},
	{Row: "X-08", Run: rolesPassedByName},
	{Row: "X-09", Run: trustIsNarrow},
	{Row: "X-10", Run: rolesAreBound},
	{Row: "X-11", Run: attachedPoliciesAreKnown},
	{Row: "X-12", Run: bucketsBlockThePublic},
	{Row: "X-13", Run: bucketsRefusePlainTransport},
	{Row: "X-14", Run: bucketsEncryptWithOurKey},
	{Row: "X-15", Run: bucketsKeepVersions},
	{Row: "X-16", Run: bucketsLogAccesses},
	{Row: "X-17", Run: bucketsAreTheirOwners},
	{Row: "X-18", Run: bucketsHaveALifecycle},
	{Row: "X-19", Run: rulesStandAlone},
	{Row: "X-20", Run: nothingOpenToTheWorld},
	{Row: "X-21", Run: nothingLeavesToTheWorld},
	{Row: "X-22", Run: logGroupsAreEncrypted},
	{Row: "X-23", Run: logGroupsAreKept},
}

// tagValues are the values that a tag may have; a nil list means any.
func tagValues(s *Scope, provider *graph.Resource) map[string][]string {
	return map[string][]string{
		"Environment": {s.Environment.Name},
		"Layer":       {string(provider.Layer)},
		"Owner":       nil,
		"DataClass":   {"cardholder", "internal"},
		"CostCenter":  nil,
		"ManagedBy":   {"pulumi"},
	}
}

// volatile finds what changes from run to run or names a person: times, days,
// commit ids, addresses of people.
var volatile = regexp.MustCompile(`\d{4}-\d{2}-\d{2}|\d{2}:\d{2}:\d{2}|^[0-9a-f]{40}$|@`)

func providersTag(s *Scope) {
	for _, provider := range s.Each(providerType) {
		for tag, allowed := range tagValues(s, provider) {
			value := provider.Text("defaultTags.tags." + tag)
			s.Expect(value != "" && (allowed == nil || slices.Contains(allowed, value)), provider, "default-tags", "defaultTags.tags."+tag,
				"a value, one of %v where that is a list", allowed)
		}
	}
	for _, r := range s.Where(func(r *graph.Resource) bool { return strings.HasPrefix(r.Type, "aws:") }) {
		s.Expect(strings.Contains(r.Provider, "::"+providerType+"::"), r, "explicit-provider", "", "the stack's own provider, which tags it")
		tags, _ := r.Inputs["tags"].(map[string]any)
		for tag, value := range tags {
			text, _ := value.(string)
			s.Expect(!volatile.MatchString(text), r, "lasting-tags", "tags."+tag, "a tag without time, commit or person")
		}
	}
}

// credential finds access keys, private keys and connection strings with a
// password.
var credential = regexp.MustCompile(`\b(AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|[a-z][a-z0-9+.-]*://[^/\s:@"]+:[^/\s:@"]+@`)

// holdsCredential looks for what every credential contains before it looks
// closely: most texts contain none of it.
func holdsCredential(text string) bool {
	for _, sign := range []string{"AKIA", "ASIA", "PRIVATE KEY", "://"} {
		if strings.Contains(text, sign) {
			return credential.MatchString(text)
		}
	}
	return false
}

// credentialName finds inputs that hold a credential by their name.
var credentialName = regexp.MustCompile(`(?i)(password|secretstring|secretbinary|authtoken|privatekey|apikey)$`)

func noCredentialInInputs(s *Scope) {
	for _, r := range s.See(s.Resources()...) {
		for _, input := range inputs(r) {
			walk(input, r.Inputs[input], func(path string, text string) {
				s.Expect(!holdsCredential(text), r, "no-credential", path, "no access key, private key or password")
				name := path[strings.LastIndexAny(path, ".]")+1:]
				s.Expect(!credentialName.MatchString(name) || slices.Contains(r.Secrets, input), r, "marked-secret", path, "a Pulumi secret")
			})
		}
	}
}

// inputs lists the names of a resource's inputs, sorted.
func inputs(r *graph.Resource) []string {
	names := make([]string, 0, len(r.Inputs))
	for name := range r.Inputs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// walk calls visit for every text below value.
func walk(path string, value any, visit func(path, text string)) {
	switch v := value.(type) {
	case string:
		visit(path, v)
	case []any:
		for _, item := range v {
			walk(path, item, visit)
		}
	case map[string]any:
		for key, each := range v {
			walk(path+"."+key, each, visit)
		}
	}
}

// foreign are beginnings of the types of services and resources that the
// platform does not run.
var foreign = []string{
	"aws:ec2/instance:", "aws:ec2/launchTemplate:", "aws:ec2/launchConfiguration:", "aws:ec2/keyPair:", "aws:ec2/networkInterface:",
	"aws:ec2/spotInstanceRequest:", "aws:ec2/fleet:",
	"aws:iam/user:", "aws:iam/accessKey:", "aws:iam/group:", "aws:iam/userLoginProfile:", "aws:rds/instance:",
	"aws:apigateway", "aws:appsync/", "aws:athena/", "aws:autoscaling/", "aws:cloudformation/", "aws:cloudfront/", "aws:codebuild/", "aws:dax/",
	"aws:docdb/", "aws:efs/", "aws:eks/", "aws:elasticache/", "aws:elasticbeanstalk/", "aws:elasticsearch/", "aws:elb/", "aws:emr",
	"aws:fsx/", "aws:mq/", "aws:msk", "aws:neptune", "aws:opensearch", "aws:redshift", "aws:sagemaker/", "aws:transfer/", "aws:waf/", "aws:wafregional/",
}

func noForeignService(s *Scope) {
	for _, r := range s.See(s.Resources()...) {
		s.Expect(!startsWithAny(r.Type, foreign), r, "not-used", "", "no resource of this type: the platform does not run the service, so nothing watches it")
	}
}

func startsWithAny(text string, beginnings []string) bool {
	return slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(text, b) })
}
