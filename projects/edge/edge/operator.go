package edge

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

// operatorArgs describes what operators move traffic with.
type operatorArgs struct {
	names naming.Namer
	// publicName is the name whose weighted records split the traffic.
	publicName string
	zoneID     pulumi.StringInput
	// healthCheckIDs are by colour.
	healthCheckIDs map[naming.Color]pulumi.StringInput
	// role is the name of the operator's role.
	role pulumi.StringInput
}

// permitOperator lets operators change the weights of the public name and what
// its health checks say, in this environment's zone, and tell the dashboards. Other names of the zone, the
// colours' own among them, stay as they are.
func permitOperator(ctx *pulumi.Context, args operatorArgs, opts ...pulumi.ResourceOption) error {
	values := pulumi.StringMap{"zone": args.zoneID}
	for color, id := range args.healthCheckIDs {
		values[string(color)] = id
	}
	if _, err := component.NewPolicy(ctx, "operator-traffic", &component.PolicyArgs{
		Name:        args.names.Name(naming.Policy, "operator", "traffic"),
		Description: "Weights and health of " + args.publicName,
		Values:      values,
		Write:       func(values map[string]string) iamdoc.Document { return trafficPolicy(args.publicName, values) },
		Ceiling:     component.OperatorActions(),
		Roles:       map[string]pulumi.StringInput{"operator": args.role},
	}, opts...); err != nil {
		return fmt.Errorf("traffic for operators: %w", err)
	}
	return nil
}

// trafficPolicy names the record by condition: the zone is the smallest resource
// that Route 53 knows (Route 53 developer guide, "Using IAM policy conditions for
// fine-grained access control"). A request without a name is refused too, and so is
// one that deletes: a share is taken away by weight 0 and a closed check.
func trafficPolicy(publicName string, values map[string]string) iamdoc.Document {
	const names = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
	var checks []string
	for _, color := range naming.Colors() {
		checks = append(checks, "arn:aws:route53:::healthcheck/"+values[string(color)])
	}
	return iamdoc.Document{Statements: []iamdoc.Statement{
		{
			Sid: "Weights", Actions: []string{"route53:ChangeResourceRecordSets"}, Resources: []string{"arn:aws:route53:::hostedzone/" + values["zone"]},
			Conditions: iamdoc.Conditions{
				"ForAllValues:StringEquals": {
					names: {strings.ToLower(strings.TrimSuffix(publicName, "."))},
					"route53:ChangeResourceRecordSetsRecordTypes": {weightedType},
					"route53:ChangeResourceRecordSetsActions":     {"UPSERT"},
				},
				"Null": {names: {"false"}},
			},
		},
		{
			Sid: "Dashboards", Actions: []string{"cloudwatch:PutMetricData"}, Resources: []string{"*"},
			Conditions: iamdoc.Conditions{"StringEquals": {"cloudwatch:namespace": {metrics.WeightPercent.Namespace}}},
		},
		{Sid: "Health", Actions: []string{"route53:UpdateHealthCheck"}, Resources: checks},
	}}
}
