package observability

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

// query is a question to the logs that somebody asks at three in the morning.
type query struct {
	name string
	// groups are the things whose log groups are asked.
	groups []estate.Key
	text   string
}

// questions are those of both colours; a question about payments asks all services,
// so that one sees whether one colour alone has a trouble.
func questions(services catalog.Catalog, baseline bool) []query {
	var groups, functions []estate.Key
	for _, color := range naming.Colors() {
		for _, service := range services.Names() {
			groups = append(groups, estate.Key{Color: color, Thing: estate.LogGroup, Name: service})
		}
	}
	all := []query{
		{"payments-failed-by-reason", groups, "filter event = \"" + metrics.PaymentEventName + "\" and outcome = \"" + metrics.Failed +
			"\"\n| stats count(*) as payments, sum(amountMinor) as amount by reason, color, service\n| sort payments desc"},
		{"payments-declined-by-reason", groups, "filter event = \"" + metrics.PaymentEventName + "\" and outcome = \"" + metrics.Declined +
			"\"\n| stats count(*) as payments by reason, color\n| sort payments desc"},
		{"payments-slow", groups, "filter event = \"" + metrics.PaymentEventName + "\" and durationMs > 500" +
			"\n| fields @timestamp, color, service, durationMs, outcome, paymentId\n| sort durationMs desc\n| limit 100"},
		{"payments-by-minute", groups, "filter event = \"" + metrics.PaymentEventName + "\"\n| stats count(*) as payments, pct(durationMs, 99) as p99 by bin(1m), color, outcome"},
		{"errors-of-services", groups, "filter level = \"error\"\n| stats count(*) as times by service, color, msg\n| sort times desc\n| limit 50"},
		{"web-acl-blocks-by-rule", []estate.Key{{Thing: estate.FirewallLogs}}, "filter action = \"BLOCK\"\n" +
			"| stats count(*) as requests, count_distinct(httpRequest.clientIp) as clients by terminatingRuleId, httpRequest.uri\n| sort requests desc\n| limit 50"},
	}
	if baseline {
		trail := []estate.Key{{Thing: estate.TrailLogs}}
		all = append(all,
			query{"trail-who-changed-what", trail, "filter readOnly = 0 and ispresent(userIdentity.arn)\n" +
				"| fields @timestamp, userIdentity.arn, eventSource, eventName, errorCode, sourceIPAddress\n| sort @timestamp desc\n| limit 200"},
			query{"trail-refused-calls", trail, "filter errorCode like /Unauthorized|AccessDenied/\n" +
				"| stats count(*) as times by userIdentity.arn, eventSource, eventName\n| sort times desc"},
			query{"trail-data-layer", trail, "filter eventSource in [\"rds.amazonaws.com\", \"kms.amazonaws.com\", \"secretsmanager.amazonaws.com\"] and readOnly = 0\n" +
				"| fields @timestamp, userIdentity.arn, eventName, requestParameters.dBClusterIdentifier, errorCode\n| sort @timestamp desc\n| limit 100"})
	}
	for _, color := range naming.Colors() {
		for _, function := range estate.Functions() {
			functions = append(functions, estate.Key{Color: color, Thing: estate.Function, Name: function})
		}
	}
	return append(all, query{"lane-halts", functions, "filter level = \"ERROR\" or ispresent(halt_code)\n" +
		"| fields @timestamp, @log, lane, halt_code, reason, msg\n| sort @timestamp desc\n| limit 100"})
}

// QueriesArgs describes the saved queries.
type QueriesArgs struct {
	Names naming.Namer
	From  upstream
	// Baseline tells that the trail is ours to ask.
	Baseline bool
}

// Validate says what is missing.
func (a *QueriesArgs) Validate() error {
	for _, each := range questions(a.From.services, a.Baseline) {
		for _, key := range each.groups {
			if _, known := a.From.things[key]; !known {
				return fmt.Errorf("saved query %s: %s is not watched", each.name, key)
			}
		}
	}
	return nil
}

// Queries are the saved questions, in a folder of the environment.
type Queries struct {
	pulumi.ResourceState
}

// NewQueries saves the questions.
func NewQueries(ctx *pulumi.Context, name string, args *QueriesArgs, opts ...pulumi.ResourceOption) (*Queries, error) {
	if err := args.Validate(); err != nil {
		return nil, err
	}
	q := &Queries{}
	if err := ctx.RegisterComponentResource("cutover:observability:Queries", name, q, opts...); err != nil {
		return nil, fmt.Errorf("register queries: %w", err)
	}
	for _, each := range questions(args.From.services, args.Baseline) {
		asked := pulumi.StringArray{}
		for _, key := range each.groups {
			asked = append(asked, args.logGroup(key))
		}
		if _, err := cloudwatch.NewQueryDefinition(ctx, each.name, &cloudwatch.QueryDefinitionArgs{
			Name: pulumi.String(args.Names.Name(naming.Query, each.name)), LogGroupNames: asked, QueryString: pulumi.String(each.text),
		}, pulumi.Parent(q)); err != nil {
			return nil, fmt.Errorf("saved query %s: %w", each.name, err)
		}
	}
	return q, ctx.RegisterResourceOutputs(q, pulumi.Map{})
}

// logGroup is the log group of a thing: its own name, or where the functions of a
// colour write.
func (a *QueriesArgs) logGroup(key estate.Key) pulumi.StringInput {
	if key.Thing == estate.Function {
		return pulumi.String(a.Names.In(key.Color).Name(naming.LogGroup, "functions", key.Name))
	}
	return a.From.things[key]
}
