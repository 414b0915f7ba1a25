package mapping

// backupResources are the tokens aws:backup/….
var backupResources = table{
	"aws_backup_framework":                  token("backup", "Framework"),
	"aws_backup_global_settings":            token("backup", "GlobalSettings"),
	"aws_backup_logically_air_gapped_vault": token("backup", "LogicallyAirGappedVault"),
	"aws_backup_plan":                       token("backup", "Plan"),
	"aws_backup_region_settings":            token("backup", "RegionSettings"),
	"aws_backup_report_plan":                token("backup", "ReportPlan"),
	"aws_backup_restore_testing_plan":       token("backup", "RestoreTestingPlan", identified(",", "name")),
	"aws_backup_restore_testing_selection":  token("backup", "RestoreTestingSelection", identified(":", "name", "restoreTestingPlanName")),
	"aws_backup_selection":                  token("backup", "Selection"),
	"aws_backup_vault":                      token("backup", "Vault"),
	"aws_backup_vault_lock_configuration":   token("backup", "VaultLockConfiguration"),
	"aws_backup_vault_notifications":        token("backup", "VaultNotifications"),
	"aws_backup_vault_policy":               token("backup", "VaultPolicy"),
}
