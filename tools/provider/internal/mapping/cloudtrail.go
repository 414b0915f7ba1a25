package mapping

// cloudtrailResources are the tokens aws:cloudtrail/….
var cloudtrailResources = table{
	"aws_cloudtrail":                                      token("cloudtrail", "Trail"),
	"aws_cloudtrail_event_data_store":                     token("cloudtrail", "EventDataStore"),
	"aws_cloudtrail_organization_delegated_admin_account": token("cloudtrail", "OrganizationDelegatedAdminAccount"),
}
