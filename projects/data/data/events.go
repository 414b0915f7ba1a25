package data

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/naming"
)

// subscriptions are the events of the databases that somebody has to see, by
// type of source (AWS Security Hub controls RDS.19 to RDS.22). A failover is one
// more: applications lose their connections.
func subscriptions() map[string][]string {
	return map[string][]string{
		"db-cluster":         {"maintenance", "failure", "failover"},
		"db-instance":        {"maintenance", "configuration change", "failure"},
		"db-parameter-group": {"configuration change"},
		"db-security-group":  {"configuration change", "failure"},
	}
}

// EventsArgs describes the subscriptions to the events of all databases.
type EventsArgs struct {
	Names naming.Namer
	// TopicARN is where the events go.
	TopicARN pulumi.StringInput
}

// Validate joins all that is wrong with the arguments.
func (a *EventsArgs) Validate() error {
	if a.TopicARN == nil {
		return errors.New("topic: is missing, expected the ARN of the topic of account events")
	}
	return nil
}

// Events are the subscriptions of the environment. They name no database: one
// that is restored or cloned by hand reports from its first minute.
type Events struct{ pulumi.ResourceState }

// NewEvents subscribes the topic to the events of every database of the account.
func NewEvents(ctx *pulumi.Context, name string, args *EventsArgs, opts ...pulumi.ResourceOption) (*Events, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("events of the databases: %w", err)
	}
	e := &Events{}
	if err := ctx.RegisterComponentResource("cutover:data:Events", name, e, opts...); err != nil {
		return nil, fmt.Errorf("register %s: %w", name, err)
	}
	wanted := subscriptions()
	for _, source := range slices.Sorted(maps.Keys(wanted)) {
		physical := args.Names.Name(naming.Generic, source, "events")
		if _, err := rds.NewEventSubscription(ctx, name+"-"+source, &rds.EventSubscriptionArgs{
			Name:            pulumi.String(physical),
			SourceType:      pulumi.String(source),
			EventCategories: pulumi.ToStringArray(wanted[source]),
			SnsTopic:        args.TopicARN,
			Enabled:         pulumi.Bool(true),
		}, pulumi.Parent(e)); err != nil {
			return nil, fmt.Errorf("event subscription %s: %w", physical, err)
		}
	}
	return e, ctx.RegisterResourceOutputs(e, pulumi.Map{})
}
