package data

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
)

// operatingSystemLogs is where enhanced monitoring writes the metrics of all
// instances of an account and region; the name is the service's (Aurora user
// guide, "Viewing OS metrics using CloudWatch Logs"). An account that ran enhanced
// monitoring before has the group already: import it, or delete it, first.
const operatingSystemLogs = "RDSOSMetrics"

// MonitoringArgs describes what the monitoring of both colours' databases shares.
type MonitoringArgs struct {
	// LogsKeyARN is the key of the log group.
	LogsKeyARN pulumi.StringInput
}

// Validate joins all that is wrong with the arguments.
func (a *MonitoringArgs) Validate() error {
	if a.LogsKeyARN == nil {
		return errors.New("key: is missing, expected the ARN of a key for logs")
	}
	return nil
}

// Monitoring is the log group that enhanced monitoring writes to. It is declared
// before the first instance: RDS would make it by itself, without key and end.
type Monitoring struct {
	pulumi.ResourceState

	group *cloudwatch.LogGroup
}

// NewMonitoring makes the log group.
func NewMonitoring(ctx *pulumi.Context, name string, args *MonitoringArgs, opts ...pulumi.ResourceOption) (*Monitoring, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("monitoring of the databases: %w", err)
	}
	m := &Monitoring{}
	if err := ctx.RegisterComponentResource("cutover:data:Monitoring", name, m, opts...); err != nil {
		return nil, fmt.Errorf("register %s: %w", name, err)
	}
	var err error
	m.group, err = component.NewLogGroup(ctx, name+"-operating-system", &component.LogGroupArgs{
		Name: operatingSystemLogs, KeyARN: args.LogsKeyARN,
	}, pulumi.Parent(m))
	if err != nil {
		return nil, err
	}
	return m, ctx.RegisterResourceOutputs(m, pulumi.Map{})
}
