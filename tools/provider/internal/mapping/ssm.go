package mapping

// ssmResources are the tokens aws:ssm/….
var ssmResources = table{
	"aws_ssm_activation":                      token("ssm", "Activation"),
	"aws_ssm_association":                     token("ssm", "Association"),
	"aws_ssm_default_patch_baseline":          token("ssm", "DefaultPatchBaseline"),
	"aws_ssm_document":                        token("ssm", "Document"),
	"aws_ssm_maintenance_window":              token("ssm", "MaintenanceWindow"),
	"aws_ssm_maintenance_window_target":       token("ssm", "MaintenanceWindowTarget"),
	"aws_ssm_maintenance_window_task":         token("ssm", "MaintenanceWindowTask"),
	"aws_ssm_parameter":                       token("ssm", "Parameter"),
	"aws_ssm_patch_baseline":                  token("ssm", "PatchBaseline"),
	"aws_ssm_patch_group":                     token("ssm", "PatchGroup"),
	"aws_ssm_resource_data_sync":              token("ssm", "ResourceDataSync"),
	"aws_ssm_service_setting":                 token("ssm", "ServiceSetting"),
	"aws_ssmcontacts_rotation":                token("ssm", "ContactsRotation"),
	"aws_ssmquicksetup_configuration_manager": token("ssm", "QuicksetupConfigurationManager", identified(",", "managerArn")),
}
