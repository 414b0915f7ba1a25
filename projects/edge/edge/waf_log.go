package edge

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// firewallLogPrefix is how the name of a log group has to begin for AWS WAF to
// write to it (AWS WAF developer guide, "Sending web ACL traffic logs to an Amazon
// CloudWatch Logs log group").
const firewallLogPrefix = "aws-waf-logs-"

// redactedHeaders carry credentials; AWS WAF wants names in lower case.
var redactedHeaders = []string{"authorization", "cookie"}

// addLog writes every request's verdict to a log group, without credentials and
// without the query. The destination is the group's ARN without the :* of its
// streams, which AWS WAF refuses.
func (f *Firewall) addLog(ctx *pulumi.Context, name string, args *FirewallArgs) error {
	group, err := component.NewLogGroup(ctx, name, &component.LogGroupArgs{Name: f.LogGroupName, KeyARN: args.LogsKeyARN}, pulumi.Parent(f))
	if err != nil {
		return err
	}
	policy, err := firewallLogPolicy(f.LogGroupName, args.AccountID).JSON()
	if err != nil {
		return fmt.Errorf("policy of the log: %w", err)
	}
	permission, err := cloudwatch.NewLogResourcePolicy(ctx, name, &cloudwatch.LogResourcePolicyArgs{
		PolicyName:     pulumi.String(args.Names.Name(naming.Policy, "firewall", "log")),
		PolicyDocument: pulumi.String(policy),
	}, pulumi.Parent(f))
	if err != nil {
		return fmt.Errorf("permission to log: %w", err)
	}
	fields := wafv2.WebAclLoggingConfigurationRedactedFieldArray{
		wafv2.WebAclLoggingConfigurationRedactedFieldArgs{QueryString: wafv2.WebAclLoggingConfigurationRedactedFieldQueryStringArgs{}},
	}
	for _, header := range redactedHeaders {
		fields = append(fields, wafv2.WebAclLoggingConfigurationRedactedFieldArgs{
			SingleHeader: wafv2.WebAclLoggingConfigurationRedactedFieldSingleHeaderArgs{Name: pulumi.String(header)},
		})
	}
	if _, err := wafv2.NewWebAclLoggingConfiguration(ctx, name, &wafv2.WebAclLoggingConfigurationArgs{
		ResourceArn: f.ARN, LogDestinationConfigs: pulumi.StringArray{group.Arn}, RedactedFields: fields,
	}, pulumi.Parent(f), pulumi.DependsOn([]pulumi.Resource{permission})); err != nil {
		return fmt.Errorf("log: %w", err)
	}
	return nil
}

// firewallLogPolicy lets log delivery write to the firewall's group. AWS WAF
// would make a policy by itself, for all groups.
func firewallLogPolicy(group, accountID string) iamdoc.Document {
	logs := fmt.Sprintf("arn:aws:logs:%s:%s:", config.Region, accountID)
	return iamdoc.Document{Statements: []iamdoc.Statement{{
		Sid:        "LogRequests",
		Principals: iamdoc.Principals{Services: []string{"delivery.logs.amazonaws.com"}},
		Actions:    []string{"logs:CreateLogStream", "logs:PutLogEvents"},
		Resources:  []string{logs + "log-group:" + group + ":*"},
		Conditions: iamdoc.Conditions{
			"StringEquals": {"aws:SourceAccount": {accountID}},
			"ArnLike":      {"aws:SourceArn": {logs + "*"}},
		},
	}}}
}
