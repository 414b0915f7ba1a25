package security

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// enhancedMonitoring lets RDS write the operating system's metrics (Aurora user
// guide, "Setting up and enabling Enhanced Monitoring").
const enhancedMonitoring = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"

// role is what others need to know of a role: the ARN to pass it, the name to
// attach policies to it.
type role struct {
	arn, name pulumi.StringOutput
}

// newRole makes a role that one AWS service takes for this account.
func (p *Principals) newRole(ctx *pulumi.Context, name string, args *PrincipalsArgs, service, description string, purpose ...string) (role, error) {
	at := name
	for _, part := range purpose {
		at += "-" + part
	}
	made, err := component.NewRole(ctx, at, &component.RoleArgs{
		Name:        args.Names.Name(naming.Role, purpose...),
		Description: description,
		Trust:       iamdoc.AssumeByService(service, args.Environment.AccountID),
		BoundaryARN: args.BoundaryARN,
	}, pulumi.Parent(p))
	if err != nil {
		return role{}, err
	}
	return role{arn: made.Arn, name: made.Name}, nil
}

// addServiceRoles makes two roles a service: one for the task's own code, one
// for what starts it.
func (p *Principals) addServiceRoles(ctx *pulumi.Context, name string, args *PrincipalsArgs) error {
	const tasks = "ecs-tasks.amazonaws.com"
	for _, service := range args.Services {
		task, err := p.newRole(ctx, name, args, tasks, "Code of "+service, service, "task")
		if err != nil {
			return err
		}
		execution, err := p.newRole(ctx, name, args, tasks, "Start of "+service+": its image, secrets and log", service, "execution")
		if err != nil {
			return err
		}
		p.tasks[service], p.executions[service] = task, execution
	}
	return nil
}

func (p *Principals) addSyncRoles(ctx *pulumi.Context, name string, args *PrincipalsArgs) (err error) {
	if p.sync, err = p.newRole(ctx, name, args, "lambda.amazonaws.com", "Functions that keep both colours equal", "sync"); err != nil {
		return err
	}
	p.scheduler, err = p.newRole(ctx, name, args, "scheduler.amazonaws.com", "Schedules that start the functions", "scheduler")
	return err
}

func (p *Principals) addMonitoringRole(ctx *pulumi.Context, name string, args *PrincipalsArgs) (err error) {
	const purpose = "database-monitoring"
	if p.monitoring, err = p.newRole(ctx, name, args, "monitoring.rds.amazonaws.com", "Operating system metrics of the databases", purpose); err != nil {
		return err
	}
	if _, err := iam.NewRolePolicyAttachment(ctx, name+"-"+purpose, &iam.RolePolicyAttachmentArgs{
		Role:      p.monitoring.name,
		PolicyArn: pulumi.String(enhancedMonitoring),
	}, pulumi.Parent(p)); err != nil {
		return fmt.Errorf("attach %s: %w", enhancedMonitoring, err)
	}
	return nil
}
