package security

import (
	"fmt"
	"maps"
	"slices"
	"strings"

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
	made, err := component.NewRole(ctx, name+"-"+strings.Join(purpose, "-"), &component.RoleArgs{
		Name:        args.Names.In(args.Color).Name(naming.Role, purpose...),
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
		code, err := p.newRole(ctx, name, args, tasks, "Code of "+service, service, task)
		if err != nil {
			return err
		}
		start, err := p.newRole(ctx, name, args, tasks, "Start of "+service+": its image, secrets and log", service, execution)
		if err != nil {
			return err
		}
		p.tasks[service], p.executions[service] = code, start
	}
	return nil
}

// addWorkerRoles makes the roles of functions and of what starts them.
func (p *Principals) addWorkerRoles(ctx *pulumi.Context, name string, args *PrincipalsArgs) (err error) {
	for _, worker := range []struct{ kind, service, description string }{
		{sync, "lambda.amazonaws.com", "Function that carries the other colour's changes here"},
		{canary, "lambda.amazonaws.com", "Function that proves that this colour reaches the control table"},
		{scheduler, "scheduler.amazonaws.com", "Schedules that start the functions"},
		{rotation, "lambda.amazonaws.com", "Function that rotates the secrets of the database's users"},
		{replication, "s3.amazonaws.com", "Replication of objects to the other colour"},
		{install, "lambda.amazonaws.com", "Function that prepares both databases and makes the lane that ends here"},
		{chunk, "lambda.amazonaws.com", "Function that loads parts of the other colour's tables here"},
		{comparison, "lambda.amazonaws.com", "Function that compares the other colour's tables with these"},
		{switching, "lambda.amazonaws.com", "Function that moves the authority to write here"},
		{closing, "lambda.amazonaws.com", "Function that ends the migration to this colour, when two operators have confirmed it"},
		{states, "states.amazonaws.com", "State machines that call these functions"},
	} {
		if p.others[worker.kind], err = p.newRole(ctx, name, args, worker.service, worker.description, worker.kind); err != nil {
			return err
		}
	}
	return nil
}

// keptRole is a role of an AWS service that works by policies of AWS's. What the
// service calls AWS alone knows and changes; the boundary narrows it to the
// place where it belongs.
type keptRole struct {
	kind, service, description string
	boundary                   iamdoc.Document
	// policies are by the end of the attachment's logical name.
	policies map[string]string
}

// addKeptRoles makes the roles of RDS's monitoring and of AWS Backup.
func (p *Principals) addKeptRoles(ctx *pulumi.Context, name string, args *PrincipalsArgs) error {
	account := args.Environment.AccountID
	for _, kept := range []keptRole{
		{
			monitoring, "monitoring.rds.amazonaws.com", "Operating system metrics of the databases",
			monitoringBoundary(account), map[string]string{"": enhancedMonitoring},
		},
		{
			backup, "backup.amazonaws.com", "Backups of the database, tables and buckets",
			backupBoundary(account, args.Names, args.Color), backupPolicies(),
		},
	} {
		if err := p.addKeptRole(ctx, name, args, kept); err != nil {
			return err
		}
	}
	return nil
}

func (p *Principals) addKeptRole(ctx *pulumi.Context, name string, args *PrincipalsArgs, kept keptRole) error {
	boundary, err := newBoundary(ctx, name+"-"+kept.kind+"-boundary", &boundaryArgs{
		name:        args.Names.In(args.Color).Name(naming.Policy, kept.kind, "boundary"),
		description: "Ceiling of: " + kept.description,
		document:    kept.boundary,
	}, pulumi.Parent(p))
	if err != nil {
		return err
	}
	own := *args
	own.BoundaryARN = boundary
	made, err := p.newRole(ctx, name, &own, kept.service, kept.description, kept.kind)
	if err != nil {
		return err
	}
	p.others[kept.kind] = made
	for _, end := range slices.Sorted(maps.Keys(kept.policies)) {
		at := strings.TrimSuffix(name+"-"+kept.kind+"-"+end, "-")
		if err := p.attachManaged(ctx, at, made, kept.policies[end]); err != nil {
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
