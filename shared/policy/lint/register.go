package lint

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/policy/document"
)

// Allowance is a kind of finding that may stand, with the reason. One that
// explains no finding is stale and has to go.
type Allowance struct {
	Issue string
	// Kind is that of the documents; Name and Detail are parts of the finding's,
	// empty for any.
	Kind         document.Kind
	Name, Detail string
	// Holds decides on more than that; nil for nothing more.
	Holds  func(Finding) bool
	Reason string
}

// Allowances lists the findings that may stand.
func Allowances() []Allowance {
	return []Allowance{
		{
			Issue: "RESOURCE_STAR", Kind: document.Identity, Name: "boundary",
			Reason: "a boundary is a ceiling: the policies under it name their resources",
		},
		{
			Issue: "RESOURCE_STAR", Kind: document.Identity, Holds: everyActionIsUnscoped,
			Reason: "every action is in iamdoc's register of actions without a resource level, with its own reason",
		},
		{
			Issue: "RESOURCE_STAR", Kind: document.Resource, Name: "aws:ec2/vpcEndpoint:VpcEndpoint",
			Reason: "an endpoint's policy says whose principals reach whose resources, by conditions; it grants nothing",
		},
		{
			Issue: "UNKNOWN_CONDITION_FOR_ACTION", Kind: document.Identity, Detail: "lambda:SourceFunctionArn",
			Reason: `Lambda adds the key to every call of a function's code (AWS Lambda developer guide, "Working with Lambda execution environment credentials")`,
		},
		{
			Issue: "UNKNOWN_CONDITION_FOR_ACTION", Kind: document.Resource, Name: "aws:kms/key:Key", Detail: "kms:EncryptionContext:aws:logs:arn",
			Reason: `the statement is that of the guide (Amazon CloudWatch Logs user guide, "Encrypt log data using AWS KMS"); the description of a key stays refused`,
		},
		{
			Issue: "MISMATCHED_TYPE", Kind: document.Resource, Name: "aws:kms/key:Key", Detail: "ArnLike",
			Reason: "an encryption context of CloudWatch Logs is an ARN; the guide compares it as one",
		},
		{
			Issue: "MISMATCHED_TYPE", Kind: document.Resource, Name: "aws:s3/bucketPolicy:BucketPolicy", Detail: "s3:TlsVersion",
			Reason: `parliament reads whole numbers only; the value is the guide's (Amazon S3 user guide, "Bucket policy examples using condition keys")`,
		},
		{
			Issue: "UNKNOWN_CONDITION_FOR_ACTION", Kind: document.Resource, Name: "aws:s3/bucketPolicy:BucketPolicy", Detail: "s3:TlsVersion",
			Reason: "a refusal of all actions of S3 has no effect on the two that do not carry the key: neither is one on a bucket",
		},
		{
			Issue: "RESOURCE_POLICY_PRIVILEGE_ESCALATION", Kind: document.Identity, Name: "outsiders-deploy",
			Reason: "whoever opens a bucket still meets the pipeline's boundary, which refuses it objects, and the key, which names neither the pipeline nor strangers",
		},
		{
			Issue: "RESOURCE_MISMATCH", Kind: document.Resource, Name: "aws:kms/key:Key", Detail: "Alias",
			Reason: `an alias needs its actions on the key, in this policy, and on the alias, in the caller's (AWS KMS developer guide, "Controlling access to aliases")`,
		},
		{
			Issue: "RESOURCE_MISMATCH", Kind: document.Identity, Detail: "table/*/stream/*", Name: "sync-stores",
			Reason: "the label of a stream is a time; parliament takes its colons for parts of the ARN",
		},
		{
			Issue: "RESOURCE_MISMATCH", Kind: document.Identity, Name: "flow-logs", Detail: "logs:DescribeLogGroups",
			Reason: "AWS authorises the call against log-group::log-stream: of the account, which the statement names; the reference lists no resource",
		},
		{
			Issue: "RESOURCE_MISMATCH", Kind: document.Identity, Name: "outsiders-deploy-entrance", Detail: "elasticloadbalancing:",
			Reason: "parliament asks for network and gateway balancers too; only application balancers are deployed",
		},
		{
			Issue: "RESOURCE_MISMATCH", Kind: document.Identity, Detail: "states:DescribeExecution",
			Reason: "parliament asks for executions of express machines too; all of ours are standard ones",
		},
		{
			Issue: "RESOURCE_MISMATCH", Kind: document.Identity, Detail: "states:ListExecutions",
			Reason: "parliament asks for the runs of maps too; operators list executions of machines",
		},
	}
}

// Judge returns the findings that no allowance explains, and the allowances that
// explain nothing.
func Judge(findings []Finding, allowances []Allowance) (open []Finding, stale []Allowance) {
	used := make([]bool, len(allowances))
	for _, finding := range findings {
		i := slices.IndexFunc(allowances, func(a Allowance) bool { return a.explains(finding) })
		if i < 0 {
			open = append(open, finding)
			continue
		}
		used[i] = true
	}
	for i, each := range allowances {
		if !used[i] {
			stale = append(stale, each)
		}
	}
	return open, stale
}

func (a Allowance) explains(f Finding) bool {
	return a.Issue == f.Issue && a.Kind == f.Kind && strings.Contains(f.Name, a.Name) && strings.Contains(f.Detail, a.Detail) &&
		(a.Holds == nil || a.Holds(f))
}

// everyActionIsUnscoped reads the list of actions that a finding speaks of.
func everyActionIsUnscoped(f Finding) bool {
	var actions []string
	if err := json.Unmarshal([]byte(f.Detail), &actions); err != nil || len(actions) == 0 {
		return false
	}
	return !slices.ContainsFunc(actions, func(action string) bool {
		_, may := iamdoc.Unscoped(action)
		return !may
	})
}
