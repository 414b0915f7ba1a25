package mapping

// guarddutyResources are the tokens aws:guardduty/….
var guarddutyResources = table{
	"aws_guardduty_detector":                           token("guardduty", "Detector"),
	"aws_guardduty_detector_feature":                   token("guardduty", "DetectorFeature"),
	"aws_guardduty_filter":                             token("guardduty", "Filter"),
	"aws_guardduty_invite_accepter":                    token("guardduty", "InviteAccepter"),
	"aws_guardduty_ipset":                              token("guardduty", "IPSet"),
	"aws_guardduty_malware_protection_plan":            token("guardduty", "MalwareProtectionPlan"),
	"aws_guardduty_member":                             token("guardduty", "Member"),
	"aws_guardduty_organization_admin_account":         token("guardduty", "OrganizationAdminAccount"),
	"aws_guardduty_organization_configuration":         token("guardduty", "OrganizationConfiguration"),
	"aws_guardduty_organization_configuration_feature": token("guardduty", "OrganizationConfigurationFeature"),
	"aws_guardduty_publishing_destination":             token("guardduty", "PublishingDestination"),
	"aws_guardduty_threatintelset":                     token("guardduty", "ThreatIntelSet"),
}
