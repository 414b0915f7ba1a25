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

// backupPolicies are what AWS Backup needs to back up databases, tables and
// buckets (AWS Backup developer guide, "Managed policies for AWS Backup").
func backupPolicies() map[string]string {
	return map[string]string{
		"databases": "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup",
		"objects":   "arn:aws:iam::aws:policy/AWSBackupServiceRolePolicyForS3Backup",
	}
}

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
	return p.attachManaged(ctx, name+"-"+purpose, p.monitoring, enhancedMonitoring)
}

func (p *Principals) addRotationRole(ctx *pulumi.Context, name string, args *PrincipalsArgs) (err error) {
	p.rotation, err = p.newRole(ctx, name, args, "lambda.amazonaws.com", "Function that rotates the secrets of the database's users", "rotation")
	return err
}

// addBackupRole makes the role of AWS Backup. Which resources it may touch no
// policy of ours can say: recovery points and restored resources get their names
// when they are made, so AWS keeps the policies.
func (p *Principals) addBackupRole(ctx *pulumi.Context, name string, args *PrincipalsArgs) (err error) {
	const purpose = "backup"
	if p.backup, err = p.newRole(ctx, name, args, "backup.amazonaws.com", "Backups of the database, tables and buckets", purpose); err != nil {
		return err
	}
	for suffix, managed := range backupPolicies() {
		if err := p.attachManaged(ctx, name+"-"+purpose+"-"+suffix, p.backup, managed); err != nil {
			return err
		}
	}
	return nil
}

// attachManaged attaches a policy that AWS keeps.
func (p *Principals) attachManaged(ctx *pulumi.Context, at string, to role, policyARN string) error {
	if _, err := iam.NewRolePolicyAttachment(ctx, at, &iam.RolePolicyAttachmentArgs{
		Role:      to.name,
		PolicyArn: pulumi.String(policyARN),
	}, pulumi.Parent(p)); err != nil {
		return fmt.Errorf("attach %s: %w", policyARN, err)
	}
	return nil
}
