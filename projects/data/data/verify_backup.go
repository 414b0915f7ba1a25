package data

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

func (c *colorVerifier) checkVault(ctx context.Context) error {
	name := c.names.Name(naming.Vault, "backup")
	f := verify.About("backup vault %s", name)
	key, err := c.keyARN(ctx, c.alias("database"))
	if err != nil {
		return f.Failed(err)
	}
	vault, err := c.backup.DescribeBackupVault(ctx, &backup.DescribeBackupVaultInput{BackupVaultName: aws.String(name)})
	if err != nil {
		return f.Failed(err)
	}
	f.Equal("key", aws.ToString(vault.EncryptionKeyArn), key)
	f.Equal("lock", aws.ToBool(vault.Locked), true)
	f.Equal("shortest retention in days", aws.ToInt64(vault.MinRetentionDays), int64(c.cfg.Backup.RetentionDays))
	policy, err := c.backup.GetBackupVaultAccessPolicy(ctx, &backup.GetBackupVaultAccessPolicyInput{BackupVaultName: aws.String(name)})
	if err != nil {
		return f.Failed(fmt.Errorf("policy: %w", err))
	}
	denials, err := readDenials(aws.ToString(policy.Policy))
	if err != nil {
		return f.Failed(fmt.Errorf("policy: %w", err))
	}
	for _, action := range keptActions() {
		f.Expect(slices.ContainsFunc(denials, func(d denial) bool { return len(d.conditions) == 0 && slices.Contains(d.actions, action) }),
			"lets somebody call %s", action)
	}
	if err := c.checkPlan(ctx, f, name); err != nil {
		return f.Failed(err)
	}
	return f.Err()
}

// checkPlan expects a daily rule of the vault and a selection that names every
// store.
func (c *colorVerifier) checkPlan(ctx context.Context, f *verify.Findings, name string) error {
	plans, err := c.backup.ListBackupPlans(ctx, &backup.ListBackupPlansInput{})
	if err != nil {
		return fmt.Errorf("plans: %w", err)
	}
	for _, listed := range plans.BackupPlansList {
		if aws.ToString(listed.BackupPlanName) != name {
			continue
		}
		plan, err := c.backup.GetBackupPlan(ctx, &backup.GetBackupPlanInput{BackupPlanId: listed.BackupPlanId})
		if err != nil {
			return fmt.Errorf("plan: %w", err)
		}
		for _, rule := range plan.BackupPlan.Rules {
			f.Equal("schedule", aws.ToString(rule.ScheduleExpression), backupSchedule)
			f.Equal("vault of the plan", aws.ToString(rule.TargetBackupVaultName), name)
			kept := int64(0)
			if rule.Lifecycle != nil {
				kept = aws.ToInt64(rule.Lifecycle.DeleteAfterDays)
			}
			f.Equal("retention in days", kept, int64(c.cfg.Backup.RetentionDays))
		}
		f.Equal("number of rules", len(plan.BackupPlan.Rules), 1)
		return c.checkSelection(ctx, f, listed.BackupPlanId)
	}
	return errors.New("has no plan")
}

func (c *colorVerifier) checkSelection(ctx context.Context, f *verify.Findings, plan *string) error {
	selections, err := c.backup.ListBackupSelections(ctx, &backup.ListBackupSelectionsInput{BackupPlanId: plan})
	if err != nil {
		return fmt.Errorf("selections: %w", err)
	}
	var covered []string
	for _, listed := range selections.BackupSelectionsList {
		selection, err := c.backup.GetBackupSelection(ctx, &backup.GetBackupSelectionInput{BackupPlanId: plan, SelectionId: listed.SelectionId})
		if err != nil {
			return fmt.Errorf("selection: %w", err)
		}
		covered = append(covered, selection.BackupSelection.Resources...)
	}
	account := c.cfg.Environment.AccountID
	control, _ := c.outputs["controlTableArn"].(string)
	for _, store := range []string{
		"arn:aws:rds:" + c.cfg.Environment.Region + ":" + account + ":cluster:" + c.clusterID(),
		component.BucketARN(c.output("transactionLogsBucket")), component.BucketARN(c.output("documentsBucket")),
		c.output("sessionsTableArn"), c.output("rateLimitsTableArn"), control,
	} {
		f.Expect(slices.Contains(covered, store), "does not back up %s", store)
	}
	return nil
}
