package data

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/backup"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/tables"
)

const (
	// backupSchedule is in UTC. AWS Backup takes no snapshot of a cluster within the
	// hour before its own backup window or its maintenance window (AWS Backup
	// developer guide, "Amazon RDS backup").
	backupSchedule = "cron(0 2 * * ? *)"
	// startMinutes and completeMinutes end what does not start or finish.
	startMinutes, completeMinutes = 60, 180
	// lockGraceDays is how long a lock in compliance mode can be taken back after it
	// was put on; afterwards nobody can, AWS included (AWS Backup developer guide,
	// "AWS Backup Vault Lock": at least three days).
	lockGraceDays = 7
)

// addBackup keeps daily recovery points of the colour's database, tables and
// buckets in a vault of its own, where nobody deletes them before their time. The
// control table outlives either colour, so both plans hold it.
func (s *Stores) addBackup(ctx *pulumi.Context, name string, args *StoresArgs) error {
	at, physical := name+"-backup", args.Names.Name(naming.Vault, "backup")
	vault, err := backup.NewVault(ctx, at, &backup.VaultArgs{
		Name:         pulumi.String(physical),
		KmsKeyArn:    args.Principals.DatabaseKeyARN,
		ForceDestroy: pulumi.Bool(!args.Config.KeepOnDelete),
	}, component.Stateful(args.Config.Environment, pulumi.Parent(s))...)
	if err != nil {
		return fmt.Errorf("backup vault %s: %w", physical, err)
	}
	if err := s.guardVault(ctx, at, args, vault); err != nil {
		return err
	}
	plan, err := backup.NewPlan(ctx, at, &backup.PlanArgs{
		Name: pulumi.String(physical),
		Rules: backup.PlanRuleArray{backup.PlanRuleArgs{
			RuleName:         pulumi.String("daily"),
			TargetVaultName:  vault.Name,
			Schedule:         pulumi.String(backupSchedule),
			StartWindow:      pulumi.Int(startMinutes),
			CompletionWindow: pulumi.Int(completeMinutes),
			Lifecycle:        backup.PlanRuleLifecycleArgs{DeleteAfter: pulumi.Int(args.Config.Backup.RetentionDays)},
		}},
	}, pulumi.Parent(s))
	if err != nil {
		return fmt.Errorf("backup plan %s: %w", physical, err)
	}
	if _, err := backup.NewSelection(ctx, at, &backup.SelectionArgs{
		Name:       pulumi.String("stores"),
		PlanId:     plan.ID(),
		IamRoleArn: args.Principals.BackupRoleARN,
		Resources: pulumi.StringArray{
			s.Database.ARN, s.TransactionLogs.ARN, s.Documents.ARN,
			s.Tables[tables.Sessions().Name].ARN, s.Tables[tables.RateLimits().Name].ARN, args.ControlTableARN,
		},
	}, pulumi.Parent(s)); err != nil {
		return fmt.Errorf("backup selection of %s: %w", physical, err)
	}
	return nil
}

// guardVault keeps recovery points from being deleted, shortened or exposed: by
// policy for everybody, by lock for the account's root as well.
func (s *Stores) guardVault(ctx *pulumi.Context, at string, args *StoresArgs, vault *backup.Vault) error {
	lock := &backup.VaultLockConfigurationArgs{
		BackupVaultName:  vault.Name,
		MinRetentionDays: pulumi.Int(args.Config.Backup.RetentionDays),
	}
	if args.Config.Backup.LockMode == component.Compliance {
		lock.ChangeableForDays = pulumi.Int(lockGraceDays)
	}
	if _, err := backup.NewVaultLockConfiguration(ctx, at, lock, pulumi.Parent(s)); err != nil {
		return fmt.Errorf("lock of the backup vault: %w", err)
	}
	policy, err := vaultPolicy().JSON()
	if err != nil {
		return fmt.Errorf("policy of the backup vault: %w", err)
	}
	if _, err := backup.NewVaultPolicy(ctx, at, &backup.VaultPolicyArgs{
		BackupVaultName: vault.Name,
		Policy:          pulumi.String(policy),
	}, pulumi.Parent(s)); err != nil {
		return fmt.Errorf("policy of the backup vault: %w", err)
	}
	return nil
}

// keptActions would end a recovery point early, or this refusal.
func keptActions() []string {
	return []string{"backup:DeleteRecoveryPoint", "backup:PutBackupVaultAccessPolicy", "backup:UpdateRecoveryPointLifecycle"}
}

// vaultPolicy refuses them to everybody, the deployment included: a changed policy
// has to be deleted first, which the trail shows. Its resource is every recovery
// point, whose ARNs are of the kinds of their sources.
func vaultPolicy() iamdoc.Document {
	return iamdoc.Document{Statements: []iamdoc.Statement{{
		Sid: "KeepRecoveryPoints", Deny: true, Principals: iamdoc.Principals{Anyone: true}, Resources: []string{"*"}, Actions: keptActions(),
	}}}
}
